package eval

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html/template"
	"math"
	"path/filepath"
)

// Page returns the report as one HTML file that needs no other.
func (r PADReport) Page() ([]byte, error) {
	page, err := template.New("pad").Funcs(template.FuncMap{
		"rate": rate, "percent": func(v float64) string { return fmt.Sprintf("%.1f", 100*v) },
	}).Parse(padText)
	if err != nil {
		return nil, fmt.Errorf("make report page: %w", err)
	}
	attacks, people := r.PAD.Misses(12)
	var b bytes.Buffer
	view := struct {
		PADReport
		DET, Histogram, Reliability template.HTML
		Attacks, People             []Miss
		Checked                     string
		Presentations               int
	}{
		r, r.PAD.tradeOff(), r.PAD.histogram(), r.PAD.diagram(), attacks, people, r.PAD.checks(), len(r.PAD.seen),
	}
	if err := page.Execute(&b, view); err != nil {
		return nil, fmt.Errorf("make report page: %w", err)
	}
	return b.Bytes(), nil
}

// hue gives the i-th of n lines a colour of its own.
func hue(i, n int) string {
	return fmt.Sprintf("hsl(%d 75%% %d%%)", 360*i/max(n, 1), 32+14*(i%2))
}

func (d *PAD) tradeOff() template.HTML {
	var lines []detLine
	for i, s := range d.Species {
		m := d.marks(func(p Presented) bool { return p.kind() == s.Species })
		lines = append(lines, detLine{s.Species, hue(i, len(d.Species)), m})
	}
	return tradeOff(lines, "APCER, %", "BPCER, %")
}

// fifths are the places of an axis that are named.
func fifths() []float64 { return []float64{0, 0.2, 0.4, 0.6, 0.8, 1} }

// histogram draws how the fused probabilities lie: bona fide ones up, species one line each.
func (d *PAD) histogram() template.HTML {
	const bars = 25
	c := newChart("Probabilities")
	names, colours := []string{"bona fide"}, []string{"#1c2430"}
	rows := [][]float64{d.marks(func(Presented) bool { return false }).Genuine}
	for i, s := range d.Species {
		names, colours = append(names, s.Species), append(colours, hue(i, len(d.Species)))
		rows = append(rows, d.marks(func(p Presented) bool { return p.kind() == s.Species }).Other)
	}
	for i, row := range rows {
		var shares [bars]float64
		for _, v := range row {
			shares[min(int(v*bars), bars-1)] += 1 / float64(len(row))
		}
		var points [][2]float64
		for k, v := range shares { // the root lets small shares be seen
			points = append(points, [2]float64{float64(k) / bars, math.Sqrt(v)}, [2]float64{float64(k+1) / bars, math.Sqrt(v)})
		}
		c.line(points, colours[i], "")
	}
	for _, v := range fifths() {
		c.text(c.x(v), chartHeight-chartBottom+16, "middle", fmt.Sprintf("%g", v))
	}
	c.legend(names, colours)
	c.text(c.x(0.5), chartHeight-8, "middle", "probability of bona fide")
	return c.done("How the fused probabilities lie: the square root of each kind's share.")
}

// diagram is the reliability diagram.
func (d *PAD) diagram() template.HTML {
	c := newChart("Reliability")
	c.line([][2]float64{{0, 0}, {1, 1}}, "#aab4c0", "2 4")
	draw := func(bins []Bin, colour, dash string) {
		var points [][2]float64
		for _, b := range bins {
			points = append(points, [2]float64{b.Said, b.Is})
			c.text(c.x(b.Said), c.y(b.Is)-8, "middle", fmt.Sprint(b.N))
		}
		c.line(points, colour, dash)
	}
	draw(d.Calibrated, "#d55e00", "6 3")
	draw(d.Bins, "#0072b2", "")
	for _, v := range fifths() {
		c.text(c.x(v), chartHeight-chartBottom+16, "middle", fmt.Sprintf("%g", v))
		c.text(chartLeft-6, c.y(v)+4, "end", fmt.Sprintf("%g", v))
	}
	c.text(c.x(0.5), chartHeight-8, "middle", "probability that was said")
	c.text(chartLeft, chartTop-4, "start", "share that is bona fide, of equally many of both")
	return c.done("Reliability: on the dashed line, nine in ten of those at 0.9 are bona fide. Blue: the presentations of the figures; orange, dashed: those for calibration. Numbers: presentations.")
}

// Picture is the thumbnail as the page shows it.
func (m Miss) Picture() template.URL {
	return template.URL("data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(m.Thumb))
}

// Name is short.
func (m Miss) Name() string { return m.Subject + "/" + filepath.Base(m.Clip) }

// How tells which simulation it was.
func (m Miss) How() string {
	if m.Recapture == nil {
		return m.kind()
	}
	return fmt.Sprintf("%s %d", m.kind(), m.Recapture.Seed)
}

const padText = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Presentation attacks: figures</title>
<style>
 body { font: 15px/1.5 system-ui, sans-serif; max-width: 66rem; margin: 2rem auto; padding: 0 1rem; color: #1c2430; background: #fff }
 h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2rem } .about { color: #465262 }
 table { border-collapse: collapse; margin: .5rem 0 } td, th { padding: .2rem .7rem; text-align: right; border-bottom: 1px solid #dde3ea; font-variant-numeric: tabular-nums }
 td:first-child, th:first-child { text-align: left }
 svg { max-width: 100%; height: auto } svg text { font: 11px system-ui, sans-serif; fill: #465262 }
 .misses { display: flex; flex-wrap: wrap; gap: .6rem } .misses figure { margin: 0; width: 150px; font-size: 12px; line-height: 1.3 } .misses img { width: 150px }
</style>
<h1>Presentation attacks: figures</h1>
<p class="about">{{.When.Format "2006-01-02 15:04 MST"}} · {{.Presentations}} presentations of {{.Manifest}}, {{.Calibration}} more for calibration · {{.Machine}} · {{.Took}}.
 Policy <b>{{.PAD.Policy}}</b>, as far as recordings can be checked: {{.Checked}}. Terms of ISO/IEC 30107-3; percent with exact 95 % intervals (Clopper-Pearson)
 over the presentations that were answered; those that were not are counted apart. Simulated attacks are simulated: see media/recapture.</p>
{{with .PAD}}
<table><tr><th>species<th>APCER<th>APNRR<th>EER{{range .Checks}}<th>{{.Name}} alone{{end}}</tr>
{{range $s := .Species}}<tr><td>{{.Species}}<td>{{rate .Wrong}}<td>{{rate .Silent}}<td>{{.EqualError}}{{range $.PAD.Checks}}<td>{{rate (index $s.Alone .Name)}}{{end}}</tr>{{end}}</table>
<table><tr><th>bona fide<th>BPCER<th>BPNRR</tr><tr><td>all<td>{{rate .BPCER}}<td>{{rate .BPNRR}}</tr>
{{range .Control}}<tr><td>{{.Species}}<td>{{rate .Wrong}}<td>{{rate .Silent}}</tr>{{end}}</table>
<h2>By the fused probability</h2>
<p class="about">Thresholds chosen on these very presentations: they compare detectors and promise nothing.</p>
<table><tr><th>APCER of the worst species, at most<th>BPCER<th>threshold</tr>
{{range .At}}<tr><td>{{percent .APCER}} %<td>{{rate .BPCER}}<td>{{printf "%.3f" .Threshold}}</tr>{{end}}</table>
<h2>Each stage alone, and the others without it</h2>
<table><tr><th>score<th>threshold<th>BPCER<th>APCER, all species<th>BPCER without it<th>APCER without it<th>AUC<th>checked</tr>
{{range .Stages}}<tr><td>{{.Score}}<td>{{.Threshold}}<td>{{rate .BPCER}}<td>{{rate .APCER}}<td>{{rate .Without.BPCER}}<td>{{rate .Without.APCER}}<td>{{percent .AUC}}<td>{{rate .Checked}}</tr>{{end}}</table>
{{end}}
{{.DET}}{{.Histogram}}{{.Reliability}}
<h2>Attacks that look most like people</h2>
<div class="misses">{{range .Attacks}}<figure><img alt="" src="{{.Picture}}"><figcaption>{{.How}}: {{printf "%.3f" .Probability}}<br>{{.Name}}</figcaption></figure>{{end}}</div>
<h2>People who look most like attacks</h2>
<div class="misses">{{range .People}}<figure><img alt="" src="{{.Picture}}"><figcaption>{{.How}}: {{printf "%.3f" .Probability}}<br>{{.Name}}</figcaption></figure>{{end}}</div>
</html>
`
