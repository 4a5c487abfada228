package motion

import (
	"math"

	"vivavoce/media"
)

// thumb is a small copy of a frame's luma.
type thumb struct {
	w, h  int
	scale float64 // pixels of the frame to one of the thumb's
	pix   []byte
}

// thumbWidth is a thumb's, at most, in pixels.
const thumbWidth = 160

// take shrinks f's luma: each pixel is the mean of four of the frame's. A frame without pixels
// makes an empty thumb.
func (t *thumb) take(f *media.Frame) {
	t.w, t.h, t.pix = 0, 0, t.pix[:0]
	if f.Width < 64 || f.Height < 64 || len(f.Y) < (f.Height-1)*f.YStride+f.Width {
		return
	}
	step := (f.Width + thumbWidth - 1) / thumbWidth
	t.w, t.h, t.scale = f.Width/step, f.Height/step, float64(step)
	a, b := step/4, step-1-step/4
	for y := range t.h {
		top, low := f.Y[(y*step+a)*f.YStride:], f.Y[(y*step+b)*f.YStride:]
		for x := range t.w {
			l, r := x*step+a, x*step+b
			t.pix = append(t.pix, byte((int(top[l])+int(top[r])+int(low[l])+int(low[r])+2)/4))
		}
	}
}

// at reads between the pixels; ok is false outside.
func (t *thumb) at(x, y float64) (v float64, ok bool) {
	if !(x >= 0 && y >= 0 && x < float64(t.w-1) && y < float64(t.h-1)) {
		return 0, false
	}
	x0, y0 := int(x), int(y)
	fx, fy := x-float64(x0), y-float64(y0)
	i := y0*t.w + x0
	top := float64(t.pix[i])*(1-fx) + float64(t.pix[i+1])*fx
	low := float64(t.pix[i+t.w])*(1-fx) + float64(t.pix[i+t.w+1])*fx
	return top*(1-fy) + low*fy, true
}

// patchHalf is half a patch's side, in the thumb's pixels.
const patchHalf = 4

// patch is a square of a thumb, less its mean.
type patch struct {
	x, y   int
	pix    [(2*patchHalf + 1) * (2*patchHalf + 1)]float64
	length float64 // of pix as a vector
}

// cut takes the patch around x, y, which must lie within the thumb.
func (p *patch) cut(t *thumb, x, y int) {
	p.x, p.y = x, y
	mean, i := 0.0, 0
	for dy := -patchHalf; dy <= patchHalf; dy++ {
		for dx := -patchHalf; dx <= patchHalf; dx++ {
			p.pix[i] = float64(t.pix[(y+dy)*t.w+x+dx])
			mean += p.pix[i] / float64(len(p.pix))
			i++
		}
	}
	sum := 0.0
	for i := range p.pix {
		p.pix[i] -= mean
		sum += p.pix[i] * p.pix[i]
	}
	p.length = math.Sqrt(sum)
}

// like is the correlation, -1 to 1, of the patch with what t shows where to carries its
// pixels; 0 outside t and where there is nothing to compare.
func (p *patch) like(t *thumb, to func(x, y float64) (float64, float64)) float64 {
	var sum, squares, along float64
	i := 0
	for dy := -patchHalf; dy <= patchHalf; dy++ {
		for dx := -patchHalf; dx <= patchHalf; dx++ {
			v, ok := t.at(to(float64(p.x+dx), float64(p.y+dy)))
			if !ok {
				return 0
			}
			sum, squares, along = sum+v, squares+v*v, along+v*p.pix[i]
			i++
		}
	}
	spread := squares - sum*sum/float64(len(p.pix))
	if !(spread > float64(len(p.pix))) {
		return 0
	}
	return along / (p.length * math.Sqrt(spread))
}
