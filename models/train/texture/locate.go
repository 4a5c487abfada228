//go:build ignore

package main

import (
	"context"
	"math/rand/v2"
	"strings"

	"vivavoce/media"
	"vivavoce/media/recapture"
	"vivavoce/pipeline"
)

// Outlines by the mesh's landmarks (MediaPipe's FACEMESH_FACE_OVAL, _EYE and _LIPS), each in order.
func outlines() (oval, rightEye, leftEye, mouth []int) {
	oval = []int{
		10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
		152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
	}
	rightEye = []int{33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7}
	leftEye = []int{263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249}
	mouth = []int{61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146}
	return
}

// locator finds faces for the attacks; it follows one source.
func (r *rig) locator() (recapture.Locator, error) {
	finder, err := r.newFinder()
	if err != nil {
		return nil, err
	}
	oval, right, left, mouth := outlines()
	return func(ctx context.Context, f *media.Frame) (*recapture.Face, error) {
		found, err := finder.Find(ctx, f)
		if err != nil || !found.Found {
			return nil, err
		}
		return &recapture.Face{
			Oval: points(found, oval), RightEye: points(found, right), LeftEye: points(found, left),
			Mouth: points(found, mouth), Nose: points(found, []int{4})[0],
		}, nil
	}, nil
}

func points(f *pipeline.Face, at []int) []recapture.Point {
	out := make([]recapture.Point, len(at))
	for i, p := range at {
		out[i] = recapture.Point{X: float64(f.Points[p].X), Y: float64(f.Points[p].Y)}
	}
	return out
}

// donor is another of the people at hand.
func (r *rig) donor(ctx context.Context, subject string, rng *rand.Rand) (media.Source, func(), error) {
	var others []string
	for _, s := range strings.Split(r.o.subjects, ",") {
		if s != subject {
			others = append(others, s)
		}
	}
	src, _, done, err := r.open(others[rng.IntN(len(others))], rng)
	return src, done, err
}
