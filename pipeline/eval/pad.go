package eval

import (
	"cmp"
	"math"
	"slices"

	"vivavoce/pipeline"
)

// PAD is how a policy classifies presentations, in the words of ISO/IEC 30107-3. Rates are over the
// presentations that were answered; those that were not are counted apart.
type PAD struct {
	Policy string           `json:"policy"`
	Checks []pipeline.Check `json:"checks"` // that decide; those that rest on prompts cannot be checked here
	Fusion pipeline.Fusion  `json:"fusion"`

	BPCER   Figure           `json:"bpcer"`
	BPNRR   Figure           `json:"bpnrr"`
	Species []SpeciesFigures `json:"species"`   // the worst first
	Control []SpeciesFigures `json:"bona_fide"` // the bona fide presentations by subject and kind
	// At are the least BPCERs where no species' APCER is above a rate. Their thresholds are chosen on
	// the very presentations: they compare detectors and promise nothing.
	At     []AtAPCER      `json:"bpcer_at_apcer"`
	Stages []StageFigures `json:"stages"`
	// Bins are of the presentations that the figures rest on, Calibrated of those that the probability was fitted to.
	Bins       []Bin `json:"reliability"`
	Calibrated []Bin `json:"reliability_calibration,omitempty"`

	seen []Presented
}

// SpeciesFigures are one species'. For bona fide ones Wrong is their BPCER.
type SpeciesFigures struct {
	Species string `json:"species"`
	Wrong   Figure `json:"apcer"`
	Silent  Figure `json:"apnrr"`
	// Alone is, for each stage, the share of the species that the stage alone lets pass at the
	// policy's threshold.
	Alone map[string]Figure `json:"alone,omitempty"`
	EER   float64           `json:"eer"` // by the fused probability, against all bona fide ones
}

// AtAPCER is an operating point by the fused probability.
type AtAPCER struct {
	APCER     float64 `json:"apcer"`
	Threshold float64 `json:"threshold"`
	BPCER     Figure  `json:"bpcer"`
}

// StageFigures are what one stage does alone, and what all others do without it.
type StageFigures struct {
	Score     string  `json:"score"`
	Threshold float64 `json:"threshold"`
	BPCER     Figure  `json:"bpcer"`
	APCER     Figure  `json:"apcer"` // over all attacks
	Without   struct {
		BPCER Figure `json:"bpcer"`
		APCER Figure `json:"apcer"`
	} `json:"without"`
	AUC     float64 `json:"auc"`
	Checked Figure  `json:"checked"` // of all presentations
}

// Bin is a bar of the reliability diagram: of the presentations that were given about this probability,
// how many are bona fide, where bona fide and attacks count as if there were as many of both.
type Bin struct {
	Said float64 `json:"said"`
	Is   float64 `json:"is"`
	N    int     `json:"n"`
}

// Passive returns p's checks that count and do not rest on prompts: what can be told of a
// recording. There are none where p checks nothing else. What counts if checked is not required: a recording has no
// stream, and some no face that is judged.
func Passive(p pipeline.Policy) pipeline.Policy {
	out := pipeline.Policy{Name: p.Name, Fusion: p.Fusion}
	for _, c := range p.Checks {
		if !asked(c.Name) && (c.Required || c.IfChecked) {
			c.Required = c.Required && !c.IfChecked
			out.Checks = append(out.Checks, c)
		}
	}
	return out
}

// classify is what policy's checks make of p: undecided is a non-response, also where none of those
// that count if checked was.
func classify(policy pipeline.Policy, p Presented) pipeline.Outcome {
	now := pipeline.Policy{}
	for _, c := range policy.Checks {
		if c.Required || p.Scores[c.Name].Checked {
			c.Required = true
			now.Checks = append(now.Checks, c)
		}
	}
	return now.Decide(p.list()).Outcome
}

// list returns the scores in the order of names, as the pipeline gives them.
func (p Presented) list() []pipeline.Score {
	out := make([]pipeline.Score, 0, len(p.Scores))
	for _, s := range p.Scores {
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b pipeline.Score) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// Figures returns how policy, of which only the passive checks count, classifies what was seen.
// Presentations for calibration are left out.
func Figures(policy pipeline.Policy, fusion pipeline.Fusion, seen []Presented) PAD {
	policy = Passive(policy)
	out := PAD{Policy: policy.Name, Checks: policy.Checks, Fusion: fusion}
	for _, p := range seen {
		if p.Part != Calibration {
			out.seen = append(out.seen, p)
		}
	}
	for _, name := range kindsOf(out.seen, Attack) {
		out.Species = append(out.Species, out.species(policy, name, Attack))
	}
	for _, name := range kindsOf(out.seen, BonaFide) {
		out.Control = append(out.Control, out.species(policy, name, BonaFide))
	}
	slices.SortStableFunc(out.Species, func(a, b SpeciesFigures) int {
		return cmp.Or(cmp.Compare(b.Wrong.Value, a.Wrong.Value), cmp.Compare(b.EER, a.EER))
	})
	all := tally(policy, out.seen, func(p Presented) bool { return p.Label == BonaFide })
	out.BPCER, out.BPNRR = all.wrong(), all.silent()
	for _, rate := range []float64{0.01, 0.05, 0.1} {
		out.At = append(out.At, out.at(rate))
	}
	for _, c := range policy.Checks {
		out.Stages = append(out.Stages, out.stage(policy, c))
	}
	out.Bins = reliability(fusion, out.seen)
	out.Calibrated = reliability(fusion, Part(seen, Calibration))
	return out
}

// kindsOf are the species of a label; bona fide ones without a species are "as recorded".
func kindsOf(seen []Presented, label string) []string {
	var out []string
	for _, p := range seen {
		if p.Label == label && !slices.Contains(out, p.kind()) {
			out = append(out, p.kind())
		}
	}
	slices.Sort(out)
	return out
}

func (p Presentation) kind() string {
	if p.Species == "" {
		return "as recorded"
	}
	return p.Species
}

// votes are how a policy took presentations of one label.
type votes struct {
	label      string
	live, not  int
	unanswered int
}

func tally(policy pipeline.Policy, seen []Presented, of func(Presented) bool) votes {
	var v votes
	for _, p := range seen {
		if !of(p) {
			continue
		}
		v.label = p.Label
		switch classify(policy, p) {
		case pipeline.Live:
			v.live++
		case pipeline.Spoof:
			v.not++
		default:
			v.unanswered++
		}
	}
	return v
}

// wrong is APCER or BPCER, silent APNRR or BPNRR.
func (v votes) wrong() Figure {
	if v.label == BonaFide {
		return ClopperPearson(v.not, v.live+v.not)
	}
	return ClopperPearson(v.live, v.live+v.not)
}

func (v votes) silent() Figure {
	return ClopperPearson(v.unanswered, v.live+v.not+v.unanswered)
}

func (d *PAD) species(policy pipeline.Policy, name, label string) SpeciesFigures {
	of := func(p Presented) bool { return p.Label == label && p.kind() == name }
	v := tally(policy, d.seen, of)
	out := SpeciesFigures{Species: name, Wrong: v.wrong(), Silent: v.silent(), Alone: map[string]Figure{}}
	for _, c := range policy.Checks {
		alone := tally(pipeline.Policy{Checks: []pipeline.Check{c}}, d.seen, of)
		out.Alone[c.Name] = alone.wrong()
	}
	if label == Attack {
		out.EER = d.marks(of).EER()
	}
	return out
}

// marks are the fused probabilities of all bona fide presentations and of some attacks.
func (d *PAD) marks(of func(Presented) bool) Marks {
	var m Marks
	for _, p := range d.seen {
		value, ok := d.Fusion.Probability(p.list())
		switch {
		case !ok:
		case p.Label == BonaFide:
			m.Genuine = append(m.Genuine, value)
		case of(p):
			m.Other = append(m.Other, value)
		}
	}
	return m
}

// at is the point where the worst species has that APCER.
func (d *PAD) at(rate float64) AtAPCER {
	out := AtAPCER{APCER: rate}
	var bonaFide []float64
	for _, s := range d.Species {
		m := d.marks(func(p Presented) bool { return p.kind() == s.Species })
		bonaFide = m.Genuine
		if len(m.Other) > 0 {
			out.Threshold = max(out.Threshold, m.FRRAt(rate).Threshold)
		}
	}
	refused := 0
	for _, v := range bonaFide {
		if !(v >= out.Threshold) {
			refused++
		}
	}
	out.BPCER = ClopperPearson(refused, len(bonaFide))
	if math.IsInf(out.Threshold, 1) {
		out.Threshold = 1 // JSON knows no infinity; nobody reaches more
	}
	return out
}

func (d *PAD) stage(policy pipeline.Policy, c pipeline.Check) StageFigures {
	alone := pipeline.Policy{Checks: []pipeline.Check{c}}
	others := pipeline.Policy{Checks: slices.DeleteFunc(slices.Clone(policy.Checks), func(o pipeline.Check) bool { return o.Name == c.Name })}
	rates := func(by pipeline.Policy) (bpcer, apcer Figure) {
		of := func(label string) Figure {
			return tally(by, d.seen, func(p Presented) bool { return p.Label == label }).wrong()
		}
		return of(BonaFide), of(Attack)
	}
	var m Marks
	checked := 0
	for _, p := range d.seen {
		s, ok := p.Scores[c.Name]
		if !ok || !s.Checked {
			continue
		}
		checked++
		if p.Label == BonaFide {
			m.Genuine = append(m.Genuine, s.Value)
		} else {
			m.Other = append(m.Other, s.Value)
		}
	}
	out := StageFigures{
		Score: c.Name, Threshold: c.Threshold, AUC: m.AUC(),
		Checked: ClopperPearson(checked, len(d.seen)),
	}
	out.BPCER, out.APCER = rates(alone)
	if len(others.Checks) > 0 {
		out.Without.BPCER, out.Without.APCER = rates(others)
	}
	return out
}

// reliability cuts the probabilities into tenths.
func reliability(f pipeline.Fusion, seen []Presented) []Bin {
	const tenths = 10
	var said, live, all [tenths]float64
	var n [tenths]int
	var count [2]float64
	type mark struct {
		p    float64
		live int
	}
	var marks []mark
	for _, p := range seen {
		if v, ok := f.Probability(p.list()); ok {
			m := mark{p: v}
			if p.Label == BonaFide {
				m.live = 1
			}
			count[m.live]++
			marks = append(marks, m)
		}
	}
	for _, m := range marks {
		i := min(int(m.p*tenths), tenths-1)
		w := 1 / count[m.live]
		said[i] += w * m.p
		live[i] += w * float64(m.live)
		all[i] += w
		n[i]++
	}
	var out []Bin
	for i := range n {
		if n[i] > 0 {
			out = append(out, Bin{Said: said[i] / all[i], Is: live[i] / all[i], N: n[i]})
		}
	}
	return out
}
