package pipeline

import (
	"context"
	"errors"
	"time"

	"vivavoce/media"
)

// errLate says that no frame came within the time given.
var errLate = errors.New("no frame in time")

// feed pulls a source from a goroutine of its own, one frame at a time and only when
// one is asked for, so that waiting can end while the source still blocks, and
// so that no stale frame waits here.
type feed struct {
	want   chan struct{}
	got    chan arrival
	timer  *time.Timer
	asked  bool // a frame was asked for that did not come yet
	cancel context.CancelFunc
	ended  chan struct{}
}

type arrival struct {
	frame *media.Frame
	err   error
}

// newFeed starts the goroutine; stop ends it.
func newFeed(ctx context.Context, src media.Source) *feed {
	ctx, cancel := context.WithCancel(ctx)
	f := &feed{
		want: make(chan struct{}, 1), got: make(chan arrival),
		timer: time.NewTimer(time.Hour), cancel: cancel, ended: make(chan struct{}),
	}
	go func() {
		defer close(f.ended)
		f.pull(ctx, src)
	}()
	return f
}

func (f *feed) pull(ctx context.Context, src media.Source) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.want:
		}
		frame, err := src.Next(ctx)
		select {
		case f.got <- arrival{frame, err}:
		case <-ctx.Done():
			frame.Release()
			return
		}
	}
}

// next returns the next frame, which the caller must release; errLate when none
// came within wait; or the error of the source or of ctx.
func (f *feed) next(ctx context.Context, wait time.Duration) (*media.Frame, error) {
	if !f.asked {
		f.want <- struct{}{}
		f.asked = true
	}
	f.timer.Reset(wait)
	select {
	case a := <-f.got:
		f.asked = false
		return a.frame, a.err
	case <-f.timer.C:
		return nil, errLate
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// stop ends the goroutine and waits for it. The source must heed its context.
func (f *feed) stop() {
	f.timer.Stop()
	f.cancel()
	<-f.ended
}
