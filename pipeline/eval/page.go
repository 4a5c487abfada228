package eval

import (
	"bytes"
	"fmt"
	"html/template"
)

// Page returns the report as one HTML file that needs no other.
func (r Report) Page() ([]byte, error) {
	page, err := template.New("page").Funcs(template.FuncMap{
		"percent": func(v float64) string { return fmt.Sprintf("%.1f", 100*v) },
		"shade":   shade,
		"kinds":   Kinds,
	}).Parse(pageText)
	if err != nil {
		return nil, fmt.Errorf("make report page: %w", err)
	}
	var b bytes.Buffer
	view := struct {
		Report
		DET, Histogram template.HTML
	}{Report: r}
	if r.Phrases != nil {
		view.DET, view.Histogram = detChart(r.Phrases.Kinds), histogramChart(r.Phrases.Kinds)
	}
	if err := page.Execute(&b, view); err != nil {
		return nil, fmt.Errorf("make report page: %w", err)
	}
	return b.Bytes(), nil
}

// shade is the colour of a cell with n of a row's digits.
func shade(n int, row [10]int) template.CSS {
	total := 0
	for _, v := range row {
		total += v
	}
	share := float64(n) / float64(max(total, 1))
	return template.CSS(fmt.Sprintf("background: hsl(212 60%% %.0f%%)", 100-45*share))
}

const pageText = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Digit reader: figures</title>
<style>
 body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1c2430; background: #fff }
 h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2rem }
 table { border-collapse: collapse; margin: .5rem 0 } td, th { padding: .2rem .7rem; text-align: right; border-bottom: 1px solid #dde3ea; font-variant-numeric: tabular-nums }
 td:first-child, th:first-child { text-align: left } .confusion td { text-align: center; min-width: 1.6rem }
 svg { max-width: 100%; height: auto } svg text { font: 11px system-ui, sans-serif; fill: #465262 } .about { color: #465262 }
</style>
<h1>Digit reader: figures</h1>
<p class="about">{{.About.When.Format "2006-01-02 15:04 MST"}} · {{.About.Clips}} clips of {{.About.Manifest}} ({{.About.Unseen}} without a mouth) ·
 model: {{.About.Model}}{{.About.Degrade}} · {{.About.Machine}}. Intervals are 95 %: Wilson's for digits, for the rest drawn anew over speakers and their phrases.</p>
{{with .Phrases}}
<h2>Phrases of {{.Length}} digits, {{if .Paced}}prompt times given{{else}}times not given{{end}}, {{len .Trials}} spliced</h2>
<table><tr><th>against<th>EER %<th>FRR % at FAR 1 %<th>FRR % at FAR 2 %<th>AUC %</tr>
{{range .Kinds}}<tr><td>{{.Kind}}<td>{{.EER}}<td>{{.FRR1}}<td>{{.FRR2}}<td>{{.AUC}}</tr>{{end}}</table>
{{$.DET}}
{{$.Histogram}}
<h2>Equal error rate by speaker, %</h2>
<table><tr><th>speaker{{range kinds}}<th>{{.}}{{end}}</tr>
{{range $s := .Speakers}}<tr><td>{{$s.Speaker}}{{range kinds}}<td>{{index $s.EER .}}{{end}}</tr>{{end}}</table>
{{end}}
{{with .Digits}}
<h2>Single digits, right of ten, %</h2>
<table><tr><th>speaker<th>times not given<th>times given</tr>
<tr><td>all<td>{{.Untimed}}<td>{{.Timed}}</tr>
{{range .Speakers}}<tr><td>{{.Speaker}}<td>{{.Untimed}}<td>{{.Timed}}</tr>{{end}}</table>
<h2>What was said (rows) and what was read (columns), times not given</h2>
<table class="confusion"><tr><th>{{range $d, $row := .Confusion}}<th>{{$d}}{{end}}</tr>
{{range $d, $row := .Confusion}}<tr><th>{{$d}}{{range $row}}<td style="{{shade . $row}}">{{.}}{{end}}</tr>{{end}}</table>
{{end}}
</html>
`
