package eval

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// About says what was measured, on what.
type About struct {
	When     time.Time `json:"when"`
	Manifest string    `json:"manifest"`
	Model    string    `json:"model"`
	Machine  string    `json:"machine"`
	Clips    int       `json:"clips"`
	Unseen   int       `json:"clips_without_a_mouth"`
	Degrade  Degrade   `json:"degrade"`
}

// Report is a measurement. Digits and Phrases may be nil.
type Report struct {
	About   About    `json:"about"`
	Digits  *Digits  `json:"digits,omitempty"`
	Phrases *Phrases `json:"phrases,omitempty"`
}

// Print writes the figures as text.
func (r Report) Print(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%d clips of %s (%d without a mouth), model %s%s\n",
		r.About.Clips, r.About.Manifest, r.About.Unseen, r.About.Model, r.About.Degrade)
	if r.Digits != nil {
		r.Digits.print(&b)
	}
	if r.Phrases != nil {
		r.Phrases.print(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (d *Digits) print(b *strings.Builder) {
	fmt.Fprintf(b, "\ndigits right, of ten    times not given          times given\n")
	fmt.Fprintf(b, "  %-20s  %-23s  %s\n", "all", d.Untimed, d.Timed)
	for _, s := range d.Speakers {
		fmt.Fprintf(b, "  %-20s  %-23s  %s\n", s.Speaker, s.Untimed, s.Timed)
	}
	fmt.Fprintf(b, "\nsaid \\ read  0   1   2   3   4   5   6   7   8   9\n")
	for said, row := range d.Confusion {
		fmt.Fprintf(b, "  %d      ", said)
		for _, n := range row {
			fmt.Fprintf(b, " %3d", n)
		}
		fmt.Fprintln(b)
	}
}

func (p *Phrases) print(b *strings.Builder) {
	how := "times not given"
	if p.Paced {
		how = "prompt times given"
	}
	if p.Hard {
		how += ", hard cuts"
	}
	fmt.Fprintf(b, "\nphrases of %d digits, %s, %d spliced\n", p.Length, how, len(p.Trials))
	fmt.Fprintf(b, "  %-8s  %-22s  %-22s  %-22s  %s\n", "against", "EER %", "FRR % at FAR 1 %", "FRR % at FAR 2 %", "AUC %")
	for _, k := range p.Kinds {
		fmt.Fprintf(b, "  %-8s  %-22s  %-22s  %-22s  %s\n", k.Kind, k.EER, k.FRR1, k.FRR2, k.AUC)
	}
	fmt.Fprintf(b, "\n  EER %% of   %-22s  %-22s  %s\n", Kinds()[0], Kinds()[1], Kinds()[2])
	for _, s := range p.Speakers {
		fmt.Fprintf(b, "  %-9s  %-22s  %-22s  %s\n", s.Speaker, s.EER[Random], s.EER[Changed], s.EER[Swapped])
	}
}

// String gives percent, the interval and n.
func (f Figure) String() string {
	return fmt.Sprintf("%.1f (%.1f–%.1f) n=%d", 100*f.Value, 100*f.CI[0], 100*f.CI[1], f.N)
}

// String lists what is worse, or nothing.
func (d Degrade) String() string {
	s := ""
	if d.FPS > 0 {
		s += fmt.Sprintf(", %g fps", d.FPS)
	}
	if d.Height > 0 {
		s += fmt.Sprintf(", %d lines", d.Height)
	}
	if d.Kbps > 0 {
		s += fmt.Sprintf(", VP8 at %d kbit/s", d.Kbps)
	}
	if d.Yaw != 0 {
		s += fmt.Sprintf(", turned by %g°", d.Yaw)
	}
	return s
}
