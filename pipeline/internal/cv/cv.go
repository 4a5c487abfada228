// Package cv holds the picture and point arithmetic of the stages: crops for the
// networks straight out of I420 planes, luma statistics, sharpness, and how well
// one view of some points explains another. It is the only importer of gocv.
//
// Nothing here keeps memory between calls: OpenCV's matrices are made and closed
// in the function that needs them, and everything else works in the caller's.
package cv

import (
	"image"

	"vivavoce/media"
)

// bounds cuts r to the picture; the result may be empty.
func bounds(f *media.Frame, r image.Rectangle) image.Rectangle {
	return r.Intersect(image.Rect(0, 0, f.Width, f.Height))
}

// spread returns offset and gain that bring f's luma to 0–255: studio range
// (16–235) is widened, full range is left alone.
func spread(f *media.Frame) (offset, gain float64) {
	if f.FullRange {
		return 0, 1
	}
	return 16, 255.0 / 219
}
