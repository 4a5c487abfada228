package webrtc

import "time"

// clockSlack is how far a sender's clock may run from ours before it is set
// right. A first key frame squeezed through a slow link is up to two seconds
// late against the frames that follow it; honest clocks differ by 100 ppm, 60 ms
// in ten minutes.
const clockSlack = 2 * time.Second

// senderClock turns RTP timestamps into PTS. The rule:
//
//   - PTS is the timestamp at 90 kHz, unwrapped, counted from the first frame;
//   - where that is more than clockSlack ahead of or behind the time since the
//     first frame arrived, or behind the last PTS, it is clamped: PTS becomes the
//     time by arrival (never less than the last), the sender's clock runs on from
//     there, and clamped counts it.
//
// So a jump, a clock that runs fast, slow or backwards can bend time by the slack
// and no more, and each correction is counted.
type senderClock struct {
	started bool
	arrived time.Time     // of the first frame
	lastTS  uint32        // of the last frame
	raw     time.Duration // sender's time of the last frame, corrections included
	last    time.Duration // the last PTS given
	ticks   int64         // since the last correction, so that rounding does not add up
	base    time.Duration // raw at the last correction
	clamped uint64
}

func (c *senderClock) pts(ts uint32, arrived time.Time) time.Duration {
	if !c.started {
		c.started, c.arrived, c.lastTS = true, arrived, ts
		return 0
	}
	c.ticks += int64(int32(ts - c.lastTS))
	c.lastTS = ts
	c.raw = c.base + ticks90k(c.ticks)
	elapsed := arrived.Sub(c.arrived)
	if c.raw < c.last || c.raw > elapsed+clockSlack || c.raw < elapsed-clockSlack {
		c.clamped++
		c.base, c.ticks = max(c.last, elapsed), 0
		c.raw = c.base
	}
	c.last = c.raw
	return c.last
}

// ticks90k converts ticks of 1/90,000 s. Ten years of them times 100,000 fit.
func ticks90k(n int64) time.Duration { return time.Duration(n * 100_000 / 9) }
