package pipeline

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Fusion puts the scores of a session together to the probability that it is bona fide, among as
// many attacks as bona fide presentations. Each term is Platt's sigmoid over one score, all fitted
// together on people and attack instruments kept apart for that ([vivavoce/pipeline/eval.Fit]).
type Fusion struct {
	Bias  float64 `json:"bias"`
	Terms []Term  `json:"terms"`
}

// Term is what one score adds to the log odds where it was checked: Weight times its own log
// odds, plus Bias.
type Term struct {
	Score  string  `json:"score"`
	Weight float64 `json:"weight"`
	Bias   float64 `json:"bias"`
}

// Validate says what makes f unfit to tell a probability by.
func (f Fusion) Validate() error {
	if !finite(f.Bias) {
		return errors.New("fusion: the bias is not a number")
	}
	for i, t := range f.Terms {
		switch {
		case t.Score == "" || slices.ContainsFunc(f.Terms[:i], func(o Term) bool { return o.Score == t.Score }):
			return fmt.Errorf("fusion: term %d: score %q is empty or there twice", i, t.Score)
		case !finite(t.Weight) || !finite(t.Bias) || t.Weight < 0:
			return fmt.Errorf("fusion: term %q: weight %v and bias %v, want numbers, and no weight below 0", t.Score, t.Weight, t.Bias)
		}
	}
	return nil
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// mostOdds bounds what one score may say for itself: no stage has seen a thousand attacks of each kind.
const mostOdds = 6.9 // ln 1000

// LogOdds returns the log odds of the value of a score, bounded to a thousand to one; NaN of NaN.
func LogOdds(value float64) float64 {
	if math.IsNaN(value) {
		return value
	}
	return min(max(math.Log(value)-math.Log1p(-value), -mostOdds), mostOdds)
}

// Probability returns the probability of bona fide by the whole-session scores that f has a
// term for; ok is false when none was checked, or one is no score.
func (f Fusion) Probability(scores []Score) (p float64, ok bool) {
	odds, seen := f.Bias, 0
	for _, t := range f.Terms {
		i := slices.IndexFunc(scores, func(s Score) bool { return s.Name == t.Score && s.Step == Whole })
		if i < 0 || !scores[i].Checked {
			continue
		}
		if !scores[i].valid() {
			return 0, false
		}
		odds += t.Weight*LogOdds(scores[i].Value) + t.Bias
		seen++
	}
	if seen == 0 || math.IsNaN(odds) {
		return 0, false
	}
	return 1 / (1 + math.Exp(-odds)), true
}

// confidence is the probability in percent, 50 without one.
func (f Fusion) confidence(scores []Score) int {
	p, ok := f.Probability(scores)
	if !ok {
		return 50
	}
	return int(100 * p)
}
