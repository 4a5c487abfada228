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
	// fading is how long a pair of stills counts (e-folding).
	fading = 1500 * time.Millisecond
	// leastSeen is how much video must have been compared.
	leastSeen = 750 * time.Millisecond
)

// track adds up how two stretches of video differ, and how much moved in the newer one.
type track struct {
	apart, moved difference    // × s
	seen         float32       // s, fading as the sums do
	at           time.Duration // of the newest pair
}

// repeated says that the stretches are the same: much moved, and it is not what differs.
func (k *track) repeated() bool {
	return k.seen >= float32(leastSeen.Seconds()) && k.apart.within(k.moved, k.seen)
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
	n      int              // taken so far
	asked  time.Duration    // PTS of the newest that was compared
	mean   meanStill
	loops  []track // by lag, in slots
	turns  []track // by the sum of the two times, in slots

	compared       time.Duration // video in which something moved and there was a past to compare with
	looped, turned bool
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
	r.ask(s, moved, pts, min(dt, 2*askEvery))
}

// ask compares the newest still with all that are old enough.
func (r *repeats) ask(s *still, moved difference, pts, dt time.Duration) {
	past := r.times[max(0, r.n-kept)%kept]
	if pts-past >= leastLag && moved.enough() {
		r.compared += dt
	}
	loop := comparison{tracks: &r.loops, moved: moved, pts: pts, dt: dt}
	turn := comparison{tracks: &r.turns, moved: moved, pts: pts, dt: dt}
	for j := max(0, r.n-kept); j < r.n; j++ {
		at := r.times[j%kept]
		if pts-at < leastTurn {
			break
		}
		d := s.apart(&r.stills[j%kept])
		if pts-at >= leastLag {
			loop.offer(int((pts-at)/slot), d)
		}
		turn.offer(int((pts+at)/slot), d)
	}
	loop.flush()
	turn.flush()
	r.looped = r.looped || loop.found
	r.turned = r.turned || turn.found
}

// comparison adds one still's differences from the past to the tracks, the least of each slot.
type comparison struct {
	tracks  *[]track
	moved   difference
	pts, dt time.Duration

	any   bool
	slot  int
	least difference
	found bool
}

func (c *comparison) offer(slot int, d difference) {
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
	for len(*c.tracks) <= c.slot {
		*c.tracks = append(*c.tracks, track{})
	}
	k := &(*c.tracks)[c.slot]
	if c.pts-k.at > 4*askEvery { // the stretch was broken off
		*k = track{}
	}
	fade, dt := float32(math.Exp(-c.dt.Seconds()/fading.Seconds())), float32(c.dt.Seconds())
	k.at, k.seen = c.pts, k.seen*fade+dt
	k.apart.add(c.least, fade, dt)
	k.moved.add(c.moved, fade, dt)
	c.found = c.found || k.repeated()
	c.any = false
}

// leastCompared is how much movement must have been held against the past for its being new to
// count.
const leastCompared = 2 * time.Second

func (r *repeats) part() part {
	p := part{checked: r.compared >= leastCompared || r.looped || r.turned}
	if r.looped {
		p.damning = append(p.damning, pipeline.InjectionLoop)
	}
	if r.turned {
		p.damning = append(p.damning, pipeline.InjectionMirrored)
	}
	return p
}
