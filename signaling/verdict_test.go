package signaling

import (
	"slices"
	"testing"

	"vivavoce/pipeline"
)

// TestChecksAreSorted: of a verdict that is not live a person sees first what was weak, and last what was not checked.
func TestChecksAreSorted(t *testing.T) {
	of := func(name string, value float64) pipeline.Score {
		return pipeline.Score{Name: name, Step: pipeline.Whole, Checked: value >= 0, Value: max(value, 0)}
	}
	scores := []pipeline.Score{of("a", -1), of("b", 0.9), of("c", 0.6), of("d", 0.1), of("e", 0.8)}
	for outcome, want := range map[pipeline.Outcome][]string{
		pipeline.Spoof: {"d", "c", "b", "e", "a"}, pipeline.Undecided: {"d", "c", "b", "e", "a"}, pipeline.Live: {"a", "b", "c", "d", "e"},
	} {
		var got []string
		for _, c := range pageVerdict(pipeline.Verdict{Outcome: outcome, Scores: scores}).Checks {
			got = append(got, c.Name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v: %q, want %q", outcome, got, want)
		}
	}
}
