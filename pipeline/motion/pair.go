package motion

import (
	"math"
	"slices"

	"vivavoce/pipeline"
)

// Pair is how a head moved from one picture to the next, by these two alone. The zero Pair is not known.
type Pair struct {
	Known      bool    // both faces could be measured
	Yaw, Pitch float64 // degrees turned, as [pipeline.Pose] counts them: to the person's own left, up
	// Depth says whether the points moved as those of a body in space do. It is not checked where the
	// head moved too little, or too far for the mesh.
	Depth pipeline.Score
}

// Compare takes two faces, in the order of their time. Their pictures may differ in size. It knows of one
// noisy view each, where a turn has a dozen, so it errs more often than the stage: TestMeasurePairs says how often.
func Compare(a, b *pipeline.Face) Pair {
	p := Pair{Depth: pipeline.Score{Name: pipeline.ScoreDepth, Step: pipeline.Whole, Settled: true, Reasons: []pipeline.Reason{pipeline.DepthNotChecked}}}
	if !seen(a) || !seen(b) {
		return p
	}
	p.Known, p.Yaw, p.Pitch = true, b.Pose.Yaw-a.Pose.Yaw, b.Pose.Pitch-a.Pose.Pitch
	var from, now pointSet
	from.take(a)
	now.take(b)
	var d depth
	d.see(&from, &now, p.Angle())
	if len(d.faces) == 0 {
		return p
	}
	f := d.faces[0]
	value, sure := worth(overAllowed(f.picture, slices.Min(f.head[:])), f.moved)
	if !sure || math.IsNaN(value) {
		return p
	}
	p.Depth.Checked, p.Depth.Value, p.Depth.Reasons = true, value, nil
	if value < explained {
		p.Depth.Reasons = []pipeline.Reason{pipeline.DepthFlat}
	}
	return p
}

func seen(f *pipeline.Face) bool { return usable(f) && f.Presence >= leastPresence }

// Angle is how far the head turned, in degrees.
func (p Pair) Angle() float64 { return math.Hypot(p.Yaw, p.Pitch) }

// Toward is how far the head turned one way, in degrees; negative the other way.
func (p Pair) Toward(d pipeline.Direction) float64 {
	switch d {
	case pipeline.Left:
		return p.Yaw
	case pipeline.Right:
		return -p.Yaw
	case pipeline.Up:
		return p.Pitch
	case pipeline.Down:
		return -p.Pitch
	default:
		return math.NaN()
	}
}

// Went reports whether the head went all of these ways: by what counts as moving each, and, asked for
// left or right alone, or up or down alone, more that way than across.
func (p Pair) Went(ways ...pipeline.Direction) bool {
	if !p.Known || len(ways) == 0 {
		return false
	}
	level, upright := false, false
	for _, d := range ways {
		if !(p.Toward(d) >= onset) {
			return false
		}
		level = level || d == pipeline.Left || d == pipeline.Right
		upright = upright || d == pipeline.Up || d == pipeline.Down
	}
	return level && upright || level == (math.Abs(p.Yaw) >= math.Abs(p.Pitch))
}

// Moved reports whether the head moved at all, as far as one can tell.
func (p Pair) Moved() bool { return p.Known && p.Angle() >= onset }
