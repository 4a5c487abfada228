// Package motion scores turns of the head: whether it turned the way it was asked,
// far enough, smoothly, no sooner than a person can react, and came back ("motion");
// and whether its points moved as those of a body in space do ("depth").
//
// What it does not see: a video of a turning head, played on a screen in time with the
// prompts, moves right and has depth. That it would have to be the right way at the
// right moment is the challenge's work; the screen is texture's.
package motion

import (
	"context"
	"fmt"
	"time"

	"vivavoce/pipeline"
)

// Options bound what counts as a turn. Angles are in degrees, away from where the head was
// before the prompt, as [pipeline.Pose] measures them; zeros mean the defaults.
type Options struct {
	Yaw   float64 // a turn left or right reaches this; 14
	Pitch float64 // a turn up or down reaches this; 9
}

// Limits of a human answer.
const (
	// soonest is the shortest time from seeing to moving. Simple visual reactions
	// of the quickest people take 150–200 ms; the rest is for the uncertainty of
	// when the prompt was seen.
	soonest = 120 * time.Millisecond
	// latest is when an answer has taken too long to be one.
	latest = 4 * time.Second
	// onset is how far the head moves before it is called moving: above the pose's noise
	// and the nods of somebody who speaks.
	onset = 5.0
	// astray is the part of the required angle that, moved the opposite way before it is
	// reached, counts as the wrong way; across, it is the whole of what a turn that
	// way needs, while the right way is less than half gone, as turns are never straight.
	astray = 0.7
	// back is the part of the greatest angle within which the head is back at
	// the centre, but never less than backLeast degrees.
	back, backLeast = 0.35, 6.0
	// leastPresence is the mesh's belief below which an angle does not count: on a flat
	// picture tilted by 60° it breaks down and sees turns, at 0.5 to 0.9; a real head
	// has 0.99 on its way to any turn.
	leastPresence = 0.8
	// farthest is the greatest angle that a head and a mesh reach.
	farthest = 85.0
	// hole is the longest time without a face within a turn; what happened in a
	// longer one is not known, so the turn is not checked; longer when turned away.
	hole, holeTurned = 700 * time.Millisecond, 1200 * time.Millisecond
	// explained is the value below which a score says why.
	explained = 0.8
)

// New returns the kind of stage that gives "motion", for each turn and the whole session,
// and "depth" and "parallax" for the whole session.
//
// Motion of the session is the least of its turns: each is a question of its own that
// a recording answers by luck, and a mean would let one good turn pay for a bad one. If
// a turn was not checked, the session is not either, unless another was asked in its place and was.
func New(o Options) pipeline.Kind {
	return pipeline.Kind{Name: "motion", New: func() (pipeline.Stage, error) {
		if o.Yaw == 0 {
			o.Yaw = 14
		}
		if o.Pitch == 0 {
			o.Pitch = 9
		}
		if !(o.Yaw >= onset && o.Yaw <= 45) || !(o.Pitch >= onset && o.Pitch <= 30) {
			return nil, fmt.Errorf("motion: turns of %v and %v degrees", o.Yaw, o.Pitch)
		}
		return &stage{o: o}, nil
	}}
}

type stage struct {
	o      Options
	still  still // the head before a prompt
	turn   *turn // being answered; nil between
	turns  []pipeline.Score
	again  int // turns that were asked in another's place, and checked
	depths []depth
	around []carried
	out    []pipeline.Score // reused
}

// Observe implements pipeline.Stage.
func (s *stage) Observe(ctx context.Context, o pipeline.Observation) ([]pipeline.Score, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.out = s.out[:0]
	p := o.Prompt
	asked := p != nil && p.Step.Kind == pipeline.StepTurn
	if s.turn != nil && (!asked || p.Index != s.turn.index) {
		s.close()
	}
	if asked && s.turn == nil && !s.answered(p.Index) {
		s.turn = newTurn(s.o, p, &s.still)
		s.still.reset()
	}
	f := o.Face
	switch {
	case s.turn != nil:
		s.turn.shown = p.ShownAt
		if usable(f) {
			s.turn.see(f)
		}
		if s.turn.returned {
			s.close()
		} else {
			s.out = append(s.out, s.turn.score(false))
		}
	case usable(f):
		s.still.see(f)
	}
	return s.out, nil
}

// close settles the turn and gives the session's running scores.
func (s *stage) close() {
	score := s.turn.score(true)
	s.turns = append(s.turns, score)
	if s.turn.again && score.Checked {
		s.again++
	}
	s.depths = append(s.depths, s.turn.depth)
	s.around = append(s.around, s.turn.parallax.carried)
	s.turn = nil
	s.out = append(s.out, score, s.motion(false), wholeDepth(s.depths, false), wholeParallax(s.around, false))
}

func (s *stage) answered(index int) bool {
	for _, t := range s.turns {
		if t.Step == index {
			return true
		}
	}
	return false
}

// motion is the score of the session.
func (s *stage) motion(settled bool) pipeline.Score {
	whole := pipeline.Score{Name: pipeline.ScoreMotion, Step: pipeline.Whole, Settled: settled}
	unseen := 0
	for _, t := range s.turns {
		switch {
		case !t.Checked:
			if unseen++; unseen > s.again {
				whole.Checked, whole.Value, whole.Reasons = false, 0, t.Reasons
				return whole
			}
		case !whole.Checked || t.Value < whole.Value:
			whole.Checked, whole.Value, whole.Reasons = true, t.Value, t.Reasons
		}
	}
	if len(s.turns) == 0 {
		whole.Reasons = []pipeline.Reason{pipeline.MotionNotChecked}
	}
	return whole
}

// Finish implements pipeline.Stage.
func (s *stage) Finish(ctx context.Context) ([]pipeline.Score, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s.turn != nil {
		s.close()
	}
	out := append([]pipeline.Score(nil), s.turns...)
	return append(out, s.motion(true), wholeDepth(s.depths, true), wholeParallax(s.around, true)), nil
}
