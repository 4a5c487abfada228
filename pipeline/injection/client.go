package injection

import (
	"slices"
	"time"

	"vivavoce/pipeline"
)

// Limits of acknowledgements.
const (
	// clientAcks is how many must have come.
	clientAcks = 6
	// painted is the least time in which a page can say that a step is on the screen: it waits for two frames
	// (page/session.js), which at 240 a second take between 4 and 8 ms.
	painted = 4 * time.Millisecond
	// evenAcks is the standard deviation below which they did not wait for a screen: a message comes at any time
	// between two frames, which spreads them by 1.2 ms at 240 frames a second and by 4.8 at 60 (a uniform distribution's; Chromium's was 4.3 ms and more in 9 sessions, the quickest
	// acknowledgement 16 ms).
	evenAcks = 300 * time.Microsecond
)

// client watches how long after its sending each prompt is said to be on the screen. Who never says so is not checked.
type client struct {
	next  int // index of the first prompt that may still count
	times []time.Duration
}

func (c *client) see(p *pipeline.Prompt) {
	if p == nil || !p.Acked || p.Index < c.next || len(c.times) >= 64 {
		return
	}
	c.next = p.Index + 1
	c.times = append(c.times, p.AckedAfter)
}

func (c *client) part() part {
	if len(c.times) < clientAcks {
		return part{}
	}
	p := part{checked: true}
	mean, spread := lie(c.times)
	p.measure("fastest_ack_ms", ms(slices.Min(c.times)))
	p.measure("ack_spread_ms", spread)
	if mean < ms(painted) || spread < ms(evenAcks) {
		p.hints = append(p.hints, pipeline.InjectionNotPainted)
	}
	return p
}
