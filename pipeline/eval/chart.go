package eval

import (
	"fmt"
	"html/template"
	"math"
	"strings"
)

// Size of a chart, and of its margins, in SVG units.
const (
	chartWidth, chartHeight = 760.0, 380.0
	chartLeft, chartBottom  = 60.0, 44.0
	chartTop, chartRight    = 16.0, 136.0 // the legend lies on the right
)

// colours of genuine, random, changed and swapped phrases; they differ without colour vision too.
func colours() []string { return []string{"#1c2430", "#0072b2", "#d55e00", "#009e73"} }

// chart draws into a frame whose axes run from 0 to 1.
type chart struct{ b strings.Builder }

func newChart(title string) *chart {
	c := &chart{}
	fmt.Fprintf(&c.b, `<figure><svg viewBox="0 0 %g %g" width="%g" height="%g" role="img" aria-label="%s">`,
		chartWidth, chartHeight, chartWidth, chartHeight, title)
	fmt.Fprintf(&c.b, `<rect x="%g" y="%g" width="%g" height="%g" fill="none" stroke="#aab4c0"/>`,
		chartLeft, chartTop, chartWidth-chartLeft-chartRight, chartHeight-chartTop-chartBottom)
	return c
}

func (c *chart) x(v float64) float64 { return chartLeft + v*(chartWidth-chartLeft-chartRight) }
func (c *chart) y(v float64) float64 {
	return chartHeight - chartBottom - v*(chartHeight-chartTop-chartBottom)
}

func (c *chart) text(x, y float64, anchor, s string) {
	fmt.Fprintf(&c.b, `<text x="%.1f" y="%.1f" text-anchor="%s">%s</text>`, x, y, anchor, template.HTMLEscapeString(s))
}

func (c *chart) line(points [][2]float64, colour string, dash string) {
	fmt.Fprintf(&c.b, `<polyline fill="none" stroke="%s" stroke-width="2" stroke-dasharray="%s" points="`, colour, dash)
	for _, p := range points {
		fmt.Fprintf(&c.b, "%.1f,%.1f ", c.x(p[0]), c.y(p[1]))
	}
	c.b.WriteString(`"/>`)
}

// legend names the lines.
func (c *chart) legend(names []string, colours []string) {
	for i, n := range names {
		y := chartTop + 16 + 16*float64(i)
		fmt.Fprintf(&c.b, `<rect x="%g" y="%g" width="14" height="4" fill="%s"/>`, chartWidth-chartRight+10, y-5, colours[i])
		c.text(chartWidth-chartRight+30, y, "start", n)
	}
}

func (c *chart) done(caption string) template.HTML {
	fmt.Fprintf(&c.b, "</svg><figcaption>%s</figcaption></figure>", template.HTMLEscapeString(caption))
	return template.HTML(c.b.String())
}

// probit is the inverse of the normal distribution, on which errors of two normal
// distributions form a straight line (Martin et al., 1997).
func probit(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p-1) }

// The rates at the ends of the axes.
const detLeast, detMost = 0.001, 0.6

func detPlace(rate float64) float64 {
	lo, hi := probit(detLeast), probit(detMost)
	return (probit(min(max(rate, detLeast), detMost)) - lo) / (hi - lo)
}

// detChart draws the detection error trade-off of phrases.
func detChart(kinds []KindFigures) template.HTML {
	var lines []detLine
	for i, k := range kinds {
		lines = append(lines, detLine{k.Kind, colours()[i+1], k.Marks})
	}
	return tradeOff(lines, "others let in, %", "genuine refused, %")
}

// detLine is one curve.
type detLine struct {
	name, colour string
	marks        Marks
}

// tradeOff draws curves of one error against the other.
func tradeOff(lines []detLine, across, up string) template.HTML {
	c := newChart("Detection error trade-off")
	for _, rate := range []float64{0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4} {
		at, name := detPlace(rate), fmt.Sprintf("%g", 100*rate)
		c.text(c.x(at), chartHeight-chartBottom+16, "middle", name)
		c.text(chartLeft-6, c.y(at)+4, "end", name)
		c.line([][2]float64{{at, 0}, {at, 1}}, "#e4e9ef", "")
		c.line([][2]float64{{0, at}, {1, at}}, "#e4e9ef", "")
	}
	c.line([][2]float64{{0, 0}, {1, 1}}, "#aab4c0", "2 4")
	var names, colours []string
	for _, l := range lines {
		names, colours = append(names, l.name), append(colours, l.colour)
		var points [][2]float64
		for _, p := range l.marks.Curve() {
			points = append(points, [2]float64{detPlace(p.FAR), detPlace(p.FRR)})
		}
		c.line(points, l.colour, "")
	}
	c.legend(names, colours)
	c.text(c.x(0.5), chartHeight-8, "middle", across)
	c.text(chartLeft, chartTop-4, "start", up)
	return c.done("Detection error trade-off; rates below 0.1 % lie on the edge.")
}

const bins = 48

// histogramChart draws how the scores lie.
func histogramChart(kinds []KindFigures) template.HTML {
	c := newChart("Scores")
	const lowest = -12.0 // a log-posterior per digit: those further down lie in the first bin
	names, rows := []string{"genuine"}, [][]float64{}
	if len(kinds) > 0 {
		rows = append(rows, kinds[0].Marks.Genuine)
	}
	for _, k := range kinds {
		names, rows = append(names, k.Kind), append(rows, k.Marks.Other)
	}
	highest := 0.0
	shares := make([][bins]float64, len(rows))
	for i, scores := range rows {
		for _, s := range scores {
			at := int((max(s, lowest) - lowest) / -lowest * (bins - 1))
			shares[i][min(max(at, 0), bins-1)] += 1 / float64(len(scores))
		}
		for _, v := range shares[i] {
			highest = max(highest, v)
		}
	}
	for i := range shares {
		var points [][2]float64
		for k, v := range shares[i] {
			points = append(points, [2]float64{float64(k) / bins, v / max(highest, 1e-9)}, [2]float64{float64(k+1) / bins, v / max(highest, 1e-9)})
		}
		c.line(points, colours()[i], "")
	}
	for v := lowest; v <= 0; v += 2 {
		c.text(c.x((v-lowest)/-lowest), chartHeight-chartBottom+16, "middle", fmt.Sprintf("%g", v))
	}
	c.legend(names[:len(rows)], colours())
	c.text(c.x(0.5), chartHeight-8, "middle", "ln of the phrase's posterior, per digit")
	return c.done("How the scores lie, as shares of each kind.")
}
