package camera

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"vivavoce/media"
)

// retry is how often a missing camera is looked for: a person who plugs it in waits
// about as long as it takes to look up.
const retry = time.Second

// Lasting is a [media.Source] of a camera that may come and go: Next waits while it
// is away. Not for concurrent use.
type Lasting struct {
	options Options
	find    finder
	changed func(error)

	source *Source
	why    error // what changed was last told
	begun  bool  // changed was told something
	at     point
	closed bool
}

// NewLasting returns a source that opens o's camera when Next is called. changed is
// told, from Next, why there are no frames (ErrAbsent, ErrBusy, ErrDenied,
// ErrUnplugged), once for each reason, and nil when they come; nil changed is allowed.
func NewLasting(o Options, changed func(error)) (*Lasting, error) {
	if _, err := o.withDefaults(); err != nil {
		return nil, err
	}
	if changed == nil {
		changed = func(error) {}
	}
	return &Lasting{options: o, find: discover, changed: changed}, nil
}

// Next implements [media.Source]. Only ctx and Close end it. PTS runs on while the
// camera is away; Seq jumps by one there, so that the gap shows.
func (l *Lasting) Next(ctx context.Context) (*media.Frame, error) {
	for {
		if l.closed {
			return nil, fmt.Errorf("camera: %w", os.ErrClosed)
		}
		f, err := l.next(ctx)
		if err == nil {
			l.tell(nil)
			l.at.seq = f.Seq + 1
			if l.at.start.IsZero() {
				l.at.start = f.Arrived.Add(-f.PTS)
			}
			return f, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		l.tell(err)
		l.drop()
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(retry):
		}
	}
}

func (l *Lasting) next(ctx context.Context) (*media.Frame, error) {
	if l.source == nil {
		from := l.at
		if !from.start.IsZero() {
			from.seq++
		}
		s, err := open(l.options, l.find, from)
		if err != nil {
			return nil, err
		}
		l.source = s
	}
	return l.source.Next(ctx)
}

// tell passes a reason on when it is a new one.
func (l *Lasting) tell(err error) {
	if l.begun && reason(err) == reason(l.why) {
		return
	}
	l.begun, l.why = true, err
	l.changed(err)
}

func reason(err error) error {
	for _, r := range []error{ErrAbsent, ErrBusy, ErrDenied, ErrUnplugged} {
		if errors.Is(err, r) {
			return r
		}
	}
	return err
}

func (l *Lasting) drop() {
	if l.source != nil {
		_ = l.source.Close()
		l.source = nil
	}
}

// Close stops the camera; see [Source.Close] for how long that takes. Not while
// Next runs.
func (l *Lasting) Close() error {
	l.closed = true
	l.drop()
	return nil
}
