package texture

import (
	"context"
	"fmt"
	"image"

	"vivavoce/models"
	"vivavoce/pipeline"
	"vivavoce/pipeline/internal/cv"
)

// Sides of the network's two pictures, in samples: detail is cut out one to one, so that
// patterns as fine as the camera's pixels are in it, and context is the square of wide times
// the face's side, made small.
const (
	DetailSide  = 128
	ContextSide = 96
)

// Class is what the network tells apart.
type Class int

// The classes, in the order of the network's output.
const (
	BonaFide Class = iota
	Screen         // filmed off a display
	Print          // filmed off paper, cut-outs and paper masks included
	Paste          // put into the picture: swapped faces, pasted mouths
	Mask           // worn, over the face or a part of it
	Classes        // how many there are
)

// Net tells the classes apart in one picture. [Load] gives ours.
type Net interface {
	// Judge puts the natural logarithm of each class's posterior into logp, from detail and context:
	// RGB planes 0–1, 3×DetailSide² and 3×ContextSide² values. It is safe for concurrent use.
	Judge(ctx context.Context, detail, context, logp []float32) error
}

// Names in models/manifest.json.
const (
	networkName     = "texture"
	calibrationFile = "texture_calibration.json"
)

type network struct {
	model interface {
		Run(ctx context.Context, lane models.Lane, in, out [][]float32) error
	}
	lane models.Lane
}

// Load returns the network that the manifest names and its calibration. Where it names none the
// error is [models.ErrUnlisted].
func Load(l *models.Library, lane models.Lane) (Net, Fusion, error) {
	m, err := l.Load(networkName)
	if err != nil {
		return nil, Fusion{}, err
	}
	b, err := l.File(calibrationFile)
	if err != nil {
		return nil, Fusion{}, fmt.Errorf("load texture calibration: %w", err)
	}
	f, err := parseFusion(b)
	return network{model: m, lane: lane}, f, err
}

func (n network) Judge(ctx context.Context, detail, context, logp []float32) error {
	return n.model.Run(ctx, n.lane, [][]float32{detail, context}, [][]float32{logp})
}

// spots are where details are cut out, one after the other: nose, cheeks, mouth and forehead, by
// landmark. All are skin and edges of skin, and together they are all of a large face.
func spots() [spotCount]int { return [spotCount]int{4, 50, 280, 17, 151} }

const spotCount = 5

// pictures are the network's inputs and output for one session.
type pictures struct {
	detail, context, logp []float32
}

func newPictures() *pictures {
	return &pictures{
		detail:  make([]float32, 3*DetailSide*DetailSide),
		context: make([]float32, 3*ContextSide*ContextSide),
		logp:    make([]float32, Classes),
	}
}

// surround cuts the context out.
func (n *pictures) surround(p place) {
	cv.Crop(n.context, p.f, p.square(wide), ContextSide, 0, 1)
}

// zoom cuts the detail about a landmark out. The corner is a whole pixel, so that nothing
// is resampled.
func (n *pictures) zoom(p place, at pipeline.Point) {
	about := p.centre()
	if r := image.Pt(int(at.X), int(at.Y)); r.In(p.face) { // NaN is nowhere
		about = r
	}
	r := cv.Region{CX: float64(about.X), CY: float64(about.Y), Side: DetailSide, Replicate: true}
	if w, ok := p.window(about, DetailSide); ok {
		r.CX, r.CY = float64(w.Min.X+DetailSide/2), float64(w.Min.Y+DetailSide/2)
	}
	cv.Crop(n.detail, p.f, r, DetailSide, 0, 1)
}
