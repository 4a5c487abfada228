package recapture

import (
	"math"
	"slices"
)

// middle is the mean of the points.
func middle(p []Point) Point {
	var m Point
	for _, q := range p {
		m.X += q.X
		m.Y += q.Y
	}
	n := float64(max(1, len(p)))
	return Point{m.X / n, m.Y / n}
}

// grown returns p, larger by that factor about its middle.
func grown(p []Point, by float64) []Point {
	m := middle(p)
	out := make([]Point, len(p))
	for i, q := range p {
		out[i] = Point{m.X + by*(q.X-m.X), m.Y + by*(q.Y-m.Y)}
	}
	return out
}

// size is the width and height of the box around p.
func size(p []Point) (w, h float64) {
	if len(p) == 0 {
		return 0, 0
	}
	lo, hi := p[0], p[0]
	for _, q := range p {
		lo.X, lo.Y = min(lo.X, q.X), min(lo.Y, q.Y)
		hi.X, hi.Y = max(hi.X, q.X), max(hi.Y, q.Y)
	}
	return hi.X - lo.X, hi.Y - lo.Y
}

// fill sets the samples whose middle lies in the polygon to v (even-odd).
func (l *light) fill(polygon []Point, v float32) {
	var cross []float64
	for y := range l.h {
		cross = cross[:0]
		at := float64(y) + 0.5
		for i, p := range polygon {
			q := polygon[(i+1)%len(polygon)]
			if (p.Y <= at) != (q.Y <= at) {
				cross = append(cross, p.X+(at-p.Y)/(q.Y-p.Y)*(q.X-p.X))
			}
		}
		slices.Sort(cross)
		for i := 0; i+1 < len(cross); i += 2 {
			from, to := int(math.Ceil(cross[i]-0.5)), int(math.Ceil(cross[i+1]-0.5))
			for x := max(from, 0); x < min(to, l.w); x++ {
				o := l.pix[3*(y*l.w+x):]
				o[0], o[1], o[2] = v, v, v
			}
		}
	}
}
