// Package identity says how alike two faces are: by a face recognition network, and for faces of one session, or of one call, only. Nothing
// that it gives is stored, and nobody is looked up by it.
package identity

import (
	"context"
	"math"

	"vivavoce/models"
	"vivavoce/pipeline"
	"vivavoce/pipeline/internal/cv"
)

// Net finds what is particular to a face. [Load] gives ours.
type Net interface {
	// Describe puts numbers that lie near one another for faces of one person into descriptor, of [Numbers] values. face is RGB planes
	// 0–1, 3×[Side]² values, eyes level. It is safe for concurrent use.
	Describe(ctx context.Context, face, descriptor []float32) error
}

// The network's input and output.
const (
	Side    = 150
	Numbers = 128
)

// Same is the distance up to which two portraits are mostly of one person, and beyond which they are mostly of two (dlib's own
// figure, dnn_face_recognition_ex.cpp; 99.38 % of the pairs of Labeled Faces in the Wild).
const Same = 0.6

type network struct {
	model *models.Model
	lane  models.Lane
}

// Load returns the network that the manifest names.
func Load(l *models.Library, lane models.Lane) (Net, error) {
	m, err := l.Load("face_recognition")
	return network{m, lane}, err
}

func (n network) Describe(ctx context.Context, face, descriptor []float32) error {
	return n.model.Run(ctx, n.lane, [][]float32{face}, [][]float32{descriptor})
}

// Portrait is what is particular to a face at one moment.
type Portrait [Numbers]float32

// Distance is how different two portraits are, 0 and more: see [Same].
func (p *Portrait) Distance(q *Portrait) float64 {
	sum := 0.0
	for i, v := range p {
		d := float64(v - q[i])
		sum += d * d
	}
	return math.Sqrt(sum)
}

// Painter makes portraits. It is for one goroutine.
type Painter struct {
	net  Net
	chip []float32 // the network's input
}

// NewPainter returns one that asks n.
func NewPainter(n Net) *Painter { return &Painter{n, make([]float32, 3*Side*Side)} }

// Portray makes a portrait of f, which was found in its frame. It is worth most of a face that looks ahead, of 16 pixels and more between the eyes.
func (p *Painter) Portray(ctx context.Context, f *pipeline.Face, to *Portrait) error {
	cv.Crop(p.chip, f.Frame, chip(f), Side, 0, 1)
	return p.net.Describe(ctx, p.chip, to[:])
}

// Where dlib's face chips, with which the network was trained, have the eyes: in parts of the side (image_transforms/interpolation.h,
// get_face_chip_details, five points, padding 0.25).
const (
	eyesApart = (0.7528 - 0.2273) / 1.5
	eyesDown  = (0.2213 + 0.25) / 1.5
)

// chip is the square that the network sees of f.
func chip(f *pipeline.Face) cv.Region {
	rx, ry := between(f, 33, 133)
	lx, ly := between(f, 263, 362)
	dx, dy := lx-rx, ly-ry
	const down = (0.5 - eyesDown) / eyesApart // from between the eyes to the middle
	return cv.Region{
		CX: (rx+lx)/2 - down*dy, CY: (ry+ly)/2 + down*dx,
		Side: math.Hypot(dx, dy) / eyesApart, Angle: math.Atan2(dy, dx), Replicate: true,
	}
}

func between(f *pipeline.Face, a, b int) (x, y float64) {
	return float64(f.Points[a].X+f.Points[b].X) / 2, float64(f.Points[a].Y+f.Points[b].Y) / 2
}
