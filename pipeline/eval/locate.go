package eval

import (
	"context"

	"vivavoce/media"
	"vivavoce/media/recapture"
	"vivavoce/pipeline"
)

// Locate returns a locator for simulated attacks that finds faces by finder, in one video: the
// finder follows a face from frame to frame.
func Locate(finder pipeline.Finder) recapture.Locator {
	return func(ctx context.Context, f *media.Frame) (*recapture.Face, error) {
		found, err := finder.Find(ctx, f)
		if err != nil || !found.Found {
			return nil, err
		}
		return outline(found), nil
	}
}

// outline picks a face's parts out of its landmarks, by MediaPipe's lists of face oval, eyes and lips
// (python/solutions/face_mesh_connections.py).
func outline(f *pipeline.Face) *recapture.Face {
	pick := func(at ...int) []recapture.Point {
		out := make([]recapture.Point, len(at))
		for i, k := range at {
			out[i] = recapture.Point{X: float64(f.Points[k].X), Y: float64(f.Points[k].Y)}
		}
		return out
	}
	return &recapture.Face{
		Oval: pick(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
			152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
		LeftEye:  pick(263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466),
		RightEye: pick(33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),
		Mouth:    pick(61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185),
		Nose:     pick(1)[0],
	}
}
