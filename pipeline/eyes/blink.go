package eyes

import (
	"math"
	"slices"
	"time"

	"vivavoce/pipeline"
)

// Blinks last 100–400 ms, the lids close in about 100 ms and open more slowly (VanderWerf and
// others, J. Neurophysiol. 2003): at 10 to 30 frames a second one is two to twelve frames long.
const (
	// shutPart of the usual opening, or less, is shut; openPart, or more, is open again.
	shutPart, openPart = 0.55, 0.75
	shortest           = 60 * time.Millisecond
	longest            = 600 * time.Millisecond
	// usualFaces are the last faces that say how far the eyes usually are open.
	usualFaces = 45
	usualLeast = 10
	// fastFrames is the frame rate, as the time between two, from which a blink's way can be followed.
	fastFrames = 45 * time.Millisecond
	// nod is how far a head may turn in a blink, in degrees: a nod changes how lids look.
	nod = 8.0
)

// blink is one that was seen.
type blink struct {
	closing, opening time.Duration // from open to the narrowest, and back
	sudden           bool          // both took one frame, though frames came fast
	single           bool          // one eye stayed open
}

// sight is what one face shows of the eyes.
type sight struct {
	pts         time.Duration
	right, left float64
	yaw, pitch  float64
}

func (s *sight) open() float64 { return (s.right + s.left) / 2 }

// lids finds blinks.
type lids struct {
	usual  [usualFaces]float64
	n      int
	run    []sight // since the eyes were open last, that one first
	before sight
	blinks []blink
}

// mostBlinks bounds what is kept; more tell nothing more.
const mostBlinks = 64

func (l *lids) see(s sight) {
	if l.n < usualLeast {
		l.keep(s)
		return
	}
	usual := l.usually()
	switch {
	case len(l.run) == 0 && s.open() >= openPart*usual:
		l.keep(s)
	case s.open() < openPart*usual:
		if len(l.run) == 0 {
			l.run = append(l.run, l.before)
		}
		l.run = append(l.run, s)
		if s.pts-l.run[0].pts > 2*longest { // shut for long, or the eyes are usually narrower
			l.run = l.run[:0]
			l.keep(s)
		}
	default:
		l.run = append(l.run, s)
		l.close(usual)
		l.run = l.run[:0]
		l.keep(s)
	}
	l.before = s
}

// keep adds to what is usual.
func (l *lids) keep(s sight) {
	l.usual[l.n%usualFaces] = s.open()
	l.n++
	l.before = s
}

func (l *lids) usually() float64 {
	v := l.usual
	k := min(l.n, usualFaces)
	slices.Sort(v[:k])
	return v[k/2]
}

// close judges the run: the face before, those with narrower eyes, and the one after.
func (l *lids) close(usual float64) {
	first, last := l.run[0], l.run[len(l.run)-1]
	narrow := 0
	for i := range l.run {
		if l.run[i].open() < l.run[narrow].open() {
			narrow = i
		}
	}
	n := l.run[narrow]
	turned := math.Hypot(last.yaw-first.yaw, last.pitch-first.pitch)
	if n.open() > shutPart*usual || !(turned <= nod) || len(l.blinks) == mostBlinks {
		return
	}
	whole := last.pts - first.pts
	if whole < shortest || whole > longest {
		return
	}
	frame := whole / time.Duration(len(l.run)-1)
	l.blinks = append(l.blinks, blink{
		closing: n.pts - first.pts, opening: last.pts - n.pts,
		sudden: len(l.run) == 3 && frame <= fastFrames,
		single: max(n.right, n.left) > openPart*usual,
	})
}

// oddLeast is how many blinks there must be to call their way odd.
const oddLeast = 2

// odd reports whether all blinks came and went at once, or were of one eye.
func (l *lids) odd() bool {
	if len(l.blinks) < oddLeast {
		return false
	}
	for _, b := range l.blinks {
		if !b.sudden && !b.single {
			return false
		}
	}
	return true
}

// measures are how many blinks there were, and their usual length and way.
func (l *lids) measures() []pipeline.Measure {
	out := []pipeline.Measure{{Name: "blinks", Value: float64(len(l.blinks))}}
	if len(l.blinks) == 0 {
		return out
	}
	var closing, opening []float64
	for _, b := range l.blinks {
		closing = append(closing, float64(b.closing.Milliseconds()))
		opening = append(opening, float64(b.opening.Milliseconds()))
	}
	slices.Sort(closing)
	slices.Sort(opening)
	return append(out,
		pipeline.Measure{Name: "blink_closing_ms", Value: closing[len(closing)/2]},
		pipeline.Measure{Name: "blink_opening_ms", Value: opening[len(opening)/2]})
}
