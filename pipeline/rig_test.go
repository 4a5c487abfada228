package pipeline_test

import (
	"context"
	"io"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/pipeline"
)

// film is a source at 20 frames a second on the clock of a synctest bubble. It watches what
// becomes of its frames.
type film struct {
	stops   time.Duration // no frame from then on …
	resumes time.Duration // … until then; 0 means never
	sticks  time.Duration // PTS stands still from then on
	ends    time.Duration // io.EOF
	breaks  time.Duration // err
	err     error

	pool  *media.Pool
	began time.Time
	n     int
	given map[*media.Frame]bool
}

const filmPeriod = 50 * time.Millisecond

func (f *film) Next(ctx context.Context) (*media.Frame, error) {
	if f.began.IsZero() {
		f.began, f.given, f.pool = time.Now(), map[*media.Frame]bool{}, new(media.Pool)
	}
	at := time.Duration(f.n) * filmPeriod
	f.n++
	if f.stops > 0 && at >= f.stops && (f.resumes == 0 || at < f.resumes) {
		if f.resumes == 0 {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		f.n = int(f.resumes/filmPeriod) + 1
		at = f.resumes
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(time.Until(f.began.Add(at))):
	}
	switch {
	case f.ends > 0 && at >= f.ends:
		return nil, io.EOF
	case f.breaks > 0 && at >= f.breaks:
		return nil, f.err
	}
	frame := f.pool.Get(8, 8)
	frame.PTS, frame.Seq, frame.Arrived = at, uint64(f.n), time.Now()
	if f.sticks > 0 {
		frame.PTS = min(at, f.sticks)
	}
	f.given[frame] = true
	return frame, nil
}

// check fails when a frame was not given back: then the pool had to make new ones, or
// has not got those that it made.
func (f *film) check(t *testing.T) {
	t.Helper()
	if len(f.given) > 2 {
		t.Errorf("%d frames were in use at once, want at most 2: some were not released", len(f.given))
	}
	back := map[*media.Frame]bool{}
	for range f.given {
		back[f.pool.Get(8, 8)] = true
	}
	for frame := range f.given {
		if !back[frame] {
			t.Error("a frame was not released")
		}
	}
	if len(back) != len(f.given) {
		t.Error("a frame was released twice")
	}
}

// finderFunc finds faces by PTS.
type finderFunc func(pts time.Duration) (found bool, others int, err error)

func (f finderFunc) Find(_ context.Context, frame *media.Frame) (*pipeline.Face, error) {
	found, others, err := f(frame.PTS)
	if err != nil {
		return nil, err
	}
	return &pipeline.Face{Frame: frame, Found: found, Others: others}, nil
}

type guideFunc func(o pipeline.Observation) (pipeline.Hint, error)

func (g guideFunc) Observe(_ context.Context, o pipeline.Observation) (pipeline.Hint, error) {
	return g(o)
}

// stage passes everybody; turns are answered after half a second.
type stage struct {
	observe func(o pipeline.Observation) error
	finish  func(ctx context.Context) error
	ends    int
	asked   time.Duration
	step    int
}

func (s *stage) Observe(_ context.Context, o pipeline.Observation) ([]pipeline.Score, error) {
	if s.observe != nil {
		if err := s.observe(o); err != nil {
			return nil, err
		}
	}
	p := o.Prompt
	if p == nil || p.Step.Kind != pipeline.StepTurn {
		return nil, nil
	}
	if p.Index != s.step {
		s.step, s.asked = p.Index, o.Face.Frame.PTS
	}
	score := pipeline.Score{Name: pipeline.ScoreMotion, Step: p.Index, Checked: true, Value: 1}
	score.Settled = o.Face.Frame.PTS-s.asked >= 500*time.Millisecond
	score.Fraction, score.Phase = 0.5, pipeline.PhaseReturn
	return []pipeline.Score{score}, nil
}

func (s *stage) Finish(ctx context.Context) ([]pipeline.Score, error) {
	s.ends++
	if s.finish != nil {
		if err := s.finish(ctx); err != nil {
			return nil, err
		}
	}
	return []pipeline.Score{{Name: "ok", Step: pipeline.Whole, Checked: true, Value: 1, Settled: true}}, nil
}

// rig is one attempt with fakes all around.
type rig struct {
	film    film
	finder  finderFunc
	guide   guideFunc
	stage   stage
	timing  pipeline.Timing
	steps   []pipeline.Step
	acks    bool
	metrics pipeline.Metrics
	report  func(pipeline.Event)

	attempt *pipeline.Attempt
	events  []pipeline.Event
}

func always(time.Duration) (bool, int, error) { return true, 0, nil }

// steps are two digits, a turn and a digit.
func someSteps() []pipeline.Step {
	return []pipeline.Step{
		{Kind: pipeline.StepDigit, Digit: 7}, {Kind: pipeline.StepDigit, Digit: 0},
		{Kind: pipeline.StepTurn, Turn: pipeline.Up}, {Kind: pipeline.StepDigit, Digit: 3},
	}
}

func (r *rig) run(ctx context.Context, t *testing.T) (pipeline.Verdict, error) {
	t.Helper()
	if r.finder == nil {
		r.finder = always
	}
	r.stage.step = -1
	o := pipeline.JudgeOptions{
		NewFinder: func() (pipeline.Finder, error) { return r.finder, nil },
		Stages:    []pipeline.Kind{{Name: "fake", New: func() (pipeline.Stage, error) { return &r.stage, nil }}},
		Policy:    pipeline.Policy{Checks: []pipeline.Check{{Name: "ok", Threshold: 0.5, Required: true}}},
		Timing:    r.timing, Metrics: r.metrics,
	}
	if r.guide != nil {
		o.NewGuide = func() (pipeline.Guide, error) { return r.guide, nil }
	}
	judge, err := pipeline.NewJudge(o)
	if err != nil {
		t.Fatal(err)
	}
	if r.attempt, err = judge.NewAttempt(pipeline.Challenge{Steps: r.steps}); err != nil {
		t.Fatal(err)
	}
	return r.attempt.Run(ctx, &r.film, r.hear)
}

func (r *rig) hear(e pipeline.Event) {
	r.events = append(r.events, e)
	if p, ok := e.(pipeline.Prompted); ok && r.acks {
		if err := r.attempt.Shown(p.Prompt.Index); err != nil {
			panic(err)
		}
	}
	if r.report != nil {
		r.report(e)
	}
}

// states lists the states in the order of their report.
func (r *rig) states() (out []pipeline.State) {
	for _, e := range r.events {
		if s, ok := e.(pipeline.StateChanged); ok {
			out = append(out, s.State)
		}
	}
	return out
}

// hints lists the hints' codes in the order of their report.
func (r *rig) hints() (out []pipeline.HintCode) {
	for _, e := range r.events {
		if h, ok := e.(pipeline.HintChanged); ok {
			out = append(out, h.Hint.Code)
		}
	}
	return out
}
