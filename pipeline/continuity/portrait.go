package continuity

import (
	"context"
	"math"

	"vivavoce/models"
	"vivavoce/pipeline"
	"vivavoce/pipeline/internal/cv"
)

// Net tells people apart. [Load] gives ours.
type Net interface {
	// Describe puts what is particular to a face into descriptor, of [Descriptor] values: those of one person lie near one another. face is RGB planes
	// 0–1, 3×[Side]² values, eyes level. It is safe for concurrent use.
	Describe(ctx context.Context, face, descriptor []float32) error
}

// The network's input and output.
const (
	Side       = 150
	Descriptor = 128
)

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

// Where dlib's face chips, with which the network was trained, have the eyes: in parts of the side (image_transforms/interpolation.h,
// get_face_chip_details, five points, padding 0.25).
const (
	eyesApart = (0.7528 - 0.2273) / 1.5
	eyesDown  = (0.2213 + 0.25) / 1.5
)

// region is the chip of f.
func region(f *pipeline.Face) cv.Region {
	r, l := mid(f, 33, 133), mid(f, 263, 362)
	dx, dy := l.X-r.X, l.Y-r.Y
	side := math.Hypot(dx, dy) / eyesApart
	// Down the face from between the eyes to the chip's middle.
	down := (0.5 - eyesDown) / eyesApart
	return cv.Region{
		CX: (r.X+l.X)/2 - down*dy, CY: (r.Y+l.Y)/2 + down*dx,
		Side: side, Angle: math.Atan2(dy, dx), Replicate: true,
	}
}

// portrait is what is particular to a face at one moment.
type portrait [Descriptor]float32

// unlike is how different two portraits are: their distance.
func (p *portrait) unlike(q *portrait) float64 {
	sum := 0.0
	for i, v := range p {
		d := float64(v - q[i])
		sum += d * d
	}
	return math.Sqrt(sum)
}

func dist(a, b pipeline.Point) float64 {
	return math.Sqrt(float64((a.X-b.X)*(a.X-b.X) + (a.Y-b.Y)*(a.Y-b.Y) + (a.Z-b.Z)*(a.Z-b.Z)))
}

type spot struct{ X, Y float64 }

func mid(f *pipeline.Face, a, b int) spot {
	return spot{float64(f.Points[a].X+f.Points[b].X) / 2, float64(f.Points[a].Y+f.Points[b].Y) / 2}
}
