package injection

import (
	"math"
	"time"

	"vivavoce/pipeline"
)

// Limits of the search for repeats.
const (
	// kept bounds the stills of one session: 50 s at 30 frames a second, 0.7 MB.
	kept, keptEvery = 1500, 30 * time.Millisecond
	// askEvery is how often the newest still is compared with all of them.
	askEvery = 90 * time.Millisecond
	// leastLag is the shortest loop looked for, and leastTurn the shortest way to a mirror: what is
	// nearer in time is alike in any video.
	leastLag, leastTurn = 1200 * time.Millisecond, 600 * time.Millisecond
	// slot is the resolution of lags and mirrors.
	slot = 40 * time.Millisecond
	// longestStep is the longest time between two stills in which a face goes straight.
	longestStep = 400 * time.Millisecond
	// brokenOff is how long nothing may be compared before a stretch is at its end.
	brokenOff = 600 * time.Millisecond
	// tooFar, times what moved, is how far apart a still may be from one that is on its way.
	tooFar = 4
	// mostSlots bounds the tracks: 20 minutes of a session. What comes later is not compared.
	mostSlots = 1 << 16
	// fading is how long a pair of stills counts (e-folding), and heldFor how long a stretch must go on being
	// the same: people make the same gesture twice, which takes a second or so, but not what comes before and
	// after it.
	fading, heldFor = 600 * time.Millisecond, 3 * time.Second
	// pace is the least time between two steps of a track to the slot beside it: a file that is played on a
	// busy machine drifts, by less than slot/pace.
	pace = 250 * time.Millisecond
)

// track adds up how two stretches of video differ, and how much moved in the newer one.
type track struct {
	apart, moved difference    // × s
	seen         float32       // s, fading as the sums do
	held         float32       // s of movement for which the stretches have been the same
	at, stepped  time.Duration // of the newest pair, of the newest step aside
}

// repeats looks in a session for stretches that were shown before, forwards (a loop) or
// backwards (a clip played to and fro).
//
// Pictures of a person who sits still are always alike, so it is movement that must repeat: the
// difference of two stretches is held against how much the newer one moved. And it must be the
// face that moves: lamps that flicker and shadows of a fan repeat themselves before a real camera.
type repeats struct {
	stills [kept]still
	times  [kept]time.Duration
	moving [kept]difference // how much moved, zero where it was not enough
	steps  [kept]difference // from the still before
	n      int              // taken so far
	asked  time.Duration    // PTS of the newest that was compared
	mean   meanStill
	moved  difference // of the newest from it
	loops  tracks     // by lag
	turns  tracks     // by the sum of the two times

	compared time.Duration // video in which something moved and there was a past to compare with
	looped   float32       // s for which a stretch of the past was repeated at most
	turned   float32       // and backwards
}

// see takes the next still.
func (r *repeats) see(s *still, pts time.Duration) {
	dt := time.Duration(0)
	if r.n > 0 {
		if dt = pts - r.times[(r.n-1)%kept]; dt < keptEvery {
			return
		}
	}
	moved := r.mean.shift(s, dt, r.n == 0)
	r.moved = moved
	if r.n > 0 {
		r.steps[r.n%kept] = s.apart(&r.stills[(r.n-1)%kept], farCells)
	}
	r.stills[r.n%kept], r.times[r.n%kept] = *s, pts
	if moved.enough() {
		r.moving[r.n%kept] = moved
	} else {
		r.moving[r.n%kept] = difference{}
	}
	r.n++
	if dt = pts - r.asked; dt < askEvery-slot/4 {
		return
	}
	r.asked = pts
	r.ask(s, moved, pts, min(dt, longestStep))
}

// ask compares the newest still with all that are old enough.
func (r *repeats) ask(s *still, moved difference, pts, dt time.Duration) {
	if !moved.enough() {
		return // nothing to know it by
	}
	if pts-r.times[max(0, r.n-kept)%kept] >= leastLag {
		r.compared += dt
	}
	r.loops.compare()
	r.turns.compare()
	loop := comparison{tracks: &r.loops, moved: moved, pts: pts, dt: dt}
	turn := comparison{tracks: &r.turns, moved: moved, pts: pts, dt: dt}
	for j := max(0, r.n-kept); j < r.n; j++ {
		at := r.times[j%kept]
		if pts-at < leastTurn {
			break
		}
		d := s.apart(&r.stills[j%kept], tooFar*moved.cells)
		if pts-at >= leastLag {
			loop.pass(at, pts-at, d, r.steps[j%kept])
		}
		turn.pass(at, pts+at, d, r.steps[j%kept])
	}
	loop.flush()
	turn.flush()
	r.looped, r.turned = max(r.looped, loop.held), max(r.turned, turn.held)
}

// tracks are those of all lags, or of all mirrors, by slot.
type tracks struct{ now, before []track }

// compare begins the next still's comparisons.
func (t *tracks) compare() {
	t.before = append(t.before[:0], t.now...)
}

// from is the track that leads to slot: of those of the last comparison there and beside it, the one
// whose stretches are most alike.
func (t *tracks) from(slot int, pts time.Duration) (best track) {
	for i := max(0, slot-1); i <= slot+1 && i < len(t.before); i++ {
		k := t.before[i]
		if i != slot {
			if pts-k.stepped < pace {
				continue
			}
			k.stepped = pts
		}
		if pts-k.at > brokenOff { // the stretch was broken off
			continue
		}
		if best.seen == 0 || k.apart.cells*best.moved.cells < best.apart.cells*k.moved.cells {
			best = k
		}
	}
	return best
}

// comparison adds one still's differences from the past to the tracks, the least of each slot.
type comparison struct {
	tracks  *tracks
	moved   difference
	pts, dt time.Duration

	begun     bool // a still of the past was passed:
	at, apart time.Duration
	d         difference

	any   bool // there is a slot to be added to its track:
	slot  int
	least difference

	held float32 // the longest of the tracks'
}

// pass takes the next still of the past, from at, which is the still's own time plus or minus apart: all the
// way from the still before, as a camera of ten frames a second, or a judge who is kept waiting, may have the very moment
// between two of them. step is how far they are apart.
func (c *comparison) pass(at, apart time.Duration, d, step difference) {
	slot, before := int(apart/slot), int(c.apart/slot)
	near := d
	far := tooFar * c.moved.cells
	if gap := at - c.at; c.begun && gap <= longestStep && d.cells <= far && c.d.cells <= far {
		near = between(c.d, d, step)
	} else {
		before = slot
	}
	for ; before != slot; before += sign(slot - before) {
		c.offer(before, near)
	}
	c.offer(slot, near)
	c.begun, c.at, c.apart, c.d = true, at, apart, d
}

func sign(n int) int {
	if n < 0 {
		return -1
	}
	return 1
}

func (c *comparison) offer(slot int, d difference) {
	if slot < 0 || slot >= mostSlots {
		return
	}
	if c.any && slot == c.slot {
		if d.cells < c.least.cells {
			c.least = d
		}
		return
	}
	c.flush()
	c.any, c.slot, c.least = true, slot, d
}

func (c *comparison) flush() {
	if !c.any {
		return
	}
	for len(c.tracks.now) <= c.slot {
		c.tracks.now = append(c.tracks.now, track{})
	}
	k := c.tracks.from(c.slot, c.pts)
	fade, dt := float32(math.Exp(-c.dt.Seconds()/fading.Seconds())), float32(c.dt.Seconds())
	k.at, k.seen = c.pts, k.seen*fade+dt
	k.apart.add(c.least, fade, dt)
	k.moved.add(c.moved, fade, dt)
	if k.held += dt; !k.apart.within(k.moved, k.seen) {
		k.held = 0
	}
	c.tracks.now[c.slot] = k
	c.held = max(c.held, k.held)
	c.any = false
}

// leastCompared is how much movement must have been held against the past for its being new to
// count.
const leastCompared = 2 * time.Second

func (r *repeats) part() part {
	looped, turned := held(r.looped), held(r.turned)
	p := part{checked: r.compared >= leastCompared || looped || turned}
	if looped {
		p.damning = append(p.damning, pipeline.InjectionLoop)
	}
	if turned {
		p.damning = append(p.damning, pipeline.InjectionMirrored)
	}
	p.measure("looped_s", float64(r.looped))
	p.measure("mirrored_s", float64(r.turned))
	return p
}

// held says that stretches have been the same for s seconds, which is long enough.
func held(s float32) bool { return s >= float32(heldFor.Seconds()) }
