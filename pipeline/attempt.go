package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"vivavoce/media"
)

// Attempt is one person's one try at a challenge. Run it once.
type Attempt struct {
	o      JudgeOptions
	steps  []Step
	finder Finder
	guide  Guide // nil gives no hints
	stages []namedStage
	acks   acks
	device atomic.Pointer[Device]
	lamp   lamp
	ran    atomic.Bool

	spareTurns, sparePhrase []Step // not asked yet
}

// Shown says that step index is on the person's screen now. It may be called from
// any goroutine. An acknowledgement of a step that was not prompted yet is
// [ErrNotShown]; the first of several counts; one that comes when the next step is
// up already changes nothing.
func (a *Attempt) Shown(index int) error { return a.acks.shown(index) }

// Describe says what the client tells of its camera. It may be called from any goroutine; the
// latest counts, from the next frame on.
func (a *Attempt) Describe(d Device) { a.device.Store(&d) }

// Run watches src until the challenge is over, or a recording ends, and returns the
// verdict. It blocks; when it returns, everything that it started has ended. Events are
// reported in order from the calling goroutine; report must not block for long.
//
// The states are Framing, Challenging, Deciding and Done, each with a watchdog, and a
// recording's begin with Challenging. An attempt that a watchdog ends, or whose source
// ends before the challenge, is undecided with the reason and no error. An
// error is returned beside an undecided verdict when ctx is done, when the
// source fails (session.no_media), and when the finder, the guide or a stage does
// (session.failed); Deciding and Done are then not reported.
func (a *Attempt) Run(ctx context.Context, src media.Source, report func(Event)) (Verdict, error) {
	if a.ran.Swap(true) {
		return refusal(SessionFailed), errors.New("run attempt: it was run before")
	}
	r := newRun(a, report)
	reason, err := r.watch(ctx, src)
	var v Verdict
	if err == nil {
		v, err = r.decide(ctx)
	}
	switch {
	case ctx.Err() != nil && err != nil:
		return refusal(SessionCancelled), fmt.Errorf("run attempt: %w", ctx.Err())
	case err != nil && reason != "":
		return refusal(reason), fmt.Errorf("run attempt: %w", err)
	case err != nil:
		return refusal(SessionFailed), fmt.Errorf("run attempt: %w", err)
	}
	if reason != "" {
		v.Outcome, v.Confidence, v.Reasons = Undecided, 0, []Reason{reason}
	}
	r.enter(Done)
	return v, nil
}

func refusal(r Reason) Verdict { return Verdict{Reasons: []Reason{r}} }

// run is the state of a running attempt; one goroutine owns it.
type run struct {
	*Attempt
	report func(Event)

	state    State
	began    time.Time // of the attempt, wall clock
	entered  time.Time // of the state, wall clock
	over     bool      // nothing more to watch
	reason   Reason    // why it is over early; empty when all was watched
	framing  framing
	course   course
	clock    mediaClock
	board    board
	presence presence
	seen     []int        // of each step, the frames with a face while it was on the screen
	mended   map[int]bool // steps that could not be seen, for which a spare one was asked

	frames    int
	faces     int       // frames in which a face was found
	others    bool      // in the newest frame there was more than one
	lastFrame time.Time // wall clock when the last frame was done with
	guideHint Hint      // what the guide wants told
	gap       bool      // frames stopped: the person is told that instead
	told      Hint
	progress  Progressed // as last reported
}

func newRun(a *Attempt, report func(Event)) *run {
	now := time.Now()
	r := &run{Attempt: a, report: report, began: now, lastFrame: now, seen: make([]int, len(a.steps)), mended: map[int]bool{}}
	r.course = newCourse(a.steps, a.o.Timing)
	return r
}

// watch takes frames until there is enough, or says why there will not be.
func (r *run) watch(ctx context.Context, src media.Source) (Reason, error) {
	feed := newFeed(ctx, src)
	defer feed.stop()
	if r.recording() {
		r.enter(Challenging)
	} else {
		r.enter(Framing)
	}
	for !r.over {
		frame, err := feed.next(ctx, r.nextWatchdog(time.Now()))
		switch {
		case errors.Is(err, errLate):
			r.watchdogs(time.Now())
		case ctx.Err() != nil:
			frame.Release()
			return "", ctx.Err()
		case errors.Is(err, io.EOF):
			r.sourceEnded()
		case err != nil:
			return SessionNoMedia, fmt.Errorf("next frame after %d: %w", r.frames, err)
		default:
			if err := r.take(ctx, frame); err != nil {
				return SessionFailed, err
			}
			r.watchdogs(time.Now())
		}
	}
	return r.reason, nil
}

// recording reports whether nothing is asked, only watched.
func (r *run) recording() bool { return len(r.steps) == 0 }

func (r *run) sourceEnded() {
	switch {
	case !r.recording() || r.frames == 0:
		r.end(SessionNoMedia)
	case r.faces == 0:
		r.end(SessionNoFace)
	default:
		r.over = true
	}
}

// end stops the watching early.
func (r *run) end(why Reason) {
	if r.over {
		return
	}
	r.over, r.reason = true, why
}

func (r *run) enter(s State) {
	r.state, r.entered = s, time.Now()
	r.report(StateChanged{State: s})
}

// take owns frame and looks at it.
func (r *run) take(ctx context.Context, frame *media.Frame) error {
	defer frame.Release()
	r.frames++
	r.clock.frame(frame)
	face, err := r.finder.Find(ctx, frame)
	if err != nil {
		return fmt.Errorf("find face in frame %d: %w", frame.Seq, err)
	}
	if face.Found {
		r.faces++
	}
	r.others = face.Others > 0
	if r.state == Challenging {
		r.acknowledge(frame.PTS)
	}
	o := Observation{Face: face, Prompt: r.course.visible(frame.PTS)}
	if d := r.device.Load(); d != nil {
		o.Device = *d
	}
	o.Light, o.LightsOff = r.lamp.follow(&r.clock, r.o.Timing.AckBound, frame.PTS)
	if o.Prompt != nil && face.Found {
		r.seen[o.Prompt.Index]++
	}
	if err := r.guideBy(ctx, o); err != nil {
		return err
	}
	if err := r.score(ctx, o); err != nil {
		return err
	}
	r.advance(face)
	r.gap, r.lastFrame = false, time.Now()
	r.tellHint()
	return nil
}

func (r *run) guideBy(ctx context.Context, o Observation) error {
	if r.guide == nil {
		return nil
	}
	hint, err := r.guide.Observe(ctx, o)
	if err != nil {
		return fmt.Errorf("guide at frame %d: %w", o.Face.Frame.Seq, err)
	}
	r.guideHint = hint
	return nil
}

func (r *run) score(ctx context.Context, o Observation) error {
	for _, s := range r.stages {
		scores, err := s.Observe(ctx, o)
		if err != nil {
			return fmt.Errorf("stage %s at frame %d: %w", s.name, o.Face.Frame.Seq, err)
		}
		r.note(scores)
	}
	return nil
}

func (r *run) note(scores []Score) {
	for _, s := range scores {
		if r.board.put(s) {
			r.report(Scored{Score: s})
		}
	}
}

// tellHint reports the hint when it changed.
func (r *run) tellHint() {
	hint := r.guideHint
	if r.gap {
		hint = Hint{Code: HintReconnecting}
	}
	if hint != r.told {
		r.told = hint
		r.report(HintChanged{Hint: hint})
	}
}
