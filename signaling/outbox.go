package signaling

import (
	"errors"
	"sync"
)

// errTooSlow says that the page does not read what it is sent.
var errTooSlow = errors.New("the page reads too slowly")

// outbox is the bounded queue of messages to one page. Many write, one takes.
type outbox struct {
	mu     sync.Mutex
	queue  [][]byte
	limit  int
	closed bool
	code   Code          // why it was closed
	wake   chan struct{} // holds one token when something is new
}

func newOutbox(limit int) *outbox {
	return &outbox{limit: limit, wake: make(chan struct{}, 1)}
}

// put queues data, or returns errTooSlow. After close it drops data.
func (b *outbox) put(data []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil
	}
	if len(b.queue) >= b.limit {
		return errTooSlow
	}
	b.queue = append(b.queue, data)
	b.signal()
	return nil
}

// close queues the last messages, whatever the limit, and lets nothing follow. The
// first close counts.
func (b *outbox) close(c Code, last ...[]byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return
	}
	b.closed, b.code = true, c
	b.queue = append(b.queue, last...)
	b.signal()
}

// take gives the oldest message; closed says that there is none and none follows.
func (b *outbox) take() (data []byte, closed bool, why Code) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.queue) == 0 {
		return nil, b.closed, b.code
	}
	data = b.queue[0]
	b.queue = b.queue[1:]
	return data, false, ""
}

func (b *outbox) signal() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}
