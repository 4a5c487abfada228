package signaling

import "sync"

// trickle holds the server's candidates back until the page has the answer that
// they belong to.
type trickle struct {
	mu      sync.Mutex
	open    bool
	waiting []Candidate
}

// pass gives c to send, or keeps it for release.
func (t *trickle) pass(c Candidate, send func(Message)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.open {
		t.waiting = append(t.waiting, c)
		return
	}
	send(c)
}

// release sends first and then what waited.
func (t *trickle) release(first Message, send func(Message)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open = true
	send(first)
	for _, c := range t.waiting {
		send(c)
	}
	t.waiting = nil
}
