package eyes

import (
	"math"

	"vivavoce/pipeline"
)

// wander measures how much a value wanders by itself: without what the head's turn explains.
type wander struct {
	n        float64
	sum      [3]float64    // yaw, pitch, value
	products [3][3]float64 // of the same
}

func (w *wander) see(yaw, pitch, v float64) {
	x := [3]float64{yaw, pitch, v}
	for i := range x {
		w.sum[i] += x[i]
		for j := range x {
			w.products[i][j] += x[i] * x[j]
		}
	}
	w.n++
}

// spread is the standard deviation of what yaw and pitch do not explain by a linear law.
func (w *wander) spread() float64 {
	var c [3][3]float64
	for i := range c {
		for j := range c {
			c[i][j] = w.products[i][j]/w.n - w.sum[i]*w.sum[j]/w.n/w.n
		}
	}
	// A head that hardly turns explains nothing.
	c[0][0], c[1][1] = c[0][0]+0.25, c[1][1]+0.25
	det := c[0][0]*c[1][1] - c[0][1]*c[0][1]
	a := (c[0][2]*c[1][1] - c[1][2]*c[0][1]) / det
	b := (c[1][2]*c[0][0] - c[0][2]*c[0][1]) / det
	return math.Sqrt(max(0, c[2][2]-a*c[0][2]-b*c[1][2]))
}

// gaze is where the irises are between the corners of the eyes, along the eyes' line, in eye widths.
func gaze(f *pipeline.Face) float64 {
	return (along(f, 468, 33, 133) + along(f, 473, 362, 263)) / 2
}

func along(f *pipeline.Face, iris, a, b int) float64 {
	p, q, r := f.Points[a], f.Points[b], f.Points[iris]
	dx, dy := float64(q.X-p.X), float64(q.Y-p.Y)
	return (float64(r.X-p.X)*dx + float64(r.Y-p.Y)*dy) / (dx*dx + dy*dy)
}
