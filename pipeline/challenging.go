package pipeline

import (
	"context"
	"fmt"
	"math"
	"time"
)

// advance moves the attempt on by one frame that was looked at and scored.
func (r *run) advance(face *Face) {
	pts := face.Frame.PTS
	switch {
	case r.recording():
	case r.state == Framing:
		good := face.Found && face.Others == 0 && !r.guideHint.Blocking
		switch {
		case r.framing.ready(good, pts, r.o.Timing):
			r.enter(Challenging)
			r.course.start(face)
		case r.framing.expired(r.o.Timing):
			r.end(r.unframed())
		}
	case r.state == Challenging:
		dt, why := r.course.pass(face.Frame)
		if why != "" {
			r.end(why)
			return
		}
		still, why := r.presence.see(face, dt, r.o.Timing)
		if why != "" {
			r.end(why)
			return
		}
		if !still {
			r.course.time += dt
		}
		r.steer(face)
		if lit, ok := r.lamp.ask(r.sending()); ok && !r.over {
			r.report(lit)
		}
	}
}

// unframed is why no challenge could start.
func (r *run) unframed() Reason {
	if r.others {
		return FaceSeveral
	}
	return SessionNoFace
}

// steer shows and ends steps as the course's time has come; face is the newest.
func (r *run) steer(face *Face) {
	c := &r.course
	var before *Prompt
	if p := c.shown; p != nil {
		r.tellProgress(p.Index, false)
		answered := p.Step.Kind == StepTurn && r.board.settled(ScoreMotion, p.Index)
		if !answered && c.time < c.due {
			return
		}
		r.tellProgress(p.Index, true)
		r.o.Metrics.PromptShown(p.Acked, p.ShownAt-c.sent)
		if c.endStep(); c.due <= c.time {
			before = p
		}
	}
	switch {
	case c.over():
		r.over = !r.again()
	case c.time >= c.due && !c.awaits(face):
		r.acks.prompt()
		r.report(c.prompt(r.sending(), before))
	}
}

// sending is the PTS that is captured now. The frame at hand is older; how much, the
// sender's clock says, which is not trusted beyond a bound.
func (r *run) sending() time.Duration {
	pts := r.course.pts
	return min(max(pts, r.clock.at(time.Now())), pts+r.o.Timing.AckBound)
}

// acknowledge takes over the client's word that the prompt is on its screen.
func (r *run) acknowledge(pts time.Duration) {
	p := r.course.shown
	if p == nil || p.Acked {
		return
	}
	if at, after, ok := r.acks.of(p.Index); ok {
		r.course.acknowledge(r.clock.at(at), after)
	}
}

// tellProgress reports how the step goes when that changed by a twentieth or more.
func (r *run) tellProgress(index int, over bool) {
	phase, fraction := r.board.progress(index)
	if over {
		phase = PhaseDone
	}
	p := Progressed{Index: index, Phase: phase, Fraction: math.Floor(fraction*20) / 20}
	if p != r.progress {
		r.progress = p
		r.report(p)
	}
}

// decide has the stages finish and asks the policy. Stages that do not finish in
// time leave the attempt undecided.
func (r *run) decide(ctx context.Context) (Verdict, error) {
	r.enter(Deciding)
	if r.told != (Hint{}) {
		r.guideHint, r.gap = Hint{}, false
		r.tellHint()
	}
	soon, cancel := context.WithTimeout(ctx, r.o.Timing.Deciding)
	defer cancel()
	for _, s := range r.stages {
		scores, err := s.Finish(soon)
		switch {
		case ctx.Err() != nil:
			return Verdict{}, ctx.Err()
		case soon.Err() != nil:
			v := refusal(SessionExpired)
			v.Scores = r.board.sorted()
			return v, nil
		case err != nil:
			return Verdict{}, fmt.Errorf("finish stage %s: %w", s.name, err)
		}
		r.note(scores)
	}
	v := r.unseen(r.o.Policy.Decide(r.board.scores))
	v.Scores, v.Witnesses = r.board.sorted(), r.board.witnesses(r.faces > 0)
	return v, nil
}

// leastSeen is how many frames with a face a step must have been seen in to count as
// answered or not; at 10 frames a second the shortest step has 9.
const leastSeen = 3

// unseen takes the live verdict from a session with a step that was hardly observed: stages
// judge the steps they were shown, and frames may have been kept back.
func (r *run) unseen(v Verdict) Verdict {
	for i, n := range r.seen {
		if n >= leastSeen || r.mended[i] {
			continue
		}
		score := ScoreMouth
		if r.steps[i].Kind == StepTurn {
			score = ScoreMotion
		}
		v.Confidence = 0
		v.Reasons = unique(append(v.Reasons, NotChecked(score)))
		if v.Outcome == Live {
			v.Outcome = Undecided
		}
	}
	return v
}
