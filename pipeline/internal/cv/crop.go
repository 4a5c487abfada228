package cv

import (
	"math"

	"vivavoce/media"
)

// Region is a square of a picture, which may be turned and may leave the frame.
type Region struct {
	CX, CY float64 // centre in pixels; the top left corner of the frame is 0, 0
	Side   float64 // pixels
	Angle  float64 // radians; positive turns clockwise in the picture
}

// Crop samples the region r of f into dst as three planes of size×size float32, R, G
// and B (NCHW), black at lo and white at hi. What lies outside of the frame is lo.
// dst must hold 3·size·size values.
func Crop(dst []float32, f *media.Frame, r Region, size int, lo, hi float32) {
	sin, cos := math.Sincos(r.Angle)
	step := r.Side / float64(size)
	n := size * size
	for v := range size {
		for u := range size {
			du, dv := (float64(u)+0.5)*step-r.Side/2, (float64(v)+0.5)*step-r.Side/2
			x, y := r.CX+cos*du-sin*dv, r.CY+sin*du+cos*dv
			red, green, blue := pixel(f, x, y)
			i := v*size + u
			dst[i] = lo + (hi-lo)*float32(red)
			dst[n+i] = lo + (hi-lo)*float32(green)
			dst[2*n+i] = lo + (hi-lo)*float32(blue)
		}
	}
}

func pixel(f *media.Frame, x, y float64) (r, g, b float64) {
	if !(x >= 0 && y >= 0 && x < float64(f.Width) && y < float64(f.Height)) {
		return 0, 0, 0
	}
	i, j := int(x), int(y)
	offset, gain := spread(f)
	chroma := 255.0 / 224
	if f.FullRange {
		chroma = 1
	}
	l := (float64(f.Y[j*f.YStride+i]) - offset) * gain
	cb := (float64(f.Cb[j/2*f.CStride+i/2]) - 128) * chroma
	cr := (float64(f.Cr[j/2*f.CStride+i/2]) - 128) * chroma
	unit := func(v float64) float64 { return min(1, max(0, v/255)) }
	return unit(l + 1.402*cr), unit(l - 0.344136*cb - 0.714136*cr), unit(l + 1.772*cb)
}
