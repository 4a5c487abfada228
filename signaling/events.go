package signaling

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// keepAlive is how often a quiet event stream says that it is there, so that
// proxies do not close it.
const keepAlive = 15 * time.Second

// events is GET /v1/sessions/{id}/events: what was told so far, then as it comes.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	session, ok := s.named(w, r)
	if !ok {
		return
	}
	last, err := lastEvent(r)
	if err != nil {
		s.refuse(w, CodeBadRequest, "Last-Event-ID is not a number")
		return
	}
	if !session.stream.join(s.o.Limits.Listeners) {
		s.refuse(w, CodeTooMany, "more event streams than a session may have")
		return
	}
	defer session.stream.leave()
	if events, _, ended := session.stream.after(last); ended && len(events) == 0 {
		w.WriteHeader(http.StatusNoContent) // tells an EventSource not to come back
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would hold events back
	// An error means that the listener is gone.
	_ = session.stream.copyTo(r.Context(), &eventWriter{w, http.NewResponseController(w), s.o.Timing.Call}, last)
}

// lastEvent is what the listener has; 0 is nothing.
func lastEvent(r *http.Request) (uint64, error) {
	text := r.Header.Get("Last-Event-ID")
	if text == "" {
		return 0, nil
	}
	return strconv.ParseUint(text, 10, 64)
}

// copyTo writes every event after last until the stream ends or ctx does.
func (s *stream) copyTo(ctx context.Context, w *eventWriter, last uint64) error {
	tick := time.NewTicker(keepAlive)
	defer tick.Stop()
	for {
		events, more, ended := s.after(last)
		if err := w.write(events); err != nil {
			return err
		}
		if len(events) > 0 {
			last = events[len(events)-1].id
		}
		if ended {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-more:
		case <-tick.C:
			if err := w.comment(); err != nil {
				return err
			}
		}
	}
}

// eventWriter writes server-sent events (HTML §9.2), each write within a time.
type eventWriter struct {
	w http.ResponseWriter
	c *http.ResponseController

	within time.Duration
}

func (w *eventWriter) write(events []event) error {
	_ = w.c.SetWriteDeadline(time.Now().Add(w.within)) // net/http's has deadlines, a test's recorder not
	for _, e := range events {
		if _, err := fmt.Fprintf(w.w, "id: %d\nevent: %s\ndata: %s\n\n", e.id, e.kind, e.data); err != nil {
			return err
		}
	}
	return w.c.Flush()
}

func (w *eventWriter) comment() error {
	_ = w.c.SetWriteDeadline(time.Now().Add(w.within)) // net/http's has deadlines, a test's recorder not
	if _, err := fmt.Fprint(w.w, ":\n\n"); err != nil {
		return err
	}
	return w.c.Flush()
}
