package signaling

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"vivavoce/pipeline"
)

// errGreeted ends the greeting well.
var errGreeted = errors.New("the page said hello")

// talk is one page's connection from greeting to close. It reads; a goroutine of its
// own runs the session.
func (s *Server) talk(ctx context.Context, k *socket, session *Session) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	hello, err := s.greet(ctx, k, session, cancel)
	s.greeted(session)
	if err != nil {
		s.turnAway(k, err)
		return
	}
	r, challenge, err := s.newRun(session, k, cancel)
	if err != nil {
		s.o.Logger.Error("session not started", "session", session.id, "err", err)
		session.conclude(StateFailed, pipeline.Verdict{Reasons: []pipeline.Reason{pipeline.SessionFailed}})
		s.turnAway(k, &ProtocolError{CodeInternal, "our fault; see the log"})
		return
	}
	r.log.Info("session begins", "client", hello.Client)
	r.send(r.welcome(challenge))
	r.send(StateChange{StateConnecting})

	var judging sync.WaitGroup
	judging.Go(func() { r.run(ctx) })
	err = k.receive(func(m Message) error { return r.handle(ctx, m) })
	cancel(talkEnding(err)) // what the session has concluded already stays
	judging.Wait()
}

// greet reads until a good hello claims the session.
func (s *Server) greet(ctx context.Context, k *socket, session *Session, cancel context.CancelCauseFunc) (Hello, error) {
	var hello Hello
	k.bound(time.Now().Add(s.o.Timing.Hello))
	// A server that goes down does not wait for a hello.
	defer context.AfterFunc(ctx, func() { k.lastDeadline(0) })()
	err := k.receive(func(m Message) error {
		h, ok := m.(Hello)
		if !ok {
			return &ProtocolError{CodeOutOfOrder, m.Type() + " before hello"}
		}
		hello = h
		if err := s.roster.claim(session, h.Token, time.Now(), cancel); err != nil {
			return err
		}
		return errGreeted
	})
	switch {
	case errors.Is(err, errGreeted):
	case ctx.Err() != nil:
		return hello, &ProtocolError{CodeDraining, "the server is going down"}
	default:
		return hello, err
	}
	k.bound(time.Time{})
	return hello, nil
}

// turnAway ends a connection that has no session.
func (s *Server) turnAway(k *socket, err error) {
	var p *ProtocolError
	var timeout net.Error
	switch {
	case errors.As(err, &p):
	case errors.As(err, &timeout) && timeout.Timeout():
		p = &ProtocolError{CodeTimeout, "no hello in time"}
	default: // the page is gone
		k.finish("")
		return
	}
	s.o.Metrics.failed(p.Code)
	k.finish(p.Code, Error{Code: p.Code, Text: p.Detail, Fatal: true})
}

// talkEnding says how the end of reading ends the session.
func talkEnding(err error) *ending {
	var e *ending
	var p *ProtocolError
	var m *MediaError
	if errors.As(err, &e) || errors.As(err, &p) || errors.As(err, &m) || errors.Is(err, errTooSlow) {
		return endingOf(err)
	}
	return disconnected(err)
}

// handle does what the page asks. A [ProtocolError] is answered; any other error
// ends the session.
func (r *run) handle(ctx context.Context, m Message) error {
	switch m := m.(type) {
	case Offer:
		return r.answer(ctx, m.SDP)
	case Restart:
		if r.offers == 0 {
			return &ProtocolError{CodeOutOfOrder, "restart before offer"}
		}
		return r.answer(ctx, m.SDP)
	case Candidate:
		return r.candidate(m)
	case PromptShown:
		if err := r.attempt.Shown(m.Index); err != nil {
			return &ProtocolError{CodeOutOfOrder, "prompt_shown for a step that is not shown"}
		}
		return nil
	case LightShown:
		if err := r.attempt.LightShown(m.Index); err != nil {
			return &ProtocolError{CodeOutOfOrder, "light_shown for a colour that was not asked for"}
		}
		return nil
	case LightsDeclined:
		r.attempt.DeclineLights()
		return nil
	case Device:
		r.attempt.Describe(pipeline.Device{Label: m.Label, Width: m.Width, Height: m.Height, FrameRate: m.FrameRate})
		r.log.Debug("device", "label", m.Label, "width", m.Width, "height", m.Height,
			"frame_rate", m.FrameRate, "facing_mode", m.FacingMode)
		return nil
	case Bye:
		e := cancelled()
		if m.Reason == "camera_lost" {
			e.Reason = pipeline.SessionNoMedia
		}
		return e
	default:
		return &ProtocolError{CodeOutOfOrder, m.Type() + " now"}
	}
}

func (r *run) answer(ctx context.Context, offer string) error {
	if r.peer == nil {
		return &ProtocolError{CodeOutOfOrder, "the media are local"}
	}
	if r.offers++; r.offers > r.o.Limits.Offers {
		return &ProtocolError{CodeTooMany, "more offers than a page may send"}
	}
	ctx, stop := context.WithTimeout(ctx, r.o.Timing.Answer)
	defer stop()
	answer, err := r.peer.Answer(ctx, offer)
	if err != nil {
		return &MediaError{mediaCode(err), err}
	}
	r.trickle.release(Answer{SDP: answer}, r.send)
	return nil
}

func (r *run) candidate(c Candidate) error {
	if r.offers == 0 {
		return &ProtocolError{CodeOutOfOrder, "candidate before offer"}
	}
	if r.candidates++; r.candidates > r.o.Limits.Candidates {
		return &ProtocolError{CodeTooMany, "more candidates than a page may send"}
	}
	if err := r.peer.AddCandidate(c); err != nil {
		return &ProtocolError{mediaCode(err), "the candidate was refused"}
	}
	return nil
}

// send queues m for the page; one that does not read loses its session.
func (r *run) send(m Message) {
	if err := r.page.send(m); err != nil {
		r.cancel(endingOf(err))
	}
}
