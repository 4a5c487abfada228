package injection

import (
	"time"

	"vivavoce/media"
	"vivavoce/pipeline"
)

// Limits of the network.
const (
	// networkFrames is how many frames must have been seen.
	networkFrames = 120
	// smooth is the jitter below which frames did not come from an encoder that works while it films: of Chromium on this very machine it was
	// 7–24 ms (2026-11-22, 9 sessions beside its own server on two cores).
	smooth = 100 * time.Microsecond
)

// network compares when frames arrived with when the sender says that they were taken. A camera's frames are encoded,
// paced and queued, each for another time; those of a finished file that a program sends by the clock are not. Only on a
// short way does it show: a long one shakes any stream.
type network struct {
	last   media.Link
	frames int
	sum    time.Duration // of how much longer or shorter each frame's way was than the one's before
	rtt    time.Duration // the newest that is known
}

func (n *network) see(f *media.Frame) {
	l := f.Link
	if l.Codec == "" {
		return
	}
	if l.RTT > 0 {
		n.rtt = l.RTT
	}
	if n.frames++; n.frames > 1 {
		taken := time.Duration(l.Ticks-n.last.Ticks) * time.Millisecond / ticksPerMS
		n.sum += (l.Arrived - n.last.Arrived - taken).Abs()
	}
	n.last = l
}

func (n *network) part() part {
	if n.frames < networkFrames {
		return part{}
	}
	p := part{checked: true}
	jitter := n.sum / time.Duration(n.frames-1) // as RFC 3550, 6.4.1, has it, but of the whole session
	p.measure("jitter_ms", ms(jitter))
	if n.rtt > 0 {
		p.measure("rtt_ms", ms(n.rtt))
	}
	if jitter < smooth {
		p.hints = append(p.hints, pipeline.InjectionTooSmooth)
	}
	return p
}
