package pipeline

import (
	"math"
	"time"

	"vivavoce/media"
)

// framing waits for a face that can be judged and stays so.
type framing struct {
	began  time.Duration // PTS of the first frame
	any    bool          // there was one
	steady bool          // the face is good since
	since  time.Duration
	last   time.Duration
}

// ready takes a frame and reports whether the challenge can start.
func (f *framing) ready(good bool, pts time.Duration, t Timing) bool {
	if !f.any {
		f.any, f.began = true, pts
	}
	gap := pts-f.last >= t.MediaGap
	f.last = pts
	if !good || gap || !f.steady {
		f.steady, f.since = good, pts
		return false
	}
	return pts-f.since >= t.Steady
}

// expired reports whether framing took too long on the frames' own time.
func (f *framing) expired(t Timing) bool { return f.last-f.began >= t.Framing }

// presence watches the face's being there and alone, during the challenge.
type presence struct {
	absent  bool
	gone    time.Duration // PTS when it was first missed
	crowded bool
	crowd   time.Duration // PTS when others were first seen
	paused  time.Duration // the course stood still for it so far
}

// see takes the next frame, dt after the last, and returns whether the course
// stands still, and the reason to end.
func (p *presence) see(face *Face, dt time.Duration, t Timing) (still bool, why Reason) {
	pts := face.Frame.PTS
	switch {
	case face.Found:
		p.absent = false
	case !p.absent:
		p.absent, p.gone = true, pts
	case pts-p.gone > t.FaceGrace:
		still = true
		p.paused += dt
	}
	switch {
	case face.Others == 0:
		p.crowded = false
	case !p.crowded:
		p.crowded, p.crowd = true, pts
	case pts-p.crowd > t.Several:
		return still, FaceSeveral
	}
	if p.paused > t.FaceLost {
		return still, FaceLost
	}
	return still, ""
}

// course leads through the steps of a challenge. Its time is PTS without the pauses for
// lost frames and lost faces.
type course struct {
	steps  []Step
	timing Timing

	time    time.Duration // of the course
	pts     time.Duration // of the newest frame
	arrived time.Time     // of the newest frame; zero when the source does not say
	behind  time.Duration // the frames' time is so far behind that of their arrival since the start
	lost    time.Duration // in gaps so far
	front   Pose          // of the head when the course started
	away    time.Duration // course time at which a head that was awaited was last seen elsewhere
	started bool

	next   int           // step to prompt next
	due    time.Duration // course time at which the shown step is over, or the next is prompted
	shown  *Prompt       // asked now; nil between steps. Never changed, only replaced: stages may hold it
	before *Prompt       // was on the screen before shown; nil when nothing was
	sent   time.Duration // PTS at which shown was sent
	latest time.Duration // PTS by which shown counts as seen, whatever the client says
	up     bool          // a frame was seen with shown
}

func newCourse(steps []Step, t Timing) course { return course{steps: steps, timing: t} }

// start begins the course at a face that looks at the camera.
func (c *course) start(face *Face) {
	f := face.Frame
	c.started, c.pts, c.arrived, c.due, c.front = true, f.PTS, f.Arrived, c.timing.Pause, face.Pose
}

// A head that is farther from where it was at the start, in degrees, has not come back from its last turn: all but the widest
// turns count as answered within these, and the next must reach more.
const (
	awayYaw   = 12
	awayPitch = 8
)

// awaits reports whether the next step is a turn and the head is not in front yet, or is only just. Asked now, the turn
// would be measured from where the head is, and its coming back would be taken for an answer. It is waited for a while
// only: who sits otherwise than at the start is asked too.
func (c *course) awaits(face *Face) bool {
	if c.steps[c.next].Kind != StepTurn || c.time >= c.due+c.timing.Front {
		return false
	}
	if !face.Found || math.Abs(face.Pose.Yaw-c.front.Yaw) > awayYaw || math.Abs(face.Pose.Pitch-c.front.Pitch) > awayPitch {
		c.away = c.time
	}
	return c.time < c.away+c.timing.Pause
}

// jumpy is by how much PTS may run ahead of the arrivals in a gap: the frames before it
// may have queued.
const jumpy = 500 * time.Millisecond

// pass takes the next frame, and returns how long ago the last one was.
// A gap is not counted, as nothing could be seen of the person meanwhile, but gaps are
// bounded in all. The sender writes PTS: a jump that the arrivals do not show is
// no gap and counts.
func (c *course) pass(f *media.Frame) (dt time.Duration, why Reason) {
	dt = max(f.PTS-c.pts, 0)
	timed := !f.Arrived.IsZero() && !c.arrived.IsZero()
	if timed {
		// What arrives in one burst after a stall catches up with what stalled.
		c.behind += f.Arrived.Sub(c.arrived) - dt
	}
	gap := dt >= c.timing.MediaGap && (!timed || c.behind >= -jumpy)
	c.behind = max(c.behind, 0)
	c.pts, c.arrived = f.PTS, f.Arrived
	if !gap {
		return dt, ""
	}
	if c.lost += dt; c.lost > c.timing.MediaLost {
		return 0, SessionNoMedia
	}
	return 0, ""
}

// visible returns the prompt on the screen at pts. A prompt that a frame was seen with does not go away again
// when an acknowledgement comes that puts it later: stages would take it for over.
func (c *course) visible(pts time.Duration) *Prompt {
	if c.shown != nil && pts < c.shown.ShownAt && !c.up {
		return c.before
	}
	c.up = c.shown != nil
	return c.shown
}

// over reports whether all steps are over.
func (c *course) over() bool { return c.shown == nil && c.next == len(c.steps) }

// endStep takes the shown step down; the next of the same phrase follows at once.
func (c *course) endStep() {
	i := c.shown.Index
	c.before, c.shown = nil, nil
	if c.next < len(c.steps) && c.steps[i].Kind == StepDigit && c.steps[c.next].Kind == StepDigit {
		c.due = c.time
		return
	}
	c.due = c.time + c.timing.Pause
}

// prompt puts the next step up at pts, the moment of sending.
func (c *course) prompt(pts time.Duration, before *Prompt) Prompted {
	i := c.next
	stay := c.timing.step(c.steps, i)
	// At least half of the stay is to be seen by the stages.
	c.latest = c.pts + stay/2
	p := Prompt{Index: i, Step: c.steps[i], ShownAt: min(pts, c.latest)}
	c.next++
	c.before, c.shown, c.sent, c.up = before, &p, p.ShownAt, false
	c.due = c.time + stay
	e := Prompted{Prompt: p, Of: len(c.steps), Time: stay}
	e.Phrase, e.Position = phrase(c.steps, i)
	return e
}

// acknowledge moves the moment at which the prompt was seen to at, within its bounds; after is how long after its sending that is.
func (c *course) acknowledge(at, after time.Duration) {
	p := *c.shown
	p.ShownAt = min(max(at, c.sent), c.sent+c.timing.AckBound, c.latest)
	p.Acked, p.AckedAfter = true, after
	c.shown = &p
}

// phrase returns the run of digits around step i and i's place in it. A spare phrase is one of its own.
func phrase(steps []Step, i int) (digits string, position int) {
	if steps[i].Kind != StepDigit {
		return "", 0
	}
	same := func(s Step) bool { return s.Kind == StepDigit && s.Again == steps[i].Again }
	first := i
	for first > 0 && same(steps[first-1]) {
		first--
	}
	for j := first; j < len(steps) && same(steps[j]); j++ {
		digits += string(rune('0' + steps[j].Digit))
	}
	return digits, i - first
}
