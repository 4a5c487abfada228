package main

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	"vivavoce/pipeline"
	"vivavoce/pipeline/lips"
)

// fileReport is what verify says of a file.
type fileReport struct {
	File       string                    `json:"file"`
	Phrase     string                    `json:"phrase,omitempty"`
	Read       *fileRead                 `json:"read,omitempty"`
	Frames     int                       `json:"frames"`
	Seconds    float64                   `json:"seconds"`
	Hints      map[pipeline.HintCode]int `json:"hints"` // how often each came up
	Outcome    string                    `json:"outcome"`
	Confidence int                       `json:"confidence"`
	Reasons    []pipeline.Reason         `json:"reasons"`
	Witnesses  []pipeline.Witness        `json:"witnesses"`
	Scores     []fileScore               `json:"scores"`
}

// fileRead is what the lips said.
type fileRead struct {
	Digits  string  `json:"digits"`  // most probably, however many
	Nearest string  `json:"nearest"` // in each place of the phrase
	LogP    float64 `json:"log_posterior_per_digit"`
}

// listen takes what was read.
func (r *fileReport) listen(h lips.Heard) {
	r.Read = &fileRead{Digits: h.Digits, Nearest: h.Nearest, LogP: max(h.LogP, -1000)} // JSON knows no infinity
}

type fileScore struct {
	Name    string            `json:"name"`
	Checked bool              `json:"checked"`
	Value   *float64          `json:"value,omitempty"` // absent: not checked
	Reasons []pipeline.Reason `json:"reasons,omitempty"`
	// Measures are the figures behind it; their names end in the unit.
	Measures map[string]float64 `json:"measures,omitempty"`
}

// figures prints measures, "" without any.
func figures(measures map[string]float64) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(measures)) {
		all = append(all, fmt.Sprintf("%s %.4g", name, measures[name]))
	}
	if all == nil {
		return ""
	}
	return " (" + strings.Join(all, ", ") + ")"
}

// witnesses says what a verdict rests on.
func witnesses(all []pipeline.Witness) string {
	switch {
	case len(all) == 0:
		return "nobody seen"
	case slices.Contains(all, pipeline.WitnessSound):
		return "video and sound"
	default:
		return "video only"
	}
}

func (r *fileReport) event(e pipeline.Event) {
	if h, ok := e.(pipeline.HintChanged); ok && h.Hint.Code != "" {
		r.Hints[h.Hint.Code]++
	}
}

func (r *fileReport) verdict(v pipeline.Verdict) {
	r.Outcome, r.Confidence, r.Reasons, r.Witnesses = v.Outcome.String(), v.Confidence, v.Reasons, v.Witnesses
	for _, s := range v.Scores {
		if s.Step != pipeline.Whole {
			continue
		}
		f := fileScore{Name: s.Name, Checked: s.Checked, Reasons: s.Reasons}
		if s.Checked {
			f.Value = &s.Value
		}
		for _, m := range s.Measures {
			if f.Measures == nil {
				f.Measures = map[string]float64{}
			}
			if !math.IsNaN(m.Value) && !math.IsInf(m.Value, 0) { // which JSON does not know
				f.Measures[m.Name] = m.Value
			}
		}
		r.Scores = append(r.Scores, f)
	}
}

func (r *fileReport) status() error {
	switch r.Outcome {
	case pipeline.Live.String():
		return nil
	case pipeline.Spoof.String():
		return exitSpoof
	default:
		return exitUndecided
	}
}

func (r *fileReport) print(w io.Writer) error {
	p := &printer{w: w}
	p.line("%s: %s, confidence %d", r.File, r.Outcome, r.Confidence)
	p.line("  watched  %d frames, %.1f s", r.Frames, r.Seconds)
	p.line("  by       %s", witnesses(r.Witnesses))
	if r.Read != nil {
		p.line("  phrase   %s, read as %s; nearest %s", r.Phrase, r.Read.Digits, r.Read.Nearest)
	}
	for _, s := range r.Scores {
		if s.Checked {
			p.line("  %-8s %.2f %v%s", s.Name, *s.Value, s.Reasons, figures(s.Measures))
		} else {
			p.line("  %-8s not checked %v%s", s.Name, s.Reasons, figures(s.Measures))
		}
	}
	for _, code := range slices.Sorted(maps.Keys(r.Hints)) {
		p.line("  hint     %s ×%d", code, r.Hints[code])
	}
	for _, reason := range r.Reasons {
		p.line("  because  %s", reason)
	}
	return p.err
}

// printer keeps the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}
