package signaling

import (
	"context"
	"sync"
	"time"

	"vivavoce/pipeline"
)

// maxGreeters is how many sockets of one session may wait for their hello: a page that
// was loaded again while its first socket hangs.
const maxGreeters = 2

// Session is one attempt of one person, at the node that runs it, from POST to its end.
type Session struct {
	id    string
	token secret
	keeps bool // a slot from POST on, not from hello on: an integrator made it
	plan  pipeline.Plan
	// siblings bound the sessions of the same subject that run at once, this one included; 0: any number.
	siblings int
	events   teller
	save     func(*Session) // is called once, when the session is over
	metrics  *Metrics

	mu       sync.Mutex
	record   record
	state    State
	greeters int                     // sockets that wait for their hello
	cancel   context.CancelCauseFunc // of the page's talk; nil without a page
}

// teller takes the events of sessions without waiting.
type teller interface {
	Tell(session, kind string, data []byte) error
}

func newSession(id, token string, r record, events teller, m *Metrics) *Session {
	return &Session{id: id, token: hash(token), record: r, events: events, metrics: m, state: StateCreated}
}

// meet counts a socket that is to say hello in, if it may; greeted counts it out.
func (s *Session) meet() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != StateCreated || s.greeters >= maxGreeters {
		return busy()
	}
	s.greeters++
	return nil
}

func (s *Session) greeted() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.greeters--
}

func busy() error {
	return &ProtocolError{CodeBusy, "the session has a connection already, or is over"}
}

// claim makes the session the page's, whose talk cancel ends. When every slot is taken
// only a session that keeps its own can be claimed.
func (s *Session) claim(token string, now time.Time, full bool, cancel context.CancelCauseFunc) error {
	if !s.token.is(token) {
		return &ProtocolError{CodeUnauthorized, "no such token"}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.state != StateCreated:
		return busy()
	case now.After(s.record.Expires):
		return &ProtocolError{CodeUnauthorized, "the token has expired"}
	case full && !s.keeps:
		return &ProtocolError{CodeFull, "every slot was taken meanwhile"}
	}
	s.cancel = cancel
	s.enterLocked(StateConnecting)
	return nil
}

// enter moves the session on; it says false when it is there already or over.
func (s *Session) enter(next State) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == next || s.state.Over() {
		return false
	}
	s.enterLocked(next)
	return true
}

func (s *Session) enterLocked(next State) {
	s.metrics.moved(s.state, next)
	s.state = next
	s.record.Prompted = s.record.Prompted || next == StateChallenge
	s.tell(StateChange{next})
}

// tell appends m to the session's events. One that the store does not take is lost; the
// verdict and the last state go another way.
func (s *Session) tell(m Message) {
	data, err := Encode(m)
	if err == nil { // all ours, and golden
		err = s.events.Tell(s.id, m.Type(), data)
	}
	if err != nil {
		s.metrics.storeFailed("event")
	}
}

// conclude ends the session with a verdict. The first conclusion counts.
func (s *Session) conclude(state State, v pipeline.Verdict) bool {
	exact := exactVerdict(v)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state.Over() {
		return false
	}
	ended := time.Now().UTC()
	s.metrics.moved(s.state, "")
	s.metrics.ended(state, exact.Outcome)
	s.record.State, s.record.Verdict, s.record.Ended = state, &exact, &ended
	s.state, s.cancel = state, nil
	s.save(s)
	return true
}

// stop ends the session: through its page's talk where there is one.
func (s *Session) stop(why *ending) {
	s.mu.Lock()
	cancel := s.cancel
	s.mu.Unlock()
	if cancel != nil {
		cancel(why)
		return
	}
	s.conclude(why.State, pipeline.Verdict{Reasons: []pipeline.Reason{why.Reason}})
}

// now is the session's record as it stands.
func (s *Session) now() record {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.record
	r.State = s.state
	return r
}

func (s *Session) over() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.Over()
}

// slot says whether the session takes one of Limits.Sessions.
func (s *Session) slot() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.state.Over() && (s.keeps || s.state != StateCreated)
}

// unclaimed says whether no page came in time.
func (s *Session) unclaimed(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state == StateCreated && now.After(s.record.Expires)
}
