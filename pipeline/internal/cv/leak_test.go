//go:build matprofile

package cv

import (
	"image"
	"math/rand/v2"
	"testing"

	"gocv.io/x/gocv"
)

// TestNoMatIsLeft calls everything that uses OpenCV, well and badly, and counts.
func TestNoMatIsLeft(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	before := gocv.MatProfile.Count()
	f := scene(200, 150, false)
	for range 3 {
		Sharpness(f, image.Rect(10, 10, 190, 140))
		Sharpness(f, image.Rect(0, 0, 2, 2))
		a, b := view(cloud(rng, 20, false), turned(0, 0), 0), view(cloud(rng, 20, true), turned(0.3, 0), 0)
		HomographyResidual(a, b)
		HomographyResidual(a, b[:3])
		HomographyResidual(a, make([]Point2, len(a)))
	}
	if after := gocv.MatProfile.Count(); after != before {
		t.Errorf("%d Mats, before %d", after, before)
	}
}
