package signaling

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"vivavoce/pipeline"
)

// reportEvery bounds running progress and each running score: ten a second are
// smooth to the eye.
const reportEvery = 100 * time.Millisecond

// reporter turns what an attempt reports into messages: coarse ones for the page,
// exact ones for the integrator. One goroutine owns it.
type reporter struct {
	session *Session
	page    *socket
	metrics *Metrics
	exact   bool        // the page gets scores, too
	lost    func(error) // the page does not take what it is sent

	progress Progress // as last sent
	sent     time.Time
	step     stepScore
	scored   map[string]time.Time // name and step → last sent
}

// stepScore is the newest running score of the step on the screen.
type stepScore struct {
	index   int
	checked bool
	value   float64
}

func (r *reporter) report(e pipeline.Event) {
	switch e := e.(type) {
	case pipeline.StateChanged:
		r.state(State(e.State))
	case pipeline.HintChanged:
		r.hint(e.Hint)
	case pipeline.Prompted:
		r.step = stepScore{index: e.Prompt.Index}
		r.both(promptMessage(e))
	case pipeline.Progressed:
		r.progressed(e)
	case pipeline.Lit:
		c := e.Colour
		r.both(Light{Index: e.Index, Colour: fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B), TimeMS: e.Time.Milliseconds()})
	case pipeline.Scored:
		r.score(e.Score)
	}
}

// state passes on all but done, which follows the verdict.
func (r *reporter) state(s State) {
	if !s.Over() && r.session.enter(s) {
		r.send(StateChange{s})
	}
}

func (r *reporter) hint(h pipeline.Hint) {
	m := Hint{Code: string(h.Code), Direction: h.Direction, Blocking: h.Blocking}
	if m.Code == "" {
		m.Code = "none"
	} else {
		r.metrics.hints.WithLabelValues(m.Code).Inc()
	}
	r.both(m)
}

func (r *reporter) progressed(e pipeline.Progressed) {
	m := Progress{Index: e.Index, Phase: e.Phase, Fraction: coarse(e.Fraction), Band: bandOf(e.Fraction)}
	if r.step.index == e.Index && r.step.checked {
		m.Band = bandOf(r.step.value)
	}
	moved := m.Index != r.progress.Index || m.Phase != r.progress.Phase
	if !moved && (m == r.progress || time.Since(r.sent) < reportEvery) {
		return
	}
	r.progress, r.sent = m, time.Now()
	r.both(m)
}

func (r *reporter) score(s pipeline.Score) {
	if s.Step != pipeline.Whole && s.Checked {
		r.step = stepScore{index: s.Step, checked: true, value: s.Value}
	}
	key := s.Name + "/" + strconv.Itoa(s.Step)
	if !s.Settled && time.Since(r.scored[key]) < reportEvery {
		return
	}
	r.scored[key] = time.Now()
	m := scoreMessage(s)
	r.session.tell(m)
	if r.exact {
		r.send(m)
	}
}

// both tells the page and the integrator.
func (r *reporter) both(m Message) {
	r.session.tell(m)
	r.send(m)
}

func (r *reporter) send(m Message) {
	if err := r.page.send(m); err != nil {
		r.lost(err)
	}
}

func promptMessage(e pipeline.Prompted) Prompt {
	m := Prompt{
		Index: e.Prompt.Index, Of: e.Of, Kind: e.Prompt.Step.Kind,
		Again: e.Prompt.Step.Again, TimeMS: e.Time.Milliseconds(),
	}
	if m.Kind == pipeline.StepTurn {
		m.Direction = e.Prompt.Step.Turn
		return m
	}
	position := e.Position
	m.Digit, m.Phrase, m.Position = strconv.Itoa(e.Prompt.Step.Digit), e.Phrase, &position
	return m
}

func scoreMessage(s pipeline.Score) Score {
	m := Score{Name: s.Name, Checked: s.Checked, Settled: s.Settled, Reasons: reasons(s.Reasons)}
	if s.Step != pipeline.Whole {
		m.Step = &s.Step
	}
	// NaN and the infinities are not JSON, and no scores either.
	if s.Checked && s.Value >= 0 && s.Value <= 1 {
		m.Value = &s.Value
	}
	for _, f := range s.Measures {
		if math.IsNaN(f.Value) || math.IsInf(f.Value, 0) {
			continue
		}
		if m.Measures == nil {
			m.Measures = map[string]float64{}
		}
		m.Measures[f.Name] = f.Value
	}
	return m
}

// exactVerdict is for the integrator.
func exactVerdict(v pipeline.Verdict) Verdict {
	m := Verdict{Outcome: v.Outcome.String(), Confidence: &v.Confidence, Reasons: reasons(v.Reasons), Witnesses: v.Witnesses}
	for _, s := range v.Scores {
		m.Scores = append(m.Scores, scoreMessage(s))
	}
	return m
}

// pageVerdict is for the person: bands, and only of the whole session.
func pageVerdict(v pipeline.Verdict) Verdict {
	m := Verdict{Outcome: v.Outcome.String(), Reasons: reasons(v.Reasons), Witnesses: v.Witnesses}
	for _, s := range v.Scores {
		if s.Step != pipeline.Whole || s.Part {
			continue
		}
		c := Check{Name: s.Name, Checked: s.Checked}
		if s.Checked {
			c.Band = bandOf(s.Value)
		}
		m.Checks = append(m.Checks, c)
	}
	if v.Outcome != pipeline.Live { // what went wrong is not to be looked for below
		slices.SortStableFunc(m.Checks, func(a, b Check) int { return cmp.Compare(a.place(), b.place()) })
	}
	return m
}

// reasons makes a list that is [] and not null on the wire.
func reasons(rs []pipeline.Reason) []pipeline.Reason {
	return append([]pipeline.Reason{}, rs...)
}
