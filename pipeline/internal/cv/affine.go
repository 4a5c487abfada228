package cv

import "math"

// AffineResidual fits the affine camera (a rigid turn, scale and shift seen from afar
// is one) that carries the head points a onto the picture points b, by least squares,
// and returns the root mean square distance that is left, in b's unit. It has 8
// free numbers, as many as a homography has, so the two residuals compare. ok is
// false for fewer than five points, different numbers and points of one plane.
func AffineResidual(a []Point3, b []Point2) (rms float64, ok bool) {
	if len(a) < 5 || len(a) != len(b) {
		return 0, false
	}
	ca, cb := centroid(a, nil), centre2(b)
	var g, m [3][3]float64 // Σ a aᵀ and, its third column unused, Σ a bᵀ
	bb := 0.0
	for i := range a {
		p := minus(a[i], ca)
		q := Point3{X: b[i].X - cb.X, Y: b[i].Y - cb.Y}
		bb += dot(q, q)
		addOuter(&g, p, p, 1)
		addOuter(&m, p, q, 1)
	}
	inverse, ok := invert3(&g)
	if !ok {
		return 0, false
	}
	explained := 0.0 // Σ over both axes of mᵀ g⁻¹ m
	for axis := range 2 {
		for i := range 3 {
			for j := range 3 {
				explained += m[i][axis] * inverse[i][j] * m[j][axis]
			}
		}
	}
	rms = math.Sqrt(max(0, bb-explained) / float64(len(a)))
	return rms, !math.IsNaN(rms) && !math.IsInf(rms, 0)
}

// EpipolarResidual is how far two views are from being views of one rigid or affinely
// changed thing, by points alone: the root mean square distance of the joint points
// (ax, ay, bx, by) from their best 3-D subspace (Tomasi and Kanade's factorisation of
// two affine views), in the unit of the points. Flat things fit too: use it for what
// neither a plane nor a head explains. ok is false for fewer than five points or
// different numbers.
func EpipolarResidual(a, b []Point2) (rms float64, ok bool) {
	if len(a) < 5 || len(a) != len(b) {
		return 0, false
	}
	ca, cb := centre2(a), centre2(b)
	var m [4][4]float64
	for i := range a {
		p := [4]float64{a[i].X - ca.X, a[i].Y - ca.Y, b[i].X - cb.X, b[i].Y - cb.Y}
		for j := range 4 {
			for k := range 4 {
				m[j][k] += p[j] * p[k]
			}
		}
	}
	values, _ := eigen4(m)
	least := min(values[0], values[1], values[2], values[3])
	rms = math.Sqrt(max(0, least) / float64(len(a)))
	return rms, !math.IsNaN(rms) && !math.IsInf(rms, 0)
}

func centre2(p []Point2) Point2 {
	var c Point2
	for _, v := range p {
		c.X, c.Y = c.X+v.X, c.Y+v.Y
	}
	n := float64(len(p))
	return Point2{c.X / n, c.Y / n}
}

// invert3 inverts a symmetric matrix; ok is false where it is as good as singular.
func invert3(m *[3][3]float64) (inv [3][3]float64, ok bool) {
	cof := func(i, j int) float64 {
		a, b, c, d := (i+1)%3, (i+2)%3, (j+1)%3, (j+2)%3
		return m[a][c]*m[b][d] - m[a][d]*m[b][c]
	}
	det := m[0][0]*cof(0, 0) + m[0][1]*cof(0, 1) + m[0][2]*cof(0, 2)
	trace := m[0][0] + m[1][1] + m[2][2]
	if !(math.Abs(det) > 1e-12*trace*trace*trace) {
		return inv, false
	}
	for i := range 3 {
		for j := range 3 {
			inv[j][i] = cof(i, j) / det
		}
	}
	return inv, true
}
