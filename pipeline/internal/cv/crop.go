package cv

/*
#cgo CFLAGS: -O3
#cgo LDFLAGS: -lm
#cgo noescape viva_crop
#cgo nocallback viva_crop
#include "crop.h"
*/
import "C"

import (
	"math"
	"unsafe"

	"vivavoce/media"
)

// Region is a square of a picture, which may be turned and may leave the frame.
type Region struct {
	CX, CY float64 // centre in pixels; the top left corner of the frame is 0, 0
	Side   float64 // pixels
	Angle  float64 // radians; positive turns clockwise in the picture
	// Replicate repeats the frame's border outside of it, as the mesh was trained
	// with; otherwise what lies outside is black, as for the detectors (MediaPipe's
	// face_landmark and face_detection graphs).
	Replicate bool
}

// At returns the place in the frame, in pixels, of u, v in the region, each 0–1 from its
// top left corner.
func (r Region) At(u, v float64) (x, y float64) {
	sin, cos := math.Sincos(r.Angle)
	du, dv := (u-0.5)*r.Side, (v-0.5)*r.Side
	return r.CX + cos*du - sin*dv, r.CY + sin*du + cos*dv
}

// Crop samples the region r of f into dst as three planes of size×size float32, R, G
// and B (NCHW), black at lo and white at hi, bilinear, BT.601 by f's range. It reads the
// planes in place and allocates nothing. dst must hold 3·size·size values; a region
// or frame without area gives black.
func Crop(dst []float32, f *media.Frame, r Region, size int, lo, hi float32) {
	dst = dst[:3*size*size]
	sin, cos := math.Sincos(r.Angle)
	step := r.Side / float64(size)
	x, y := r.At(0.5/float64(size), 0.5/float64(size))
	if !(r.Side > 0) || math.IsInf(r.Side+x+y, 0) || math.IsNaN(x+y) || empty(f) || size < 1 {
		fill(dst, lo)
		return
	}
	C.viva_crop((*C.float)(&dst[0]), bytes(f.Y), bytes(f.Cb), bytes(f.Cr), picture(f), C.viva_grid{
		x: C.double(x), y: C.double(y), dx: C.double(cos * step), dy: C.double(sin * step),
		size: C.int(size), replicate: flag(r.Replicate), lo: C.float(lo), hi: C.float(hi),
	})
}

// empty reports whether f lacks the planes that its size promises; C must not look.
func empty(f *media.Frame) bool {
	if f.Width < 1 || f.Height < 1 || f.YStride < f.Width {
		return true
	}
	cw, ch := (f.Width+1)/2, (f.Height+1)/2
	chroma := (ch-1)*f.CStride + cw
	return f.CStride < cw || len(f.Y) < (f.Height-1)*f.YStride+f.Width || len(f.Cb) < chroma || len(f.Cr) < chroma
}

func fill(dst []float32, v float32) {
	for i := range dst {
		dst[i] = v
	}
}

// picture carries f's numbers; the planes go as arguments of their own.
func picture(f *media.Frame) C.viva_picture {
	return C.viva_picture{
		width: C.int(f.Width), height: C.int(f.Height),
		ystride: C.int(f.YStride), cstride: C.int(f.CStride), full: flag(f.FullRange),
	}
}

func bytes(p []byte) *C.uint8_t { return (*C.uint8_t)(unsafe.Pointer(&p[0])) }

func flag(b bool) C.int {
	if b {
		return 1
	}
	return 0
}
