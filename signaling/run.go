package signaling

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"vivavoce/pipeline"
)

// run is one session while its page is there: the media, the attempt, and the page.
type run struct {
	o       *Options
	session *Session
	page    *socket
	media   Media
	peer    Peer // media over WebRTC; nil for a kiosk's camera
	attempt Attempt
	log     *slog.Logger
	cancel  context.CancelCauseFunc

	firstPicture time.Duration // 0: as long as it takes
	began        time.Time
	offers       int // received
	candidates   int // received
	trickle      trickle
}

// opener makes the media of one run: peer is nil for local media.
type opener func(r *run) (m Media, peer Peer, err error)

// newRun draws a challenge and makes what judges it and what brings the pictures.
func (s *Server) newRun(session *Session, page *socket, cancel context.CancelCauseFunc) (*run, pipeline.Challenge, error) {
	challenge, err := pipeline.NewChallenge(rand.Reader, session.plan)
	if err != nil {
		return nil, challenge, fmt.Errorf("prepare session: %w", err)
	}
	attempt, err := s.o.NewAttempt(challenge, session.record.Policy)
	if err != nil {
		return nil, challenge, fmt.Errorf("prepare session: %w", err)
	}
	r := &run{
		o: &s.o, session: session, page: page, attempt: attempt, cancel: cancel,
		log:          s.o.Logger.With("session", session.id),
		firstPicture: s.o.Timing.FirstPicture, began: time.Now(),
	}
	if r.media, r.peer, err = s.open(r); err != nil {
		return nil, challenge, fmt.Errorf("prepare session: %w", err)
	}
	return r, challenge, nil
}

// welcome is what the page is told first.
func (r *run) welcome(c pipeline.Challenge) Welcome {
	w := Welcome{
		Session: r.session.id, Media: MediaWebRTC,
		Microphone: r.o.Microphone, Lights: len(c.Lights) > 0,
		ExpiresInMS: r.o.Timing.Whole.Milliseconds(), ICEServers: r.o.ICEServers,
	}
	if r.peer == nil {
		w.Media, w.ICEServers, w.Microphone = MediaLocal, []ICEServer{}, false
	}
	for _, step := range c.Steps {
		if step.Kind == pipeline.StepTurn {
			w.Turns++
		} else {
			w.Digits++
		}
	}
	return w
}

// run judges until there is a verdict or a reason why there is none, and tells the
// page and the integrator. When it returns all that the session started has ended.
func (r *run) run(ctx context.Context) {
	verdict, err := r.judge(ctx)
	if d, ok := r.media.(dropper); ok {
		r.o.Metrics.dropped(d.Drops())
	}
	if err != nil {
		r.giveUp(err)
		return
	}
	r.o.Metrics.toVerdict.Observe(time.Since(r.began).Seconds())
	r.finish(StateDone, verdict, nil)
}

// judge runs the media and the attempt beside each other.
func (r *run) judge(ctx context.Context) (pipeline.Verdict, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	received := make(chan struct{})
	go func() {
		defer close(received)
		if err := r.media.Run(ctx); err != nil && ctx.Err() == nil {
			cancel(endingOf(&MediaError{mediaCode(err), err}))
		}
	}()
	src := &watched{Source: r.media, received: received, metrics: r.o.Metrics}
	verdict, err := r.attemptOn(ctx, src)
	if err != nil && ctx.Err() != nil {
		err = causeOf(ctx)
	}
	cancel(nil)
	<-received
	return verdict, err
}

// attemptOn waits for the first picture and lets the attempt watch from there.
func (r *run) attemptOn(ctx context.Context, src *watched) (pipeline.Verdict, error) {
	if err := r.await(ctx, src); err != nil {
		return pipeline.Verdict{}, err
	}
	defer func() { src.first.Release() }()
	ctx, stop := context.WithTimeoutCause(ctx, r.o.Timing.Whole,
		&ending{State: StateExpired, Reason: pipeline.SessionExpired, Code: CodeTimeout, Text: "the session took too long"})
	defer stop()
	report := &reporter{
		session: r.session, page: r.page, metrics: r.o.Metrics, exact: r.o.ExactToPage,
		lost: func(err error) { r.cancel(endingOf(err)) }, scored: map[string]time.Time{},
		progress: Progress{Index: -1},
	}
	verdict, err := r.attempt.Run(ctx, src, report.report)
	if err != nil && ctx.Err() != nil {
		err = causeOf(ctx)
	}
	return verdict, err
}

func (r *run) await(ctx context.Context, src *watched) error {
	waiting, stop := ctx, context.CancelFunc(func() {})
	if r.firstPicture > 0 {
		waiting, stop = context.WithTimeout(ctx, r.firstPicture)
	}
	defer stop()
	first, err := src.Next(waiting)
	switch {
	case err == nil:
		src.first, src.arrived = first, time.Time{}
		return nil
	case ctx.Err() == nil && waiting.Err() != nil:
		return &ending{State: StateExpired, Reason: pipeline.SessionNoMedia, Code: CodeTimeout, Text: "no picture came in time"}
	default:
		return &ending{State: StateFailed, Reason: pipeline.SessionNoMedia, Code: mediaCode(err), Text: "no picture came", Err: err}
	}
}

// giveUp ends a session that has no verdict.
func (r *run) giveUp(err error) {
	why := endingOf(err)
	if why.Code == CodeInternal {
		r.log.Error("session failed", "err", err)
	}
	var told *Error
	if why.Code != "" {
		told = &Error{Code: why.Code, Text: why.Text, Fatal: true}
		r.o.Metrics.failed(why.Code)
	}
	r.finish(why.State, pipeline.Verdict{Reasons: []pipeline.Reason{why.Reason}}, told)
}

// finish says the last words to both sides.
func (r *run) finish(state State, v pipeline.Verdict, told *Error) {
	last := []Message{pageVerdict(v), StateChange{state}}
	var code Code
	if told != nil {
		r.session.tell(*told)
		last = append([]Message{*told}, last...)
		code = told.Code
	}
	r.session.conclude(state, v)
	r.page.finish(code, last...)
	r.log.Info("session over", "state", string(state), "outcome", v.Outcome.String(),
		"confidence", v.Confidence, "reasons", v.Reasons, "took", time.Since(r.began))
}

// mediaCode is the code of an error that came from media.
func mediaCode(err error) Code {
	var m *MediaError
	if errors.As(err, &m) {
		return m.Code
	}
	return CodeMediaFailed
}
