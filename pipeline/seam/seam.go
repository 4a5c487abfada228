// Package seam gives "seam": whether the face moves with the head that it is on. A face or a mouth that is pasted into the video, as
// swaps and lip-sync networks do, is laid in anew in each picture where that picture's landmarks are found, and those shake: the
// part trembles by a fraction of a pixel against the head around it, which a head does not.
//
// Three parts of the picture – the inner face, the mouth, and the face's edge – are followed from frame to frame by their
// brightness. Slow movement, the parallax of a turn included, is taken off; what trembles is left.
//
// It sees nothing where a part is laid in by a track that was smoothed over time, and says nothing of masks and screens.
package seam

import (
	"context"
	"math"
	"slices"
	"time"

	"vivavoce/pipeline"
)

const (
	// turned is the yaw, pitch or roll, in degrees, beyond which the parts do not lie where they are looked for.
	turned = 25.0
	// leastPresence is the mesh's belief below which its points are not trusted.
	leastPresence = 0.8
	// shortest and longest are what may lie between two frames that are compared, and uneven how much one such time may be longer
	// than the one before: a tremble is told from movement by an even pace.
	shortest, longest, uneven = 15 * time.Millisecond, 110 * time.Millisecond, 1.5
	// leastFrames is how many frames must be compared, and most how many are remembered: the last ones.
	leastFrames, most = 40, 1024
	// hasty is a movement of the face's edge from frame to frame, in distances between the inner corners of the eyes, beyond
	// which a head's own movement is not slow; and restless is a tremble of the edge at which the whole picture shakes.
	hasty, restless = 0.03, 0.03
	// floor is what the parts of a steady face tremble by in pictures of 100 lines and more, in the same unit.
	floor = 0.0025
	// correlated is what the noise of single samples makes of a part's tremble, over a movement's standard error: samples are softened, so that
	// some 8 share their noise, and a tremble of two pictures' noise is 3.5 times its variance; its median is 0.7 of that.
	correlated = 5
	// tellEvery is how many frames lie between two running scores.
	tellEvery = 25
	// explained is the value below which a score says why.
	explained = 0.8
)

// How much more than the face's edge the inner face and the mouth tremble where the value is one half, both over what noise makes of it. Clips
// of 14 people (four of GRID's together, 12 s; 2026-11-22; the bounds were chosen on eight of them), as recorded, through a simulated camera, and dark and noisy: face at most
// 1.3 and mouth 1.5 at 25 frames a second, 2.0 and 2.2 at 12.5. Another one's face pasted in (test ranges): the face 4.0 and more at either rate, all of
// 30 sessions; a mouth: 26 of 31 have more than 2.8.
const faceMost, mouthMost = 2.6, 2.8

// New returns the kind of stage that gives "seam", for the whole session.
func New() pipeline.Kind {
	return pipeline.Kind{Name: "seam", New: func() (pipeline.Stage, error) { return &stage{}, nil }}
}

type stage struct {
	window    window
	last      time.Duration // PTS of the frame before
	pace      time.Duration // from the one before that
	run       []moves       // of the frames without a gap, the last five
	trembles  []tremble     // a ring of most
	next      int           // place in it, when it is full
	untilTold int
	out       [1]pipeline.Score
}

// moves are what the parts moved from one frame to the next, in distances between the inner corners of the eyes.
type moves [parts]struct {
	vector
	noise float64 // standard error
}

type vector struct{ x, y float64 }

func (v vector) minus(o vector) vector { return vector{v.x - o.x, v.y - o.y} }
func (v vector) length() float64       { return math.Hypot(v.x, v.y) }

// tremble is what is left of movement when the slow is taken off: of inner face and mouth against the edge, and of the edge itself; and
// the standard errors of the first two.
type tremble struct{ face, mouth, edge, faceNoise, mouthNoise float64 }

// Observe implements pipeline.Stage.
func (s *stage) Observe(ctx context.Context, o pipeline.Observation) ([]pipeline.Score, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !s.follow(o.Face) {
		return nil, nil
	}
	if s.untilTold--; s.untilTold > 0 || len(s.trembles) < leastFrames {
		return nil, nil
	}
	s.untilTold = tellEvery
	s.out[0] = s.score(false)
	return s.out[:], nil
}

// follow compares the face with the frame before; it reports whether there is one more tremble.
func (s *stage) follow(f *pipeline.Face) bool {
	dt := f.Frame.PTS - s.last
	even := dt >= shortest && dt <= longest && float64(dt) <= uneven*float64(s.pace) && float64(s.pace) <= uneven*float64(dt)
	s.last, s.pace = f.Frame.PTS, dt
	if !facing(f) {
		s.window.forget()
		s.run = s.run[:0]
		return false
	}
	moved, ok := s.window.take(f)
	if !ok || !even || moved[edge].length() > hasty {
		s.run = s.run[:0]
		return false
	}
	if len(s.run) == taps {
		s.run = s.run[:copy(s.run, s.run[1:])]
	}
	if s.run = append(s.run, moved); len(s.run) < taps {
		return false
	}
	s.remember(tremble{
		face:      s.left(func(m *moves) vector { return m[face].minus(m[edge].vector) }),
		mouth:     s.left(func(m *moves) vector { return m[mouth].minus(m[edge].vector) }),
		edge:      s.left(func(m *moves) vector { return m[edge].vector }),
		faceNoise: moved[face].noise, mouthNoise: moved[mouth].noise,
	})
	return true
}

func facing(f *pipeline.Face) bool {
	p := f.Pose
	return f.Found && f.Presence >= leastPresence && math.Abs(p.Yaw) <= turned && math.Abs(p.Pitch) <= turned && math.Abs(p.Roll) <= turned
}

// taps is how many movements the slow part is told by: a cubic through the two before and the two after, at the one between.
const taps = 5

// left is how far the middle one of the run is from what the cubic has there.
func (s *stage) left(of func(*moves) vector) float64 {
	a, b, c, d, e := of(&s.run[0]), of(&s.run[1]), of(&s.run[2]), of(&s.run[3]), of(&s.run[4])
	return math.Hypot(c.x-(4*(b.x+d.x)-a.x-e.x)/6, c.y-(4*(b.y+d.y)-a.y-e.y)/6)
}

func (s *stage) remember(t tremble) {
	if len(s.trembles) < most {
		s.trembles = append(s.trembles, t)
		return
	}
	s.trembles[s.next] = t
	s.next = (s.next + 1) % most
}

// score is that of the session so far.
func (s *stage) score(settled bool) pipeline.Score {
	out := pipeline.Score{Name: pipeline.ScoreSeam, Step: pipeline.Whole, Settled: settled}
	own := s.median(func(t tremble) float64 { return t.edge })
	if len(s.trembles) < leastFrames || own > restless {
		out.Reasons = []pipeline.Reason{pipeline.SeamNotChecked}
		return out
	}
	over := func(of, noise func(tremble) float64) float64 {
		return s.median(of) / math.Hypot(math.Hypot(own, floor), correlated*s.median(noise))
	}
	ofFace := over(func(t tremble) float64 { return t.face }, func(t tremble) float64 { return t.faceNoise })
	ofMouth := over(func(t tremble) float64 { return t.mouth }, func(t tremble) float64 { return t.mouthNoise })
	byFace, byMouth := scale(ofFace, faceMost), scale(ofMouth, mouthMost)
	out.Checked, out.Value = true, min(byFace, byMouth)
	out.Measures = []pipeline.Measure{{Name: "face_over_edge", Value: ofFace}, {Name: "mouth_over_edge", Value: ofMouth}}
	switch {
	case out.Value >= explained:
	case byFace <= byMouth:
		out.Reasons = []pipeline.Reason{pipeline.SeamFace}
	default:
		out.Reasons = []pipeline.Reason{pipeline.SeamMouth}
	}
	return out
}

// scale is 1 up to half of most, one half at most and 0 from one and a half of it.
func scale(v, most float64) float64 { return min(max(1.5-v/most, 0), 1) }

func (s *stage) median(of func(tremble) float64) float64 {
	if len(s.trembles) == 0 {
		return 0
	}
	v := make([]float64, len(s.trembles))
	for i, t := range s.trembles {
		v[i] = of(t)
	}
	slices.Sort(v)
	return v[len(v)/2]
}

// Finish implements pipeline.Stage.
func (s *stage) Finish(ctx context.Context) ([]pipeline.Score, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return []pipeline.Score{s.score(true)}, nil
}
