package lips

import (
	"math"
	"time"

	"vivavoce/pipeline"
)

// Landmarks of MediaPipe's face mesh.
const (
	innerTop, innerBottom   = 13, 14
	outerTop, outerBottom   = 0, 17
	cornerRight, cornerLeft = 78, 308 // of the mouth, the person's right and left
	eyeRight, eyeLeft       = 33, 263 // outer corners
	noseRoot, noseBase      = 168, 2
)

// shape is the mouth as three numbers: the gap between the lips over the interocular distance;
// its width over that of the eyes; its height with the lips over the length of the
// nose. A length across is divided by one across and an upright one by an upright one,
// so that a turned head or a tilted picture changes little; the last two
// weigh 0.7, as they shake more.
type shape [3]float64

func shapeOf(f *pipeline.Face) (s shape, ok bool) {
	s = shape{
		gap(f, innerTop, innerBottom) / f.Interocular,
		0.7 * gap(f, cornerRight, cornerLeft) / gap(f, eyeRight, eyeLeft),
		0.7 * gap(f, outerTop, outerBottom) / gap(f, noseRoot, noseBase),
	}
	for _, v := range s {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return s, false
		}
	}
	return s, true
}

func gap(f *pipeline.Face, a, b int) float64 {
	p, q := f.Points[a], f.Points[b]
	return math.Hypot(float64(p.X-q.X), float64(p.Y-q.Y))
}

const (
	// lag is the time over which movement is measured: long against the landmarks'
	// shaking from frame to frame, short against a syllable.
	lag = 80 * time.Millisecond
	// stale is when a face is too old to compare with.
	stale = 260 * time.Millisecond
	// trailLength holds 80 ms at up to 60 frames a second.
	trailLength = 8
	// headSpeed is above what a head that rests does, in degrees a second; while it turns,
	// what changes may not be the mouth.
	headSpeed = 25.0
)

// trail remembers the mouths of the last moments.
type trail struct {
	n     int
	pts   [trailLength]time.Duration
	shape [trailLength]shape
	pose  [trailLength]pipeline.Pose
	speed float64 // of the head, degrees a second
}

// step takes the next face and returns how fast the mouth moves, in shapes a second, and
// how long that counts.
func (t *trail) step(f *pipeline.Face) (rate float64, dt time.Duration, ok bool) {
	s, ok := shapeOf(f)
	if !ok {
		return 0, 0, false
	}
	now := f.Frame.PTS
	old := -1
	for back := 1; back <= min(t.n, trailLength); back++ {
		i := (t.n - back) % trailLength
		if now-t.pts[i] > stale {
			break
		}
		if old = i; now-t.pts[i] >= lag {
			break
		}
	}
	if t.n > 0 {
		dt = now - t.pts[(t.n-1)%trailLength]
	}
	ok = old >= 0 && now-t.pts[old] >= lag
	if ok {
		span := (now - t.pts[old]).Seconds()
		rate = distance(s, t.shape[old]) / span
		p := t.pose[old]
		t.speed = math.Hypot(f.Pose.Yaw-p.Yaw, f.Pose.Pitch-p.Pitch) / span
	}
	i := t.n % trailLength
	t.n++
	t.pts[i], t.shape[i], t.pose[i] = now, s, f.Pose
	return rate, dt, ok
}

// headStill reports whether the last step saw no turn of the head.
func (t *trail) headStill() bool { return t.speed < headSpeed }

func distance(a, b shape) float64 {
	sum := 0.0
	for i := range a {
		sum += (a[i] - b[i]) * (a[i] - b[i])
	}
	return math.Sqrt(sum)
}
