// Package eyes gives "eyes": whether lids, gaze and lips move by themselves, as a picture's do not, and whether
// the eyes blink as eyes do.
//
// What it finds is named: eyes.still is evidence of a picture or a stiff mask. That nobody blinked, or that blinks
// came and went within one frame, is a hint only: people blink 10–20 times a minute, some hardly while they
// concentrate, and a slow camera sees half of it.
package eyes

import (
	"context"
	"math"
	"time"

	"vivavoce/pipeline"
)

const (
	// leastTime is how long a face must be seen to say that nothing in it moves, and blinkTime
	// to say that nobody blinked.
	leastTime, blinkTime = 4 * time.Second, 12 * time.Second
	leastFaces           = 40
	// leastPresence is the mesh's belief below which its points are not trusted.
	leastPresence = 0.8
	// gap is the longest time between two faces that is counted as seen.
	gap = 300 * time.Millisecond
	// turned is the yaw or pitch, in degrees, beyond which lids and irises are not read.
	turned = 20.0
	// hinted is the value that a hint alone leaves, and still what a face leaves in which nothing moves.
	hinted, stiff = 0.6, 0.2
)

// How little lids (of an eye's width), gaze (the same) and lips (of the distance between the eyes) wander in a
// picture: standard deviations. Chosen on GRID's s1–s3 in 3 s: pictures, held still or tilted
// to and fro by 4 and 15°, have up to 0.0091, 0.0091 and 0.0129 (n = 36), talking people of all three at
// least one of 0.0145, 0.010 and 0.037 (n = 12). A face is still when it is so in all three. On s5 and s30, held
// out (TestMeasureEyes, 6 s), 20 of 20 pictures that are waved about are still, and 0 of 10 people.
const stillLids, stillGaze, stillLips = 0.0110, 0.0110, 0.0160

// New returns the kind of stage that gives "eyes", for the whole session.
func New() pipeline.Kind {
	return pipeline.Kind{Name: "eyes", New: func() (pipeline.Stage, error) { return &stage{}, nil }}
}

type stage struct {
	lids            lids
	lid, gaze, lips wander
	faces           int
	time            time.Duration // with a face
	last            time.Duration
	told            time.Duration // time of the last score
	out             [1]pipeline.Score
}

// tellEvery is how often the running score is given, in time with a face.
const tellEvery = time.Second

// Observe implements pipeline.Stage.
func (s *stage) Observe(ctx context.Context, o pipeline.Observation) ([]pipeline.Score, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f := o.Face
	if !usable(f) {
		return nil, nil
	}
	if dt := f.Frame.PTS - s.last; s.faces > 0 && dt <= gap {
		s.time += dt
	} else {
		s.lids.run = s.lids.run[:0]
	}
	s.last = f.Frame.PTS
	s.faces++
	s.lids.see(sight{f.Frame.PTS, f.RightEyeOpen, f.LeftEyeOpen, f.Pose.Yaw, f.Pose.Pitch})
	s.lid.see(f.Pose.Yaw, f.Pose.Pitch, (f.RightEyeOpen+f.LeftEyeOpen)/2)
	s.gaze.see(f.Pose.Yaw, f.Pose.Pitch, gaze(f))
	s.lips.see(f.Pose.Yaw, f.Pose.Pitch, f.MouthOpen)
	if s.time-s.told < tellEvery {
		return nil, nil
	}
	s.told = s.time
	s.out[0] = s.score(false)
	return s.out[:], nil
}

// usable reports whether f was found, looks about ahead and all that is read of it is a number.
func usable(f *pipeline.Face) bool {
	if !f.Found || !(f.Presence >= leastPresence) || !(f.Interocular > 0) {
		return false
	}
	if !(math.Abs(f.Pose.Yaw) <= turned && math.Abs(f.Pose.Pitch) <= turned) {
		return false
	}
	sum := f.RightEyeOpen + f.LeftEyeOpen + f.MouthOpen + gaze(f)
	return !math.IsNaN(sum) && !math.IsInf(sum, 0)
}

// score is that of the session so far.
func (s *stage) score(settled bool) pipeline.Score {
	out := pipeline.Score{Name: pipeline.ScoreEyes, Step: pipeline.Whole, Settled: settled}
	if s.faces < leastFaces || s.time < leastTime {
		out.Reasons = []pipeline.Reason{pipeline.EyesNotChecked}
		return out
	}
	out.Checked, out.Value = true, 1
	out.Measures = s.lids.measures()
	found := func(is bool, r pipeline.Reason, leaves float64) {
		if is {
			out.Value, out.Reasons = min(out.Value, leaves), append(out.Reasons, r)
		}
	}
	found(s.still(), pipeline.EyesStill, stiff)
	found(len(s.lids.blinks) == 0 && s.time >= blinkTime, pipeline.EyesNoBlink, hinted)
	found(s.lids.odd(), pipeline.EyesBlinkShape, hinted)
	return out
}

// still reports whether neither lids nor gaze nor lips moved by themselves.
func (s *stage) still() bool {
	return s.lid.spread() < stillLids && s.gaze.spread() < stillGaze && s.lips.spread() < stillLips
}

// Finish implements pipeline.Stage.
func (s *stage) Finish(ctx context.Context) ([]pipeline.Score, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return []pipeline.Score{s.score(true)}, nil
}
