package puppet

import (
	"time"

	"vivavoce/media"
	"vivavoce/pipeline"
)

// Handover performs what one performance does, and from a moment on what another of the same size does: a person who
// leaves their place to somebody else. Both hear all prompts.
type Handover struct {
	first, second Performance
	at            time.Duration
}

// NewHandover returns first until at, on the puppet's clock, and then second.
func NewHandover(first, second Performance, at time.Duration) *Handover {
	return &Handover{first, second, at}
}

// Size implements Performance.
func (h *Handover) Size() (width, height int) { return h.first.Size() }

// Hear implements Performance.
func (h *Handover) Hear(step pipeline.Step, now time.Duration) {
	h.first.Hear(step, now)
	h.second.Hear(step, now)
}

// Paint implements Performance.
func (h *Handover) Paint(f *media.Frame, now time.Duration) error {
	if now < h.at {
		return h.first.Paint(f, now)
	}
	return h.second.Paint(f, now)
}
