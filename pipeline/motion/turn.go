package motion

import (
	"math"
	"time"

	"vivavoce/pipeline"
)

// turn follows the answer to one prompt.
type turn struct {
	index int
	again bool // in another's place
	dir   pipeline.Direction
	shown time.Duration // PTS; moves when the acknowledgement comes
	reach float64       // degrees to be turned the right way
	cross float64       // degrees that the other axis needs
	from  centre

	faces    int
	last     moment
	speed    float64 // of the last interval along the way, degrees a second
	moved    bool
	movedAt  time.Duration
	wrong    bool // went another way first
	jumped   bool
	blind    bool // a hole in the middle
	reached  bool
	peak     float64 // the greatest angle along the way
	depth    depth
	parallax parallax
	up, down float64 // the greatest steps between two faces, degrees
	way      way
	returned bool
}

// moment is the head at one time: along the asked way and across it, degrees from
// the centre.
type moment struct {
	pts           time.Duration
	along, across float64
}

func newTurn(o Options, p *pipeline.Prompt, s *still) *turn {
	t := &turn{index: p.Index, again: p.Step.Again, dir: p.Step.Turn, shown: p.ShownAt, from: s.at(p.ShownAt)}
	t.reach, t.cross = o.Yaw, o.Pitch
	if t.vertical() {
		t.reach, t.cross = o.Pitch, o.Yaw
	}
	return t
}

func (t *turn) vertical() bool { return t.dir == pipeline.Up || t.dir == pipeline.Down }

// measure returns where the head is.
func (t *turn) measure(f *pipeline.Face) moment {
	yaw, pitch := f.Pose.Yaw-t.from.yaw, f.Pose.Pitch-t.from.pitch
	m := moment{pts: f.Frame.PTS, along: yaw, across: pitch}
	if t.vertical() {
		m.along, m.across = pitch, yaw
	}
	if t.dir == pipeline.Right || t.dir == pipeline.Down {
		m.along = -m.along
	}
	return m
}

// from is how far the head moved since o, in degrees.
func (m moment) from(o moment) float64 { return math.Hypot(m.along-o.along, m.across-o.across) }

// see takes the next face.
func (t *turn) see(f *pipeline.Face) {
	if !t.from.ok {
		return
	}
	m := t.measure(f)
	if t.faces > 0 && m.pts <= t.last.pts {
		// No time to move in; the next face is compared with the last one of its own time.
		t.jumped = t.jumped || m.from(t.last) > shake
		return
	}
	if t.faces > 0 {
		t.blind = t.blind || m.pts-t.last.pts > t.hole()
		t.jumped = t.jumped || t.jump(m)
	}
	t.faces++
	t.way = append(t.way, m)
	before := t.last
	t.last = m
	if math.Abs(m.along) > farthest || math.Abs(m.across) > farthest {
		t.jumped = true
	}
	if !t.moved && (math.Abs(m.along) >= onset || math.Abs(m.across) >= onset) {
		t.moved, t.movedAt = true, m.pts
	}
	if !t.reached {
		across := math.Abs(m.across) >= t.cross && m.along < t.reach/2
		t.wrong = t.wrong || across || m.along <= -astray*t.reach
	}
	if t.faces > 1 && f.Presence >= leastPresence {
		// Held for two faces at least: one may be noise.
		t.peak = max(t.peak, min(m.along, before.along))
	}
	t.reached = t.peak >= t.reach
	if t.faces == 1 {
		t.parallax.begin(f)
	}
	if f.Presence >= leastPresence {
		t.parallax.look(f)
		var now pointSet
		now.take(f)
		t.depth.see(&t.from.set, &now, math.Hypot(m.along, m.across))
	}
	t.returned = t.reached && m.along <= max(backLeast, back*t.peak)
}

// Bounds on how a head moves. People asked to turn reach 100–300° a second and gain
// speed by a few thousand degrees a second²; shake is the pose's noise between frames.
// At 10 frames a second a single jump within a turn's size breaks none of them;
// a jump there and back does.
const (
	fastest = 400.0  // degrees a second
	hardest = 6000.0 // degrees a second²
	shake   = 4.0    // degrees
	// leap is the part of the greatest angle that nobody turns, there and back,
	// between two faces that are at most leapTime apart.
	leap     = 0.85
	leapTime = 150 * time.Millisecond
)

// hole is how long the face may be gone: a head that is turned enough is often lost by
// the mesh for a while.
func (t *turn) hole() time.Duration {
	if t.last.along >= t.reach {
		return holeTurned
	}
	return hole
}

// jump reports whether the way from the last moment to m, which is later, is none a head
// takes.
func (t *turn) jump(m moment) bool {
	dt := (m.pts - t.last.pts).Seconds()
	moved := m.from(t.last)
	step := m.along - t.last.along
	if m.pts-t.last.pts <= leapTime {
		t.up, t.down = max(t.up, step), max(t.down, -step)
	}
	speed := step / dt
	gained := math.Abs(speed - t.speed)
	first := t.faces == 1
	t.speed = speed
	return moved > fastest*dt+shake || !first && gained*dt > hardest*dt*dt+shake
}

// score says how the turn goes; over is that nothing more will be seen of it.
func (t *turn) score(over bool) pipeline.Score {
	s := pipeline.Score{Name: pipeline.ScoreMotion, Step: t.index, Settled: over || t.returned}
	s.Phase, s.Fraction = t.progress()
	if t.blind || t.faces < 3 {
		s.Reasons = []pipeline.Reason{pipeline.MotionNotChecked}
		return s
	}
	s.Checked = true
	s.Value, s.Reasons = t.judge(s.Settled)
	if len(s.Reasons) == 0 && t.reached && !t.way.seen(t.peak, t.returned) {
		// Two pictures with a hole between them are no turn, nor proof that there was none.
		s.Checked, s.Value, s.Reasons = false, 0, []pipeline.Reason{pipeline.MotionNotChecked}
	}
	return s
}

func (t *turn) progress() (pipeline.Phase, float64) {
	switch {
	case t.returned:
		return pipeline.PhaseReturn, 1
	case t.reached:
		left := t.last.along / t.peak
		return pipeline.PhaseReturn, 0.5 + 0.5*clamp(1-left)
	default:
		return pipeline.PhaseGo, 0.5 * clamp(t.last.along/t.reach)
	}
}

// judge values the turn: the lowest of what its faults leave.
func (t *turn) judge(settled bool) (float64, []pipeline.Reason) {
	value := t.size()
	var why []pipeline.Reason
	fault := func(is bool, r pipeline.Reason, leaves float64) {
		if is {
			value, why = min(value, leaves), append(why, r)
		}
	}
	fault(t.rough(), pipeline.MotionNotSmooth, 0.05)
	fault(t.wrong, pipeline.MotionWrongWay, 0.1)
	after := t.movedAt - t.shown
	fault(t.moved && after < soonest, pipeline.MotionTooEarly, 0.15)
	fault(t.moved && after > latest, pipeline.MotionTooLate, 0.3)
	if settled && !t.wrong {
		small := t.peak >= onset
		fault(!t.reached && small, pipeline.MotionTooSmall, 0.4)
		fault(!t.reached && !small, pipeline.MotionNoTurn, 0.05)
	}
	fault(settled && t.reached && !t.returned, pipeline.MotionNoReturn, 0.4)
	return value, why
}

// rough reports whether the head went in a way that none takes.
func (t *turn) rough() bool {
	return t.jumped || t.reached && t.up > leap*t.peak && t.down > leap*t.peak
}

// size is 0.4 just below the required angle, 0.8 at it, and 1 from 1.4 of it on.
func (t *turn) size() float64 {
	part := t.peak / t.reach
	if part < 1 {
		return 0.4 * clamp(part)
	}
	return 0.8 + 0.2*clamp((part-1)/0.4)
}

func clamp(v float64) float64 { return min(max(v, 0), 1) }
