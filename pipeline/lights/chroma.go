package lights

import (
	"math"

	"vivavoce/media"
	"vivavoce/pipeline"
)

// chroma is the logarithms of red over green and of blue over green, in linear light. A camera's
// exposure changes neither, and its white balance adds the same to all of a picture.
type chroma struct{ rg, bg float64 }

// seen is the face's chroma less its background's, where there is one.
func seen(f *pipeline.Face) (chroma, bool) {
	fr := f.Frame
	w, h := (fr.Width+1)/2, (fr.Height+1)/2
	if len(fr.Y) < (fr.Height-1)*fr.YStride+fr.Width || len(fr.Cb) < (h-1)*fr.CStride+w || len(fr.Cr) < (h-1)*fr.CStride+w {
		return chroma{}, false
	}
	b := f.Box
	bw, bh := b.X1-b.X0, b.Y1-b.Y0
	var face, behind mean
	for i := range 24 {
		// Cheeks, nose and forehead: the middle of the face.
		y := b.Y0 + bh*(0.12+0.6*(float32(i)+0.5)/24)
		for j := range 24 {
			face.add(fr, b.X0+bw*(0.22+0.56*(float32(j)+0.5)/24), y)
		}
	}
	// Beside and above the head, hair left out.
	for i := range 24 {
		y := float32(fr.Height) * (float32(i) + 0.5) / 24
		for j := range 24 {
			x := float32(fr.Width) * (float32(j) + 0.5) / 24
			if y < b.Y1 && (x < b.X0-0.4*bw || x > b.X1+0.4*bw || y < b.Y0-0.5*bh) {
				behind.add(fr, x, y)
			}
		}
	}
	c, ok := face.chroma()
	if d, found := behind.chroma(); ok && found && behind.n >= 24 {
		c.rg, c.bg = c.rg-d.rg, c.bg-d.bg
	}
	return c, ok
}

// mean averages linear light.
type mean struct {
	r, g, b float64
	n       int
}

// add takes the pixel at x, y, unless it is nearly black or clipped.
func (m *mean) add(f *media.Frame, x, y float32) {
	u, v := int(x), int(y)
	if u < 0 || v < 0 || u >= f.Width || v >= f.Height {
		return
	}
	luma := float64(f.Y[v*f.YStride+u])
	at := v/2*f.CStride + u/2
	cb, cr := float64(f.Cb[at])-128, float64(f.Cr[at])-128
	if f.FullRange {
		luma /= 255
		cb, cr = cb/255, cr/255
	} else {
		luma = (luma - 16) / 219
		cb, cr = cb/224, cr/224
	}
	if luma < 0.06 || luma > 0.97 {
		return
	}
	r, g, b := luma+1.402*cr, luma-0.344136*cb-0.714136*cr, luma+1.772*cb
	m.r, m.g, m.b, m.n = m.r+light(r), m.g+light(g), m.b+light(b), m.n+1
}

// light undoes a camera's gamma, about.
func light(v float64) float64 {
	v = min(max(v, 0), 1)
	return v * v * (0.82 + 0.18*v) // within 0.02 of sRGB's curve, and quicker
}

func (m *mean) chroma() (chroma, bool) {
	const least = 1e-3
	if m.n == 0 || m.r < least || m.g < least || m.b < least {
		return chroma{}, false
	}
	return chroma{math.Log(m.r / m.g), math.Log(m.b / m.g)}, true
}
