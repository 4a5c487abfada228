package motion

import (
	"math"

	"vivavoce/pipeline"
	"vivavoce/pipeline/internal/cv"
)

// rigid lists landmarks that a head carries along and a face does not move: forehead,
// temples, cheekbones, the nose. Lips, lids, brows and the jaw are left out.
var rigid = [...]int{
	10, 109, 67, 103, 54, 21, 162, 127, 234, 93, 338, 297, 332, 284, 251, 389, 356, 454, 323,
	151, 9, 8, 168, 6, 197, 195, 5, 4, 1, 19, 94, 2,
	98, 327, 64, 294, 48, 278, 115, 344, 220, 440, 45, 275, 51, 281, 3, 248, 236, 456, 134, 363,
	33, 133, 263, 362, 116, 345, 117, 346, 118, 347, 119, 348, 123, 352, 50, 280, 101, 330,
	108, 337, 69, 299, 104, 333, 68, 298, 71, 301, 139, 368, 143, 372, 34, 264, 227, 447,
}

// shallow is what the mesh's depths are multiplied with, as pipeline/face does for the pose.
const shallow = 1.2

// pointSet is a copy of the rigid landmarks, in interocular distances.
type pointSet [len(rigid)]cv.Point3

func (p *pointSet) take(f *pipeline.Face) {
	for i, n := range rigid {
		q := f.Points[n]
		p[i] = cv.Point3{
			X: float64(q.X) / f.Interocular, Y: float64(q.Y) / f.Interocular,
			Z: shallow * float64(q.Z) / f.Interocular,
		}
	}
}

// flatView is the set as a picture shows it.
type flatView [len(rigid)]cv.Point2

func (p *pointSet) view() (v flatView) {
	for i, q := range p {
		v[i] = cv.Point2{X: q.X, Y: q.Y}
	}
	return v
}

// usable reports whether f was found and all that is read of it is a number.
func usable(f *pipeline.Face) bool {
	if !f.Found || !(f.Interocular > 0) {
		return false
	}
	sum := f.Interocular + f.Pose.Yaw + f.Pose.Pitch
	for _, n := range rigid {
		sum += float64(f.Points[n].X) + float64(f.Points[n].Y) + float64(f.Points[n].Z)
	}
	return !math.IsNaN(sum) && !math.IsInf(sum, 0)
}

// mean is the average of some point sets: landmarks shake by a hundredth or two of
// the distance between the eyes, and a few frames halve that.
type mean struct {
	sum pointSet
	n   int
}

func (m *mean) add(p *pointSet) {
	for i, q := range p {
		m.sum[i].X += q.X
		m.sum[i].Y += q.Y
		m.sum[i].Z += q.Z
	}
	m.n++
}

func (m *mean) value() (p pointSet) {
	n := float64(m.n)
	for i, q := range m.sum {
		p[i] = cv.Point3{X: q.X / n, Y: q.Y / n, Z: q.Z / n}
	}
	return p
}

// foreshortening is the ratio, at most 1, of the short to the long axis of the ellipse that
// a circle becomes under the affine map that carries a onto b best: the cosine of the
// tilt, for a plane seen from afar. The points must not lie on a line.
func foreshortening(a, b []cv.Point2) float64 {
	ca, cb := centroid(a), centroid(b)
	var xx, xy, yy, ux, uy, vx, vy float64
	for i := range a {
		x, y, u, v := a[i].X-ca.X, a[i].Y-ca.Y, b[i].X-cb.X, b[i].Y-cb.Y
		xx, xy, yy = xx+x*x, xy+x*y, yy+y*y
		ux, uy, vx, vy = ux+u*x, uy+u*y, vx+v*x, vy+v*y
	}
	// The map is m·c⁻¹ with m = Σ b aᵀ and c = Σ a aᵀ; c's determinant cancels in the ratio.
	m00, m01 := ux*yy-uy*xy, uy*xx-ux*xy
	m10, m11 := vx*yy-vy*xy, vy*xx-vx*xy
	// Half sum and half difference of the singular values.
	sum, diff := math.Hypot(m00+m11, m10-m01), math.Hypot(m00-m11, m10+m01)
	return math.Abs(sum-diff) / (sum + diff)
}

func centroid(p []cv.Point2) (c cv.Point2) {
	for _, v := range p {
		c.X, c.Y = c.X+v.X, c.Y+v.Y
	}
	n := float64(len(p))
	return cv.Point2{X: c.X / n, Y: c.Y / n}
}
