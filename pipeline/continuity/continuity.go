// Package continuity gives "continuity": whether the same person is there from the first to the last frame. A
// prompt answered by one person and a face shown of another, a face that is swapped in mid-session, and a face
// that leaves and comes back are what it looks for.
//
// Every 0.7 s of a face that looks ahead make a portrait: the head's shape in space, and its
// picture without size, roll and light. Each new pair of portraits is held against the ones just before: who moves,
// speaks and grimaces changes little in so short a time, another person more. It is no face recognition: a
// twin, a morph over many seconds and somebody who is there for less than a second are not seen.
package continuity

import (
	"context"
	"math"
	"time"

	"vivavoce/pipeline"
)

const (
	// portraitTime is how long a portrait's faces last, and portraitFaces how many there must be.
	portraitTime  = 700 * time.Millisecond
	portraitFaces = 5
	// ahead is the yaw and the pitch, in degrees, up to which a face goes into a portrait.
	ahead = 14.0
	// leastPresence is the mesh's belief below which its points are not trusted.
	leastPresence = 0.8
	// recent is how many portraits a new pair is held against, and before them forgotten.
	recent = 5
	// leastPortraits are needed to say anything: a pair, and one before.
	leastPortraits = 3
	// hole is the longest time without a face that leaves a portrait whole.
	hole = 300 * time.Millisecond
	// left is how long a face must be away to count as having left.
	left = time.Second
	// hinted is the value that a hint alone leaves.
	hinted = 0.6
	// explained is the value below which a score says why.
	explained = 0.8
)

// New returns the kind of stage that gives "continuity", for the whole session.
func New() pipeline.Kind {
	return pipeline.Kind{Name: "continuity", New: func() (pipeline.Stage, error) { return &stage{}, nil }}
}

type stage struct {
	portraits []portrait // the recent ones and the newest pair
	n         int        // of all portraits
	now       portrait   // being made
	from      time.Duration
	seen      bool          // a face, yet
	last      time.Duration // PTS of the last face
	steps     steps

	unlike   float64 // the most that a pair differed from those before
	jumped   bool
	returned bool // the face had left, and was seen again
	since    int  // portraits since it was back
	out      [1]pipeline.Score
}

// Observe implements pipeline.Stage.
func (s *stage) Observe(ctx context.Context, o pipeline.Observation) ([]pipeline.Score, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f := o.Face
	if !usable(f) {
		return nil, nil
	}
	pts := f.Frame.PTS
	if s.seen && pts-s.last > hole {
		s.now, s.steps = portrait{}, steps{}
		if pts-s.last > left {
			s.returned, s.since = true, 0
		}
	}
	s.seen, s.last = true, pts
	told := s.jumped
	s.jumped = s.steps.see(f) || s.jumped
	if !s.portray(f) && told == s.jumped {
		return nil, nil
	}
	s.out[0] = s.score(false)
	return s.out[:], nil
}

// usable reports whether f was found and all that is read of it is a number.
func usable(f *pipeline.Face) bool {
	if !f.Found || !(f.Presence >= leastPresence) || !(f.Interocular > 0) {
		return false
	}
	sum := f.Interocular + f.Pose.Yaw + f.Pose.Pitch
	for i := range f.Points {
		p := &f.Points[i]
		sum += float64(p.X) + float64(p.Y) + float64(p.Z)
	}
	return !math.IsNaN(sum) && !math.IsInf(sum, 0)
}

// portray adds f to the portrait, and reports whether that one is done and compared.
func (s *stage) portray(f *pipeline.Face) bool {
	if math.Abs(f.Pose.Yaw) > ahead || math.Abs(f.Pose.Pitch) > ahead {
		return false
	}
	if s.now.n == 0 {
		s.from = f.Frame.PTS
	}
	s.now.look(f)
	if f.Frame.PTS-s.from < portraitTime {
		return false
	}
	p := s.now
	s.now = portrait{}
	if p.n < portraitFaces {
		return false
	}
	p.done()
	s.n, s.since = s.n+1, s.since+1
	if len(s.portraits) == recent+2 {
		copy(s.portraits, s.portraits[1:])
		s.portraits = s.portraits[:recent+1]
	}
	s.portraits = append(s.portraits, p)
	if s.n < leastPortraits {
		return false
	}
	pair := len(s.portraits) - 2
	s.unlike = max(s.unlike, nearest(s.portraits[:pair], s.portraits[pair:]))
	return true
}

// nearest is how unlike the two most alike of a and b are.
func nearest(a, b []portrait) float64 {
	least := math.Inf(1)
	for i := range a {
		for j := range b {
			least = min(least, a[i].unlike(&b[j]))
		}
	}
	return least
}

// score is that of the session so far.
func (s *stage) score(settled bool) pipeline.Score {
	out := pipeline.Score{Name: pipeline.ScoreContinuity, Step: pipeline.Whole, Settled: settled}
	out.Checked = s.n >= leastPortraits && !(s.returned && s.since < 2)
	if !out.Checked {
		out.Reasons = []pipeline.Reason{pipeline.ContinuityNotChecked}
		return out
	}
	out.Value = min(max((otherUnlike-s.unlike)/(otherUnlike-sameUnlike), 0), 1)
	if out.Value < explained {
		out.Reasons = append(out.Reasons, pipeline.ContinuitySwapped)
	}
	if s.jumped {
		out.Value = min(out.Value, hinted)
		out.Reasons = append(out.Reasons, pipeline.ContinuityJump)
	}
	if s.returned {
		out.Value = min(out.Value, hinted)
		out.Reasons = append(out.Reasons, pipeline.ContinuityLeft)
	}
	return out
}

// Finish implements pipeline.Stage.
func (s *stage) Finish(ctx context.Context) ([]pipeline.Score, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return []pipeline.Score{s.score(true)}, nil
}
