package signaling

import (
	"context"
	"sync"
	"time"

	"vivavoce/pipeline"
)

// keptEvents is how many events of a session that is over are remembered: its
// last prompts, scores and verdict.
const keptEvents = 256

// maxGreeters is how many sockets of one session may wait for their hello: a page that
// was loaded again while its first socket hangs.
const maxGreeters = 2

// Session is one attempt of one person, from POST to the end of its memory.
type Session struct {
	id      string
	token   secret
	created time.Time
	expires time.Time // for hello
	keeps   bool      // a slot from POST on, not from hello on: an integrator made it
	stream  *stream
	metrics *Metrics

	mu       sync.Mutex
	state    State
	greeters int      // sockets that wait for their hello
	verdict  *Verdict // exact; nil until the session is over
	ended    time.Time
	cancel   context.CancelCauseFunc // of the page's talk; nil without a page
}

func newSession(token string, now time.Time, o *Options) *Session {
	s := &Session{
		id: newID(), token: hash(token), created: now, expires: now.Add(o.Timing.Start),
		stream: newStream(o.Limits.Events), metrics: o.Metrics, state: StateCreated,
	}
	s.metrics.moved("", StateCreated)
	return s
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
	case now.After(s.expires):
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
	s.tell(StateChange{next})
}

// tell appends m to the event stream.
func (s *Session) tell(m Message) {
	if data, err := Encode(m); err == nil { // all ours, and golden
		s.stream.tell(m.Type(), data)
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
	s.verdict, s.ended, s.cancel = &exact, time.Now(), nil
	s.metrics.verdicts.WithLabelValues(exact.Outcome).Inc()
	s.tell(exact)
	s.enterLocked(state)
	s.stream.end(keptEvents)
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

func (s *Session) status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Status{ID: s.id, State: s.state, CreatedAt: s.created.UTC(), Verdict: s.verdict}
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
	return s.state == StateCreated && now.After(s.expires)
}

// forgettable says whether the session has been over for so long.
func (s *Session) forgettable(now time.Time, after time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.Over() && now.Sub(s.ended) > after
}
