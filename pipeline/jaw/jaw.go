// Package jaw gives "jaw": whether the chin goes with the lips. Who speaks, aloud or not, moves the jaw with the mouth; a
// speaking mouth that is pasted on somebody who is silent, or says something else, leaves the chin where it was.
//
// It says nothing of forgeries that draw the whole lower face anew.
package jaw

import (
	"context"
	"math"
	"time"

	"vivavoce/pipeline"
)

const (
	// around is how long before and after a face the mean lies from which its mouth and chin are measured: the head's
	// own slow movement and the lips' resting place are in the mean.
	around = 260 * time.Millisecond
	// leastAround is the fewest faces of such a window.
	leastAround = 3
	// step is the least time between two faces that are counted, and gap the longest within a window: as long as lips are
	// read across.
	step, gap = 20 * time.Millisecond, 300 * time.Millisecond
	// leastTime is how much of speaking must be seen, and leastOpening how far lips must open and shut then: standard
	// deviation over the distance between the inner corners of the eyes.
	leastTime, leastOpening = 2500 * time.Millisecond, 0.02
	// turned is the yaw or pitch, in degrees, beyond which chin and lips are seen from the side.
	turned = 30.0
	// leastPresence is the mesh's belief below which its points are not trusted.
	leastPresence = 0.8
	// tellEvery is how often the running score is given, in time of speaking.
	tellEvery = time.Second
	// explained is the value below which a score says why.
	explained = 0.8
)

// Correlations of the lips' opening with the chin's place that give 0 and 1; 0.5 is 0.08, and what policies ask for, 0.3, is 0. In GRID's clips, four of one
// speaker together (12 s, 25 frames a second; 2026-11-22; 400 draws a speaker of 58, 20, 20, 20, 10 and 10 clips, which also chose these bounds), medians are
// 0.31 of s2 and 0.54–0.83 of s1, s3, s5, s30 and s31; below 0.08 are 1 % of s2 and none of the others (of two clips together 4 %
// and none). With another speaker's mouth pasted in (recapture.Mouth, test ranges, 12 clips each, whose own jaws speak meanwhile) it is 89 % of s2, 51 % of
// s3, 82 % of s5, 59 % of s30 and 30 % of s31; with a whole face 0–20 %.
const still, moving = -0.12, 0.28

// Ratios of how far the chin and the lips move, standard deviations, that give 0 and 1; what policies ask for, 0.3, is 0.13. Where a mouth is pasted on
// a face that holds its chin still, the mesh yet moves the chin along with the lips, exactly and little: a correlation of 0.84 and a ratio of 0.09 on one of ten
// rendered faces. Pasted on who is silent, 28 of 35 pieces of five digits on those ten are below 0.13, and 30 by either figure; of 36 pieces of the same
// people unpasted none is (the least 0.165), nor of 120 clips of six of GRID's speakers, one by one, whatever they say (3 s each; the least 0.134 of s2, 0.22 of the others; 2026-11-22; these
// chose the bounds).
const numb, lively = 0.10, 0.20

// New returns the kind of stage that gives "jaw", for the whole session.
func New() pipeline.Kind {
	return pipeline.Kind{Name: "jaw", New: func() (pipeline.Stage, error) { return &stage{}, nil }}
}

type stage struct {
	run  []sight // the faces of the last three times around, without a gap
	sums sums
	told time.Duration
	out  [1]pipeline.Score
}

// sight is what is measured of one face.
type sight struct {
	pts       time.Duration
	lips      float64 // inner lips' opening, pixels
	chin      float64 // from the root of the nose down to the chin, pixels
	unit      float64 // between the inner corners of the eyes, pixels
	speaking  bool    // a digit is asked, or nobody asks
	counted   bool
	untilNext time.Duration
}

// Observe implements pipeline.Stage.
func (s *stage) Observe(ctx context.Context, o pipeline.Observation) ([]pipeline.Score, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	now, ok := look(o)
	if !ok {
		return nil, nil
	}
	if n := len(s.run); n > 0 {
		dt := now.pts - s.run[n-1].pts
		switch {
		case dt < step:
			return nil, nil
		case dt > gap:
			s.run = s.run[:0]
		default:
			s.run[n-1].untilNext = dt
		}
	}
	s.run = append(s.run, now)
	s.count()
	if s.sums.time-s.told < tellEvery {
		return nil, nil
	}
	s.told = s.sums.time
	s.out[0] = s.score(false)
	return s.out[:], nil
}

// look measures a face that looks about ahead; ok is false of others, and where a measure is not a number.
func look(o pipeline.Observation) (g sight, ok bool) {
	f := o.Face
	if !f.Found || !(f.Presence >= leastPresence) || !(math.Abs(f.Pose.Yaw) <= turned && math.Abs(f.Pose.Pitch) <= turned) {
		return g, false
	}
	right, left, root, chin := f.Points[133], f.Points[362], f.Points[168], f.Points[152]
	upper, lower := f.Points[13], f.Points[14]
	across, along := float64(left.X-right.X), float64(left.Y-right.Y)
	g.unit = math.Hypot(across, along)
	g.pts = f.Frame.PTS
	g.lips = math.Hypot(float64(upper.X-lower.X), float64(upper.Y-lower.Y))
	g.chin = (float64(chin.Y-root.Y)*across - float64(chin.X-root.X)*along) / g.unit // down, seen from between the eyes
	g.speaking = o.Prompt == nil || o.Prompt.Step.Kind == pipeline.StepDigit
	sum := g.lips + g.chin + g.unit
	return g, g.unit > 0 && !math.IsNaN(sum) && !math.IsInf(sum, 0)
}

// count adds the faces whose windows are whole by now, and forgets what no window needs.
func (s *stage) count() {
	last := s.run[len(s.run)-1].pts
	for i := range s.run {
		g := &s.run[i]
		if g.counted || g.pts-s.run[0].pts < around || last-g.pts < around {
			continue
		}
		g.counted = true
		if g.speaking {
			s.add(g)
		}
	}
	first := 0
	for last-s.run[first].pts > 3*around {
		first++
	}
	s.run = s.run[:copy(s.run, s.run[first:])]
}

// add counts g against the mean of its window.
func (s *stage) add(g *sight) {
	var lips, chin, unit, n float64
	for i := range s.run {
		if o := &s.run[i]; o.pts >= g.pts-around && o.pts <= g.pts+around {
			lips, chin, unit, n = lips+o.lips, chin+o.chin, unit+o.unit, n+1
		}
	}
	if n < leastAround {
		return
	}
	s.sums.add((g.lips-lips/n)/(unit/n), (g.chin-chin/n)/(unit/n), g.untilNext)
}

// sums are of the departures of lips and chin, weighed by time in seconds.
type sums struct {
	time               time.Duration
	lips, chin         float64
	lips2, chin2, both float64
}

func (s *sums) add(lips, chin float64, dt time.Duration) {
	w := dt.Seconds()
	s.time += dt
	s.lips, s.chin = s.lips+w*lips, s.chin+w*chin
	s.lips2, s.chin2, s.both = s.lips2+w*lips*lips, s.chin2+w*chin*chin, s.both+w*lips*chin
}

// figures are how far the lips open and shut, how much the chin goes with them, −1 to 1, 0 where it stands still, and how far it
// moves, in openings of the lips.
func (s *sums) figures() (opening, together, reach float64) {
	w := s.time.Seconds()
	if w == 0 {
		return 0, 0, 0
	}
	lips, chin := s.lips2/w-(s.lips/w)*(s.lips/w), s.chin2/w-(s.chin/w)*(s.chin/w)
	opening = math.Sqrt(max(lips, 0))
	if product := lips * chin; product > 0 {
		together = (s.both/w - s.lips/w*s.chin/w) / math.Sqrt(product)
		reach = math.Sqrt(chin / lips)
	}
	return opening, together, reach
}

// score is that of the session so far.
func (s *stage) score(settled bool) pipeline.Score {
	out := pipeline.Score{Name: pipeline.ScoreJaw, Step: pipeline.Whole, Settled: settled}
	opening, together, reach := s.sums.figures()
	if s.sums.time < leastTime || opening < leastOpening {
		out.Reasons = []pipeline.Reason{pipeline.JawNotChecked}
		return out
	}
	out.Checked = true
	out.Value = max(min((together-still)/(moving-still), (reach-numb)/(lively-numb), 1), 0)
	out.Measures = []pipeline.Measure{{Name: "together", Value: together}, {Name: "reach", Value: reach}, {Name: "opening", Value: opening}}
	if out.Value < explained {
		out.Reasons = []pipeline.Reason{pipeline.JawStill}
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
