// Package pipeline turns frames into a verdict. It owns the words of the domain:
// [Face], [Stage], [Challenge], [Score], [Policy], [Verdict] and the [Judge] that
// puts them together. Values go down (frame → face → stages → scores → verdict);
// only errors and events come back.
//
// Each kind of evidence is one folder below. They import this package; cmd hands
// them to the judge. Directions are the person's own: Left is the person's left hand.
package pipeline

import (
	"context"

	"vivavoce/media"
)

// Points is how many landmarks a face has: the 468 of MediaPipe's face mesh, then
// 5 of each iris (468 the right eye's centre, 473 the left's), lips and eyes refined.
const Points = 478

// Point is a landmark: X and Y in pixels of the frame, from its top left corner; Z
// on the same scale, smaller towards the camera, relative to the head.
type Point struct{ X, Y, Z float32 }

// Box is an upright rectangle in pixels of the frame.
type Box struct{ X0, Y0, X1, Y1 float32 }

// Pose is the head's, in degrees, relative to the camera's axis.
type Pose struct {
	Yaw   float64 // positive when the person turns to their own left (the nose moves to the picture's right)
	Pitch float64 // positive when the person looks up
	Roll  float64 // positive when the head tilts to the person's own left shoulder (clockwise in the picture)
}

// Face is what was found in one frame. When Found is false only Frame and Others
// mean anything.
type Face struct {
	Frame *media.Frame // lent until Observe returns

	Found    bool
	Presence float64 // 0–1, the mesh's own belief that its crop holds a face
	Box      Box     // around the landmarks
	Points   [Points]Point
	Pose     Pose

	RightEyeOpen, LeftEyeOpen float64 // lid gap over eye width: about 0.3 open, below 0.1 shut
	MouthOpen                 float64 // inner lip gap (13–14) over Interocular: about 0 shut
	Interocular               float64 // pixels between the eyes' outer and inner corners' midpoints
	Others                    int     // further faces in the frame
}

// Finder finds the face in the frames of one session. It tracks from frame to
// frame, so a session has its own and calls it in the order of PTS.
type Finder interface {
	// Find lends f to the face it returns. No face is not an error. The face
	// is valid until the next call.
	Find(ctx context.Context, f *media.Frame) (*Face, error)
}
