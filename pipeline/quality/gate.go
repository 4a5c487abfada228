package quality

import (
	"time"

	"vivavoce/pipeline"
)

// How long a measure must stay beyond its threshold, and how long a hint stays up.
const (
	enterAfter = 200 * time.Millisecond
	leaveAfter = 300 * time.Millisecond
	holdFor    = 500 * time.Millisecond
)

// gate turns a condition that may flicker into one that does not.
type gate struct {
	active  bool
	seen    bool // a condition was given before
	pending bool // the condition differs from active
	since   time.Duration
}

// update takes the condition at pts. The first one counts at once: nothing was
// said before that it could flicker against.
func (g *gate) update(pts time.Duration, bad bool) {
	if !g.seen {
		*g = gate{seen: true, active: bad}
		return
	}
	if bad == g.active {
		g.pending = false
		return
	}
	if !g.pending {
		g.pending, g.since = true, pts
	}
	wait := enterAfter
	if g.active {
		wait = leaveAfter
	}
	if pts-g.since >= wait {
		g.active, g.pending = bad, false
	}
}

// clear says that the condition does not hold now, whatever was seen.
func (g *gate) clear() { *g = gate{seen: true} }

// sign shows one hint at a time and no more than one change in holdFor.
type sign struct {
	hint    pipeline.Hint
	changed time.Duration
	used    bool
}

// show returns the hint to show at pts when want is the most useful one.
func (s *sign) show(pts time.Duration, want pipeline.Hint) pipeline.Hint {
	urgent := !s.used || want.Code == NoFace
	if want != s.hint && (urgent || pts-s.changed >= holdFor) {
		s.hint, s.changed, s.used = want, pts, true
	}
	return s.hint
}
