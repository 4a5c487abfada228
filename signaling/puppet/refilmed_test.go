package puppet

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/media/recapture"
	"vivavoce/pipeline"
)

// blinker is a performance of grey pictures that hears.
type blinker struct {
	heard []pipeline.Step
	dark  time.Duration
}

func (b *blinker) Size() (width, height int)                  { return 64, 48 }
func (b *blinker) Hear(step pipeline.Step, now time.Duration) { b.heard = append(b.heard, step) }
func (b *blinker) Paint(f *media.Frame, now time.Duration) error {
	if now >= b.dark {
		return fmt.Errorf("blink: %w", ErrDark)
	}
	for i := range f.Y {
		f.Y[i] = byte(100 + now/time.Millisecond/10)
	}
	for i := range f.Cb {
		f.Cb[i], f.Cr[i] = 128, 128
	}
	return nil
}

func TestRefilmed(t *testing.T) {
	what := &blinker{dark: time.Second}
	r, err := NewRefilmed(what, nil, recapture.Draw(recapture.Screen, recapture.Test, 1), recapture.Rig{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	r.Hear(pipeline.Step{Kind: pipeline.StepDigit, Digit: 3}, 0)
	if len(what.heard) != 1 {
		t.Error("the performance did not hear the prompt")
	}
	var pool media.Pool
	f := pool.Get(r.Size())
	if err := r.Paint(f, 500*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	changed := 0
	for _, v := range f.Y {
		if v != 150 {
			changed++
		}
	}
	if changed < len(f.Y)/2 {
		t.Errorf("%d of %d samples changed: nothing lies between the performance and the camera", changed, len(f.Y))
	}
	if err := r.Paint(f, time.Second); !errors.Is(err, ErrDark) {
		t.Errorf("err = %v, want %v", err, ErrDark)
	}
}
