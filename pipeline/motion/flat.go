package motion

import (
	"math"

	"vivavoce/pipeline/internal/cv"
)

// flat collects evidence of a picture that is tilted: its points are foreshortened as
// those of a plane, and explained by one homography, while the head that the mesh
// sees in it hardly turns. The mesh sees a tilt of 40° as a turn by 3°; from 50° on it
// may break down and see any turn, so what counts is the way there.
//
// Chosen on data/head and flat copies of data/grid, so these figures flatter (2026-11-21,
// TestMeasureHeads and TestMeasureFlat): of 72 flat pictures tilted by 40–60° it knows 64,
// of 48 tilted by less none, which do not pass for turns either; of 120, one at 60° passed motion and depth. Of
// 243 stretches of 3 s of real heads it takes 4 for flat; of 16 turns, none.
type flat struct {
	set     pointSet
	moments int
}

const (
	leastTilt = 30.0 // degrees of foreshortening
	mostTurn  = 0.3  // of the tilt, that the mesh sees as a turn
	// What the homography leaves, in interocular distances per sine of the tilt, is at most
	// mostLeft, less as the mesh sees more of a turn: 0.12 at mostTurn.
	mostLeft   = 0.18
	lessLeft   = 0.2
	leastFaces = 3 // such moments that make it sure
)

// see takes the points of the next face, turned by angle degrees as the mesh sees it.
func (f *flat) see(from *pointSet, angle float64) {
	if f.moments >= leastFaces {
		return
	}
	ratio := foreshortening(from[:], f.set[:])
	tilt := math.Acos(min(ratio, 1)) * 180 / math.Pi
	turned := angle / tilt
	if !(tilt >= leastTilt) || turned > mostTurn {
		return
	}
	rms, ok := cv.HomographyResidual(from[:], f.set[:])
	if ok && rms <= (mostLeft-lessLeft*turned)*math.Sqrt(1-ratio*ratio) {
		f.moments++
	}
}

func (f *flat) sure() bool { return f.moments >= leastFaces }

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
