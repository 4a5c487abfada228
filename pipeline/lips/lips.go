// Package lips watches the mouth. Its first step tells whether the mouth moves when a
// digit is asked ("mouth") and rests otherwise ("rest"); somebody who says the digits
// silently moves it as well. Its second reads which digits were said ("lips"), from nine
// landmarks a frame, by a small network and weighed word by word; without that network "lips" is given as
// not checked.
//
// The mouth is described by lengths between landmarks, divided by others of the same face,
// so that where the head is, how near and how it is turned matters little.
//
// What it does not see: whose lips move, and what they say. Any talking mouth that
// pauses when the digits do passes.
package lips

import (
	"context"
	"fmt"
	"math"
	"time"

	"vivavoce/pipeline"
)

// Options bound what counts as movement: how fast the mouth's shape changes, in shapes a
// second, root mean square over 300 ms. Zeros mean the defaults, which are provisional:
// they were chosen on speakers s1–s3 of GRID (60 digits, the fastest 300 ms around each),
// where 95 % of the digits are above 0.55 and the median of rest is 0.08. On the held-out s5, s30
// and s31 (40 digits) it is 0.41 and 0.08. A photograph that is waved about has
// 0.15–0.35. measure_test.go prints the stage's own scores.
type Options struct {
	Still  float64 // up to this a mouth does not speak; 0.3
	Spoken float64 // from this on it does; 0.7

	Reader Reader // reads the digits; nil gives "lips" as not checked
	// Phrase is what should be said, as digits, in a recording that has no prompts; with it
	// prompts are not heeded.
	Phrase string
	// Heard, if set, is told at the end what was read of a recording with a Phrase.
	Heard func(Heard)
}

const (
	// lead is how long after a digit is lit its answer may begin, at the soonest;
	// until then the one before is still being said.
	lead = 200 * time.Millisecond
	// calm is how long after a phrase the mouth needs to come to rest.
	calm = 500 * time.Millisecond
	// explained is the value below which a score says why.
	explained = 0.8
)

// New returns the kind of stage that gives "mouth", for each digit and the whole session, "rest"
// and "lips" for the whole session.
func New(o Options) pipeline.Kind {
	return pipeline.Kind{Name: "lips", New: func() (pipeline.Stage, error) {
		if o.Still == 0 {
			o.Still = 0.3
		}
		if o.Spoken == 0 {
			o.Spoken = 0.7
		}
		if !(o.Still > 0 && o.Spoken > o.Still) || math.IsInf(o.Spoken, 1) {
			return nil, fmt.Errorf("lips: still %v, spoken %v", o.Still, o.Spoken)
		}
		s := &stage{o: o}
		if o.Reader != nil {
			said, err := digitsOf(o.Phrase)
			if err != nil {
				return nil, err
			}
			s.speech = &speech{reader: o.Reader, said: said, heard: o.Heard}
		}
		return s, nil
	}}
}

type stage struct {
	o      Options
	trail  trail
	digits []digit
	burst  burst
	rest   rest
	asked  bool          // a prompt was on the screen before
	quiet  time.Duration // PTS from which the mouth should rest; set while a digit is asked
	out    []pipeline.Score
	speech *speech // nil without a reader
}

// digit is the movement while one digit was asked.
type digit struct {
	index int
	shown time.Duration
	seen  bool
	peak  float64 // the fastest span, shapes a second
	over  bool
}

// Observe implements pipeline.Stage.
func (s *stage) Observe(ctx context.Context, o pipeline.Observation) ([]pipeline.Score, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.out = s.out[:0]
	s.watch(o)
	if s.speech == nil {
		return s.out, nil
	}
	read, err := s.speech.observe(ctx, o)
	s.out = append(s.out, read...)
	return s.out, err
}

// watch sees how the mouth moves.
func (s *stage) watch(o pipeline.Observation) {
	now := o.Face.Frame.PTS
	s.follow(o.Prompt, now)
	if !o.Face.Found {
		return
	}
	rate, dt, ok := s.trail.step(o.Face)
	if !ok {
		return
	}
	moved, known := s.burst.add(now, dt, rate)
	switch d := s.speaking(now); {
	case d != nil && known:
		d.seen, d.peak = true, max(d.peak, moved)
		s.out = append(s.out, s.score(d))
	case d == nil && s.asked && now >= s.quiet && s.trail.headStill():
		s.rest.add(dt, rate)
	}
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
			s.out = append(s.out, s.score(d), s.mouth(false), s.rested(false))
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
	if !d.seen {
		if d.over {
			score.Reasons = []pipeline.Reason{pipeline.MouthNotChecked}
		}
		return score
	}
	score.Checked = true
	score.Value = s.spoken(d.peak)
	score.Fraction = score.Value
	if d.over && score.Value < explained {
		score.Reasons = []pipeline.Reason{pipeline.MouthStill}
	}
	return score
}

// spoken values movement: 0 at rest, 1 in speech.
func (s *stage) spoken(rate float64) float64 {
	return clamp((rate - s.o.Still) / (s.o.Spoken - s.o.Still))
}

// mouth is the score of the session: how many of the digits were spoken (0.5 is two
// thirds of them: every other one may be luck). Most digits must have been seen.
func (s *stage) mouth(settled bool) pipeline.Score {
	score := pipeline.Score{Name: pipeline.ScoreMouth, Step: pipeline.Whole, Settled: settled}
	spoken, seen := 0.0, 0
	for _, d := range s.digits {
		if d.over && d.seen {
			spoken, seen = spoken+s.spoken(d.peak), seen+1
		}
	}
	if seen == 0 || 3*seen < 2*len(s.digits) {
		score.Reasons = []pipeline.Reason{pipeline.MouthNotChecked}
		return score
	}
	score.Checked, score.Value = true, clamp((spoken/float64(seen)-0.4)/0.5)
	if score.Value < explained {
		score.Reasons = []pipeline.Reason{pipeline.MouthStill}
	}
	return score
}

// rested is 1 when the mouth moved at most half as fast where nothing was asked as at the digits, or
// hardly at all, and falls to 0 where it moved 0.9 times as fast. Some rest must have been seen.
func (s *stage) rested(settled bool) pipeline.Score {
	score := pipeline.Score{Name: pipeline.ScoreRest, Step: pipeline.Whole, Settled: settled}
	peaks, seen := 0.0, 0
	for _, d := range s.digits {
		if d.over && d.seen {
			peaks, seen = peaks+d.peak, seen+1
		}
	}
	rest, known := s.rest.median()
	if seen == 0 || !known {
		score.Reasons = []pipeline.Reason{pipeline.RestNotChecked}
		return score
	}
	score.Checked, score.Value = true, 1
	if rest > s.o.Still {
		score.Value = clamp((0.9 - rest*float64(seen)/peaks) / 0.4)
	}
	if score.Value < explained {
		score.Reasons = []pipeline.Reason{pipeline.RestMoved}
	}
	return score
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
	out = append(out, s.mouth(true), s.rested(true))
	if s.speech == nil {
		return append(out, unread(true)), nil
	}
	read, err := s.speech.finish(ctx)
	return append(out, read...), err
}

// unread is the session's score where nothing was read.
func unread(settled bool) pipeline.Score {
	return pipeline.Score{
		Name: pipeline.ScoreLips, Step: pipeline.Whole, Settled: settled,
		Reasons: []pipeline.Reason{pipeline.LipsNotChecked},
	}
}

func clamp(v float64) float64 { return min(max(v, 0), 1) }
