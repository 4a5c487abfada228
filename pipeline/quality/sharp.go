package quality

import (
	"math"

	"vivavoce/pipeline"
)

// The face is looked at on a grid of its own: sharpSide² samples, sharpStep of
// them between the eyes, so that a face's size in pixels does not count.
const (
	sharpSide = 64
	sharpStep = 28
	coarse    = 4 // samples apart
)

// detail holds the grid.
type detail [sharpSide * sharpSide]float32

// take samples luma from brows to mouth, upright to the eyes. It reports false
// when part of it lies outside the picture.
func (d *detail) take(v view, f *pipeline.Face) bool {
	right, left := eyeCentres(f)
	ux, uy := (left.X-right.X)/sharpStep, (left.Y-right.Y)/sharpStep
	// From the middle between the eyes: half the grid to the side, a quarter up.
	x0 := (left.X+right.X)/2 - sharpSide/2*ux + sharpSide/4*uy
	y0 := (left.Y+right.Y)/2 - sharpSide/2*uy - sharpSide/4*ux
	x1, y1 := x0+(sharpSide-1)*(ux-uy), y0+(sharpSide-1)*(uy+ux)
	xa, ya := x0+(sharpSide-1)*ux, y0+(sharpSide-1)*uy
	xb, yb := x0-(sharpSide-1)*uy, y0+(sharpSide-1)*ux
	w, h := float32(v.f.Width-1), float32(v.f.Height-1)
	if !(min(x0, x1, xa, xb) >= 0 && max(x0, x1, xa, xb) < w && min(y0, y1, ya, yb) >= 0 && max(y0, y1, ya, yb) < h) {
		return false
	}
	for i := range sharpSide {
		x, y := x0-float32(i)*uy, y0+float32(i)*ux
		row := d[i*sharpSide : (i+1)*sharpSide]
		for j := range row {
			row[j] = v.luma(x, y)
			x, y = x+ux, y+uy
		}
	}
	return true
}

// luma gives the luma between samples, bilinear, as the sender coded it; x and y
// must lie inside the picture, less its last row and column.
func (v view) luma(x, y float32) float32 {
	ix, iy := int(x), int(y)
	fx, fy := x-float32(ix), y-float32(iy)
	at := iy*v.f.YStride + ix
	top, bottom := v.f.Y[at:at+2], v.f.Y[at+v.f.YStride:at+v.f.YStride+2]
	a := float32(top[0]) + fx*(float32(top[1])-float32(top[0]))
	b := float32(bottom[0]) + fx*(float32(bottom[1])-float32(bottom[0]))
	return a + fy*(b-a)
}

// sharpness gives 0–1: the change of luma over one sample against that over four.
// The ratio does not know contrast; a blur wider than a sample takes the fine
// change and leaves the coarse one, down to a quarter for a plain slope, which is
// 0 here. Measured on 32 clips of 14 people, 45 to 150 pixels between the eyes, also coded at 60
// kbit/s: 0.3 to 1; after a Gaussian of 0.045 of the distance between the eyes 0.1
// to 0.24. Noise counts as detail.
func (d *detail) sharpness() float64 {
	fine, far := d.energy(1), d.energy(coarse)
	if far <= 0 {
		return 0
	}
	return ramp(math.Sqrt(fine/far), 1.0/coarse, 2.0/coarse)
}

// energy gives the mean squared difference of samples so far apart, both ways.
func (d *detail) energy(apart int) float64 {
	sum := float32(0)
	for i := range sharpSide - coarse {
		row, below := d[i*sharpSide:(i+1)*sharpSide], d[(i+apart)*sharpSide:(i+apart+1)*sharpSide]
		for j := range sharpSide - coarse {
			dx, dy := row[j+apart]-row[j], below[j]-row[j]
			sum += dx*dx + dy*dy
		}
	}
	return float64(sum) / ((sharpSide - coarse) * (sharpSide - coarse))
}
