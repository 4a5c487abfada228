package cv

import "math"

// Rounds of a rigid view: the turn is refined turnRounds times by the points' sums alone, and
// the perspective, which needs the turned depths, is taken out of the picture anew viewRounds times.
const viewRounds, turnRounds = 3, 4

// RigidResidual turns the rigid points a so that a camera sees them as the picture points b
// with the least squares, and returns the root mean square distance that is left, in b's
// unit. The view has six free numbers (turn, size, place), two fewer than a
// homography. a's X and Y are as another picture of the same thing shows them; near is a's
// unit over the distance to the camera, 0 from afar, the same in both pictures. The turn is found
// from none on, so it should be well below 90°. ok is false for fewer than five points,
// different numbers, and what is not finite.
func RigidResidual(a []Point3, b []Point2, near float64) (rms float64, ok bool) {
	if len(a) < 5 || len(a) != len(b) {
		return 0, false
	}
	body, mid := unproject(a, near), centre2(b)
	v := rigidView{near: near, scale: 1, turn: [3][3]float64{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}}
	for range viewRounds {
		v.sum(body, b, mid)
		for range turnRounds {
			v.refine()
		}
	}
	return v.left(body, b, mid)
}

// unproject returns a around its centre, with the perspective of its picture taken out.
func unproject(a []Point3, near float64) []Point3 {
	c := centroid(a, nil)
	out := make([]Point3, len(a))
	for i, p := range a {
		q := minus(p, c)
		w := 1 + near*q.Z
		out[i] = Point3{q.X * w, q.Y * w, q.Z}
	}
	c = centroid(out, nil)
	for i := range out {
		out[i] = minus(out[i], c)
	}
	return out
}

// rigidView is how a body is seen, and the sums that its turn is found from.
type rigidView struct {
	near  float64
	turn  [3][3]float64
	scale float64
	shift Point2
	g     [3][3]float64 // Σ p pᵀ of the body's points
	m     [3][3]float64 // Σ p qᵀ with the picture's, its third column unused
}

// apply turns p.
func (v *rigidView) apply(p Point3) Point3 {
	r := &v.turn
	return Point3{
		r[0][0]*p.X + r[0][1]*p.Y + r[0][2]*p.Z,
		r[1][0]*p.X + r[1][1]*p.Y + r[1][2]*p.Z,
		r[2][0]*p.X + r[2][1]*p.Y + r[2][2]*p.Z,
	}
}

// sum takes the perspective out of b as the body is turned now, and sums.
func (v *rigidView) sum(body []Point3, b []Point2, mid Point2) {
	v.g, v.m, v.shift = [3][3]float64{}, [3][3]float64{}, Point2{}
	n := float64(len(b))
	for i, p := range body {
		w := 1 + v.near*v.apply(p).Z
		q := Point3{X: (b[i].X - mid.X) * w, Y: (b[i].Y - mid.Y) * w}
		v.shift.X, v.shift.Y = v.shift.X+q.X/n, v.shift.Y+q.Y/n
		addOuter(&v.g, p, p, 1)
		addOuter(&v.m, p, q, 1) // the body's centre is the origin, so the shift drops out
	}
}

// refine takes one Gauss-Newton step in turn and scale. u = turn·p; the picture is scale·(ux, uy).
func (v *rigidView) refine() {
	u, q := v.sums()
	s := v.scale
	a := [4][5]float64{
		{s * s * u[2][2], 0, -s * s * u[0][2], -s * u[1][2], -s * (q[2][1] - s*u[1][2])},
		{0, s * s * u[2][2], -s * s * u[1][2], s * u[0][2], s * (q[2][0] - s*u[0][2])},
		{-s * s * u[0][2], -s * s * u[1][2], s * s * (u[0][0] + u[1][1]), 0, s * (q[0][1] - q[1][0])},
		{-s * u[1][2], s * u[0][2], 0, u[0][0] + u[1][1], q[0][0] + q[1][1] - s*(u[0][0]+u[1][1])},
	}
	step := solve4(&a)
	v.turn = times3(spin(step[0], step[1], step[2]), &v.turn)
	v.scale += step[3]
}

// sums returns Σ u uᵀ and Σ u qᵀ of the turned points.
func (v *rigidView) sums() (u, q [3][3]float64) {
	half, r := times3(v.turn, &v.g), &v.turn
	for i := range 3 {
		for j := range 3 {
			u[i][j] = half[i][0]*r[j][0] + half[i][1]*r[j][1] + half[i][2]*r[j][2]
		}
	}
	return u, times3(v.turn, &v.m)
}

// left is the root mean square distance of the body's view from b.
func (v *rigidView) left(body []Point3, b []Point2, mid Point2) (rms float64, ok bool) {
	var sum, sx, sy float64
	for i, p := range body {
		u := v.apply(p)
		w := 1 + v.near*u.Z
		dx, dy := (v.scale*u.X+v.shift.X)/w-(b[i].X-mid.X), (v.scale*u.Y+v.shift.Y)/w-(b[i].Y-mid.Y)
		sum, sx, sy = sum+dx*dx+dy*dy, sx+dx, sy+dy
	}
	n := float64(len(body))
	rms = math.Sqrt(max(0, sum/n-(sx*sx+sy*sy)/(n*n)))
	return rms, v.scale > 0 && !math.IsNaN(rms) && !math.IsInf(rms, 0)
}

// spin is the rotation by the vector's length, in radians, about it (Rodrigues).
func spin(x, y, z float64) [3][3]float64 {
	angle := math.Sqrt(x*x + y*y + z*z)
	a, b := 1.0, 0.5 // sin/angle and (1-cos)/angle² of a small one
	if angle > 1e-6 {
		s, c := math.Sincos(angle)
		a, b = s/angle, (1-c)/(angle*angle)
	}
	return [3][3]float64{
		{1 - b*(y*y+z*z), b*x*y - a*z, b*x*z + a*y},
		{b*x*y + a*z, 1 - b*(x*x+z*z), b*y*z - a*x},
		{b*x*z - a*y, b*y*z + a*x, 1 - b*(x*x+y*y)},
	}
}

func times3(a [3][3]float64, b *[3][3]float64) (c [3][3]float64) {
	for i := range 3 {
		for j := range 3 {
			c[i][j] = a[i][0]*b[0][j] + a[i][1]*b[1][j] + a[i][2]*b[2][j]
		}
	}
	return c
}

// solve4 solves the four equations a, right side last, by elimination; what cannot be
// solved comes out as not a number.
func solve4(a *[4][5]float64) (x [4]float64) {
	for i := range 4 {
		best := i
		for r := i + 1; r < 4; r++ {
			if math.Abs(a[r][i]) > math.Abs(a[best][i]) {
				best = r
			}
		}
		a[i], a[best] = a[best], a[i]
		for r := range 4 {
			if r == i {
				continue
			}
			f := a[r][i] / a[i][i]
			for c := i; c < 5; c++ {
				a[r][c] -= f * a[i][c]
			}
		}
	}
	for i := range x {
		x[i] = a[i][4] / a[i][i]
	}
	return x
}

func centre2(p []Point2) Point2 {
	var c Point2
	for _, v := range p {
		c.X, c.Y = c.X+v.X, c.Y+v.Y
	}
	n := float64(len(p))
	return Point2{c.X / n, c.Y / n}
}
