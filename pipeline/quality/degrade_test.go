package quality

import (
	"math"

	"vivavoce/media"
	"vivavoce/pipeline"
)

// relight multiplies the linear light of each pixel by gain(x, y) and clips each
// channel as a camera does. Frames are BT.601.
func relight(f *media.Frame, gain func(x, y int) float64) {
	lo, ySpan, cSpan := 16.0, 219.0, 224.0
	if f.FullRange {
		lo, ySpan, cSpan = 0, 255, 255
	}
	expose := newExposure()
	for by := 0; by < f.Height; by += 2 {
		for bx := 0; bx < f.Width; bx += 2 {
			at := by/2*f.CStride + bx/2
			cb, cr := (float64(f.Cb[at])-128)/cSpan, (float64(f.Cr[at])-128)/cSpan
			sumB, sumR, n := 0.0, 0.0, 0.0
			for y := by; y < min(by+2, f.Height); y++ {
				for x := bx; x < min(bx+2, f.Width); x++ {
					p := &f.Y[y*f.YStride+x]
					l := (float64(*p) - lo) / ySpan
					g := gain(x, y)
					r := expose.of(l+1.402*cr, g)
					gr := expose.of(l-0.344136*cb-0.714136*cr, g)
					b := expose.of(l+1.772*cb, g)
					l = 0.299*r + 0.587*gr + 0.114*b
					*p = clip(lo + ySpan*l)
					sumB, sumR, n = sumB+(b-l)/1.772, sumR+(r-l)/1.402, n+1
				}
			}
			f.Cb[at], f.Cr[at] = clip(128+cSpan*sumB/n), clip(128+cSpan*sumR/n)
		}
	}
}

// expose takes a gamma-coded channel 0–1 through a gain of its linear light.
func expose(v, gain float64) float64 {
	return min(math.Pow(gain*math.Pow(min(max(v, 0), 1), 2.2), 1/2.2), 1)
}

// exposure is expose by tables, for whole pictures.
type exposure struct{ decode, encode [4097]float64 }

func newExposure() *exposure {
	e := &exposure{}
	for i := range e.decode {
		v := float64(i) / 4096
		e.decode[i], e.encode[i] = math.Pow(v, 2.2), math.Pow(v, 1/2.2)
	}
	return e
}

func (e *exposure) of(v, gain float64) float64 {
	light := gain * e.decode[int(4096*min(max(v, 0), 1))]
	if light < 0.02 { // too steep for a table
		return math.Pow(light, 1/2.2)
	}
	return e.encode[int(4096*min(light, 1))]
}

func clip(v float64) uint8 { return uint8(math.Round(min(max(v, 0), 255))) }

// even is a gain that is the same everywhere.
func even(g float64) func(x, y int) float64 { return func(int, int) float64 { return g } }

// fromSide leaves full light on the side of the face that is at the picture's left or
// right and shade times as much on the other.
func fromSide(f *pipeline.Face, brightLeft bool, shade float64) func(x, y int) float64 {
	right, left := eyeCentres(f)
	cx, cy := float64(right.X+left.X)/2, float64(right.Y+left.Y)/2
	ux, uy := float64(left.X-right.X)/f.Interocular, float64(left.Y-right.Y)/f.Interocular
	return func(x, y int) float64 {
		along := ((float64(x)-cx)*ux + (float64(y)-cy)*uy) / f.Interocular
		if brightLeft {
			along = -along
		}
		s := 1 / (1 + math.Exp(-along*8))
		return shade + (1-shade)*s
	}
}

// withSkin multiplies only the skin's light: the same scene and exposure with
// another person's skin. Eyes and lips keep theirs, at half the effect.
func withSkin(f *pipeline.Face, albedo float64) func(x, y int) float64 {
	cx, cy := float64(f.Box.X0+f.Box.X1)/2, float64(f.Box.Y0+f.Box.Y1)/2
	rx, ry := float64(f.Box.X1-f.Box.X0)/2*1.05, float64(f.Box.Y1-f.Box.Y0)/2*1.1
	right, left := eyeCentres(f)
	return func(x, y int) float64 {
		dx, dy := (float64(x)-cx)/rx, (float64(y)-cy)/ry
		if dx*dx+dy*dy > 1 {
			return 1
		}
		for _, e := range [...]pipeline.Point{right, left} {
			ex, ey := (float64(x)-float64(e.X))/(0.2*f.Interocular), (float64(y)-float64(e.Y))/(0.07*f.Interocular)
			if ex*ex+ey*ey < 1 {
				return 1
			}
		}
		return albedo
	}
}

// backLightOf darkens the person and brightens everything around the head.
func backLightOf(f *pipeline.Face, person, around float64) func(x, y int) float64 {
	cx, cy := float64(f.Box.X0+f.Box.X1)/2, float64(f.Box.Y0+f.Box.Y1)/2
	rx, ry := float64(f.Box.X1-f.Box.X0)/2*1.35, float64(f.Box.Y1-f.Box.Y0)/2*1.35
	return func(x, y int) float64 {
		dx, dy := (float64(x)-cx)/rx, (float64(y)-cy)/ry
		if dx*dx+dy*dy < 1 || float64(y) > float64(f.Box.Y1) && math.Abs(dx) < 1+2*dy {
			return person
		}
		return around
	}
}

// blur smooths the luma by a Gaussian of so many pixels.
func blur(f *media.Frame, sigma float64) {
	if sigma <= 0 {
		return
	}
	r := int(math.Ceil(3 * sigma))
	weights := make([]float64, 2*r+1)
	sum := 0.0
	for i := range weights {
		weights[i] = math.Exp(-float64((i-r)*(i-r)) / (2 * sigma * sigma))
		sum += weights[i]
	}
	rows := make([]float64, f.Width*f.Height)
	for y := range f.Height {
		for x := range f.Width {
			for i, w := range weights {
				at := min(max(x+i-r, 0), f.Width-1)
				rows[y*f.Width+x] += w / sum * float64(f.Y[y*f.YStride+at])
			}
		}
	}
	for y := range f.Height {
		for x := range f.Width {
			v := 0.0
			for i, w := range weights {
				v += w / sum * rows[min(max(y+i-r, 0), f.Height-1)*f.Width+x]
			}
			f.Y[y*f.YStride+x] = clip(v)
		}
	}
}
