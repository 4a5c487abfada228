package pipeline

import (
	"fmt"
	"slices"
	"strings"
)

// Policies are the ones that an operator chooses from by name, from the easiest to pass to
// the hardest:
//
//   - relaxed: head and mouth moved when asked. The digits are read and shown, and not required: for
//     people who cannot or will not speak clearly, and for rooms where lips cannot be read.
//   - default: also the digits that were asked were said, as far as lips tell.
//   - strict: the same with higher thresholds: more people must try again.
//   - recording: for a video that nobody prompted, with a phrase that its maker was told: the digits
//     were said, and nothing else is required. It says nothing of when it was filmed or whether the
//     head is a body in space. The others leave every recording undecided.
func Policies() []Policy {
	return []Policy{
		{Name: "relaxed", Checks: checks(0.5, Check{Name: ScoreLips, Threshold: 0.5})},
		DefaultPolicy(),
		{Name: "strict", Checks: checks(0.6, Check{Name: ScoreLips, Threshold: 0.75, Required: true})},
		{Name: "recording", Checks: []Check{{Name: ScoreLips, Threshold: 0.5, Required: true}}},
	}
}

// DefaultPolicy requires motion, depth, mouth and lips. The thresholds are those that the
// stages' own documentation derives; lips' is on a scale that was calibrated on speakers whom the
// network did not know (models/lips/calibration.json).
func DefaultPolicy() Policy {
	return Policy{Name: "default", Checks: checks(0.5, Check{Name: ScoreLips, Threshold: 0.5, Required: true})}
}

// checks are those of every live session, at one threshold, and more.
func checks(threshold float64, more ...Check) []Check {
	return append([]Check{
		{Name: ScoreMotion, Threshold: threshold, Required: true},
		{Name: ScoreDepth, Threshold: threshold, Required: true},
		{Name: ScoreMouth, Threshold: threshold, Required: true},
	}, more...)
}

// PolicyNamed returns one of [Policies].
func PolicyNamed(name string) (Policy, error) {
	var names []string
	for _, p := range Policies() {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	slices.Sort(names)
	return Policy{}, fmt.Errorf("no policy is called %q: there are %s", name, strings.Join(names, ", "))
}
