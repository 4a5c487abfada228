package pipeline_test

import (
	"testing"
	"testing/synctest"
	"time"

	"vivavoce/pipeline"
)

// TestLightsReachTheStages: each colour is asked for once, a second apart at least as the screen shows them, and
// the stages know which one a frame was taken in.
func TestLightsReachTheStages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := map[int]time.Duration{}
		watcher := &stage{observe: func(o pipeline.Observation) error {
			if l := o.Light; l != nil {
				if _, ok := seen[l.Index]; !ok {
					seen[l.Index] = l.ShownAt
				}
				if o.Face.Frame.PTS < l.ShownAt {
					t.Errorf("light %d at %v, shown at %v only", l.Index, o.Face.Frame.PTS, l.ShownAt)
				}
			}
			return nil
		}}
		judge, err := pipeline.NewJudge(pipeline.JudgeOptions{
			NewFinder: func() (pipeline.Finder, error) {
				return finderFunc(func(time.Duration) (bool, int, error) { return true, 0, nil }), nil
			},
			Stages: []pipeline.Kind{{Name: "watcher", New: func() (pipeline.Stage, error) { return watcher, nil }}},
			Policy: pipeline.Policy{Checks: []pipeline.Check{{Name: pipeline.ScoreMotion, Threshold: 0.5, Required: true}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		steps := make([]pipeline.Step, 8)
		for i := range steps {
			steps[i] = pipeline.Step{Kind: pipeline.StepDigit, Digit: i}
		}
		steps = append(steps, pipeline.Step{Kind: pipeline.StepTurn, Turn: pipeline.Left})
		a, err := judge.NewAttempt(pipeline.Challenge{Steps: steps, Lights: pipeline.Palette()})
		if err != nil {
			t.Fatal(err)
		}
		asked := 0
		_, err = a.Run(t.Context(), &film{}, func(e pipeline.Event) {
			if l, ok := e.(pipeline.Lit); ok {
				if l.Index != asked || l.Colour != pipeline.Palette()[asked] {
					t.Errorf("light %+v, want number %d", l, asked)
				}
				asked++
				if err := a.LightShown(l.Index); err != nil {
					t.Error(err)
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if asked != 4 || len(seen) != 4 {
			t.Fatalf("%d lights asked for, %d seen, want 4 each", asked, len(seen))
		}
		for i := 1; i < 4; i++ {
			if gap := seen[i] - seen[i-1]; gap < pipeline.LeastLight {
				t.Errorf("light %d came %v after the last, want a second at least", i, gap)
			}
		}
	})
}
