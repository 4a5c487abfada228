package pipeline

import (
	"errors"
	"sync"
	"time"

	"vivavoce/media"
)

// ErrNotShown says that a prompt was acknowledged that has not been shown.
var ErrNotShown = errors.New("the step was not prompted yet")

// acks takes acknowledgements of prompts from any goroutine to the attempt's.
type acks struct {
	mu   sync.Mutex
	sent []time.Time // of the steps prompted so far
	at   map[int]time.Time
}

// prompt notes that one more step is on its way to the screen.
func (a *acks) prompt() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sent = append(a.sent, time.Now())
}

// shown notes that step index is on the screen now. The first time counts.
func (a *acks) shown(index int) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if index < 0 || index >= len(a.sent) {
		return ErrNotShown
	}
	if a.at == nil {
		a.at = make(map[int]time.Time)
	}
	if _, ok := a.at[index]; !ok {
		a.at[index] = time.Now()
	}
	return nil
}

// of returns when step index, which was prompted, was acknowledged, and how long after it was sent.
func (a *acks) of(index int) (at time.Time, after time.Duration, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	at, ok = a.at[index]
	return at, at.Sub(a.sent[index]), ok
}

// mediaClock tells which PTS is being captured at a moment of the wall clock: that moment
// less the shortest way that a frame took lately. The acknowledgement
// travels the same way as the frames, so it is compared with the fastest of them;
// those that queued somewhere would make a person look quicker than they are.
type mediaClock struct {
	last       time.Duration // PTS of the newest frame
	known      bool          // frames say when they arrived
	base       time.Time     // of the offsets, so that they fit
	now, prior time.Duration // smallest arrival − PTS of this window and the one before
	turned     time.Duration // PTS at which this window began
}

// lately is how long a window of mediaClock is: long enough to hold some frames that
// did not queue, short enough to follow a route that changed.
const lately = 3 * time.Second

func (c *mediaClock) frame(f *media.Frame) {
	c.last = f.PTS
	if f.Arrived.IsZero() {
		return
	}
	if !c.known {
		c.known, c.base, c.turned = true, f.Arrived, f.PTS
		c.now, c.prior = -f.PTS, -f.PTS
	}
	way := f.Arrived.Sub(c.base) - f.PTS
	if f.PTS-c.turned >= lately {
		c.prior, c.now, c.turned = c.now, way, f.PTS
	}
	c.now = min(c.now, way)
}

// at returns the PTS captured at t. Without arrival times it is the newest frame's.
func (c *mediaClock) at(t time.Time) time.Duration {
	if !c.known {
		return c.last
	}
	return t.Sub(c.base) - min(c.now, c.prior)
}
