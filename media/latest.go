package media

import (
	"context"
	"sync"
)

// Latest is a Source of one frame's depth: what is put in replaces what was not
// taken yet, so a slow consumer sees fresh pictures and never a queue.
type Latest struct {
	mu       sync.Mutex
	frame    *Frame
	err      error
	replaced uint64
	wake     chan struct{} // holds one token when frame or err is new
}

// NewLatest returns an empty Latest.
func NewLatest() *Latest { return &Latest{wake: make(chan struct{}, 1)} }

// Put takes ownership of f. A frame that waited is released and counted as
// replaced. After Close, f is released at once.
func (l *Latest) Put(f *Frame) {
	l.mu.Lock()
	old := f
	if l.err == nil {
		old, l.frame = l.frame, f
		if old != nil {
			l.replaced++
		}
	}
	l.mu.Unlock()
	old.Release()
	l.signal()
}

// Close ends the source: a waiting frame is still given, then Next returns err.
// The first Close counts. err must not be nil; io.EOF is a good end.
func (l *Latest) Close(err error) {
	l.mu.Lock()
	if l.err == nil {
		l.err = err
	}
	l.mu.Unlock()
	l.signal()
}

// Next implements Source. A done context wins over a waiting frame.
func (l *Latest) Next(ctx context.Context) (*Frame, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if f, err := l.take(); f != nil || err != nil {
			return f, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-l.wake:
		}
	}
}

// Replaced counts frames that a newer one pushed out.
func (l *Latest) Replaced() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.replaced
}

func (l *Latest) take() (*Frame, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.frame
	l.frame = nil
	if f == nil {
		return nil, l.err
	}
	return f, nil
}

func (l *Latest) signal() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}
