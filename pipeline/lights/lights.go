// Package lights gives "lights": whether the face reflects the colours that the screen in front of it takes,
// in their random order, more than what is behind it does.
//
// It is an option, for sessions whose challenge has lights. It is never the only evidence and no policy may
// require it: whoever declines is not checked. Nor is a face without a reflection, or with another: daylight
// and a small screen hide it, and movement and white balance change a face's colour more than a screen does. Found,
// it says that the picture was made in front of that screen, now.
//
// No real reflection was recorded for it. With simulated ones on five recorded people (2026-11-22,
// TestMeasureLights, 10 sessions of 9 colours each): found in 3, 8 and 9 where a white screen
// would give the face 0.05, 0.1 and 0.3 of the room's light, in 5 where the wall behind gets nearly
// as much; without any in 1 of 10, and 0 of 36 before, where 2 in 100 are to be expected.
package lights

import (
	"context"
	"math"
	"time"

	"vivavoce/pipeline"
)

const (
	// settled is how long after a colour began to fade in a picture shows it: the page fades for half
	// a second, and cameras average over some frames.
	settled = 650 * time.Millisecond
	// slotFaces is how many faces a colour must be seen on, and leastSlots how many colours.
	slotFaces, leastSlots = 4, 5
	// turned is the yaw or pitch, in degrees, beyond which another part of the face faces the screen.
	turned = 20.0
	// byChance is the share of random sequences that fit as well, up to which the reflection counts as found; at
	// half of it the score is 0.75.
	byChance = 0.02
	// explained is the value below which a score says why.
	explained = 0.8
)

// New returns the kind of stage that gives "lights", for the whole session.
func New() pipeline.Kind {
	return pipeline.Kind{Name: "lights", New: func() (pipeline.Stage, error) { return &stage{}, nil }}
}

type stage struct {
	slots    []slot // one a colour, in the order of time
	index    int    // of the newest colour
	off, lit bool   // declined; asked for at all
	out      [1]pipeline.Score
}

// slot is what was seen under one colour.
type slot struct {
	colour pipeline.Colour
	sum    chroma // of the face against its background
	n      int
}

// Observe implements pipeline.Stage.
func (s *stage) Observe(ctx context.Context, o pipeline.Observation) ([]pipeline.Score, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.off = s.off || o.LightsOff
	l, f := o.Light, o.Face
	if l == nil || s.off {
		return nil, nil
	}
	fresh := !s.lit || l.Index != s.index
	if fresh {
		s.slots = append(s.slots, slot{colour: l.Colour})
		s.lit, s.index = true, l.Index
	}
	if usable(f) && f.Frame.PTS-l.ShownAt >= settled {
		if c, ok := seen(f); ok {
			at := &s.slots[len(s.slots)-1]
			at.sum.rg, at.sum.bg, at.n = at.sum.rg+c.rg, at.sum.bg+c.bg, at.n+1
		}
	}
	if !fresh {
		return nil, nil
	}
	s.out[0] = s.score(false)
	return s.out[:], nil
}

// usable reports whether f was found and looks about ahead.
func usable(f *pipeline.Face) bool {
	return f.Found && math.Abs(f.Pose.Yaw) <= turned && math.Abs(f.Pose.Pitch) <= turned &&
		f.Box.X1-f.Box.X0 >= 32 && f.Box.Y1-f.Box.Y0 >= 32
}

// score is that of the session so far.
func (s *stage) score(settled bool) pipeline.Score {
	out := pipeline.Score{Name: pipeline.ScoreLights, Step: pipeline.Whole, Settled: settled}
	v := s.steps()
	switch {
	case s.off:
		out.Reasons = []pipeline.Reason{pipeline.LightsDeclined}
		return out
	case len(v) < leastSlots-1:
		out.Reasons = []pipeline.Reason{pipeline.LightsNotChecked}
		return out
	}
	chance := v.chance()
	out.Measures = []pipeline.Measure{{Name: "chance", Value: chance}, {Name: "swing", Value: v.swing()}}
	if chance > byChance {
		out.Reasons = []pipeline.Reason{pipeline.LightsNoReflection}
		return out
	}
	out.Checked, out.Value = true, 1-0.5*chance/byChance
	if out.Value < explained {
		out.Reasons = []pipeline.Reason{pipeline.LightsNoReflection}
	}
	return out
}

// Finish implements pipeline.Stage.
func (s *stage) Finish(ctx context.Context) ([]pipeline.Score, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !s.lit && !s.off {
		return nil, nil // nobody was asked
	}
	return []pipeline.Score{s.score(true)}, nil
}
