package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"vivavoce/models"
	"vivavoce/pipeline"
	"vivavoce/pipeline/face"
	"vivavoce/pipeline/lips"
	"vivavoce/pipeline/motion"
	"vivavoce/pipeline/quality"
	"vivavoce/pipeline/texture"
)

// challengeFlags say what a person is asked.
type challengeFlags struct {
	Digits int           `help:"How many digits a person is asked to say." default:"6"`
	Turns  int           `help:"How many times a person is asked to turn the head." default:"2"`
	Pace   time.Duration `help:"How long each digit is shown." default:"900ms"`
}

func (c challengeFlags) plan() pipeline.Plan {
	return pipeline.Plan{Digits: c.Digits, Turns: c.Turns}
}

// engine is the judge and the models below it.
type engine struct {
	library   *models.Library
	newFinder func() (pipeline.Finder, error)
	judge     *pipeline.Judge
}

// Close ends the models' runtime.
func (e *engine) Close() error { return e.library.Close() }

// check makes one challenge of the plan for nobody, so that a plan that cannot be met
// keeps a server from starting and not a person from passing.
func (e *engine) check(p pipeline.Plan) error {
	challenge, err := pipeline.NewChallenge(rand.Reader, p)
	if err != nil {
		return err
	}
	_, err = e.judge.NewAttempt(challenge)
	return err
}

// openEngine loads the models and puts the judge together: the one place that
// lists the stages.
func openEngine(m modelFlags, t pipeline.Timing, q quality.Options, metrics pipeline.Metrics) (*engine, error) {
	return openEngineFor(m, t, q, metrics, recording{})
}

// recording says what should be said in one; a live session prompts instead.
type recording struct {
	phrase string
	heard  func(lips.Heard)
}

// openEngineFor is openEngine for a recording in which something should be said.
func openEngineFor(m modelFlags, t pipeline.Timing, q quality.Options, metrics pipeline.Metrics, r recording) (*engine, error) {
	library, err := models.Open(models.Options{Dir: m.Models})
	if err != nil {
		return nil, err
	}
	e := &engine{library: library}
	if err := e.assemble(t, q, metrics, r); err != nil {
		return nil, errors.Join(fmt.Errorf("put the judge together: %w", err), library.Close())
	}
	return e, nil
}

func (e *engine) assemble(t pipeline.Timing, q quality.Options, metrics pipeline.Metrics, r recording) (err error) {
	if e.newFinder, err = face.New(e.library, face.Options{}); err != nil {
		return err
	}
	guide, err := quality.New(q)
	if err != nil {
		return err
	}
	reading, err := e.lips(r)
	if err != nil {
		return err
	}
	looking, err := e.texture()
	if err != nil {
		return err
	}
	e.judge, err = pipeline.NewJudge(pipeline.JudgeOptions{
		NewFinder: e.newFinder,
		NewGuide:  guide,
		Stages:    []pipeline.Kind{motion.New(motion.Options{}), lips.New(reading), texture.New(looking)},
		Policy:    pipeline.DefaultPolicy(),
		Timing:    t,
		Metrics:   metrics,
	})
	return err
}

// lips opens the digit reader; a version that ships none does not check what is said.
//
// It reads in the frames' own lane: some milliseconds a few times a second, as
// much as one frame's mesh each. In the background lane a session would wait, between two of
// its frames, until no other session has a frame to look at.
func (e *engine) lips(r recording) (lips.Options, error) {
	n, err := lips.Load(e.library, models.Live)
	switch {
	case errors.Is(err, models.ErrUnlisted):
		return lips.Options{}, nil
	case err != nil:
		return lips.Options{}, err
	}
	return lips.Options{Reader: n, Phrase: r.phrase, Heard: r.heard}, nil
}

// texture opens the network that looks at the picture; a version that ships none does not check
// it. A look takes some milliseconds a few times a second.
func (e *engine) texture() (texture.Options, error) {
	n, f, err := texture.Load(e.library, models.Live)
	if errors.Is(err, models.ErrUnlisted) {
		return texture.Options{}, nil
	}
	return texture.Options{Net: n, Fusion: f}, err
}
