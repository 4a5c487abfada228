package eyes_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/pipeline"
	"vivavoce/pipeline/eyes"
	"vivavoce/pipeline/pipelinetest"
)

// look is how a face looks at one time.
type look struct {
	right, left float64 // how far the eyes are shut, 0–1
	mouth       float64
	yaw         float64
}

// film makes observations at a constant rate, with the mesh's noise.
func film(seconds, rate float64, at func(t float64) look) (out []pipeline.Observation) {
	skull := pipelinetest.NewSkull()
	rng := rand.New(rand.NewPCG(4, 4))
	for i := range int(seconds * rate) {
		t := float64(i) / rate
		l := at(t)
		f := &pipeline.Face{Frame: &media.Frame{Seq: uint64(i), PTS: time.Duration(t * float64(time.Second))}}
		skull.Face(f, pipelinetest.Head{Pose: pipeline.Pose{Yaw: l.yaw}})
		f.RightEyeOpen = 0.3*(1-l.right) + 0.003*rng.NormFloat64()
		f.LeftEyeOpen = 0.3*(1-l.left) + 0.003*rng.NormFloat64()
		f.MouthOpen = l.mouth + 0.001*math.Abs(rng.NormFloat64())
		out = append(out, pipeline.Observation{Face: f})
	}
	return out
}

// blinking shuts the eyes every three seconds, within closing and opening seconds.
func blinking(t, closing, opening float64) float64 {
	switch p := math.Mod(t, 3) - 1; {
	case p < 0 || p > closing+opening:
		return 0
	case p < closing:
		return p / closing
	default:
		return 1 - (p-closing)/opening
	}
}

func talking(t float64) float64 { return 0.1 * math.Abs(math.Sin(5*t)) }

func both(v float64, l look) look { l.right, l.left = v, v; return l }

func TestEyes(t *testing.T) {
	for _, c := range []struct {
		name          string
		seconds, rate float64
		at            func(t float64) look
		checked       bool
		pass          bool
		blinks        float64
		why           []pipeline.Reason
	}{
		{"a person who talks and blinks", 14, 30, func(t float64) look { return both(blinking(t, 0.1, 0.2), look{mouth: talking(t)}) }, true, true, 5, nil},
		{"at 10 frames a second", 14, 10, func(t float64) look { return both(blinking(t, 0.12, 0.25), look{mouth: talking(t)}) }, true, true, 5, nil},
		{"who only blinks", 14, 30, func(t float64) look { return both(blinking(t, 0.1, 0.2), look{}) }, true, true, 5, nil},
		{"who does not blink", 14, 30, func(t float64) look { return look{mouth: talking(t)} }, true, true, 0, []pipeline.Reason{pipeline.EyesNoBlink}},
		{"who does not blink in a short session", 6, 30, func(t float64) look { return look{mouth: talking(t)} }, true, true, 0, nil},
		{"who winks", 14, 30, func(t float64) look { return look{right: blinking(t, 0.1, 0.2), mouth: talking(t)} }, true, true, 5, []pipeline.Reason{pipeline.EyesBlinkShape}},
		{"who shuts the eyes for a second", 14, 30, func(t float64) look {
			shut := blinking(t, 0.1, 0.2)
			if t > 8 && t < 9.2 {
				shut = 1
			}
			return both(shut, look{mouth: talking(t)})
		}, true, true, 5, nil},
		{"a picture", 14, 30, func(float64) look { return look{} }, true, false, 0, []pipeline.Reason{pipeline.EyesStill, pipeline.EyesNoBlink}},
		{"a picture that is turned", 8, 30, func(t float64) look {
			y := 12 * math.Sin(2*t)
			return both(-0.01*y, look{yaw: y}) // the tilt makes the lids look wider
		}, true, false, 0, []pipeline.Reason{pipeline.EyesStill}},
		{"eyes that are switched", 14, 30, func(t float64) look {
			return both(math.Round(blinking(t, 0.034, 0.034)), look{mouth: talking(t)})
		}, true, true, 5, []pipeline.Reason{pipeline.EyesBlinkShape}},
		{"too short", 3, 30, func(float64) look { return look{} }, false, false, 0, []pipeline.Reason{pipeline.EyesNotChecked}},
		{"always turned away", 10, 30, func(float64) look { return look{yaw: 40} }, false, false, 0, []pipeline.Reason{pipeline.EyesNotChecked}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := pipelinetest.Judged(t, eyes.New(), film(c.seconds, c.rate, c.at), c.checked, c.pass, c.why)
			if s.Checked && s.Measures[0].Value != c.blinks {
				t.Errorf("%v blinks, want %v", s.Measures, c.blinks)
			}
		})
	}
}

// TestBlinkIsMeasured: the lids close more quickly than they open.
func TestBlinkIsMeasured(t *testing.T) {
	scores := pipelinetest.Play(t, eyes.New(), film(14, 30, func(t float64) look {
		return both(blinking(t, 0.1, 0.25), look{mouth: talking(t)})
	}))
	m := scores[len(scores)-1].Measures
	if len(m) != 3 || math.Abs(m[1].Value-100) > 40 || math.Abs(m[2].Value-250) > 60 || m[1].Value >= m[2].Value {
		t.Errorf("measures %v, want about 100 and 250 ms", m)
	}
}

func TestStage(t *testing.T) {
	pipelinetest.TestStageByActors(t, eyes.New(), pipeline.Step{Kind: pipeline.StepDigit, Digit: 3}, pipeline.Step{Kind: pipeline.StepTurn, Turn: pipeline.Left})
	t.Run("blinking", func(t *testing.T) {
		pipelinetest.TestStage(t, eyes.New(), film(8, 30, func(t float64) look { return both(blinking(t, 0.1, 0.2), look{}) }))
	})
}

func BenchmarkObserve(b *testing.B) {
	seen := film(14, 30, func(t float64) look { return both(blinking(t, 0.1, 0.2), look{mouth: talking(t)}) })
	pipelinetest.Benchmark(b, eyes.New(), seen)
}
