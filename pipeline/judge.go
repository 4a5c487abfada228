package pipeline

import (
	"errors"
	"fmt"
	"slices"
)

// JudgeOptions say what a judge works with. NewFinder, Stages and Policy are needed.
type JudgeOptions struct {
	NewFinder func() (Finder, error) // called once an attempt
	NewGuide  func() (Guide, error)  // called once an attempt; nil gives no hints
	Stages    []Kind                 // in the order in which they see a face
	Policy    Policy
	Timing    Timing
	Metrics   Metrics // nil discards
}

// Judge makes attempts that share one policy and one timing. It is safe for
// concurrent use; each attempt has its own finder, guide and stages.
type Judge struct{ o JudgeOptions }

// NewJudge refuses options that could not judge anybody.
func NewJudge(o JudgeOptions) (*Judge, error) {
	if o.NewFinder == nil {
		return nil, errors.New("new judge: no finder")
	}
	if len(o.Stages) == 0 {
		return nil, errors.New("new judge: no stages")
	}
	if err := o.Policy.Validate(); err != nil {
		return nil, fmt.Errorf("new judge: %w", err)
	}
	t, err := o.Timing.filled()
	if err != nil {
		return nil, fmt.Errorf("new judge: %w", err)
	}
	o.Timing = t
	if o.Metrics == nil {
		o.Metrics = noMetrics{}
	}
	o.Stages = slices.Clone(o.Stages)
	for i, k := range o.Stages {
		o.Stages[i] = Measured(k, o.Metrics)
	}
	return &Judge{o: o}, nil
}

// Policy returns the policy that verdicts rest on.
func (j *Judge) Policy() Policy { return j.o.Policy }

// NewAttempt prepares one attempt at c, with a finder, a guide and stages of its
// own. A Challenge without steps is a recording: nothing is awaited or asked, all
// frames are watched until the source ends. Any other must have steps of every kind
// that the policy requires a score of.
func (j *Judge) NewAttempt(c Challenge) (*Attempt, error) {
	all := slices.Concat(c.Steps, c.SpareTurns, c.SparePhrase)
	for i, s := range all {
		if err := s.check(); err != nil {
			return nil, fmt.Errorf("new attempt: step %d: %w", i, err)
		}
	}
	if err := j.o.Policy.answerable(c.Steps); err != nil {
		return nil, fmt.Errorf("new attempt: %w", err)
	}
	a := &Attempt{o: j.o, steps: slices.Clone(c.Steps), spareTurns: slices.Clone(c.SpareTurns), sparePhrase: slices.Clone(c.SparePhrase)}
	a.lamp.colours, a.lamp.every, a.lamp.shown = slices.Clone(c.Lights), j.o.Timing.Light, -1
	a.o.Timing.Whole = j.o.Timing.whole(all)
	finder, err := j.o.NewFinder()
	if err != nil {
		return nil, fmt.Errorf("new attempt: finder: %w", err)
	}
	a.finder = &measuredFinder{finder: finder, metrics: j.o.Metrics}
	if j.o.NewGuide != nil {
		g, err := j.o.NewGuide()
		if err != nil {
			return nil, fmt.Errorf("new attempt: guide: %w", err)
		}
		a.guide = &measuredGuide{guide: g, metrics: j.o.Metrics}
	}
	for _, k := range j.o.Stages {
		s, err := k.New()
		if err != nil {
			return nil, fmt.Errorf("new attempt: stage %s: %w", k.Name, err)
		}
		a.stages = append(a.stages, namedStage{Stage: s, name: k.Name})
	}
	return a, nil
}

// namedStage knows its name for the errors.
type namedStage struct {
	Stage
	name string
}

func (s Step) check() error {
	switch s.Kind {
	case StepDigit:
		if s.Digit < 0 || s.Digit > 9 {
			return fmt.Errorf("digit %d", s.Digit)
		}
	case StepTurn:
		switch s.Turn {
		case Left, Right, Up, Down:
		default:
			return fmt.Errorf("turn %q", s.Turn)
		}
	default:
		return fmt.Errorf("unknown kind %q", s.Kind)
	}
	return nil
}
