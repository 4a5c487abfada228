package signaling

import (
	"context"
	"slices"
	"sync"
	"time"

	"vivavoce/pipeline"
)

// roster holds the sessions of this node until their end is in the [ledger].
type roster struct {
	o       *Options
	ledger  *ledger
	replace bool // a new session ends the one before: a kiosk
	saving  sync.WaitGroup
	closing chan struct{} // closed when nothing is tried again

	mu       sync.Mutex
	sessions map[string]*Session
	order    []*Session // as created; the oldest first
	draining bool
}

func newRoster(o *Options, l *ledger) *roster {
	return &roster{o: o, ledger: l, sessions: map[string]*Session{}, closing: make(chan struct{})}
}

// add takes a new session in, or says full or draining. One that keeps its
// slot takes it now. Others take one at hello, so that nobody fills a server with
// sessions that no page comes for; their number alone is bounded here. A tenant has at
// most so many at once; 0 is as many as there are.
func (st *roster) add(s *Session, most int) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.draining {
		return &ProtocolError{CodeDraining, "the server is going down"}
	}
	st.sweepLocked(s.record.Created)
	if st.replace {
		st.stopLocked(cancelled())
	}
	if st.fullLocked() || !s.keeps && st.pendingLocked() >= st.o.Limits.Pending {
		return &ProtocolError{CodeFull, "every slot is taken"}
	}
	if most > 0 && st.countLocked(func(o *Session) bool { return o.record.Tenant == s.record.Tenant && !o.over() }) >= most {
		return &ProtocolError{CodeTooMany, "more sessions at once than the tenant may have"}
	}
	if s.siblings > 0 && st.countLocked(func(o *Session) bool { return o.record.Subject == s.record.Subject && !o.over() }) >= s.siblings {
		return &ProtocolError{CodeTooMany, "more sessions at once than the subject may fail"}
	}
	s.save = st.save
	s.metrics.moved("", StateCreated)
	st.sessions[s.id] = s
	st.order = append(st.order, s)
	return nil
}

// save writes the end of s into the ledger and forgets s then. A store that is lost is
// tried again for as long as the process runs: until then this node alone knows the verdict.
func (st *roster) save(s *Session) {
	st.saving.Go(func() {
		for pause := firstPause; ; pause = min(2*pause, lastPause) {
			err := st.ledger.end(context.Background(), s)
			if err == nil {
				break
			}
			s.metrics.storeFailed("end")
			st.o.Logger.Error("the end of a session is not stored yet", "session", s.id, "err", err)
			select {
			case <-st.closing:
				return
			case <-time.After(pause):
			}
		}
		st.forget(s)
	})
}

// How long to wait before the end of a session is written again.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = 10 * time.Second
)

func (st *roster) forget(s *Session) {
	st.mu.Lock()
	defer st.mu.Unlock()
	delete(st.sessions, s.id)
	st.order = slices.DeleteFunc(st.order, func(o *Session) bool { return o == s })
}

// claim makes s the page's, if there is a slot.
func (st *roster) claim(s *Session, token string, now time.Time, cancel context.CancelCauseFunc) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	return s.claim(token, now, st.fullLocked(), cancel)
}

// full says whether every slot is taken.
func (st *roster) full() bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.fullLocked()
}

func (st *roster) fullLocked() bool {
	return !st.replace && st.countLocked((*Session).slot) >= st.o.Limits.Sessions
}

// pendingLocked counts the sessions that no page has come for.
func (st *roster) pendingLocked() int {
	return st.countLocked(func(s *Session) bool { return !s.slot() && !s.over() })
}

func (st *roster) countLocked(is func(*Session) bool) int {
	n := 0
	for _, s := range st.order {
		if is(s) {
			n++
		}
	}
	return n
}

func (st *roster) find(id string) (*Session, bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	s, ok := st.sessions[id]
	return s, ok
}

// active counts the sessions that are not over.
func (st *roster) active() int {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.countLocked(func(s *Session) bool { return !s.over() })
}

// sweep expires sessions whose page did not come.
func (st *roster) sweep(now time.Time) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.sweepLocked(now)
}

func (st *roster) sweepLocked(now time.Time) {
	for _, s := range st.order {
		if s.unclaimed(now) {
			s.stop(&ending{State: StateExpired, Reason: pipeline.SessionExpired})
		}
	}
}

// drain refuses new sessions from now on and ends those without a page.
func (st *roster) drain() {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.draining = true
	for _, s := range st.order {
		if s.now().State == StateCreated {
			s.stop(draining())
		}
	}
}

func (st *roster) isDraining() bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.draining
}

// stop ends every session that is not over.
func (st *roster) stop(why *ending) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.stopLocked(why)
}

func (st *roster) stopLocked(why *ending) {
	for _, s := range st.order {
		if !s.over() {
			s.stop(why)
		}
	}
}
