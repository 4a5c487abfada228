// Package texture looks at the picture itself: is this a face before the camera, or a picture of
// one – filmed off a screen or off paper, or pasted in? Nobody is asked for anything.
//
// A few times a second it measures what needs no training (patterns that repeat,
// straight edges around the face, colours, sharpness) and has a small network look at
// a detail at the camera's own pixels and at the surroundings made small. A logistic
// puts both together. One score, "texture", of the whole session.
//
// What it does not see: what a good screen shows to a camera that blurs its pixels away, and a head that is
// there and not alive. Both are for the other stages.
package texture

import (
	"context"
	"fmt"
	"time"

	"vivavoce/pipeline"
)

// Options say what looks, and how often.
type Options struct {
	// Net and Fusion are what [Load] gives. Without a Net the score is not checked.
	Net    Net
	Fusion Fusion
	// Every is the least time between two looks, by PTS; 0 means 300 ms.
	Every time.Duration
}

// defaultEvery is three looks a second: all that is asked of a person takes ten.
const defaultEvery = 300 * time.Millisecond

const (
	// leastLooks is how many looks a session's score rests on at least.
	leastLooks = 3
	// aside is the yaw or pitch, degrees, from which a face is not looked at: no such
	// faces were trained with.
	aside = 35
	// bandWeight is the log odds that a picture full of rolling bands costs, and bandLeast the correlation up to which nothing is said:
	// of 122 bona fide clips of 14 people none gives more than 0.02 (cameras that stood still; 2026-11-22, measure_test.go).
	bandWeight, bandLeast, bandWhole = 4, 0.2, 0.6
	// borderWeight is the log odds that a whole border around the face costs, and borderLeast how much of its least complete side must be
	// there before anything is said: the same clips give 0, all of them.
	borderWeight, borderLeast, borderWhole = 4, 0.5, 0.8
	// mostBorders is how many looks' borders are remembered: the last ones.
	mostBorders = 64
)

// New returns the kind of stage that gives "texture".
func New(o Options) pipeline.Kind {
	return pipeline.Kind{Name: "texture", New: func() (pipeline.Stage, error) {
		if o.Every < 0 {
			return nil, fmt.Errorf("texture: a look every %v", o.Every)
		}
		if o.Every == 0 {
			o.Every = defaultEvery
		}
		if o.Net == nil {
			return unchecked{}, nil
		}
		if err := o.Fusion.check(); err != nil {
			return nil, err
		}
		return &stage{o: o, examiner: NewExaminer(o.Net, o.Fusion), pace: pace{every: o.Every}}, nil
	}}
}

type stage struct {
	o        Options
	examiner *Examiner
	flicker  flicker
	sum      sum
	pace     pace
	out      [1]pipeline.Score
}

// pace spaces looks out.
type pace struct {
	every  time.Duration
	looked bool
	next   time.Duration // PTS of the next look
}

// due reports whether it is time for a look at pts, which then counts as taken.
func (p *pace) due(pts time.Duration) bool {
	if p.looked && pts < p.next {
		return false
	}
	p.looked, p.next = true, pts+p.every
	return true
}

// Observe implements pipeline.Stage.
func (s *stage) Observe(ctx context.Context, o pipeline.Observation) ([]pipeline.Score, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f := o.Face
	s.flicker.see(f.Frame)
	if !Facing(f) || !s.pace.due(f.Frame.PTS) {
		return nil, nil
	}
	l, ok, err := s.examiner.Look(ctx, f, 1)
	if err != nil {
		return nil, fmt.Errorf("look at frame %d: %w", f.Frame.Seq, err)
	}
	if !ok {
		return nil, nil
	}
	s.sum.add(s.o.Fusion, l)
	if s.sum.n < leastLooks {
		return nil, nil
	}
	s.out[0] = s.score(false)
	return s.out[:], nil
}

// Facing reports whether f is seen from the front, more or less: others are not looked at.
func Facing(f *pipeline.Face) bool {
	return f.Found && f.Pose.Yaw > -aside && f.Pose.Yaw < aside && f.Pose.Pitch > -aside && f.Pose.Pitch < aside
}

func (s *stage) score(settled bool) pipeline.Score {
	return s.sum.score(leastLooks, bandOdds(s.flicker.band()), settled)
}

// bandOdds and borderOdds are what bands and a border take off the log odds.
func bandOdds(band float64) float64 { return bandWeight * ramp(band, bandLeast, bandWhole) }

func borderOdds(border float64) float64 { return borderWeight * ramp(border, borderLeast, borderWhole) }

// ramp goes from 0 at least to 1 at whole.
func ramp(v, least, whole float64) float64 { return min(max((v-least)/(whole-least), 0), 1) }

// Finish implements pipeline.Stage.
func (s *stage) Finish(ctx context.Context) ([]pipeline.Score, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return []pipeline.Score{s.score(true)}, nil
}

// unchecked is the stage of a server without a network.
type unchecked struct{}

func (unchecked) Observe(ctx context.Context, _ pipeline.Observation) ([]pipeline.Score, error) {
	return nil, ctx.Err()
}

func (unchecked) Finish(ctx context.Context) ([]pipeline.Score, error) {
	var none sum
	return []pipeline.Score{none.score(1, 0, true)}, ctx.Err()
}
