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
	values []float64 // of the session, after each phrase; below 0 it is not checked
	hidden []int     // digits for which the mouth is not seen
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
	out := []pipeline.Score{r.score(pipeline.Whole, false)}
	for i := range r.index + 1 {
		out = append(out, pipeline.Score{Name: pipeline.ScoreLips, Step: i, Settled: true, Checked: !slices.Contains(r.hidden, i), Value: 1})
	}
	return out, nil
}

func (r *reader) score(step int, settled bool) pipeline.Score {
	n := min(max(r.over, 1), len(r.values))
	return pipeline.Score{Name: pipeline.ScoreLips, Step: step, Settled: settled, Checked: r.values[n-1] >= 0, Value: max(r.values[n-1], 0)}
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
	five := pipeline.Step{Kind: pipeline.StepDigit, Digit: 5, Again: true}
	spare := []pipeline.Step{five, five, five}
	for _, c := range []struct {
		name   string
		values []float64
		hidden []int
		check  pipeline.Check
		spare  []pipeline.Step
		asked  []string // the phrases
		live   bool
	}{
		{"believed", []float64{0.4}, nil, required, spare, []string{"70"}, true},
		{"doubtful, then believed", []float64{0.1, 0.3}, nil, required, spare, []string{"70", "555"}, true},
		{"doubtful, and stays so", []float64{0.1, 0.1}, nil, required, spare, []string{"70", "555"}, false},
		{"plainly others", []float64{0.01, 0.9}, nil, required, spare, []string{"70"}, false},
		{"not required", []float64{0.1, 0.9}, nil, welcome, spare, []string{"70"}, true},
		{"nothing to spare", []float64{0.1, 0.9}, nil, required, nil, []string{"70"}, false},
		{"one of two hidden", []float64{-1, 0.9}, []int{0}, required, spare, []string{"70", "555"}, true},
		{"one of two hidden, and more would not do", []float64{-1, 0.9}, []int{0}, required, spare[:1], []string{"70"}, false},
		{"both hidden", []float64{-1, 0.9}, []int{0, 1}, required, spare, []string{"70"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				read := &reader{values: c.values, hidden: c.hidden, tail: 400 * time.Millisecond} // longer than a pause
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
