package lips_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"vivavoce/pipeline"
	"vivavoce/pipeline/lips"
	"vivavoce/pipeline/pipelinetest"
)

func challenge() pipeline.Challenge {
	var c pipeline.Challenge
	for _, d := range []int{4, 0, 7} {
		c.Steps = append(c.Steps, pipeline.Step{Kind: pipeline.StepDigit, Digit: d})
	}
	c.Steps = append(c.Steps, pipeline.Step{Kind: pipeline.StepTurn, Turn: pipeline.Left})
	for _, d := range []int{1, 1} {
		c.Steps = append(c.Steps, pipeline.Step{Kind: pipeline.StepDigit, Digit: d})
	}
	return c
}

func TestStage(t *testing.T) {
	for name, s := range map[string]pipelinetest.Script{
		"good": {}, "silent": {Silent: true}, "chewing": {Chews: true}, "leaves": {Leaves: 3e9},
	} {
		t.Run(name, func(t *testing.T) {
			seen := pipelinetest.Perform(t, s, 1, challenge())
			pipelinetest.TestStage(t, lips.New(lips.Options{}), seen)
		})
	}
}

// last plays an actor to the stage and returns the session's scores and those of steps.
func last(t *testing.T, s pipelinetest.Script, seed uint64) (mouth, rest, read pipeline.Score, digits []pipeline.Score) {
	t.Helper()
	for _, score := range pipelinetest.Play(t, lips.New(lips.Options{}), pipelinetest.Perform(t, s, seed, challenge())) {
		switch {
		case score.Step >= 0:
			digits = append(digits, score)
		case score.Name == pipeline.ScoreMouth:
			mouth = score
		case score.Name == pipeline.ScoreRest:
			rest = score
		default:
			read = score
		}
	}
	return mouth, rest, read, digits
}

func TestMouths(t *testing.T) {
	for _, c := range []struct {
		name         string
		script       pipelinetest.Script
		moves, rests bool
	}{
		{"speaks", pipelinetest.Script{}, true, true},
		{"silent", pipelinetest.Script{Silent: true}, false, true},
		{"chews", pipelinetest.Script{Chews: true}, true, false},
		{"frozen", pipelinetest.Script{Frozen: true}, false, true},
		{"turns without speaking", pipelinetest.Script{Silent: true, Flat: true}, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			for seed := range uint64(20) {
				mouth, rest, read, digits := last(t, c.script, seed)
				if !mouth.Checked || (mouth.Value >= 0.5) != c.moves {
					t.Errorf("seed %d: mouth %+v, want moves %v", seed, mouth, c.moves)
				}
				if !c.moves && !slices.Equal(mouth.Reasons, []pipeline.Reason{pipeline.MouthStill}) {
					t.Errorf("seed %d: reasons %v, want still", seed, mouth.Reasons)
				}
				if c.moves && (!rest.Checked || (rest.Value >= 0.5) != c.rests) {
					t.Errorf("seed %d: rest %+v, want rests %v", seed, rest, c.rests)
				}
				if c.moves && !c.rests && !slices.Equal(rest.Reasons, []pipeline.Reason{pipeline.RestMoved}) {
					t.Errorf("seed %d: reasons %v, want moved", seed, rest.Reasons)
				}
				if len(digits) != 5 {
					t.Errorf("seed %d: %d digits scored, want 5", seed, len(digits))
				}
				if read.Name != pipeline.ScoreLips || read.Checked || !slices.Equal(read.Reasons, []pipeline.Reason{pipeline.LipsNotChecked}) {
					t.Errorf("seed %d: lips %+v, want not checked", seed, read)
				}
			}
		})
	}
}

// TestUnseenMouthIsNotChecked: who leaves the picture was not seen to rest, and soon not to speak.
func TestUnseenMouthIsNotChecked(t *testing.T) {
	_, rest, _, _ := last(t, pipelinetest.Script{Leaves: 2500 * time.Millisecond}, 1)
	if rest.Checked || !slices.Equal(rest.Reasons, []pipeline.Reason{pipeline.RestNotChecked}) {
		t.Errorf("rest %+v, want not checked", rest)
	}
	mouth, _, _, _ := last(t, pipelinetest.Script{Leaves: 1500 * time.Millisecond}, 1)
	if mouth.Checked || !slices.Equal(mouth.Reasons, []pipeline.Reason{pipeline.MouthNotChecked}) {
		t.Errorf("mouth %+v, want not checked", mouth)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for _, o := range []lips.Options{
		{Still: -1}, {Still: 1}, {Still: 0.5, Spoken: 0.5}, {Spoken: math.NaN()}, {Spoken: math.Inf(1)}, {Still: math.NaN()},
	} {
		if _, err := lips.New(o).New(); err == nil {
			t.Errorf("%+v: no error", o)
		}
	}
}

func BenchmarkObserve(b *testing.B) {
	seen := pipelinetest.Perform(b, pipelinetest.Script{}, 1, challenge())
	pipelinetest.Benchmark(b, lips.New(lips.Options{}), seen)
}
