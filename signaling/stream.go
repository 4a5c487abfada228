package signaling

import "sync"

// event is one message as event streams send it.
type event struct {
	id   uint64 // from 1
	kind string
	data []byte // JSON
}

// stream keeps the last events of a session for those who listen, now or later.
type stream struct {
	mu     sync.Mutex
	events []event
	limit  int
	last   uint64 // id of the newest
	ended  bool
	joined int           // listeners
	wake   chan struct{} // closed when something is new
}

func newStream(limit int) *stream {
	return &stream{limit: limit, wake: make(chan struct{})}
}

// tell appends an event; the oldest makes room. After end it does nothing.
func (s *stream) tell(kind string, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	s.last++
	if len(s.events) == s.limit {
		copy(s.events, s.events[1:])
		s.events = s.events[:s.limit-1]
	}
	s.events = append(s.events, event{s.last, kind, data})
	s.signal()
}

// end says that nothing follows, and keeps only the last of what was told: an
// ended session is remembered for its verdict.
func (s *stream) end(keep int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	s.ended = true
	s.events = append([]event(nil), s.events[max(0, len(s.events)-keep):]...)
	s.signal()
}

// after returns the events with a higher id, a channel that closes when there are
// more, and whether there will be none.
func (s *stream) after(id uint64) (events []event, more <-chan struct{}, ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, e := range s.events {
		if e.id > id {
			return append(events, s.events[i:]...), s.wake, s.ended
		}
	}
	return nil, s.wake, s.ended
}

// join counts a listener in, unless there are limit already.
func (s *stream) join(limit int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.joined >= limit {
		return false
	}
	s.joined++
	return true
}

func (s *stream) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.joined--
}

func (s *stream) signal() {
	close(s.wake)
	s.wake = make(chan struct{})
}
