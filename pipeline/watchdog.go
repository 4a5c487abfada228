package pipeline

import "time"

// watchdog is a moment of the wall clock and what ends then.
type watchdog struct {
	at     time.Time
	reason Reason
	warn   bool // only tell the person that pictures stopped
}

// dogs returns the watchdogs of the state. Every state has at least one that
// needs no frame to bite.
func (r *run) dogs() []watchdog {
	t := r.o.Timing
	lost := watchdog{at: r.lastFrame.Add(t.MediaLost), reason: SessionNoMedia}
	if r.recording() {
		// A recording's length is bounded by its source; that it stalls, here.
		return []watchdog{lost}
	}
	dogs := []watchdog{{at: r.began.Add(t.Whole), reason: SessionExpired}}
	if r.frames > 0 && !r.gap {
		dogs = append(dogs, watchdog{at: r.lastFrame.Add(t.MediaGap), warn: true})
	}
	switch r.state {
	case Framing:
		reason := r.unframed()
		if r.frames == 0 || time.Since(r.lastFrame) >= t.MediaLost {
			reason = SessionNoMedia
		}
		dogs = append(dogs, watchdog{at: r.entered.Add(t.Framing), reason: reason})
	case Challenging:
		limit := watchdog{at: r.entered.Add(t.challenge(r.steps)), reason: SessionExpired}
		dogs = append(dogs, lost, limit)
	}
	return dogs
}

// nextWatchdog is how long to wait for a frame.
func (r *run) nextWatchdog(now time.Time) time.Duration {
	wait := r.o.Timing.Whole
	for _, d := range r.dogs() {
		wait = min(wait, d.at.Sub(now))
	}
	return max(wait, 0)
}

// watchdogs lets those bite that are due, the earliest first.
func (r *run) watchdogs(now time.Time) {
	var first watchdog
	for _, d := range r.dogs() {
		if now.Before(d.at) {
			continue
		}
		if d.warn {
			r.gap = true
			r.tellHint()
			continue
		}
		if first.reason == "" || d.at.Before(first.at) {
			first = d
		}
	}
	if first.reason != "" {
		r.end(first.reason)
	}
}
