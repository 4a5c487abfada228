package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"vivavoce/pipeline"
	"vivavoce/pipeline/eval"
	"vivavoce/pipeline/lips"
	"vivavoce/signaling"
)

// played is one session that came to a verdict.
type played struct {
	Speaker string            `json:"speaker"`
	Says    string            `json:"says"`
	As      string            `json:"as,omitempty"` // species
	Phrase  string            `json:"phrase"`
	Read    string            `json:"read"` // in each place; - where nothing was
	Outcome string            `json:"outcome"`
	Lips    *float64          `json:"lips,omitempty"` // absent: not checked
	Reasons []pipeline.Reason `json:"reasons"`
	FPS     float64           `json:"frames_per_second"` // that were judged
	Seconds float64           `json:"seconds"`
}

// hear takes what was read of a digit, and the score of the session.
func (p *played) hear(m signaling.Score, read map[int]string) {
	if m.Name != pipeline.ScoreLips {
		return
	}
	if m.Step == nil {
		p.Lips = m.Value
		return
	}
	read[*m.Step] = "-"
	if digit, ok := m.Measures[lips.ReadDigit]; ok {
		read[*m.Step] = strconv.Itoa(int(digit))
	}
}

func lives(all []played) (n int) {
	for _, p := range all {
		if p.Outcome == pipeline.Live.String() {
			n++
		}
	}
	return n
}

// sessionsReport is all of them.
type sessionsReport struct {
	When    time.Time       `json:"when"`
	Model   string          `json:"model"`
	Policy  pipeline.Policy `json:"policy"`
	Machine string          `json:"machine"`
	Played  []played        `json:"sessions"`
}

// print writes a row for what each speaker says, and for all speakers.
func (r *sessionsReport) print(w io.Writer) error {
	p := &printer{w: w}
	p.line("%s; network: %s; policy: %s", r.Machine, r.Model, r.Policy.Name)
	for _, c := range r.Policy.Checks {
		p.line("  %s from %.3g, required: %v", c.Name, c.Threshold, c.Required)
	}
	p.line("\n%-10s %-8s %-34s %-18s %-16s %s", "says", "speaker", "live, % (95 %)", "digits as asked", "frames/s", "why not live")
	for _, says := range unique(r.Played, func(s played) string { return s.Says }) {
		these := slices.DeleteFunc(slices.Clone(r.Played), func(s played) bool { return s.Says != says })
		for _, name := range unique(these, func(s played) string { return s.Speaker }) {
			p.row(says, name, slices.DeleteFunc(slices.Clone(these), func(s played) bool { return s.Speaker != name }))
		}
		p.row(says, "all", these)
	}
	return p.err
}

func unique(all []played, of func(played) string) (names []string) {
	for _, s := range all {
		if name := of(s); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func (p *printer) row(says, name string, all []played) {
	live, asked, digits := lives(all), 0, 0
	why := map[pipeline.Reason]int{}
	var rates []float64
	for _, s := range all {
		for _, r := range s.Reasons {
			why[r]++
		}
		if s.Phrase == "" || s.FPS == 0 {
			why["(no session)"]++
			continue
		}
		for i := range min(len(s.Phrase), len(s.Read)) {
			if digits++; s.Phrase[i] == s.Read[i] {
				asked++
			}
		}
		rates = append(rates, s.FPS)
	}
	slices.Sort(rates)
	seen := "-"
	if n := len(rates); n > 0 {
		seen = fmt.Sprintf("%.0f–%.0f, %.0f", rates[0], rates[n-1], rates[n/2])
	}
	var reasons []string
	for _, r := range slices.Sorted(maps.Keys(why)) {
		reasons = append(reasons, fmt.Sprintf("%s ×%d", r, why[r]))
	}
	p.line("%-10s %-8s %-34s %-18s %-16s %s", says, name,
		fmt.Sprintf("%d of %d: %v", live, len(all), eval.Wilson(live, len(all))),
		fmt.Sprintf("%d of %d", asked, digits),
		seen,
		strings.Join(reasons, ", "))
}
