// Package stills looks at photographs: what a session sees in a video, as far as one picture, or two, tell it.
//
// [Decode] reads a photograph of a stranger within bounds. A [Studio] bounds how many are looked at together;
// whoever has [Studio.Enter]ed decodes and looks at pictures one after the other, by the finder, the
// measures of quality and the network of texture that sessions use. [Compare] says how the head moved between
// two.
//
// # What the scores are worth
//
// Texture is a logistic that was fitted to frames of videos at 640×480 to 1280×720, most of them coded at 300–2,000 kbit/s; a
// photograph out of a phone is another kind of picture, and none was at hand. It is a score, not the probability of a
// live person. At the default policy's threshold (2026-11-22, TestMeasureStills: frames as JPEG of five people whom neither the network
// nor the threshold knew, and attacks simulated from them; 95 % Clopper-Pearson, too narrow since frames of one person
// are not independent) 0 of 60 bona fide frames are refused [0, 6.0 %]. Of 20 of each attack these pass: prints 0, cut-out prints 3,
// ink-jet prints 4, glossy photographs 8, OLED screens 11, LCD screens 9; masks, pasted mouths, swapped faces, warped stills and
// recordings sent again all 20 [83, 100 %]. One picture stops plain prints, and what shows its border.
//
// Of pairs (TestMeasurePairs) 41 of 43 of heads that turned by 9° or more pass depth (95 % [84, 99]; motion's bounds were chosen on
// these heads), and of sheets of held-out speakers that moved in between, tilted by 15–65° or bent 0 of 240 [0, 1.5], wrapped
// around a post and turned 4 of 72 [1.5, 13.6], warped about the nose 8 of 72 [4.9, 20.7]. Two recorded poses of the person, each
// shown on a screen, are no such sheet: nothing here but texture stops them. Whether both pictures show one person is
// what [Face]'s portraits say.
package stills

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/semaphore"

	"vivavoce/models"
	"vivavoce/pipeline"
	"vivavoce/pipeline/face"
	"vivavoce/pipeline/identity"
	"vivavoce/pipeline/quality"
	"vivavoce/pipeline/texture"
)

// ErrFull says that too many wait already.
var ErrFull = errors.New("too many pictures wait to be looked at")

// Options say how much at once. Zeros are the defaults.
type Options struct {
	Quality quality.Options // what good pictures are; zero is quality.Browser
	Limits  Limits          // of a picture
	AtOnce  int             // visits at once; 0 is one for each core but one, which stays for sessions
	Waiting int             // more that may wait; 0 is 8 for each of those
}

// Studio is where pictures are looked at. It is safe for concurrent use.
type Studio struct {
	limits  Limits
	memory  *semaphore.Weighted // of decoders, all together
	free    chan *Visit
	waiting atomic.Int64
	most    int64
}

// New takes the networks of l, which must have one for texture: without it there is nothing to say of a photograph.
// Pictures are looked at in the models' background lane: no session waits for one.
func New(l *models.Library, o Options) (*Studio, error) {
	if o.AtOnce == 0 {
		o.AtOnce = max(1, runtime.GOMAXPROCS(0)-1)
	}
	if o.Waiting == 0 {
		o.Waiting = 8 * o.AtOnce
	}
	if o.AtOnce < 0 || o.Waiting < 0 || o.Limits.Bytes < 0 || o.Limits.Pixels < 0 || o.Limits.Memory < 0 {
		return nil, fmt.Errorf("new studio: %+v: less than nothing", o)
	}
	o.Limits = o.Limits.fill()
	s := &Studio{limits: o.Limits, memory: semaphore.NewWeighted(o.Limits.Memory), free: make(chan *Visit, o.AtOnce), most: int64(o.Waiting)}
	newFinder, err := face.New(l, face.Options{Lane: models.Background})
	if err != nil {
		return nil, fmt.Errorf("new studio: %w", err)
	}
	newGuide, err := quality.New(o.Quality)
	if err != nil {
		return nil, fmt.Errorf("new studio: %w", err)
	}
	net, fusion, err := texture.Load(l, models.Background)
	if err != nil {
		return nil, fmt.Errorf("new studio: %w", err)
	}
	people, err := identity.Load(l, models.Background)
	if err != nil {
		return nil, fmt.Errorf("new studio: %w", err)
	}
	for range o.AtOnce {
		v := &Visit{studio: s, newGuide: newGuide, texture: texture.NewExaminer(net, fusion), painter: identity.NewPainter(people)}
		finder, err := newFinder()
		if err != nil {
			return nil, fmt.Errorf("new studio: %w", err)
		}
		everyone, ok := finder.(face.Everyone)
		if !ok {
			return nil, fmt.Errorf("new studio: %T finds one face only", finder)
		}
		v.finder = everyone
		s.free <- v
	}
	return s, nil
}

// Limits are those of a picture.
func (s *Studio) Limits() Limits { return s.limits }

// Visit is one caller's turn to decode and look. It is for one goroutine, until Leave.
type Visit struct {
	studio   *Studio
	finder   face.Everyone
	newGuide func() (pipeline.Guide, error)
	texture  *texture.Examiner
	painter  *identity.Painter
}

// Enter waits for a turn. The errors are [ErrFull] and ctx's. Whoever has entered must Leave.
func (s *Studio) Enter(ctx context.Context) (*Visit, error) {
	select {
	case v := <-s.free:
		return v, nil
	default:
	}
	if s.waiting.Add(1) > s.most {
		s.waiting.Add(-1)
		return nil, ErrFull
	}
	defer s.waiting.Add(-1)
	select {
	case v := <-s.free:
		return v, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to look at a picture: %w", ctx.Err())
	}
}

// Leave ends the turn. It is called once.
func (v *Visit) Leave() { v.studio.free <- v }

// Decode is [Decode] within the studio's limits. All visits' decoders together hold no more than one may.
func (v *Visit) Decode(ctx context.Context, data []byte) (*Picture, error) {
	h, err := inspect(data, v.studio.limits)
	if err != nil {
		return nil, err
	}
	if err := v.studio.memory.Acquire(ctx, h.memory); err != nil {
		return nil, fmt.Errorf("wait to decode %s: %w", h.name, err)
	}
	defer v.studio.memory.Release(h.memory)
	return h.read(ctx, data)
}
