package signaling

import (
	"context"
	"sync"
	"time"

	"vivavoce/pipeline"
)

// store holds the sessions of one process, running and remembered.
type store struct {
	o       *Options
	replace bool // a new session ends the one before: a kiosk

	mu       sync.Mutex
	sessions map[string]*Session
	order    []*Session // as created; the oldest first
	draining bool
}

func newStore(o *Options) *store {
	return &store{o: o, sessions: map[string]*Session{}}
}

// create makes a session and its token, or says full or draining. One that keeps its
// slot takes it now. Others take one at hello, so that nobody fills a server with
// sessions that no page comes for; their number alone is bounded here.
func (st *store) create(now time.Time, keeps bool) (*Session, string, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.draining {
		return nil, "", &ProtocolError{CodeDraining, "the server is going down"}
	}
	st.sweepLocked(now)
	if st.replace {
		st.stopLocked(cancelled())
	}
	if st.fullLocked() || !keeps && st.pendingLocked() >= st.o.Limits.Pending {
		return nil, "", &ProtocolError{CodeFull, "every slot is taken"}
	}
	token := newToken()
	s := newSession(token, now, st.o)
	s.keeps = keeps
	st.sessions[s.id] = s
	st.order = append(st.order, s)
	return s, token, nil
}

// claim makes s the page's, if there is a slot.
func (st *store) claim(s *Session, token string, now time.Time, cancel context.CancelCauseFunc) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	return s.claim(token, now, st.fullLocked(), cancel)
}

// full says whether every slot is taken.
func (st *store) full() bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.fullLocked()
}

func (st *store) fullLocked() bool {
	return !st.replace && st.countLocked((*Session).slot) >= st.o.Limits.Sessions
}

// pendingLocked counts the sessions that no page has come for.
func (st *store) pendingLocked() int {
	return st.countLocked(func(s *Session) bool { return !s.slot() && !s.over() })
}

func (st *store) countLocked(is func(*Session) bool) int {
	n := 0
	for _, s := range st.order {
		if is(s) {
			n++
		}
	}
	return n
}

func (st *store) find(id string) (*Session, bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	s, ok := st.sessions[id]
	return s, ok
}

// active counts the sessions that are not over.
func (st *store) active() int {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.countLocked(func(s *Session) bool { return !s.over() })
}

// sweep expires sessions whose page did not come and forgets the old ones.
func (st *store) sweep(now time.Time) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.sweepLocked(now)
}

func (st *store) sweepLocked(now time.Time) {
	over := 0
	for _, s := range st.order {
		if s.unclaimed(now) {
			s.stop(&ending{State: StateExpired, Reason: pipeline.SessionExpired})
		}
		if s.over() {
			over++
		}
	}
	kept := st.order[:0]
	for _, s := range st.order {
		surplus := over > st.o.Limits.Remembered && s.over()
		if !surplus && !s.forgettable(now, st.o.Timing.Remember) {
			kept = append(kept, s)
			continue
		}
		over--
		delete(st.sessions, s.id)
		s.metrics.moved(s.status().State, "")
	}
	clear(st.order[len(kept):])
	st.order = kept
}

// drain refuses new sessions from now on and ends those without a page.
func (st *store) drain() {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.draining = true
	for _, s := range st.order {
		if s.status().State == StateCreated {
			s.stop(draining())
		}
	}
}

func (st *store) isDraining() bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.draining
}

// stop ends every session that is not over.
func (st *store) stop(why *ending) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.stopLocked(why)
}

func (st *store) stopLocked(why *ending) {
	for _, s := range st.order {
		if !s.over() {
			s.stop(why)
		}
	}
}
