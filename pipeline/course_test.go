package pipeline

import (
	"testing"
	"time"

	"vivavoce/media"
)

// TestHalfOfAStepIsSeen: a client whose clock runs ahead and whose acknowledgements are late
// does not make a step vanish.
func TestHalfOfAStepIsSeen(t *testing.T) {
	for _, steps := range [][]Step{
		{{Kind: StepDigit}}, {{Kind: StepDigit}, {Kind: StepDigit}}, {{Kind: StepTurn, Turn: Left}},
	} {
		timing, err := Timing{}.filled()
		if err != nil {
			t.Fatal(err)
		}
		c := newCourse(steps, timing)
		c.start(&Face{Frame: &media.Frame{PTS: 2 * time.Second}})
		c.prompt(3*time.Second, nil)
		for range 2 { // before and after the acknowledgement
			if seen := 2*time.Second + timing.step(steps, 0) - c.shown.ShownAt; seen < timing.step(steps, 0)/2 {
				t.Errorf("%v: seen for %v of %v, want half", steps, seen, timing.step(steps, 0))
			}
			c.acknowledge(time.Hour, 0)
		}
	}
}

// TestPromptStays: an acknowledgement that comes after frames of a step were seen does not hide the step from the next ones.
func TestPromptStays(t *testing.T) {
	timing, err := Timing{}.filled()
	if err != nil {
		t.Fatal(err)
	}
	c := newCourse([]Step{{Kind: StepDigit, Digit: 1}, {Kind: StepDigit, Digit: 2}}, timing)
	c.start(&Face{Frame: &media.Frame{PTS: time.Second}})
	c.prompt(time.Second, nil)
	first := c.shown
	c.pts = 2 * time.Second
	c.prompt(2*time.Second, first)
	for _, f := range []struct {
		pts  time.Duration
		want int
	}{{1900 * time.Millisecond, 0}, {2010 * time.Millisecond, 1}, {2050 * time.Millisecond, 1}, {2200 * time.Millisecond, 1}} {
		if f.pts == 2050*time.Millisecond {
			if c.acknowledge(2150*time.Millisecond, 0); c.shown.ShownAt != 2150*time.Millisecond {
				t.Errorf("shown at %v", c.shown.ShownAt)
			}
		}
		if p := c.visible(f.pts); p == nil || p.Index != f.want {
			t.Errorf("at %v %+v, want step %d", f.pts, p, f.want)
		}
	}
}

// TestTurnsAwaitTheHead: a turn is asked when the head is back for a moment, or when that takes too long; digits do not wait.
func TestTurnsAwaitTheHead(t *testing.T) {
	const ms = time.Millisecond
	timing, err := Timing{}.filled()
	if err != nil {
		t.Fatal(err)
	}
	turned := func(from, to time.Duration) func(time.Duration) Pose {
		return func(at time.Duration) Pose {
			if at >= from && at < to {
				return Pose{Yaw: -25, Pitch: 4}
			}
			return Pose{Yaw: 3, Pitch: 4}
		}
	}
	nods := func(at time.Duration) Pose {
		if at >= 0 && at < time.Second {
			return Pose{Yaw: 3, Pitch: 13}
		}
		return Pose{Yaw: 3, Pitch: 4}
	}
	turn := Step{Kind: StepTurn, Turn: Left}
	for _, c := range []struct {
		name string
		step Step
		pose func(time.Duration) Pose
		gone bool // no face while turned
		want time.Duration
	}{
		{"in front", turn, turned(0, 0), false, 300 * ms},
		{"not back for a second", turn, turned(0, 1000*ms), false, 1250 * ms},
		{"turned so far that it is not found", turn, turned(0, 1000*ms), true, 1250 * ms},
		{"looks up a little for a second", turn, nods, false, 1250 * ms},
		{"stays away", turn, turned(0, time.Hour), false, 1800 * ms},
		{"a digit", Step{Kind: StepDigit}, turned(0, time.Hour), false, 300 * ms},
	} {
		t.Run(c.name, func(t *testing.T) {
			co := newCourse([]Step{c.step}, timing)
			front := c.pose(-1)
			for at := time.Duration(0); at < 3*time.Second; at += 50 * ms {
				f := &Face{Frame: &media.Frame{PTS: at}, Found: true, Pose: c.pose(at)}
				f.Found = !c.gone || f.Pose == front
				if at == 0 {
					co.start(&Face{Frame: f.Frame, Found: true, Pose: front})
				}
				dt, _ := co.pass(f.Frame)
				co.time += dt
				if co.time >= co.due && !co.awaits(f) {
					if at != c.want {
						t.Errorf("asked at %v, want %v", at, c.want)
					}
					return
				}
			}
			t.Error("not asked")
		})
	}
}

// TestGapsAreBounded: PTS is the sender's word.
func TestGapsAreBounded(t *testing.T) {
	const s = time.Second
	epoch := time.Unix(1000, 0)
	for _, c := range []struct {
		name     string
		pts      []time.Duration // of the frames after the first, at 0
		arrivals []time.Duration // since the first's; nil when the source does not say
		time     time.Duration   // of the course, at the end
		why      Reason
	}{
		{"frames", []time.Duration{s, 2 * s}, []time.Duration{s, 2 * s}, 2 * s, ""},
		{"gap", []time.Duration{3 * s, 4 * s}, []time.Duration{3 * s, 4 * s}, s, ""},
		{"gap of a recording", []time.Duration{3 * s, 4 * s}, nil, s, ""},
		{"jump without a wait", []time.Duration{3 * s, 4 * s}, []time.Duration{s, 2 * s}, 4 * s, ""},
		{"gap, a little late before", []time.Duration{s, 4 * s}, []time.Duration{s + s/2, 4*s + s/4}, s, ""},
		{"stall that ends in a burst", []time.Duration{s, 4 * s}, []time.Duration{4 * s, 4*s + s/10}, s, ""},
		{"one stall pays for one jump", []time.Duration{s, 4 * s, 7 * s}, []time.Duration{4 * s, 4*s + s/10, 4*s + s/5}, 4 * s, ""},
		{"gaps up to the bound", []time.Duration{2 * s, 3 * s, 6 * s}, []time.Duration{2 * s, 3 * s, 6 * s}, s, ""},
		{"gap after gap", []time.Duration{3 * s, 4 * s, 7 * s}, []time.Duration{3 * s, 4 * s, 7 * s}, s, SessionNoMedia},
		{"gap after gap of a recording", []time.Duration{3 * s, 6 * s}, nil, 0, SessionNoMedia},
	} {
		t.Run(c.name, func(t *testing.T) {
			timing, err := Timing{}.filled()
			if err != nil {
				t.Fatal(err)
			}
			co := newCourse(nil, timing)
			frame := func(pts, arrived time.Duration) *media.Frame {
				f := &media.Frame{PTS: pts}
				if c.arrivals != nil {
					f.Arrived = epoch.Add(arrived)
				}
				return f
			}
			co.start(&Face{Frame: frame(0, 0)})
			var took time.Duration
			var why Reason
			for i, pts := range c.pts {
				var at time.Duration
				if c.arrivals != nil {
					at = c.arrivals[i]
				}
				var dt time.Duration
				dt, why = co.pass(frame(pts, at))
				took += dt
			}
			if took != c.time || why != c.why {
				t.Errorf("course time %v, reason %q, want %v, %q", took, why, c.time, c.why)
			}
		})
	}
}
