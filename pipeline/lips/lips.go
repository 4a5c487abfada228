// Package lips watches the mouth. Its first step tells whether the mouth moves when a
// digit is asked and rests otherwise ("mouth"); somebody who says the digits
// silently moves it as well. Which digit was said is not read yet: "lips" is always
// given as not checked.
//
// The mouth is described by four lengths between landmarks, divided by the distance between
// the eyes, so that where the head is, how near and how tilted does not matter.
package lips

import (
	"context"
	"fmt"
	"math"
	"time"

	"vivavoce/pipeline"
)

// Options bound what counts as movement, in interocular distances a second (root mean
// square over a window); zeros mean the defaults. They are provisional: see the table
// in measure_test.go for what they rest on.
type Options struct {
	Still  float64 // a mouth at rest moves less than this; 0.35
	Spoken float64 // a mouth that speaks moves more than this; 0.9
}

const (
	// lead is how long after a digit is lit its answer may begin, at the soonest;
	// until then the one before is still being said.
	lead = 200 * time.Millisecond
	// calm is how long after a phrase the mouth needs to come to rest.
	calm = 500 * time.Millisecond
	// Rests shorter than this in all say nothing.
	restLeast = 400 * time.Millisecond
	// digitLeast is how many faces a digit needs to be judged.
	digitLeast = 5
)

// New returns the kind of stage that gives "mouth", for each digit and the whole session,
// and "lips" for the whole session.
func New(o Options) pipeline.Kind {
	return pipeline.Kind{Name: "lips", New: func() (pipeline.Stage, error) {
		if o.Still == 0 {
			o.Still = 0.35
		}
		if o.Spoken == 0 {
			o.Spoken = 0.9
		}
		if !(o.Still > 0 && o.Spoken > o.Still) || math.IsInf(o.Spoken, 1) {
			return nil, fmt.Errorf("lips: still %v, spoken %v", o.Still, o.Spoken)
		}
		return &stage{o: o}, nil
	}}
}

type stage struct {
	o      Options
	trail  trail
	digits []digit
	rest   energy
	asked  bool          // a prompt was on the screen before
	quiet  time.Duration // PTS from which the mouth should rest; set while a digit is asked
	out    []pipeline.Score
}

// digit is the movement while one digit was asked.
type digit struct {
	index  int
	shown  time.Duration
	energy energy
	over   bool
}

// Observe implements pipeline.Stage.
func (s *stage) Observe(ctx context.Context, o pipeline.Observation) ([]pipeline.Score, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.out = s.out[:0]
	now := o.Face.Frame.PTS
	s.follow(o.Prompt, now)
	if !o.Face.Found {
		return s.out, nil
	}
	rate, dt, ok := s.trail.step(o.Face)
	if !ok {
		return s.out, nil
	}
	switch d := s.speaking(now); {
	case d != nil:
		d.energy.add(rate, dt)
		s.out = append(s.out, s.score(d))
	case s.asked && now >= s.quiet && s.trail.headStill():
		s.rest.add(rate, dt)
	}
	return s.out, nil
}

// follow keeps account of what is asked.
func (s *stage) follow(p *pipeline.Prompt, now time.Duration) {
	if p == nil || p.Step.Kind != pipeline.StepDigit {
		s.asked = s.asked || p != nil
		s.settle(now)
		return
	}
	s.asked = true
	s.quiet = now + lead + calm
	for i := range s.digits {
		if s.digits[i].index == p.Index {
			s.digits[i].shown = p.ShownAt
			s.settle(now)
			return
		}
	}
	s.digits = append(s.digits, digit{index: p.Index, shown: p.ShownAt})
	s.settle(now)
}

// settle closes the digits whose time is over.
func (s *stage) settle(now time.Duration) {
	for i := range s.digits {
		d := &s.digits[i]
		if !d.over && now >= s.end(i) {
			d.over = true
			s.out = append(s.out, s.score(d), s.mouth(false))
		}
	}
}

// end is when digit i's answer is over: when the next one's begins, or the mouth should
// rest.
func (s *stage) end(i int) time.Duration {
	end := s.quiet
	if i+1 < len(s.digits) {
		end = min(end, s.digits[i+1].shown+lead)
	}
	return end
}

// speaking returns the digit whose answer is awaited now.
func (s *stage) speaking(now time.Duration) *digit {
	for i := range s.digits {
		if d := &s.digits[i]; !d.over && now >= d.shown+lead {
			return d
		}
	}
	return nil
}

// score says how much the mouth moved for one digit.
func (s *stage) score(d *digit) pipeline.Score {
	score := pipeline.Score{Name: pipeline.ScoreMouth, Step: d.index, Settled: d.over}
	if d.energy.n < digitLeast {
		if d.over {
			score.Reasons = []pipeline.Reason{pipeline.MouthNotChecked}
		}
		return score
	}
	score.Checked = true
	score.Value = s.spoken(d.energy)
	score.Fraction = score.Value
	if d.over && score.Value < 0.5 {
		score.Reasons = []pipeline.Reason{pipeline.MouthStill}
	}
	return score
}

// spoken values movement: 0 at rest, 1 in speech.
func (s *stage) spoken(e energy) float64 {
	return clamp((e.rms() - s.o.Still) / (s.o.Spoken - s.o.Still))
}

// mouth is the score of the session: how much of the digits was spoken, less when the
// mouth moved about as much at rest. Both must have been seen.
func (s *stage) mouth(settled bool) pipeline.Score {
	score := pipeline.Score{Name: pipeline.ScoreMouth, Step: pipeline.Whole, Settled: settled}
	var all energy
	spoken, seen := 0.0, 0
	for _, d := range s.digits {
		if d.over && d.energy.n >= digitLeast {
			spoken, seen = spoken+s.spoken(d.energy), seen+1
			all.join(d.energy)
		}
	}
	if seen == 0 || 3*seen < 2*len(s.digits) || s.rest.time < restLeast {
		score.Reasons = []pipeline.Reason{pipeline.MouthNotChecked}
		return score
	}
	score.Checked = true
	score.Value = spoken / float64(seen)
	if score.Value < 0.5 {
		score.Reasons = append(score.Reasons, pipeline.MouthStill)
	}
	if calm := s.calmness(all); calm < 1 {
		score.Value *= calm
		if calm < 0.5 {
			score.Reasons = append(score.Reasons, pipeline.MouthRestless)
		}
	}
	return score
}

// calmness is 1 when the mouth moves half as fast at rest as in speech, or hardly
// at all, and 0 when it moves as fast.
func (s *stage) calmness(speech energy) float64 {
	rest := s.rest.rms()
	if rest <= s.o.Still {
		return 1
	}
	return clamp((1 - rest/speech.rms()) / 0.5)
}

// Finish implements pipeline.Stage.
func (s *stage) Finish(ctx context.Context) ([]pipeline.Score, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var out []pipeline.Score
	for i := range s.digits {
		s.digits[i].over = true
		out = append(out, s.score(&s.digits[i]))
	}
	lips := pipeline.Score{
		Name: pipeline.ScoreLips, Step: pipeline.Whole, Settled: true,
		Reasons: []pipeline.Reason{pipeline.LipsNotChecked},
	}
	return append(out, s.mouth(true), lips), nil
}

func clamp(v float64) float64 { return min(max(v, 0), 1) }
