package webrtc

import "time"

// How far a sender's clock may stray from arrival. The fastest path is the smallest
// arrival − PTS seen while the clock settles.
const (
	// clockSettle: a first key frame squeezed through a slow link is late against
	// the frames that follow it, so the fastest path is sought for this long.
	clockSettle = 2 * time.Second
	// clockLag is how late a frame may be, behind the fastest path, and the first
	// frame behind those that follow: as long as queues on the way become.
	clockLag = 2 * time.Second
	// clockAhead is how early a frame may be, before the fastest path: what the
	// first seconds may have missed of it.
	clockAhead = 150 * time.Millisecond
	// clockJump is by how much PTS may grow more than arrival from one frame to the
	// next: jitter (200 ms) and a frame's own time. A lag is caught up in steps.
	clockJump = 250 * time.Millisecond
	// clockDrift is how fast the fastest path may become faster, in parts of time:
	// 200 ppm, twice what capture clocks drift.
	clockDrift = 5000
	// clockStep keeps PTS growing where arrival does not.
	clockStep = time.Millisecond
)

// senderClock turns RTP timestamps into PTS. The rule:
//
//   - PTS is the timestamp at 90 kHz, unwrapped, counted from the first frame;
//   - it is clamped to at most clockAhead before and clockLag behind the fastest
//     path, and a timestamp that goes back counts as the time by arrival; the
//     sender's clock then runs on from the clamped PTS;
//   - once settled, a PTS that outgrows arrival by more than clockJump is clamped to
//     that, and the next frames catch up;
//   - it grows with every new timestamp. clamped counts the corrections.
//
// So once settled, a sender that feigns a queue can hide clockLag + clockAhead
// (2.15 s) of real time, give back clockJump a frame, and hide it again; it cannot
// be told from a queue by time alone. All else is clamped and counted.
type senderClock struct {
	started bool
	first   time.Time     // arrival of the first frame
	elapsed time.Duration // since then, of the latest arrival: retransmissions overtake
	lastTS  uint32        // of the last frame
	raw     time.Duration // sender's time of the last frame, corrections included
	last    time.Duration // the last PTS given
	ticks   int64         // since the last correction, so that rounding does not add up
	base    time.Duration // raw at the last correction
	path    time.Duration // the fastest: the smallest elapsed − raw
	settled time.Duration // path when the clock settled
	clamped uint64
}

// pts gives the PTS of the next frame; the same again for the same timestamp.
func (c *senderClock) pts(ts uint32, arrived time.Time) time.Duration {
	if !c.started {
		c.started, c.first, c.lastTS = true, arrived, ts
		return 0
	}
	if ts == c.lastTS {
		return c.last
	}
	elapsed := max(c.elapsed, arrived.Sub(c.first))
	gap := elapsed - c.elapsed
	c.elapsed = elapsed
	step := int64(int32(ts - c.lastTS))
	c.ticks, c.lastTS = c.ticks+step, ts
	c.raw = c.base + ticks90k(c.ticks)
	if step < 0 {
		c.correct(c.last + gap)
	}
	c.seek()
	if earliest, latest := elapsed-c.path-clockLag, elapsed-c.path+clockAhead; c.raw > latest {
		c.correct(latest)
	} else if c.raw < earliest {
		c.correct(earliest)
	}
	pts := c.raw
	if most := c.last + gap + clockJump; pts > most && elapsed > clockSettle {
		c.clamped++
		pts = most
	}
	c.last = max(pts, c.last+clockStep)
	return c.last
}

// seek follows the fastest path: freely while the clock settles, then no faster
// than clocks drift.
func (c *senderClock) seek() {
	lowest := -clockLag
	if c.elapsed > clockSettle {
		lowest = c.settled - (c.elapsed-clockSettle)/clockDrift
	}
	c.path = min(c.path, max(c.elapsed-c.raw, lowest))
	if c.elapsed <= clockSettle {
		c.settled = c.path
	}
}

// correct makes the sender's clock run on from t.
func (c *senderClock) correct(t time.Duration) {
	c.clamped++
	c.base, c.ticks, c.raw = t, 0, t
}

// ticks90k converts ticks of 1/90,000 s. Ten years of them times 100,000 fit.
func ticks90k(n int64) time.Duration { return time.Duration(n * 100_000 / 9) }
