package cv

import "math"

// Similarity carries a point p to Scale·Rotation·p + Shift.
type Similarity struct {
	Scale    float64
	Rotation [3][3]float64
	Shift    Point3
}

// Apply carries p.
func (s *Similarity) Apply(p Point3) Point3 {
	r := &s.Rotation
	return Point3{
		s.Scale*(r[0][0]*p.X+r[0][1]*p.Y+r[0][2]*p.Z) + s.Shift.X,
		s.Scale*(r[1][0]*p.X+r[1][1]*p.Y+r[1][2]*p.Z) + s.Shift.Y,
		s.Scale*(r[2][0]*p.X+r[2][1]*p.Y+r[2][2]*p.Z) + s.Shift.Z,
	}
}

// FitSimilarity finds the similarity that carries a onto b with the least weighted
// squares (Horn 1987, unit quaternions: never a reflection). weights may be nil for
// equal ones. rms is the weighted distance that is left, in b's unit; ok is false for
// fewer than three points of weight, different numbers, and points that are all one.
func FitSimilarity(a, b []Point3, weights []float64) (s Similarity, rms float64, ok bool) {
	if len(a) != len(b) || len(a) < 3 || (weights != nil && len(weights) != len(a)) {
		return s, 0, false
	}
	ca, cb := centroid(a, weights), centroid(b, weights)
	var m [3][3]float64 // Σ w a bᵀ
	var aa, bb, total float64
	for i := range a {
		w := weightAt(weights, i)
		p, q := minus(a[i], ca), minus(b[i], cb)
		aa += w * dot(p, p)
		bb += w * dot(q, q)
		total += w
		addOuter(&m, p, q, w)
	}
	if !(aa > 0) || !(bb > 0) || math.IsInf(aa+bb, 0) {
		return s, 0, false
	}
	var along float64 // Σ w b·(R a)
	s.Rotation, along = hornRotation(&m)
	s.Scale = along / aa
	moved := Similarity{Scale: s.Scale, Rotation: s.Rotation}
	s.Shift = minus(cb, moved.Apply(ca))
	rms = math.Sqrt(max(0, bb-s.Scale*along) / total)
	return s, rms, s.Scale > 0
}

// hornRotation returns the rotation that brings a's points closest to b's, out of
// m = Σ w a bᵀ, and the largest Σ w b·(R a), which is the greatest eigenvalue of
// Horn's matrix.
func hornRotation(m *[3][3]float64) (r [3][3]float64, along float64) {
	n := [4][4]float64{
		{m[0][0] + m[1][1] + m[2][2], m[1][2] - m[2][1], m[2][0] - m[0][2], m[0][1] - m[1][0]},
		{m[1][2] - m[2][1], m[0][0] - m[1][1] - m[2][2], m[0][1] + m[1][0], m[2][0] + m[0][2]},
		{m[2][0] - m[0][2], m[0][1] + m[1][0], m[1][1] - m[0][0] - m[2][2], m[1][2] + m[2][1]},
		{m[0][1] - m[1][0], m[2][0] + m[0][2], m[1][2] + m[2][1], m[2][2] - m[0][0] - m[1][1]},
	}
	values, vectors := eigen4(n)
	best := 0
	for i, v := range values {
		if v > values[best] {
			best = i
		}
	}
	w, x, y, z := vectors[0][best], vectors[1][best], vectors[2][best], vectors[3][best]
	return [3][3]float64{
		{w*w + x*x - y*y - z*z, 2 * (x*y - w*z), 2 * (x*z + w*y)},
		{2 * (x*y + w*z), w*w - x*x + y*y - z*z, 2 * (y*z - w*x)},
		{2 * (x*z - w*y), 2 * (y*z + w*x), w*w - x*x - y*y + z*z},
	}, values[best]
}

func centroid(p []Point3, weights []float64) Point3 {
	var c Point3
	total := 0.0
	for i, v := range p {
		w := weightAt(weights, i)
		c.X, c.Y, c.Z = c.X+w*v.X, c.Y+w*v.Y, c.Z+w*v.Z
		total += w
	}
	return Point3{c.X / total, c.Y / total, c.Z / total}
}

func weightAt(weights []float64, i int) float64 {
	if weights == nil {
		return 1
	}
	return weights[i]
}

func addOuter(m *[3][3]float64, p, q Point3, w float64) {
	a, b := [3]float64{p.X, p.Y, p.Z}, [3]float64{q.X, q.Y, q.Z}
	for i := range 3 {
		for j := range 3 {
			m[i][j] += w * a[i] * b[j]
		}
	}
}

func minus(p, q Point3) Point3 { return Point3{p.X - q.X, p.Y - q.Y, p.Z - q.Z} }

func dot(p, q Point3) float64 { return p.X*q.X + p.Y*q.Y + p.Z*q.Z }
