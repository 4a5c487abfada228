package pipeline_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"vivavoce/pipeline"
)

// reader is a stage that reads digits as told, some time after the last one of a phrase was on the screen, as lips does.
type reader struct {
	values []float64 // of the session, after each phrase
	tail   time.Duration
	index  int // of the last digit
	until  time.Duration
	over   int // phrases
}

func (r *reader) Observe(_ context.Context, o pipeline.Observation) ([]pipeline.Score, error) {
	now := o.Face.Frame.PTS
	if p := o.Prompt; p != nil && p.Step.Kind == pipeline.StepDigit {
		r.index, r.until = p.Index, now
		return nil, nil
	}
	if r.until == 0 || now < r.until+r.tail {
		return nil, nil
	}
	r.until = 0
	r.over++
	return []pipeline.Score{r.score(r.index, true), r.score(pipeline.Whole, false)}, nil
}

func (r *reader) score(step int, settled bool) pipeline.Score {
	n := min(max(r.over, 1), len(r.values))
	return pipeline.Score{Name: pipeline.ScoreLips, Step: step, Settled: settled, Checked: true, Value: r.values[n-1]}
}

func (r *reader) Finish(context.Context) ([]pipeline.Score, error) {
	if r.until > 0 {
		r.over++
	}
	return []pipeline.Score{r.score(pipeline.Whole, true)}, nil
}

// TestPhraseIsAskedAgain: once, when the digits were neither believed nor plainly others, and the policy wants them.
func TestPhraseIsAskedAgain(t *testing.T) {
	required := pipeline.Check{Name: pipeline.ScoreLips, Threshold: 0.18, Required: true}
	welcome := pipeline.Check{Name: pipeline.ScoreLips, Threshold: 0.18}
	spare := []pipeline.Step{{Kind: pipeline.StepDigit, Digit: 5, Again: true}, {Kind: pipeline.StepDigit, Digit: 5, Again: true}}
	for _, c := range []struct {
		name   string
		values []float64
		check  pipeline.Check
		spare  []pipeline.Step
		asked  []string // the phrases
		live   bool
	}{
		{"believed", []float64{0.4}, required, spare, []string{"70"}, true},
		{"doubtful, then believed", []float64{0.1, 0.3}, required, spare, []string{"70", "55"}, true},
		{"doubtful, and stays so", []float64{0.1, 0.1}, required, spare, []string{"70", "55"}, false},
		{"plainly others", []float64{0.01, 0.9}, required, spare, []string{"70"}, false},
		{"not required", []float64{0.1, 0.9}, welcome, spare, []string{"70"}, true},
		{"nothing to spare", []float64{0.1, 0.9}, required, nil, []string{"70"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				read := &reader{values: c.values, tail: 400 * time.Millisecond} // longer than a pause
				judge, err := pipeline.NewJudge(pipeline.JudgeOptions{
					NewFinder: func() (pipeline.Finder, error) { return finderFunc(always), nil },
					Stages: []pipeline.Kind{
						{Name: "read", New: func() (pipeline.Stage, error) { return read, nil }},
						{Name: "fake", New: func() (pipeline.Stage, error) { return &stage{step: -1}, nil }},
					},
					Policy: pipeline.Policy{Checks: []pipeline.Check{{Name: "ok", Threshold: 0.5, Required: true}, c.check}},
				})
				if err != nil {
					t.Fatal(err)
				}
				steps := []pipeline.Step{{Kind: pipeline.StepDigit, Digit: 7}, {Kind: pipeline.StepDigit}}
				a, err := judge.NewAttempt(pipeline.Challenge{Steps: steps, SparePhrase: c.spare})
				if err != nil {
					t.Fatal(err)
				}
				var asked []string
				v, err := a.Run(t.Context(), new(film), func(e pipeline.Event) {
					if p, ok := e.(pipeline.Prompted); ok && p.Position == 0 {
						asked = append(asked, p.Phrase)
					}
				})
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(asked, c.asked) {
					t.Errorf("asked %q, want %q", asked, c.asked)
				}
				if live := v.Outcome == pipeline.Live; live != c.live {
					t.Errorf("%v %v, want live %v", v.Outcome, v.Reasons, c.live)
				}
			})
		})
	}
}
