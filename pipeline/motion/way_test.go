package motion_test

import (
	"slices"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/pipeline"
	"vivavoce/pipeline/motion"
	"vivavoce/pipeline/pipelinetest"
)

// glimpse is one face: when, and how far it is turned to the left, in degrees.
type glimpse struct {
	at  time.Duration
	yaw float64
}

// clips are pictures at a constant rate, with the yaw that each begins to have at a time.
func clips(period time.Duration, parts ...glimpse) (out []glimpse) {
	for at := time.Duration(0); at < 3*time.Second; at += period {
		yaw := 0.0
		for _, p := range parts {
			if at >= p.at {
				yaw = p.yaw
			}
		}
		out = append(out, glimpse{at, yaw})
	}
	return out
}

// without leaves out what lies between from and to.
func without(seen []glimpse, from, to time.Duration) []glimpse {
	return slices.DeleteFunc(slices.Clone(seen), func(g glimpse) bool { return g.at > from && g.at < to })
}

// glide turns out and back in so long each by the curve of least jerk.
func glide(period, rise, fall time.Duration) []glimpse {
	out := clips(period)
	for i, g := range out {
		switch t := g.at - 1500*time.Millisecond; {
		case t < 0 || t > rise+400*time.Millisecond+fall:
		case t < rise:
			out[i].yaw = 30 * least(t, rise)
		case t < rise+400*time.Millisecond:
			out[i].yaw = 30
		default:
			out[i].yaw = 30 * (1 - least(t-rise-400*time.Millisecond, fall))
		}
	}
	return out
}

func least(t, of time.Duration) float64 {
	u := float64(t) / float64(of)
	return u * u * u * (10 + u*(6*u-15))
}

// TestSplicedClipsAreNoTurn: a still clip, a turned one, and back.
func TestSplicedClipsAreNoTurn(t *testing.T) {
	const ms = time.Millisecond
	turned := func(period time.Duration) []glimpse {
		return clips(period, glimpse{1600 * ms, 30}, glimpse{2100 * ms, 0})
	}
	both := func(seen []glimpse) []glimpse {
		return without(without(seen, 1400*ms, 1600*ms), 1950*ms, 2100*ms)
	}
	repeated := slices.Insert(clips(40*ms), 38, glimpse{1480 * ms, 30}, glimpse{1480 * ms, 0})
	creeping := without(glide(40*ms, 360*ms, 400*ms), 1480*ms, 1880*ms)
	for i := range 10 { // there in steps of 3°, at one time
		creeping = slices.Insert(creeping, 38+i, glimpse{1480 * ms, 3 * float64(i+1)})
	}
	for _, c := range []struct {
		name string
		seen []glimpse
		pass bool
		why  pipeline.Reason
	}{
		{"real, 30 a second", glide(33*ms, 360*ms, 400*ms), true, ""},
		{"real, 20 a second", glide(50*ms, 360*ms, 400*ms), true, ""},
		{"real, 15 a second", glide(67*ms, 360*ms, 400*ms), true, ""},
		{"real, 10 a second", glide(100*ms, 360*ms, 400*ms), true, ""},
		{"holes, 25 a second", both(turned(40 * ms)), false, pipeline.MotionNotChecked},
		{"holes, 10 a second", both(turned(100 * ms)), false, pipeline.MotionNotChecked},
		{"a hole on the way out", without(glide(40*ms, 360*ms, 400*ms), 1590*ms, 1800*ms), false, pipeline.MotionNotChecked},
		{"a hole on the way back", without(glide(40*ms, 360*ms, 400*ms), 2310*ms, 2560*ms), false, pipeline.MotionNotChecked},
		{"at one time, there and back", repeated, false, pipeline.MotionNotSmooth},
		{"at one time, by and by", creeping, false, pipeline.MotionNotSmooth},
	} {
		t.Run(c.name, func(t *testing.T) {
			moved := glimpsed(t, c.seen)
			if pass := moved.Checked && moved.Value >= 0.5; pass != c.pass {
				t.Errorf("motion %+v, want pass %v", moved, c.pass)
			}
			if c.why != "" && !slices.Contains(moved.Reasons, c.why) {
				t.Errorf("reasons %v, want %s", moved.Reasons, c.why)
			}
		})
	}
}

// glimpsed shows the faces to a stage, asking for a turn to the left at 1.2 s.
func glimpsed(t *testing.T, seen []glimpse) pipeline.Score {
	t.Helper()
	skull := pipelinetest.NewSkull()
	var all []pipeline.Observation
	for _, g := range seen {
		o := pipeline.Observation{Face: &pipeline.Face{}}
		skull.Face(o.Face, pipelinetest.Head{Pose: pipeline.Pose{Yaw: g.yaw}})
		o.Face.Frame = &media.Frame{PTS: g.at}
		if g.at >= 1200*time.Millisecond {
			o.Prompt = &pipeline.Prompt{Step: pipeline.Step{Kind: pipeline.StepTurn, Turn: pipeline.Left}, ShownAt: 1200 * time.Millisecond}
		}
		all = append(all, o)
	}
	for _, s := range pipelinetest.Play(t, motion.New(motion.Options{}), all) {
		if s.Name == pipeline.ScoreMotion && s.Step == pipeline.Whole {
			return s
		}
	}
	t.Fatal("no motion score")
	return pipeline.Score{}
}
