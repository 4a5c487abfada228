package signaling

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"vivavoce/signaling/auth"
	"vivavoce/signaling/store"
)

// keepAlive is how often a quiet event stream says that it is there, so that
// proxies do not close it.
const keepAlive = 15 * time.Second

// follow is GET /v1/sessions/{id}/events: what was told so far, then as it comes.
func (s *Server) follow(w http.ResponseWriter, r *http.Request, c auth.Caller) {
	id, about, err := s.known(r, c)
	if err != nil {
		s.failed(w, "follow", err)
		return
	}
	last, err := lastEvent(r)
	if err != nil {
		s.refuse(w, CodeBadRequest, "Last-Event-ID is not a number")
		return
	}
	if !s.listeners.join(id, s.o.Limits.Listeners) {
		s.refuse(w, CodeTooMany, "more event streams than a session may have")
		return
	}
	defer s.listeners.leave(id)
	if about.State.Over() {
		newest, err := s.ledger.events.Last(r.Context(), id, StateChange{}.Type())
		if errors.Is(err, store.ErrNotFound) || err == nil && newest.ID <= last && lastState(newest).Over() {
			w.WriteHeader(http.StatusNoContent) // tells an EventSource not to come back
			return
		}
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would hold events back
	until := about.Until                      // a node that died tells no end
	if about.State.Over() {
		until = time.Now().Add(s.o.Timing.Call) // all has been told
	}
	ctx, stop := context.WithDeadline(r.Context(), until)
	defer stop()
	err = s.copyEvents(ctx, &eventWriter{w, http.NewResponseController(w), s.o.Timing.Call}, id, last)
	if errors.Is(err, store.ErrUnavailable) {
		s.o.Metrics.storeFailed("follow")
		s.o.Logger.Warn("event stream cut", "session", id, "err", err)
	}
}

// lastEvent is what the listener has; 0 is nothing.
func lastEvent(r *http.Request) (uint64, error) {
	text := r.Header.Get("Last-Event-ID")
	if text == "" {
		return 0, nil
	}
	return strconv.ParseUint(text, 10, 63)
}

// lastState is the state that e tells, or "".
func lastState(e store.Event) State {
	if e.Kind != (StateChange{}).Type() {
		return ""
	}
	m, err := DecodeServer(e.Data)
	change, ok := m.(StateChange)
	if err != nil || !ok {
		return ""
	}
	return change.State
}

// copyEvents writes every event after last until the session is over, the listener gone or ctx
// done.
func (s *Server) copyEvents(ctx context.Context, w *eventWriter, id string, last uint64) error {
	ctx, stop := context.WithCancel(ctx)
	heard := make(chan store.Event)
	followed := make(chan error, 1)
	go func() {
		followed <- s.ledger.events.Follow(ctx, id, last, func(e store.Event) error {
			select {
			case heard <- e:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	ended := false
	defer func() {
		stop()
		if !ended {
			<-followed
		}
	}()
	if err := w.write(); err != nil { // the head: the listener sees that it is heard
		return err
	}
	tick := time.NewTicker(keepAlive)
	defer tick.Stop()
	for {
		var err error
		select {
		case e := <-heard:
			if err = w.write(e); err == nil && lastState(e).Over() {
				return nil
			}
		case <-tick.C:
			err = w.comment()
		case err = <-followed:
			ended = true
		}
		if err != nil {
			return err
		}
	}
}

// eventWriter writes server-sent events (HTML §9.2), each write within a time.
type eventWriter struct {
	w http.ResponseWriter
	c *http.ResponseController

	within time.Duration
}

func (w *eventWriter) write(events ...store.Event) error {
	_ = w.c.SetWriteDeadline(time.Now().Add(w.within)) // net/http's has deadlines, a test's recorder not
	for _, e := range events {
		if _, err := fmt.Fprintf(w.w, "id: %d\nevent: %s\ndata: %s\n\n", e.ID, e.Kind, e.Data); err != nil {
			return err
		}
	}
	return w.flush()
}

func (w *eventWriter) comment() error {
	_ = w.c.SetWriteDeadline(time.Now().Add(w.within)) // net/http's has deadlines, a test's recorder not
	if _, err := fmt.Fprint(w.w, ":\n\n"); err != nil {
		return err
	}
	return w.flush()
}

// flush takes the deadline back: over HTTP/2 it ends a stream that has nothing to write, too.
func (w *eventWriter) flush() error {
	err := w.c.Flush()
	_ = w.c.SetWriteDeadline(time.Time{}) // as above
	return err
}

// listeners counts the event streams of each session at this node.
type listeners struct {
	mu sync.Mutex
	of map[string]int
}

// join counts a listener in, unless there are so many already.
func (l *listeners) join(id string, most int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of[id] >= most {
		return false
	}
	if l.of == nil {
		l.of = map[string]int{}
	}
	l.of[id]++
	return true
}

func (l *listeners) leave(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of[id]--; l.of[id] == 0 {
		delete(l.of, id)
	}
}
