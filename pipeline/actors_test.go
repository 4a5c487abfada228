package pipeline_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"testing/synctest"

	"vivavoce/pipeline"
	"vivavoce/pipeline/lips"
	"vivavoce/pipeline/motion"
	"vivavoce/pipeline/pipelinetest"
)

// seeded makes challenges that are the same in every run.
type seeded struct{ rng *rand.Rand }

func (s seeded) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(s.rng.Uint32())
	}
	return len(p), nil
}

// perform lets an actor try a challenge before the real stages. The actors' mouths open and close and
// say no digits, so that the policy is the one that does not require those.
func perform(t *testing.T, s pipelinetest.Script, seed uint64, paced bool) pipeline.Verdict {
	t.Helper()
	actor := pipelinetest.NewActor(s, seed)
	actor.Paced = paced
	policy, err := pipeline.PolicyNamed("relaxed")
	if err != nil {
		t.Fatal(err)
	}
	judge, err := pipeline.NewJudge(pipeline.JudgeOptions{
		NewFinder: actor.Finder, Policy: policy,
		Stages: []pipeline.Kind{motion.New(motion.Options{}), lips.New(lips.Options{})},
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := pipeline.NewChallenge(seeded{rand.New(rand.NewPCG(seed, 2))}, pipeline.DefaultPlan())
	if err != nil {
		t.Fatal(err)
	}
	attempt, err := judge.NewAttempt(c)
	if err != nil {
		t.Fatal(err)
	}
	actor.Ack = attempt.Shown
	v, err := attempt.Run(t.Context(), actor, actor.Hear)
	if err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	return v
}

// TestGoodActorsPass is a smoke test of the bona fide rate: made-up people, 10–30 frames
// a second, who react after 180–680 ms. It says nothing of real ones.
func TestGoodActorsPass(t *testing.T) {
	t.Parallel()
	for seed := range tries(t) {
		if v := perform(t, pipelinetest.Script{}, seed, false); v.Outcome != pipeline.Live {
			t.Errorf("seed %d: %v %v", seed, v.Outcome, v.Reasons)
		}
	}
}

// tries is how often each actor tries: 1,000 times take a minute of processor time.
func tries(t *testing.T) uint64 {
	switch {
	case testing.Short():
		return 50
	case os.Getenv("VIVAVOCE_MEASURE") != "":
		return 1000
	}
	return 200
}

// TestTurnsAreAskedAgain: when the camera showed nothing of one, once.
func TestTurnsAreAskedAgain(t *testing.T) {
	t.Parallel()
	unseen := 0
	for seed := range tries(t) {
		if v := perform(t, pipelinetest.Script{Stutters: 1}, seed, false); v.Outcome != pipeline.Live {
			t.Errorf("one turn not shown, seed %d: %v %v", seed, v.Outcome, v.Reasons)
		}
		v := perform(t, pipelinetest.Script{Stutters: 3}, seed, false)
		if v.Outcome != pipeline.Live && slices.Contains(v.Reasons, pipeline.MotionNotChecked) {
			unseen++
		}
		if v := perform(t, pipelinetest.Script{Stutters: 1, WrongWay: true}, seed, false); v.Outcome == pipeline.Live {
			t.Errorf("one turn not shown and one the wrong way, seed %d: live", seed)
		}
	}
	if unseen == 0 {
		t.Error("who is seen in no turn passes")
	}
}

func TestAttackersDoNotPass(t *testing.T) {
	// What each must be told, and whether that is an attack.
	type want struct {
		outcome pipeline.Outcome
		reasons []pipeline.Reason // one of them
	}
	undecided := func(rs ...pipeline.Reason) want { return want{pipeline.Undecided, rs} }
	spoof := func(r pipeline.Reason) want { return want{pipeline.Spoof, []pipeline.Reason{r}} }
	wants := map[string]want{
		"wrong way": undecided(pipeline.MotionWrongWay),
		"too early": undecided(pipeline.MotionTooEarly),
		// What comes too late for one prompt may come too early for the next.
		"too late":      undecided(pipeline.MotionTooLate, pipeline.MotionTooEarly),
		"teleport":      spoof(pipeline.MotionNotSmooth),
		"too small":     undecided(pipeline.MotionTooSmall),
		"no return":     undecided(pipeline.MotionNoReturn),
		"idle":          undecided(pipeline.MotionNoTurn),
		"flat, tilted":  spoof(pipeline.DepthFlat),
		"frozen":        undecided(pipeline.MotionNoTurn),
		"silent":        undecided(pipeline.MouthStill),
		"chewing":       undecided(pipeline.RestMoved),
		"two faces":     undecided(pipeline.FaceSeveral),
		"leaves midway": undecided(pipeline.FaceLost),
	}
	for name, s := range pipelinetest.Attackers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, ok := wants[name]
			if !ok {
				t.Fatal("nothing is known of this attacker")
			}
			for seed := range tries(t) {
				v := perform(t, s, seed, false)
				known := slices.ContainsFunc(v.Reasons, func(r pipeline.Reason) bool { return slices.Contains(w.reasons, r) })
				if v.Outcome != w.outcome || !known {
					t.Errorf("seed %d: %v %v, want %v with one of %v", seed, v.Outcome, v.Reasons, w.outcome, w.reasons)
				}
			}
		})
	}
}

// TestActorsAtTheirPace plays some attempts in real time (of a synctest bubble), with
// arrival times and acknowledgements, where watchdogs run.
func TestActorsAtTheirPace(t *testing.T) {
	for name, c := range map[string]struct {
		script pipelinetest.Script
		want   pipeline.Outcome
	}{
		"good":        {pipelinetest.Script{}, pipeline.Live},
		"wrong way":   {pipelinetest.Script{WrongWay: true}, pipeline.Undecided},
		"leaves":      {pipelinetest.Script{Leaves: 4e9}, pipeline.Undecided},
		"teleporting": {pipelinetest.Script{Teleport: true}, pipeline.Spoof},
	} {
		for seed := range uint64(5) {
			t.Run(fmt.Sprintf("%s %d", name, seed), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					if v := perform(t, c.script, seed, true); v.Outcome != c.want {
						t.Errorf("%v %v, want %v", v.Outcome, v.Reasons, c.want)
					}
				})
			})
		}
	}
}
