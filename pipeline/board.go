package pipeline

import (
	"cmp"
	"math"
	"slices"
)

// worthTelling is by how much an unsettled score must change to be reported again.
const worthTelling = 0.01

// board holds the newest score of every name and step. A settled score stays as
// it is: whoever failed a step cannot mend it later.
type board struct {
	scores []Score
	told   []Score // of the same names and steps, as they were last told
}

// put takes s and reports whether it differs from what was last told by enough to
// be told now.
func (b *board) put(s Score) bool {
	// Stages may reuse what they return: keep copies.
	s.Reasons, s.Measures = slices.Clone(s.Reasons), slices.Clone(s.Measures)
	i := b.index(s.Name, s.Step)
	if i < 0 {
		b.scores, b.told = append(b.scores, s), append(b.told, s)
		return true
	}
	if b.scores[i].Settled {
		return false
	}
	b.scores[i] = s
	if alike(b.told[i], s) {
		return false
	}
	b.told[i] = s
	return true
}

// index is that of step's score of that name; -1 if there is none.
func (b *board) index(name string, step int) int {
	return slices.IndexFunc(b.scores, func(s Score) bool { return s.Name == name && s.Step == step })
}

func alike(a, b Score) bool {
	return a.Checked == b.Checked && a.Settled == b.Settled && a.Phase == b.Phase &&
		math.Abs(a.Value-b.Value) < worthTelling && math.Abs(a.Fraction-b.Fraction) < 0.05 &&
		slices.Equal(a.Reasons, b.Reasons)
}

// witnesses says who was heard, given whether a face was seen.
func (b *board) witnesses(face bool) []Witness {
	var all []Witness
	if face {
		all = append(all, WitnessVideo)
	}
	if slices.ContainsFunc(b.scores, func(s Score) bool {
		return s.Name == ScoreSound && s.Step == Whole && s.Checked
	}) {
		all = append(all, WitnessSound)
	}
	return all
}

// of returns step's newest score of that name.
func (b *board) of(name string, step int) (Score, bool) {
	i := b.index(name, step)
	if i < 0 {
		return Score{}, false
	}
	return b.scores[i], true
}

// settled reports whether step's score of that name changes no more.
func (b *board) settled(name string, step int) bool {
	s, ok := b.of(name, step)
	return ok && s.Settled
}

// progress returns how far the person is with step, by the stage that is furthest.
func (b *board) progress(step int) (Phase, float64) {
	phase, fraction := PhaseGo, 0.0
	for _, s := range b.scores {
		if s.Step != step {
			continue
		}
		if s.Phase == PhaseReturn || s.Phase == PhaseDone {
			phase = s.Phase
		}
		if s.Fraction > fraction && s.Fraction <= 1 {
			fraction = s.Fraction
		}
	}
	return phase, fraction
}

// sorted returns the scores, those of the whole session first, then by name and step.
func (b *board) sorted() []Score {
	out := slices.Clone(b.scores)
	slices.SortFunc(out, func(x, y Score) int {
		if d := cmp.Compare(min(x.Step, 0), min(y.Step, 0)); d != 0 {
			return d
		}
		return cmp.Or(cmp.Compare(x.Name, y.Name), cmp.Compare(x.Step, y.Step))
	})
	return out
}
