package eval

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// PADReport is a measurement of presentations.
type PADReport struct {
	When        time.Time   `json:"when"`
	Manifest    string      `json:"manifest"`
	Machine     string      `json:"machine"`
	Took        string      `json:"took"`
	Calibration int         `json:"calibration"` // presentations that no figure rests on
	PAD         PAD         `json:"pad"`
	Seen        []Presented `json:"presentations"`
}

// rate is percent with its bounds and counts; with none, or all, only the bound that says something.
func rate(f Figure) string {
	switch {
	case f.N == 0:
		return "–"
	case f.Value == 0:
		return fmt.Sprintf("≤ %.1f (0 of %d)", 100*f.CI[1], f.N)
	case f.Value == 1:
		return fmt.Sprintf("≥ %.1f (%d of %d)", 100*f.CI[0], f.N, f.N)
	default:
		return fmt.Sprintf("%.1f (%.1f–%.1f) n=%d", 100*f.Value, 100*f.CI[0], 100*f.CI[1], f.N)
	}
}

// EqualError is the EER in percent; without an error, the bound of APCER that so many attacks allow.
func (s SpeciesFigures) EqualError() string {
	if s.EER == 0 {
		return fmt.Sprintf("≤ %.1f", 100*ClopperPearson(0, s.Wrong.N).CI[1])
	}
	return fmt.Sprintf("%.1f", 100*s.EER)
}

// Print writes the figures as text.
func (r PADReport) Print(w io.Writer) error {
	var b strings.Builder
	d := &r.PAD
	fmt.Fprintf(&b, "%d presentations of %s, and %d for calibration, in %s\n", len(d.seen), r.Manifest, r.Calibration, r.Took)
	fmt.Fprintf(&b, "policy %s, as far as recordings can be checked: %s\n", d.Policy, d.checks())
	fmt.Fprintf(&b, "percent with exact 95 %% intervals (Clopper-Pearson), over the answered; not answered apart\n")
	fmt.Fprintf(&b, "\n%-14s  %-24s %-24s %-8s", "species", "APCER", "APNRR", "EER")
	for _, c := range d.Checks {
		fmt.Fprintf(&b, " %-24s", c.Name+" alone")
	}
	fmt.Fprintln(&b)
	for _, s := range d.Species {
		fmt.Fprintf(&b, "%-14s  %-24s %-24s %-8s", s.Species, rate(s.Wrong), rate(s.Silent), s.EqualError())
		for _, c := range d.Checks {
			fmt.Fprintf(&b, " %-24s", rate(s.Alone[c.Name]))
		}
		fmt.Fprintln(&b)
	}
	fmt.Fprintf(&b, "\n%-14s  %-24s %s\n", "bona fide", "BPCER", "BPNRR")
	fmt.Fprintf(&b, "%-14s  %-24s %s\n", "all", rate(d.BPCER), rate(d.BPNRR))
	for _, s := range d.Control {
		fmt.Fprintf(&b, "%-14s  %-24s %s\n", s.Species, rate(s.Wrong), rate(s.Silent))
	}
	fmt.Fprintf(&b, "\nby the fused probability, thresholds chosen on these very presentations:\n")
	for _, p := range d.At {
		fmt.Fprintf(&b, "  BPCER at APCER %2.0f %% of the worst species: %s (threshold %.3f)\n", 100*p.APCER, rate(p.BPCER), p.Threshold)
	}
	fmt.Fprintf(&b, "\n%-14s  %-24s %-24s %-24s %-24s %-7s %s\n", "stage", "BPCER, alone", "APCER, all species", "BPCER without it", "APCER without it", "AUC", "checked")
	for _, s := range d.Stages {
		fmt.Fprintf(&b, "%-14s  %-24s %-24s %-24s %-24s %-7.1f %s\n",
			s.Score, rate(s.BPCER), rate(s.APCER), rate(s.Without.BPCER), rate(s.Without.APCER), 100*s.AUC, rate(s.Checked))
	}
	printBins(&b, "the figures' presentations", d.Bins)
	printBins(&b, "those for calibration", d.Calibrated)
	_, err := io.WriteString(w, b.String())
	return err
}

func printBins(b *strings.Builder, of string, bins []Bin) {
	if len(bins) == 0 {
		return
	}
	fmt.Fprintf(b, "\nreliability on %s: probability said, share bona fide of equally many of both, n\n", of)
	for _, bin := range bins {
		fmt.Fprintf(b, "  %.2f  %.2f  %d\n", bin.Said, bin.Is, bin.N)
	}
}

func (d *PAD) checks() string {
	var out []string
	for _, c := range d.Checks {
		out = append(out, fmt.Sprintf("%s ≥ %.3g", c.Name, c.Threshold))
	}
	if len(out) == 0 {
		return "nothing"
	}
	return strings.Join(out, ", ")
}

// Miss is a presentation that was classified wrongly or almost so.
type Miss struct {
	Presented
	Probability float64
}

// Misses returns the attacks that look most like people, then the people that look most like attacks, n of
// each at most.
func (d *PAD) Misses(n int) (attacks, people []Miss) {
	for _, p := range d.seen {
		v, ok := d.Fusion.Probability(p.list())
		switch {
		case !ok:
		case p.Label == Attack:
			attacks = append(attacks, Miss{p, v})
		default:
			people = append(people, Miss{p, v})
		}
	}
	slices.SortFunc(attacks, func(a, b Miss) int { return -compareMiss(a, b) })
	slices.SortFunc(people, compareMiss)
	return attacks[:min(n, len(attacks))], people[:min(n, len(people))]
}

func compareMiss(a, b Miss) int {
	switch {
	case a.Probability < b.Probability:
		return -1
	case a.Probability > b.Probability:
		return 1
	default:
		return strings.Compare(a.Clip, b.Clip)
	}
}
