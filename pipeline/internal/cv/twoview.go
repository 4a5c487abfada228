package cv

import (
	"encoding/binary"
	"math"

	"gocv.io/x/gocv"
)

// Point2 is a point of a picture, in any unit.
type Point2 struct{ X, Y float64 }

// Point3 is a point of a head, in any unit.
type Point3 struct{ X, Y, Z float64 }

// HomographyResidual fits the one homography that carries the points a onto b best
// (least squares) and returns the root mean square distance that is left, in b's unit. A flat picture
// that is tilted and moved leaves about nothing. ok is false where no homography can
// be fitted: fewer than five points, different numbers, points on a line or not finite.
func HomographyResidual(a, b []Point2) (rms float64, ok bool) {
	h, ok := Homography(a, b)
	if !ok {
		return 0, false
	}
	sum := 0.0
	for i, p := range a {
		x, y := h.Apply(p.X, p.Y)
		dx, dy := x-b[i].X, y-b[i].Y
		sum += dx*dx + dy*dy
	}
	rms = math.Sqrt(sum / float64(len(a)))
	return rms, !math.IsNaN(rms) && !math.IsInf(rms, 0)
}

// Plane is a homography: a 3×3 matrix in row order.
type Plane [9]float64

// Apply carries x, y.
func (h *Plane) Apply(x, y float64) (float64, float64) {
	w := h[6]*x + h[7]*y + h[8]
	return (h[0]*x + h[1]*y + h[2]) / w, (h[3]*x + h[4]*y + h[5]) / w
}

// Homography fits the homography that carries a onto b, as [HomographyResidual] does.
func Homography(a, b []Point2) (h Plane, ok bool) {
	if len(a) < 5 || len(a) != len(b) || !spans(a) || !spans(b) {
		return h, false
	}
	from, err := pointMat(a)
	if err != nil {
		return h, false
	}
	defer from.Close()
	to, err := pointMat(b)
	if err != nil {
		return h, false
	}
	defer to.Close()
	mask := gocv.NewMat()
	defer mask.Close()
	m := gocv.FindHomography(from, &to, gocv.HomograpyMethodAllPoints, 0, &mask, 2000, 0.995)
	defer m.Close()
	if m.Rows() != 3 || m.Cols() != 3 {
		return h, false
	}
	for i := range h {
		h[i] = m.GetDoubleAt(i/3, i%3)
	}
	return h, true
}

// pointMat makes an N×1 matrix of two float64 channels; the caller closes it.
func pointMat(p []Point2) (gocv.Mat, error) {
	raw := make([]byte, 0, 16*len(p))
	for _, v := range p {
		raw = binary.NativeEndian.AppendUint64(raw, math.Float64bits(v.X))
		raw = binary.NativeEndian.AppendUint64(raw, math.Float64bits(v.Y))
	}
	return gocv.NewMatFromBytes(len(p), 1, gocv.MatTypeCV64FC2, raw)
}

// spans reports whether the points are finite and do not lie on a line: the thin
// side of their scatter is at least a thousandth of the wide one.
func spans(p []Point2) bool {
	var mx, my float64
	for _, v := range p {
		mx += v.X
		my += v.Y
	}
	n := float64(len(p))
	mx, my = mx/n, my/n
	var xx, xy, yy float64
	for _, v := range p {
		dx, dy := v.X-mx, v.Y-my
		xx += dx * dx
		xy += dx * dy
		yy += dy * dy
	}
	mid, off := (xx+yy)/2, math.Hypot((xx-yy)/2, xy)
	return mid-off > 1e-6*(mid+off) && !math.IsInf(mid, 0)
}
