package cv

/*
#cgo noescape viva_shrink
#cgo nocallback viva_shrink
#include "crop.h"
*/
import "C"

import "vivavoce/media"

// Letterbox puts the whole frame into a square, aspect kept, black around it, as the
// detectors want it, laid out as Crop does. It returns the region that the square
// covers: Region.At carries what was found back to the frame. Frames of at least twice the square are averaged
// by area, smaller ones sampled. It allocates nothing.
func Letterbox(dst []float32, f *media.Frame, size int, lo, hi float32) Region {
	longer := max(f.Width, f.Height)
	r := Region{CX: float64(f.Width) / 2, CY: float64(f.Height) / 2, Side: float64(longer)}
	averages := longer >= 2*size && longer <= 256*size && f.Width <= C.VIVA_WIDEST && size <= C.VIVA_LARGEST
	if !averages || empty(f) {
		Crop(dst, f, r, size, lo, hi)
		return r
	}
	dst = dst[:3*size*size]
	C.viva_shrink((*C.float)(&dst[0]), bytes(f.Y), bytes(f.Cb), bytes(f.Cr), picture(f),
		C.int(size), C.float(lo), C.float(hi))
	return r
}
