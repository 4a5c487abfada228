package texture

import (
	"math"

	"vivavoce/pipeline/internal/cv"
)

// viewSide is the side of a view in samples.
const viewSide = 128

// view is the face and its surroundings, small: luma 0–1 and chroma about 0, with the face in it.
type view struct {
	y, cb, cr  []float32 // viewSide×viewSide
	rgb        []float32
	cx, cy, rx float64 // the face's centre and half width, in samples
}

func newView() *view {
	const n = viewSide * viewSide
	return &view{y: make([]float32, n), cb: make([]float32, n), cr: make([]float32, n), rgb: make([]float32, 3*n)}
}

func (v *view) take(p place) {
	const n = viewSide * viewSide
	r := p.square(surroundings)
	cv.Crop(v.rgb, p.f, r, viewSide, 0, 1)
	for i := range n {
		red, green, blue := v.rgb[i], v.rgb[n+i], v.rgb[2*n+i]
		y := 0.299*red + 0.587*green + 0.114*blue
		v.y[i], v.cb[i], v.cr[i] = y, (blue-y)/1.772, (red-y)/1.402
	}
	scale := viewSide / r.Side
	c := p.centre()
	v.cx, v.cy = (float64(c.X)-r.CX+r.Side/2)*scale, (float64(c.Y)-r.CY+r.Side/2)*scale
	v.rx = float64(p.side()) / 2 * scale
}

// inside reports whether a sample is in the ellipse about the face, grown by so much. A face is
// taller than wide: the ellipse leaves out the corners of the square.
func (v *view) inside(x, y int, grown float64) bool {
	dx, dy := (float64(x)-v.cx)/(v.rx*grown*0.9), (float64(y)-v.cy)/(v.rx*grown*1.1)
	return dx*dx+dy*dy < 1
}

// colours says what the face's and the picture's colours span.
type colours struct {
	black, white float64 // luma that 2 % and 98 % of the whole view are below, 0–1: paper and lit panels have no black
	saturation   float64 // mean distance of the face's chroma from grey, 0–0.5
	spread       float64 // the root mean square of that chroma about its mean: what gamut is left of skin, lips and eyes
	glare        float64 // share of the face that is burnt white, 0–1: glass and glossy paper
}

// burntLuma and burntChroma bound what is a lamp's reflection and not light skin, whose red burns
// first and keeps some colour.
const burntLuma, burntChroma = 0.94, 0.04

func (v *view) colours() (c colours) {
	var all [256]int
	var n, burnt, cb, cr, cb2, cr2, sat float64
	for y := range viewSide {
		for x := range viewSide {
			i := y*viewSide + x
			l := int(min(max(v.y[i], 0), 1) * 255)
			all[l]++
			if !v.inside(x, y, 1) {
				continue
			}
			b, r := float64(v.cb[i]), float64(v.cr[i])
			s := math.Hypot(b, r)
			n, cb, cr, cb2, cr2, sat = n+1, cb+b, cr+r, cb2+b*b, cr2+r*r, sat+s
			if v.y[i] > burntLuma && s < burntChroma {
				burnt++
			}
		}
	}
	n = max(n, 1)
	c.black, c.white = quantile(&all, 0.02), quantile(&all, 0.98)
	c.saturation, c.glare = sat/n, burnt/n
	c.spread = math.Sqrt(max(0, cb2/n-cb*cb/n/n+cr2/n-cr*cr/n/n))
	return c
}

func quantile(h *[256]int, q float64) float64 {
	total, seen := 0, 0
	for _, n := range h {
		total += n
	}
	for v, n := range h {
		if seen += n; float64(seen) >= q*float64(total) && seen > 0 {
			return float64(v) / 255
		}
	}
	return 1
}
