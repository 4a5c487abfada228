package lips

import (
	"math"
	"time"

	"vivavoce/pipeline"
)

// Landmarks of the mouth's shape, of MediaPipe's face mesh.
const (
	innerTop, innerBottom  = 13, 14
	outerTop, outerBottom  = 0, 17
	cornerRight, cornerEnd = 78, 308 // the person's right and left
	noseTip, chin          = 4, 152
)

// shape is the mouth in interocular distances: opening, height with lips, width, and
// the chin's distance from the nose.
type shape [4]float64

func shapeOf(f *pipeline.Face) (s shape, ok bool) {
	for i, ends := range [...][2]int{
		{innerTop, innerBottom}, {outerTop, outerBottom}, {cornerRight, cornerEnd}, {noseTip, chin},
	} {
		a, b := f.Points[ends[0]], f.Points[ends[1]]
		s[i] = math.Hypot(float64(a.X-b.X), float64(a.Y-b.Y)) / f.Interocular
		if math.IsNaN(s[i]) || math.IsInf(s[i], 0) {
			return s, false
		}
	}
	return s, true
}

const (
	// lag is the time over which movement is measured: long against the landmarks'
	// shaking from frame to frame, short against a syllable.
	lag = 80 * time.Millisecond
	// stale is when a face is too old to compare with.
	stale = 260 * time.Millisecond
	// trailLength holds 80 ms at up to 60 frames a second.
	trailLength = 8
	// The head is still below this speed and within this angle of where it was when digits
	// were asked, or the movement of a turn would look like the mouth's.
	headSpeed = 25.0 // degrees a second
)

// trail remembers the mouths of the last moments.
type trail struct {
	n     int
	pts   [trailLength]time.Duration
	shape [trailLength]shape
	pose  [trailLength]pipeline.Pose
	speed float64 // of the head, degrees a second
}

// step takes the next face and returns how fast the mouth moves, in interocular distances a
// second, and how long that counts.
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

// energy is how fast the mouth moved over some time.
type energy struct {
	n    int
	sum  float64 // of rate² × seconds
	time time.Duration
}

func (e *energy) add(rate float64, dt time.Duration) {
	e.n++
	e.time += dt
	e.sum += rate * rate * dt.Seconds()
}

func (e *energy) join(o energy) {
	e.n, e.sum, e.time = e.n+o.n, e.sum+o.sum, e.time+o.time
}

// rms is the root mean square rate, weighted by time.
func (e energy) rms() float64 {
	if e.time <= 0 {
		return 0
	}
	return math.Sqrt(e.sum / e.time.Seconds())
}
