package puppet

import (
	"errors"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/pipeline"
)

func TestHandover(t *testing.T) {
	first, second := &blinker{dark: time.Second}, &blinker{dark: 3 * time.Second}
	h := NewHandover(first, second, 2*time.Second)
	h.Hear(pipeline.Step{Kind: pipeline.StepDigit, Digit: 3}, 0)
	if len(first.heard) != 1 || len(second.heard) != 1 {
		t.Errorf("heard %d and %d prompts, want 1 each", len(first.heard), len(second.heard))
	}
	var pool media.Pool
	f := pool.Get(h.Size())
	for at, dark := range map[time.Duration]bool{900 * time.Millisecond: false, 1900 * time.Millisecond: true, 2100 * time.Millisecond: false, 3 * time.Second: true} {
		if err := h.Paint(f, at); errors.Is(err, ErrDark) != dark {
			t.Errorf("at %v %v, want dark %v", at, err, dark)
		}
	}
}
