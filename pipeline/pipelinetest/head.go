// Package pipelinetest holds what tests of the pipeline share: a made-up head that
// needs no model, actors who answer prompts well or badly, and [TestStage], the
// promises of pipeline.Stage as a test.
package pipelinetest

import (
	"math"

	"vivavoce/pipeline"
)

// Head is a head in space as an actor holds it.
type Head struct {
	Pose pipeline.Pose
	// Open is the gap between the lips and Wide how much wider than at rest the
	// mouth is, both in interocular distances.
	Open, Wide float64
	// Flat presses all points into the plane of the eyes: a picture of a face.
	Flat bool
}

// Skull is the shape of a made-up head: 478 points on an egg with a nose, the ones
// that stages read by number at the places that MediaPipe's mesh has them.
// The unit is the distance between the eyes, the origin between them, Y down, Z
// smaller towards the camera.
type Skull struct {
	points [pipeline.Points]vec
	moves  [pipeline.Points]float64 // how far down a point goes when the mouth opens by 1
}

type vec struct{ x, y, z float64 }

// Where the camera is and what it gives: 640×480, the eyes 90 pixels apart, from 12
// of their distances (about 75 cm).
const (
	centreX, centreY = 320, 200
	eyePixels        = 90
	distance         = 12
)

// Landmark numbers by what they do, from face_mesh_connections.py.
var (
	upperInner = [...]int{191, 80, 81, 82, 13, 312, 311, 310, 415}
	lowerInner = [...]int{95, 88, 178, 87, 14, 317, 402, 318, 324}
	upperOuter = [...]int{185, 40, 39, 37, 0, 267, 269, 270, 409}
	lowerOuter = [...]int{146, 91, 181, 84, 17, 314, 405, 321, 375}
	upperLids  = [...]int{246, 161, 160, 159, 158, 157, 173}
	lowerLids  = [...]int{7, 163, 144, 145, 153, 154, 155}
	upperLidsL = [...]int{466, 388, 387, 386, 385, 384, 398}
	lowerLidsL = [...]int{249, 390, 373, 374, 380, 381, 382}
)

// NewSkull builds the head; every one is the same.
func NewSkull() *Skull {
	s := &Skull{}
	for i := range s.points {
		// A sunflower's spiral covers the face evenly.
		r, a := math.Sqrt((float64(i)+0.5)/pipeline.Points), float64(i)*2.399963
		s.put(i, 1.05*r*math.Cos(a), 0.4+1.4*r*math.Sin(a))
	}
	for i, at := range map[int][2]float64{
		33: {-0.72, 0}, 133: {-0.28, 0.02}, 263: {0.72, 0}, 362: {0.28, 0.02},
		78: {-0.35, 1.05}, 308: {0.35, 1.05}, 61: {-0.42, 1.05}, 291: {0.42, 1.05},
		10: {0, -1.05}, 152: {0, 1.8}, 168: {0, 0}, 6: {0, 0.12}, 197: {0, 0.28}, 195: {0, 0.4},
		5: {0, 0.5}, 4: {0, 0.58}, 1: {0, 0.64}, 2: {0, 0.76}, 9: {0, -0.25}, 8: {0, -0.12},
		234: {-1.1, 0.3}, 454: {1.1, 0.3}, 468: {-0.5, 0}, 473: {0.5, 0},
	} {
		s.put(i, at[0], at[1])
	}
	s.row(upperInner[:], 0, 1.05, 0.3, 0)
	s.row(lowerInner[:], 0, 1.05, 0.3, 0)
	s.row(upperOuter[:], 0, 1.05, 0.38, -0.12)
	s.row(lowerOuter[:], 0, 1.05, 0.38, 0.16)
	s.row(upperLids[:], -0.5, 0, 0.2, -0.06)
	s.row(lowerLids[:], -0.5, 0, 0.2, 0.06)
	s.row(upperLidsL[:], 0.5, 0, -0.2, -0.06)
	s.row(lowerLidsL[:], 0.5, 0, -0.2, 0.06)
	for i, p := range s.points {
		if p.y > 1.06 {
			s.moves[i] = 0.75
		}
	}
	for _, lip := range [...]struct {
		points [9]int
		moves  float64
	}{{upperInner, -0.25}, {upperOuter, -0.25}, {lowerInner, 0.75}, {lowerOuter, 0.75}} {
		for _, n := range lip.points {
			s.moves[n] = lip.moves
		}
	}
	return s
}

// row puts points on an arch of the given half width and height around x, y.
func (s *Skull) row(points []int, x, y, half, height float64) {
	for i, n := range points {
		u := 2*(float64(i)+1)/float64(len(points)+1) - 1
		s.put(n, x+half*u, y+height*(1-u*u))
	}
}

func (s *Skull) put(i int, x, y float64) {
	egg := 1 - (x/1.25)*(x/1.25) - ((y-0.4)/1.7)*((y-0.4)/1.7)
	nose := math.Exp(-(x/0.2)*(x/0.2) - ((y-0.55)/0.3)*((y-0.55)/0.3))
	s.points[i] = vec{x, y, 1 - 1.1*math.Sqrt(max(egg, 0)) - 0.45*nose}
}

// Face writes the head into f as a finder would; the frame is left alone.
func (s *Skull) Face(f *pipeline.Face, h Head) {
	f.Found, f.Presence, f.Others = true, 0.99, 0
	f.Pose, f.Interocular = h.Pose, eyePixels
	f.MouthOpen, f.RightEyeOpen, f.LeftEyeOpen = h.Open, 0.3, 0.3
	r := rotate(h.Pose)
	for i := range s.points {
		p := s.speak(i, h)
		mesh := r.turn(p)
		if h.Flat {
			// The mesh takes what it sees for a face and gives it a face's depths.
			mesh, p.z = p, 0
		}
		f.Points[i] = project(r.turn(p), mesh.z/shallow)
	}
	f.Box = around(&f.Points)
}

// speak opens the mouth: the lower lip and the jaw go down, the corners in or out.
func (s *Skull) speak(i int, h Head) vec {
	p := s.points[i]
	if p.y > 0.9 {
		p.x *= 1 + h.Wide
		p.y += s.moves[i] * h.Open
	}
	return p
}

// rotation is sine and cosine of pitch, yaw and roll.
type rotation struct{ sp, cp, sy, cy, sr, cr float64 }

func rotate(pose pipeline.Pose) (r rotation) {
	r.sp, r.cp = math.Sincos(pose.Pitch * math.Pi / 180)
	r.sy, r.cy = math.Sincos(pose.Yaw * math.Pi / 180)
	r.sr, r.cr = math.Sincos(pose.Roll * math.Pi / 180)
	return r
}

func (r *rotation) turn(p vec) vec {
	p.y, p.z = p.y*r.cp+p.z*r.sp, -p.y*r.sp+p.z*r.cp
	p.x, p.z = p.x*r.cy-p.z*r.sy, p.x*r.sy+p.z*r.cy
	p.x, p.y = p.x*r.cr-p.y*r.sr, p.x*r.sr+p.y*r.cr
	return p
}

// shallow is by how much the mesh's depths are too small: see pipeline/face's pose.
const shallow = 1.2

func project(p vec, z float64) pipeline.Point {
	w := distance / (distance + p.z) * eyePixels
	return pipeline.Point{
		X: float32(centreX + w*p.x), Y: float32(centreY + w*p.y), Z: float32(eyePixels * z),
	}
}

func around(points *[pipeline.Points]pipeline.Point) pipeline.Box {
	b := pipeline.Box{X0: points[0].X, Y0: points[0].Y, X1: points[0].X, Y1: points[0].Y}
	for _, p := range points {
		b.X0, b.Y0 = min(b.X0, p.X), min(b.Y0, p.Y)
		b.X1, b.Y1 = max(b.X1, p.X), max(b.Y1, p.Y)
	}
	return b
}
