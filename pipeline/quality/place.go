package quality

import (
	"math"

	"vivavoce/pipeline"
)

// Landmarks: forehead's top, chin, and the corners of the eyes; right and left are the
// person's.
const (
	foreheadTop   = 10
	chinBottom    = 152
	rightEyeOuter = 33
	rightEyeInner = 133
	leftEyeInner  = 362
	leftEyeOuter  = 263
)

// headSize gives the distance from forehead to chin over the picture's shorter
// side, so that a phone held upright and a laptop mean the same. Depth is part of
// it: a nod does not make a head smaller.
func headSize(f *pipeline.Face) float64 {
	a, b := f.Points[foreheadTop], f.Points[chinBottom]
	dx, dy, dz := float64(b.X-a.X), float64(b.Y-a.Y), float64(b.Z-a.Z)
	return math.Sqrt(dx*dx+dy*dy+dz*dz) / float64(min(f.Frame.Width, f.Frame.Height))
}

// offCentre gives how far the face's middle is from the picture's, in shares of
// the width and the height, −0.5…0.5.
func offCentre(f *pipeline.Face) (x, y float64) {
	b := f.Box
	x = float64(b.X0+b.X1)/2/float64(f.Frame.Width) - 0.5
	y = float64(b.Y0+b.Y1)/2/float64(f.Frame.Height) - 0.5
	return x, y
}

// moveTo says which way the person has to go to come to the centre. The picture is
// not mirrored: what is at its right is at the person's left, and they go right.
func moveTo(x, y float64) pipeline.Direction {
	switch {
	case math.Abs(x) >= math.Abs(y) && x > 0:
		return pipeline.Right
	case math.Abs(x) >= math.Abs(y):
		return pipeline.Left
	case y > 0:
		return pipeline.Up
	default:
		return pipeline.Down
	}
}

// margins gives the room between the face and the picture's edges over the face's
// own width and height; negative where it is cut off.
func margins(f *pipeline.Face) (left, right, above, below float64) {
	b := f.Box
	w, h := max(float64(b.X1-b.X0), 1), max(float64(b.Y1-b.Y0), 1)
	left, right = float64(b.X0)/w, (float64(f.Frame.Width)-float64(b.X1))/w
	above, below = float64(b.Y0)/h, (float64(f.Frame.Height)-float64(b.Y1))/h
	return left, right, above, below
}

// eyeCentres gives the middle of each eye, from its corners.
func eyeCentres(f *pipeline.Face) (right, left pipeline.Point) {
	return midpoint(f.Points[rightEyeOuter], f.Points[rightEyeInner]),
		midpoint(f.Points[leftEyeInner], f.Points[leftEyeOuter])
}

func midpoint(a, b pipeline.Point) pipeline.Point {
	return pipeline.Point{X: (a.X + b.X) / 2, Y: (a.Y + b.Y) / 2, Z: (a.Z + b.Z) / 2}
}
