package signaling

import (
	"math"
	"slices"
)

// Band is how a page is told of a score: coarse, so that an attacker cannot climb
// it (AWS and Doubango say not to show scores to the person at all).
type Band string

// The bands.
const (
	Weak Band = "weak"
	Fair Band = "fair"
	Good Band = "good"
)

// The least values of fair and good. 0.5 is where pipeline.DefaultPolicy lets most
// checks pass (lips from 0.18); the verdict itself rests on the policy.
const (
	fairFrom = 0.5
	goodFrom = 0.75
)

// bandOf puts a value of 0–1 into its band; NaN is weak.
func bandOf(value float64) Band {
	switch {
	case value >= goodFrom:
		return Good
	case value >= fairFrom:
		return Fair
	default:
		return Weak
	}
}

// place is where a check is listed: the weakest first, what was not checked last.
func (c Check) place() int { return slices.Index([]Band{Weak, Fair, Good, ""}, c.Band) }

// coarse rounds a fraction to steps of 0.05 within 0–1; NaN is 0.
func coarse(fraction float64) float64 {
	if !(fraction > 0) {
		return 0
	}
	return math.Round(math.Min(fraction, 1)*20) / 20
}
