// Package continuity gives "continuity": whether the same person is there from the first to the last frame. A
// prompt answered by one person and a face shown of another, a face that is swapped in mid-session, and a face
// that leaves and comes back are what it looks for.
//
// Every 0.7 s of a face that looks ahead make a portrait: what a face recognition network finds particular to it. Each new pair of
// portraits is held against the first ones of the session, so that a slow change is one too. The portraits are held in memory while the session
// lasts and compared with nothing else. A twin, and somebody who is there for less than a second, are not seen.
package continuity

import (
	"context"
	"fmt"
	"math"
	"time"

	"vivavoce/pipeline"
	"vivavoce/pipeline/internal/cv"
)

const (
	// portraitEvery is the time from portrait to portrait.
	portraitEvery = 700 * time.Millisecond
	// ahead is the yaw and the pitch, in degrees, up to which a face is portrayed.
	ahead = 14.0
	// leastPresence is the mesh's belief below which its points are not trusted, and leastEyes the distance between the eyes, in pixels.
	leastPresence, leastEyes = 0.8, 16
	// firsts is how many portraits all later ones are held against.
	firsts = 5
	// leastPortraits are needed to say anything: a pair, and one before.
	leastPortraits = 3
	// left is how long a face must be away to count as having left.
	left = time.Second
	// hinted is the value that a hint alone leaves.
	hinted = 0.6
	// explained is the value below which a score says why.
	explained = 0.8
)

// New returns the kind of stage that gives "continuity", for the whole session.
func New(n Net) pipeline.Kind {
	return pipeline.Kind{Name: "continuity", New: func() (pipeline.Stage, error) {
		return &stage{net: n, chip: make([]float32, 3*Side*Side)}, nil
	}}
}

type stage struct {
	net   Net
	chip  []float32     // the network's input
	first []portrait    // firsts at most
	pair  [2]portrait   // the last two
	n     int           // of all portraits
	next  time.Duration // PTS of the next portrait
	seen  bool          // a face, yet
	last  time.Duration // PTS of the last face
	steps steps

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
	if s.seen && pts-s.last > left {
		s.returned, s.since = true, 0
	}
	s.seen, s.last = true, pts
	told := s.jumped
	s.jumped = s.steps.see(f) || s.jumped
	compared, err := s.portray(ctx, f)
	if err != nil {
		return nil, fmt.Errorf("portray the face of frame %d: %w", f.Frame.Seq, err)
	}
	if !compared && told == s.jumped {
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

// portray makes a portrait of f, if it is time for one, and reports whether it was compared.
func (s *stage) portray(ctx context.Context, f *pipeline.Face) (bool, error) {
	if math.Abs(f.Pose.Yaw) > ahead || math.Abs(f.Pose.Pitch) > ahead || !(f.Interocular >= leastEyes) || s.n > 0 && f.Frame.PTS < s.next {
		return false, nil
	}
	s.next = f.Frame.PTS + portraitEvery
	cv.Crop(s.chip, f.Frame, region(f), Side, 0, 1)
	s.pair[0] = s.pair[1]
	if err := s.net.Describe(ctx, s.chip, s.pair[1][:]); err != nil {
		return false, err
	}
	s.n, s.since = s.n+1, s.since+1
	if s.n >= leastPortraits {
		// Those of the pair are no part of what they are held against.
		s.unlike = max(s.unlike, nearest(s.first[:min(len(s.first), s.n-2)], s.pair[:]))
	}
	if len(s.first) < firsts {
		s.first = append(s.first, s.pair[1])
	}
	return s.n >= leastPortraits, nil
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

// Two faces of one person are less than 0.6 apart, two people's mostly more (dlib's own figure, dnn_face_recognition_ex.cpp; 99.38 % of LFW's pairs).
// It is the value 0.25 here, as no face of a session is held against a single other one. TestMeasureContinuity has what real people do.
const sameUnlike, otherUnlike = 0.45, 0.65

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
