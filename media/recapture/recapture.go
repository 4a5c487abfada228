// Package recapture simulates presentation and injection attacks from bona fide video: a screen
// or a print before a camera, a mask, a pasted mouth or face, an animated photo, a
// recording sent again. Each is a [media.Source] over a [media.Source], so that every rig that
// takes one can be attacked.
//
// It works in linear light where physics asks for it, and the camera that
// looks at a screen or a print is one model for all of them (sensor.go). The species [Camera] is that
// camera alone, looking at the scene itself: bona fide video that went the same way, so that
// nobody takes the simulator's own traces for an attack.
//
// [Draw] makes [Parameters] from a seed; the same Parameters over the same frames give the same
// pictures, so the JSON of them is the log of a run. What matters most is drawn from ranges that
// [Train] and [Test] do not share, and some species are for [Test] only ([Species.Hidden]).
package recapture

import (
	"context"
	"errors"
	"fmt"

	"vivavoce/media"
)

// Species is a kind of attack instrument.
type Species string

// The species. Those of Test only are [Species.Hidden].
const (
	Camera      Species = "camera"       // bona fide: the camera model looks at the scene itself
	Screen      Species = "screen"       // an LCD plays the clip before a camera
	ScreenOLED  Species = "screen-oled"  // a phone's OLED plays it; its sub-pixels lie otherwise
	Print       Species = "print"        // a still, printed in CMYK dots, moved by hand
	PrintInkjet Species = "print-inkjet" // a still in scattered drops
	PrintPhoto  Species = "print-photo"  // a still on continuous-tone, glossy paper
	PrintCutout Species = "print-cutout" // a print with holes for living eyes and mouth
	Mask        Species = "mask"         // a rigid face that follows the head; living eyes, perhaps mouth
	Warp        Species = "warp"         // a still animated by bending it: blinks, speech, turns
	Mouth       Species = "mouth"        // another person's mouth, pasted in with a blurred seam
	Swap        Species = "swap"         // another person's inner face, pasted in
	Replay      Species = "replay"       // the clip itself, encoded again and sent as if live
)

// All lists every species, the bona fide control first.
func All() []Species {
	return []Species{Camera, Screen, ScreenOLED, Print, PrintInkjet, PrintPhoto, PrintCutout, Mask, Warp, Mouth, Swap, Replay}
}

// Attack reports whether s is an attack, and not the control.
func (s Species) Attack() bool { return s != Camera }

// Hidden reports whether s is kept for tests: nothing may be trained on it.
func (s Species) Hidden() bool { return s == ScreenOLED || s == PrintPhoto || s == Swap }

// NeedsFace reports whether s must be told where the face is.
func (s Species) NeedsFace() bool {
	switch s {
	case PrintCutout, Mask, Warp, Mouth, Swap:
		return true
	default:
		return false
	}
}

// NeedsDonor reports whether s takes parts from another person's video.
func (s Species) NeedsDonor() bool { return s == Mouth || s == Swap }

// ErrNoFace says that no face was found in time where a species needs one.
var ErrNoFace = errors.New("no face to work on")

// Rig is what parameters cannot hold.
type Rig struct {
	// Locate finds the face, for species that NeedsFace. The frame is lent.
	Locate Locator
	// Donor is another person's video, for species that NeedsDonor. It is read as fast as the
	// attacked clip; its last frame stays when it ends. The caller closes what it made.
	Donor media.Source
	// LocateDonor finds faces in Donor; nil takes Locate, which then must not follow a face
	// from frame to frame.
	LocateDonor Locator
}

// Locator returns where the face of a lent frame is; nil when there is none.
type Locator func(ctx context.Context, f *media.Frame) (*Face, error)

// attack makes one picture of one kind of instrument.
type attack interface {
	// frame returns what is sent in f's place. f is lent; the result is the caller's. Its times
	// are set by the caller.
	frame(ctx context.Context, f *media.Frame) (*media.Frame, error)
}

// Source is the attacked clip. Close it. Not for concurrent use.
type Source struct {
	src        media.Source
	parameters Parameters
	attack     attack
	recode     *recode
	pool       media.Pool // of frames sent as they are
	waited     int
}

// New returns src as an attack of p's kind would show it. src stays the caller's.
func New(src media.Source, p Parameters, r Rig) (*Source, error) {
	if p.Species.NeedsFace() && r.Locate == nil || p.Species.NeedsDonor() && r.Donor == nil {
		return nil, fmt.Errorf("simulate %s: the rig lacks a locator or a donor", p.Species)
	}
	a, err := newAttack(p, r)
	if err != nil {
		return nil, fmt.Errorf("simulate %s: %w", p.Species, err)
	}
	return &Source{src: src, parameters: p, attack: a, recode: &recode{Coding: p.Coding}}, nil
}

// Parameters are what New was given.
func (s *Source) Parameters() Parameters { return s.parameters }

// Next implements media.Source: as many frames as the clip has, with its times.
func (s *Source) Next(ctx context.Context) (*media.Frame, error) {
	f, err := s.src.Next(ctx)
	if err != nil {
		return nil, err
	}
	defer f.Release()
	out, err := s.make(ctx, f)
	if err != nil {
		return nil, fmt.Errorf("simulate %s at frame %d: %w", s.parameters.Species, f.Seq, err)
	}
	out.Seq, out.PTS, out.Arrived = f.Seq, f.PTS, f.Arrived
	coded, err := s.recode.pass(out)
	if err != nil {
		return nil, fmt.Errorf("simulate %s at frame %d: %w", s.parameters.Species, f.Seq, err)
	}
	return coded, nil
}

// patience is how many frames an attack waits for a face; they are sent as they are.
const patience = 100

func (s *Source) make(ctx context.Context, f *media.Frame) (*media.Frame, error) {
	out, err := s.attack.frame(ctx, f)
	if errors.Is(err, ErrNoFace) && s.waited < patience {
		s.waited++
		return copyFrame(&s.pool, f), nil
	}
	return out, err
}

// Close frees the codecs.
func (s *Source) Close() error {
	s.recode.close()
	return nil
}

// Face is where the parts of a face are, in pixels of the picture.
type Face struct {
	// Oval is the outline of the face, from the forehead's middle on, LeftEye, RightEye and Mouth
	// (the lips' outer edge, from a corner on) those of its parts: closed polygons of the same points in the
	// same order in every picture. Left is the person's.
	Oval, LeftEye, RightEye, Mouth []Point
	Nose                           Point // its tip
}

// Point is a point of a picture, in pixels from the outer edge of its top left one.
type Point struct{ X, Y float64 }
