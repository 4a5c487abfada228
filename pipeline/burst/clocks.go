package burst

import (
	"time"

	"vivavoce/pipeline"
)

// Bounds of a burst. The element takes 6 to 10 pictures in about a second, and waits for frames of a slow camera.
const (
	leastShots = 6
	leastSpan  = 500 * time.Millisecond
	mostSpan   = 5 * time.Second
	// quickest is the time between frames at 240 a second, the fastest that cameras of browsers give.
	quickest = 4 * time.Millisecond
	// apart is how far the stream's clock and the browser's may be from each other over a burst: the callback for a frame
	// comes some tens of milliseconds late on a busy machine.
	apart = 300 * time.Millisecond
	// slack is how much longer than there was time a burst may be: clocks drift, and the nonce travels.
	slack = 20 * time.Millisecond
)

// clocks looks at the times.
func (c *Capture) clocks() (alone, hints []pipeline.Reason) {
	n := len(c.Burst)
	if n < leastShots {
		return []pipeline.Reason{NoBurst}, nil
	}
	first, last := c.Burst[0], c.Burst[n-1]
	span, media := last.At-first.At, last.Media-first.Media
	if span < leastSpan {
		alone = append(alone, NoBurst)
	}
	impossible := span > mostSpan || (media-span).Abs() > apart || c.Since > 0 && span > c.Since+slack
	even := true
	for i := 1; i < n; i++ {
		a, b := c.Burst[i-1], c.Burst[i]
		gap := b.At - a.At
		impossible = impossible || gap < quickest || b.Media-a.Media < quickest/2 || b.Number <= a.Number ||
			gap < time.Duration(b.Number-a.Number)*quickest-apart
		even = even && gap == first.gap(c.Burst[1])
	}
	if impossible {
		alone = append(alone, Timing)
	}
	if even {
		hints = append(hints, TooEven)
	}
	return alone, hints
}

// gap is the time from s to next.
func (s Shot) gap(next Shot) time.Duration { return next.At - s.At }
