package motion_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/pipeline"
	"vivavoce/pipeline/motion"
	"vivavoce/pipeline/pipelinetest"
)

func turns(ds ...pipeline.Direction) pipeline.Challenge {
	var c pipeline.Challenge
	for _, d := range ds {
		c.Steps = append(c.Steps, pipeline.Step{Kind: pipeline.StepTurn, Turn: d})
	}
	return c
}

func TestStage(t *testing.T) {
	pipelinetest.TestStageByActors(t, motion.New(motion.Options{}), turns(pipeline.Left, pipeline.Up).Steps...)
}

// last plays an actor to the stage and returns the session's scores and the steps'.
func last(t *testing.T, s pipelinetest.Script, seed uint64, c pipeline.Challenge) (moved, deep pipeline.Score, steps []pipeline.Score) {
	t.Helper()
	for _, score := range pipelinetest.Play(t, motion.New(motion.Options{}), pipelinetest.Perform(t, s, seed, c)) {
		switch {
		case score.Step >= 0:
			steps = append(steps, score)
		case score.Name == pipeline.ScoreMotion:
			moved = score
		case score.Name == pipeline.ScoreDepth:
			deep = score
		}
	}
	return moved, deep, steps
}

func TestTurns(t *testing.T) {
	for _, c := range []struct {
		name   string
		script pipelinetest.Script
		pass   bool
		why    pipeline.Reason
	}{
		{"good", pipelinetest.Script{}, true, ""},
		{"wrong way", pipelinetest.Script{WrongWay: true}, false, pipeline.MotionWrongWay},
		{"too early", pipelinetest.Script{Ahead: 500 * time.Millisecond}, false, pipeline.MotionTooEarly},
		{"too late", pipelinetest.Script{Behind: 4500 * time.Millisecond}, false, pipeline.MotionTooLate},
		{"teleport", pipelinetest.Script{Teleport: true}, false, pipeline.MotionNotSmooth},
		{"too small", pipelinetest.Script{Small: true}, false, pipeline.MotionTooSmall},
		{"no return", pipelinetest.Script{NoReturn: true}, false, pipeline.MotionNoReturn},
		{"idle", pipelinetest.Script{Idle: true}, false, pipeline.MotionNoTurn},
		{"frozen", pipelinetest.Script{Frozen: true}, false, pipeline.MotionNoTurn},
	} {
		for _, dir := range []pipeline.Direction{pipeline.Left, pipeline.Right, pipeline.Up, pipeline.Down} {
			t.Run(fmt.Sprintf("%s, %s", c.name, dir), func(t *testing.T) {
				for seed := range uint64(10) {
					moved, deep, steps := last(t, c.script, seed, turns(dir))
					if !moved.Checked || (moved.Value >= 0.5) != c.pass {
						t.Errorf("seed %d: motion %+v, want pass %v", seed, moved, c.pass)
					}
					if c.why != "" && !slices.Contains(moved.Reasons, c.why) {
						t.Errorf("seed %d: reasons %v, want %s", seed, moved.Reasons, c.why)
					}
					if c.pass && (!deep.Checked || deep.Value < 0.5) {
						t.Errorf("seed %d: depth %+v, want a body", seed, deep)
					}
					if len(steps) != 1 || !steps[0].Settled {
						t.Errorf("seed %d: steps %+v, want one, settled", seed, steps)
					}
				}
			})
		}
	}
}

// TestWorstTurnCounts: one good turn does not pay for a bad one.
func TestWorstTurnCounts(t *testing.T) {
	moved, _, steps := last(t, pipelinetest.Script{Leaves: 1200 * time.Millisecond, LeavesFor: 1500 * time.Millisecond}, 3, turns(pipeline.Left, pipeline.Right))
	if moved.Checked || len(steps) != 2 || !steps[1].Checked {
		t.Errorf("motion %+v, but nobody saw the middle of the first turn: want not checked; steps %+v", moved, steps)
	}
	moved, _, steps = last(t, pipelinetest.Script{NoReturn: true}, 3, turns(pipeline.Left, pipeline.Up))
	worst := 1.0
	for _, s := range steps {
		worst = min(worst, s.Value)
	}
	if len(steps) != 2 || moved.Value != worst {
		t.Errorf("motion %v, want %v, the worst of %+v", moved.Value, worst, steps)
	}
}

func TestFlatPictureHasNoDepth(t *testing.T) {
	for seed := range uint64(20) {
		_, deep, _ := last(t, pipelinetest.Script{Flat: true}, seed, turns(pipeline.Left, pipeline.Up))
		if !deep.Checked || deep.Value >= 0.5 || !slices.Contains(deep.Reasons, pipeline.DepthFlat) {
			t.Errorf("seed %d: depth %+v, want flat", seed, deep)
		}
	}
}

// TestTiltedPictureIsFlat: a mesh that sees no turn in a tilted picture does not save it.
func TestTiltedPictureIsFlat(t *testing.T) {
	skull := pipelinetest.NewSkull()
	stage, err := motion.New(motion.Options{}).New()
	if err != nil {
		t.Fatal(err)
	}
	p := &pipeline.Prompt{Step: pipeline.Step{Kind: pipeline.StepTurn, Turn: pipeline.Left}, ShownAt: time.Second}
	for i := range 90 {
		pts := time.Duration(i) * time.Second / 30
		o := pipeline.Observation{Face: &pipeline.Face{}}
		tilt := min(max(60*(pts.Seconds()-1.5), 0), 45)
		skull.Face(o.Face, pipelinetest.Head{Flat: true, Pose: pipeline.Pose{Yaw: tilt}})
		o.Face.Pose.Yaw = tilt / 10 // what the real mesh makes of it
		o.Face.Frame = &media.Frame{PTS: pts}
		if pts >= time.Second {
			o.Prompt = p
		}
		if _, err := stage.Observe(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	scores, err := stage.Finish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(scores, func(s pipeline.Score) bool { return s.Name == pipeline.ScoreDepth })
	if deep := scores[i]; !deep.Checked || !slices.Contains(deep.Reasons, pipeline.DepthFlat) {
		t.Errorf("depth %+v, want flat", deep)
	}
}

func TestProgressGoesOutAndBack(t *testing.T) {
	stage, err := motion.New(motion.Options{}).New()
	if err != nil {
		t.Fatal(err)
	}
	var phases []pipeline.Phase
	highest := 0.0
	for _, o := range pipelinetest.Perform(t, pipelinetest.Script{}, 5, turns(pipeline.Right)) {
		scores, err := stage.Observe(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range scores {
			if s.Step != 0 {
				continue
			}
			if len(phases) == 0 || phases[len(phases)-1] != s.Phase {
				phases = append(phases, s.Phase)
			}
			highest = max(highest, s.Fraction)
		}
	}
	if want := []pipeline.Phase{pipeline.PhaseGo, pipeline.PhaseReturn}; !slices.Equal(phases, want) || highest != 1 {
		t.Errorf("phases %v up to %v, want %v up to 1", phases, highest, want)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for _, o := range []motion.Options{{Yaw: -1}, {Yaw: 3}, {Yaw: 60}, {Pitch: 2}, {Pitch: 45}, {Yaw: math.NaN()}, {Pitch: math.NaN()}} {
		if _, err := motion.New(o).New(); err == nil {
			t.Errorf("%+v: no error", o)
		}
	}
}

func BenchmarkObserve(b *testing.B) {
	seen := pipelinetest.Perform(b, pipelinetest.Script{}, 1, turns(pipeline.Left, pipeline.Up))
	pipelinetest.Benchmark(b, motion.New(motion.Options{}), seen)
}
