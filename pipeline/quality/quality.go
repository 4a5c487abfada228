// Package quality tells the person what to fix first. A guide measures every face
// that is judged (place, pose, light, sharpness, whether eyes and mouth are to be seen) and
// turns the measures into one hint at a time.
//
// The codes, their order and which of them block are those of signaling/protocol.md
// §4. Measures are named after ISO/IEC 29794-5 (OFIQ) where it has them; see
// [Measures]. Directions are the person's own: left is their left hand.
package quality

import (
	"errors"
	"fmt"
	"math"

	"vivavoce/pipeline"
)

// The hints that a guide gives, the most useful first.
const (
	NoFace        pipeline.HintCode = "no_face"
	SeveralFaces  pipeline.HintCode = "several_faces"
	TooDark       pipeline.HintCode = "too_dark"
	TooBright     pipeline.HintCode = "too_bright"
	BackLit       pipeline.HintCode = "back_lit"
	TooFar        pipeline.HintCode = "too_far"
	TooNear       pipeline.HintCode = "too_near"
	OffCentre     pipeline.HintCode = "off_centre"
	Cropped       pipeline.HintCode = "cropped"
	TurnToCamera  pipeline.HintCode = "turn_to_camera"
	Tilted        pipeline.HintCode = "tilted"
	EyesHidden    pipeline.HintCode = "eyes_hidden"
	MouthHidden   pipeline.HintCode = "mouth_hidden"
	LightUneven   pipeline.HintCode = "light_uneven"
	Blurred       pipeline.HintCode = "blurred"
	Moving        pipeline.HintCode = "moving"
	LowResolution pipeline.HintCode = "low_resolution"
	LowFrameRate  pipeline.HintCode = "low_frame_rate"
)

// Options says what a deployment wants. The zero Options is Browser.
type Options struct {
	// Size is the band of head sizes; zero means that of Browser.
	Size Band
	// OffCentre is how far the face's middle may be from the picture's, as a
	// share of its width and of its height, 0–0.5; 0 means 0.2.
	OffCentre float64
}

// Band is a range of head sizes: forehead to chin over the picture's shorter side.
type Band struct {
	Min, Max float64 // below Min too_far, above Max too_near; 0 < Min < Max
}

// Browser is for a phone or a laptop: about 25 to 80 cm from a camera that sees 45° along
// its shorter side.
func Browser() Options { return Options{Size: Band{Min: 0.25, Max: 0.85}, OffCentre: 0.2} }

// Kiosk is for people standing 40 to 80 cm before a fixed camera whose shorter side sees
// between 45° and 75°: no one in that range is told to come closer or to step back.
func Kiosk() Options {
	far, near := At(80, 75), At(40, 45)
	return Options{Size: Band{Min: far, Max: near}, OffCentre: 0.25}
}

// At gives the head size at a distance in centimetres from a camera that sees so
// many degrees along its shorter side, for bands of one's own.
func At(distance, angle float64) float64 {
	return faceHeight / (2 * distance * math.Tan(angle*math.Pi/360))
}

// faceHeight is the canonical face's, forehead (10) to chin (152), in centimetres.
const faceHeight = 17.7

// ErrOptions is returned for options that make no sense.
var ErrOptions = errors.New("quality options")

// New checks o and returns what makes a guide for each session. The guides also
// implement [Measurer].
func New(o Options) (func() (pipeline.Guide, error), error) {
	o = o.withDefaults()
	if !(o.Size.Min > 0 && o.Size.Min < o.Size.Max) {
		return nil, fmt.Errorf("%w: head sizes from %g to %g", ErrOptions, o.Size.Min, o.Size.Max)
	}
	if !(o.OffCentre > 0 && o.OffCentre <= 0.5) {
		return nil, fmt.Errorf("%w: off centre by %g, want over 0 and up to 0.5", ErrOptions, o.OffCentre)
	}
	shared := newShared(o)
	return func() (pipeline.Guide, error) { return newGuide(shared), nil }, nil
}

func (o Options) withDefaults() Options {
	if o.Size == (Band{}) {
		o.Size = Browser().Size
	}
	if o.OffCentre == 0 {
		o.OffCentre = Browser().OffCentre
	}
	return o
}

// Measurer is a guide that tells what it measured.
type Measurer interface {
	// Measures returns what was last seen, after the last Observe.
	Measures() Measures
	// Hints returns all that are due after the last Observe, the most useful first.
	Hints() []pipeline.Hint
}
