package file

import (
	"time"

	"vivavoce/media/codec"
)

// usual is how long a frame lasts where the container does not tell.
const usual = 40 * time.Millisecond

// clock turns a container's times into PTS from 0 that never fall, over any number
// of rounds. The zero clock is ready.
type clock struct {
	running bool
	first   time.Duration // the container's time of this round's first frame
	base    time.Duration // PTS of this round's first frame
	last    time.Duration // PTS of the last frame
	step    time.Duration // between the last two frames
}

// at is the PTS of a frame of container time t.
func (c *clock) at(t time.Duration) time.Duration {
	if !c.running {
		c.running, c.first, c.last = true, t, c.base
		if t == codec.NoPTS {
			c.first = 0
		}
		return c.last
	}
	pts := c.base + t - c.first
	if t == codec.NoPTS {
		pts = c.last + c.lasting()
	}
	pts = max(pts, c.last)
	c.step, c.last = pts-c.last, pts
	return pts
}

// sound is the PTS of sound of container time t, of the same round.
func (c *clock) sound(t time.Duration) time.Duration { return c.base + t - c.first }

// played is how much of this round has been given.
func (c *clock) played() time.Duration { return c.last - c.base }

// restart begins the next round where the last frame has been shown.
func (c *clock) restart() {
	*c = clock{base: c.last + c.lasting(), step: c.step}
}

func (c *clock) lasting() time.Duration {
	if c.step <= 0 {
		return usual
	}
	return c.step
}
