package pipeline

import (
	"errors"
	"fmt"
	"slices"
)

// Policy says what a live verdict needs. The zero Policy is refused by
// [Policy.Validate] and admits nobody.
//
// A session is live when every required score was checked, and each of them and of those that
// count if checked is at or above its threshold. NaN and values outside 0–1 never pass; "not checked"
// and a missing score never pass a required check.
//
// Whoever is not live is either spoof or undecided. Spoof is said only on evidence
// of an attack (a presentation attack in the words of ISO/IEC 30107-3): a
// required, checked score is under its threshold for a reason that not
// understanding, not answering or chewing does not explain, as depth.flat or
// motion.not_smooth. Reasons that merely say that the person did nothing, too
// little, too late or the wrong thing (motion.no_turn, motion.wrong_way,
// mouth.still …) lead to undecided: 30107-3 calls it a non-response. The person is
// told what to do better and may try again; nobody passes by it. A score that is low without any
// reason counts as evidence, so that a stage cannot excuse somebody by being silent.
type Policy struct {
	Name   string // for people; nothing depends on it
	Checks []Check
	Fusion Fusion // what the confidence of a live verdict comes from
}

// Check is one score of the whole session that a policy knows.
type Check struct {
	Name      string  // of the score
	Threshold float64 // the least value that passes, above 0 and at most 1
	Required  bool    // a live verdict needs it
	// IfChecked counts where the score was checked: then it must pass as a required one must, and
	// otherwise nothing is missing. A check that is neither is only shown.
	IfChecked bool
}

// Validate says what makes p unfit to decide by.
func (p Policy) Validate() error {
	required := 0
	for i, c := range p.Checks {
		if c.Name == "" {
			return errors.New("policy: a check without a name")
		}
		if slices.ContainsFunc(p.Checks[:i], func(o Check) bool { return o.Name == c.Name }) {
			return fmt.Errorf("policy: %q is checked twice", c.Name)
		}
		if !(c.Threshold > 0 && c.Threshold <= 1) {
			return fmt.Errorf("policy: threshold %v of %q, want above 0 and at most 1", c.Threshold, c.Name)
		}
		if c.Required && c.Name == ScoreLights {
			return errors.New("policy: lights are required, but people may decline them")
		}
		if c.Required {
			required++
		}
	}
	if required == 0 {
		return errors.New("policy: nothing is required, everybody would pass")
	}
	if err := p.Fusion.Validate(); err != nil {
		return fmt.Errorf("policy: %w", err)
	}
	return nil
}

// Check returns the check of that name.
func (p Policy) Check(name string) (Check, bool) {
	i := slices.IndexFunc(p.Checks, func(c Check) bool { return c.Name == name })
	if i < 0 {
		return Check{}, false
	}
	return p.Checks[i], true
}

// answerable says what p requires that steps never ask for: nobody could pass.
// No steps at all are a recording.
func (p Policy) answerable(steps []Step) error {
	asks := func(k StepKind) bool {
		return slices.ContainsFunc(steps, func(s Step) bool { return s.Kind == k })
	}
	for _, c := range p.Checks {
		needs := map[string]StepKind{
			ScoreMotion: StepTurn, ScoreDepth: StepTurn, ScoreMouth: StepDigit, ScoreLips: StepDigit,
		}[c.Name]
		if c.Required && needs != "" && len(steps) > 0 && !asks(needs) {
			return fmt.Errorf("the policy requires %s, but the challenge has no step %q: nobody could pass", c.Name, needs)
		}
	}
	return nil
}

// Decide gives the verdict on scores, of which those of the whole session count.
// A policy that is not valid decides nothing.
//
// Confidence is below 50 unless the verdict is live: then it is the lowest of the required scores,
// each stretched so that 50 is its threshold, and 0 when one was not checked. A live verdict's is the
// probability that Fusion gives: of those at 90 one in ten is an imposter where as many
// imposters as bona fide people try, and the imposters are like those of the calibration. It
// is 50, what was known before, where none of the fusion's scores was checked.
func (p Policy) Decide(scores []Score) Verdict {
	if p.Validate() != nil {
		return Verdict{Reasons: []Reason{SessionFailed}}
	}
	v := Verdict{Outcome: Live, Confidence: 100}
	var excused []Reason
	for _, c := range p.Checks {
		if !c.counts(scores) {
			continue
		}
		f := c.find(scores)
		v.Confidence = min(v.Confidence, f.confidence)
		excused = append(excused, f.excused...)
		v.Reasons = append(v.Reasons, f.evidence...)
		switch {
		case f.outcome == Spoof:
			v.Outcome = Spoof
		case f.outcome == Undecided && v.Outcome == Live:
			v.Outcome = Undecided
		}
	}
	v.Reasons = unique(append(v.Reasons, excused...))
	v.Confidence = min(v.Confidence, 49)
	if v.Outcome == Live {
		v.Confidence = p.Fusion.confidence(scores)
	}
	return v
}

// counts reports whether a verdict on scores rests on c.
func (c Check) counts(scores []Score) bool {
	return c.Required || c.IfChecked && slices.ContainsFunc(scores, func(s Score) bool {
		return s.Name == c.Name && s.Step == Whole && s.Checked
	})
}

// finding is what one check says.
type finding struct {
	outcome           Outcome
	confidence        int
	evidence, excused []Reason
}

func (c Check) find(scores []Score) finding {
	i := slices.IndexFunc(scores, func(s Score) bool { return s.Name == c.Name && s.Step == Whole })
	if i < 0 {
		return finding{excused: []Reason{NotChecked(c.Name)}}
	}
	s := scores[i]
	switch {
	case !s.Checked:
		return finding{excused: append(slices.Clone(s.Reasons), NotChecked(c.Name))}
	case !s.valid():
		return finding{excused: []Reason{SessionFailed}}
	case s.Value >= c.Threshold:
		return finding{outcome: Live, confidence: c.confidence(s.Value)}
	}
	f := finding{confidence: c.confidence(s.Value)}
	for _, r := range s.Reasons {
		if r.excuses() {
			f.excused = append(f.excused, r)
		} else {
			f.evidence = append(f.evidence, r)
		}
	}
	if len(f.evidence) > 0 || len(s.Reasons) == 0 {
		f.outcome = Spoof
	}
	if len(s.Reasons) == 0 {
		f.evidence = []Reason{Reason(c.Name + ".low")}
	}
	return f
}

func (c Check) confidence(value float64) int {
	if value < c.Threshold {
		return int(50 * value / c.Threshold)
	}
	if c.Threshold == 1 {
		return 100
	}
	return int(50 + 50*(value-c.Threshold)/(1-c.Threshold))
}

// valid reports whether s is a score at all: NaN and values outside 0–1 are not.
func (s Score) valid() bool { return !s.Checked || s.Value >= 0 && s.Value <= 1 }

func unique(rs []Reason) []Reason {
	var out []Reason
	for _, r := range rs {
		if !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out
}
