package recapture

import "math"

// affine carries a point by x' = a x + b y + c, y' = d x + e y + f.
type affine [6]float64

func (m affine) at(p Point) Point {
	return Point{m[0]*p.X + m[1]*p.Y + m[2], m[3]*p.X + m[4]*p.Y + m[5]}
}

func (m affine) all(p []Point) []Point {
	out := make([]Point, len(p))
	for i, q := range p {
		out[i] = m.at(q)
	}
	return out
}

// inverse of a map that loses nothing.
func (m affine) inverse() affine {
	det := m[0]*m[4] - m[1]*m[3]
	a, b, d, e := m[4]/det, -m[1]/det, -m[3]/det, m[0]/det
	return affine{a, b, -a*m[2] - b*m[5], d, e, -d*m[2] - e*m[5]}
}

// mixed is m, moved towards n by share.
func (m affine) mixed(n affine, share float64) affine {
	for i := range m {
		m[i] += share * (n[i] - m[i])
	}
	return m
}

// fitAffine returns the map that carries a onto b with the least squares; ok is false for points
// that span no area.
func fitAffine(a, b []Point) (m affine, ok bool) {
	if len(a) != len(b) || len(a) < 3 {
		return m, false
	}
	ma, mb := middle(a), middle(b)
	var xx, xy, yy, ux, uy, vx, vy float64
	for i := range a {
		x, y, u, v := a[i].X-ma.X, a[i].Y-ma.Y, b[i].X-mb.X, b[i].Y-mb.Y
		xx, xy, yy = xx+x*x, xy+x*y, yy+y*y
		ux, uy, vx, vy = ux+u*x, uy+u*y, vx+v*x, vy+v*y
	}
	det := xx*yy - xy*xy
	if !(det > 1e-9*(xx+yy)*(xx+yy)) {
		return m, false
	}
	m[0], m[1] = (ux*yy-uy*xy)/det, (uy*xx-ux*xy)/det
	m[3], m[4] = (vx*yy-vy*xy)/det, (vy*xx-vx*xy)/det
	if !(math.Abs(m[0]*m[4]-m[1]*m[3]) > 1e-6) {
		return m, false
	}
	m[2], m[5] = mb.X-m[0]*ma.X-m[1]*ma.Y, mb.Y-m[3]*ma.X-m[4]*ma.Y
	return m, true
}

// carry is the map that takes one face to another, by points that neither speech nor blinks move
// much: the middles of eyes and mouth, the nose, and the outline from temple to temple.
func carry(from, to *Face) (affine, bool) { return fitAffine(from.fixed(), to.fixed()) }

func (f *Face) fixed() []Point {
	out := []Point{middle(f.LeftEye), middle(f.RightEye), f.Nose, middle(f.Mouth)}
	for _, share := range []float64{0, 0.1, 0.2, 0.81, 0.9} { // the outline begins at the forehead's middle
		if n := len(f.Oval); n > 0 {
			out = append(out, f.Oval[int(share*float64(n))])
		}
	}
	return out
}
