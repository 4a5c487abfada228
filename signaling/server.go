package signaling

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"vivavoce/signaling/auth"
)

// Bounds of HTTP that no operator needs to change.
const (
	readHeaderTimeout = 5 * time.Second
	idleTimeout       = 60 * time.Second
	maxHeaderBytes    = 16 << 10
	retryAfter        = "5" // seconds; a session takes about ten, and others are under way
	sweepEvery        = time.Second
	closeTimeout      = 5 * time.Second // for connections to end after sessions did
)

// Server runs sessions for the pages of many people.
type Server struct {
	o         Options
	open      opener
	roster    *roster
	ledger    *ledger
	rates     auth.Rates
	listeners listeners
	handler   http.Handler

	mu       sync.Mutex
	greeting int // sockets that have no session yet
	sockets  sync.WaitGroup
	closed   bool // no further socket
}

// NewServer refuses options that cannot serve anybody.
func NewServer(o Options) (*Server, error) {
	if o.NewPeer == nil {
		return nil, errors.New("new server: no media")
	}
	s, err := newServer(o, nil)
	if err != nil {
		return nil, fmt.Errorf("new server: %w", err)
	}
	s.open = func(r *run) (Media, Peer, error) {
		p, err := s.o.NewPeer(PeerOptions{
			Session:     r.session.id,
			OnCandidate: func(c Candidate) { r.trickle.pass(c, r.send) },
		})
		return p, p, err
	}
	return s, nil
}

// newServer answers the extra calls, too.
func newServer(o Options, extra map[string]http.HandlerFunc) (*Server, error) {
	if err := o.fill(); err != nil {
		return nil, err
	}
	s := &Server{o: o}
	ctx := context.Background() // the store bounds each wait
	secrets, err := auth.OpenSecrets(ctx, o.Store)
	if err != nil {
		return nil, err
	}
	if s.ledger, err = openLedger(ctx, o.Store, secrets, o.Timing.Remember); err != nil {
		return nil, err
	}
	s.roster = newRoster(&s.o, s.ledger)
	h, err := s.routes(extra)
	if err != nil {
		return nil, err
	}
	s.handler = h
	return s, nil
}

// Handler answers every call. Who serves it otherwise than by [Server.Serve] ends the
// sessions by the base context of its requests, and bounds how long a request may take
// to come.
func (s *Server) Handler() http.Handler { return s.handler }

// Serve answers on ln until ctx ends. Then no session can be made any more, running
// ones get Timing.Drain to finish, and whatever is left is ended. When Serve
// returns, everything that it started has ended.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	return s.serve(ctx, ln, s.handler, s.o.Timing.Drain)
}

// serve lets running sessions finish for as long as drain.
func (s *Server) serve(ctx context.Context, ln net.Listener, handler http.Handler, drain time.Duration) error {
	base, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	deaf, err := s.o.Store.OnSignal(cancelTopic, s.cancel)
	if err != nil {
		return fmt.Errorf("serve %s: %w", ln.Addr(), err)
	}
	defer deaf()
	var wires http.Protocols
	wires.SetHTTP1(true)
	wires.SetHTTP2(true)            // where TLS was told so
	wires.SetUnencryptedHTTP2(true) // gRPC by a reverse proxy, or on this machine
	h := &http.Server{
		Handler:           handler,
		Protocols:         &wires,
		ReadHeaderTimeout: readHeaderTimeout,
		// net/http takes the read deadline back when a request has come whole, and both
		// for a socket; streams move the write deadline.
		ReadTimeout:    s.o.Timing.Call,
		WriteTimeout:   2 * s.o.Timing.Call, // more than a body that does not come takes before its refusal leaves
		IdleTimeout:    idleTimeout,
		MaxHeaderBytes: maxHeaderBytes,
		BaseContext:    func(net.Listener) context.Context { return base },
		ErrorLog:       slog.NewLogLogger(s.o.Logger.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- h.Serve(ln) }()
	if err := s.watch(ctx, served); err != nil {
		stop(nil)
		_ = h.Close() // the listener is broken already
		s.wait()
		return fmt.Errorf("serve %s: %w", ln.Addr(), err)
	}
	s.drain(ctx, drain)
	stop(draining())
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	if err := h.Shutdown(end); err != nil {
		s.o.Logger.Warn("connections cut", "err", err)
		_ = h.Close() // only repeats that they are cut
	}
	<-served
	s.wait()
	return nil
}

// watch sweeps until ctx ends or serving failed.
func (s *Server) watch(ctx context.Context, served <-chan error) error {
	tick, keys := time.NewTicker(sweepEvery), time.NewTicker(refreshEvery)
	defer tick.Stop()
	defer keys.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-served:
			return err
		case <-keys.C:
			s.refreshKeys(ctx)
		case now := <-tick.C:
			s.roster.sweep(now)
		}
	}
}

// drain waits for running sessions, at most so long.
func (s *Server) drain(ctx context.Context, most time.Duration) {
	s.roster.drain()
	if n := s.roster.active(); n > 0 {
		s.o.Logger.Info("draining", "sessions", n)
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), most)
	defer cancel()
	tick := time.NewTicker(sweepEvery / 10)
	defer tick.Stop()
	for s.roster.active() > 0 {
		select {
		case <-end.Done():
			s.roster.stop(draining())
			return
		case <-tick.C:
		}
	}
}

// wait lets no further socket begin and waits for those that did, and for what their sessions
// leave in the store.
func (s *Server) wait() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.sockets.Wait()
	close(s.roster.closing)
	s.roster.saving.Wait()
}

// beginSocket counts a socket in, until done, unless the server is closed.
func (s *Server) beginSocket() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.sockets.Add(1)
	return true
}

// meet finds the session that a socket wants to say hello to, and counts the socket
// until greeted. Only those are counted that may still succeed: the others are told so
// at once and hold nothing.
func (s *Server) meet(ctx context.Context, id string) (*Session, error) {
	session, ok := s.roster.find(id)
	if !ok {
		return nil, s.elsewhere(ctx, id)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := session.meet(); err != nil {
		return nil, err
	}
	if s.greeting >= s.o.Limits.Greeting {
		session.greeted()
		return nil, &ProtocolError{CodeFull, "too many connections without a hello"}
	}
	s.greeting++
	return session, nil
}

// elsewhere says why no session of that name runs here.
func (s *Server) elsewhere(ctx context.Context, id string) error {
	if isID(id) {
		if _, _, err := s.ledger.records.Get(ctx, id); err == nil {
			return &ProtocolError{CodeBusy, "the session is over, or another node runs it"}
		}
	}
	return &ProtocolError{CodeNotFound, "no such session"}
}

func (s *Server) greeted(session *Session) {
	session.greeted()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.greeting--
}
