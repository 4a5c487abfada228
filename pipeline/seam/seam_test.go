package seam_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/pipeline"
	"vivavoce/pipeline/pipelinetest"
	"vivavoce/pipeline/seam"
)

// film is a made-up head before a camera. Its skin is a pattern of waves; all lengths are in pixels.
type film struct {
	seconds, rate float64
	face, mouth   float64 // how far that part's pattern is off its place, standard deviation from frame to frame
	shake         float64 // the same of the whole picture
	noise         float64 // of each pixel
	yaw           float64 // degrees
	blank         bool    // frames without pixels
}

func (m film) play() (out []pipeline.Observation) {
	skull := pipelinetest.NewSkull()
	rng := rand.New(rand.NewPCG(3, 4))
	const w, h = 640, 480
	for i := range int(m.seconds * m.rate) {
		t := float64(i) / m.rate
		f := &pipeline.Face{Frame: &media.Frame{Seq: uint64(i), PTS: time.Duration(t * float64(time.Second)), Width: w, Height: h}}
		skull.Face(f, pipelinetest.Head{Pose: pipeline.Pose{Yaw: m.yaw}})
		// All of it sways slowly; the mesh says so, with noise of its own.
		x, y := 2*math.Sin(t)+m.shake*rng.NormFloat64(), 1.5*math.Sin(0.8*t)+m.shake*rng.NormFloat64()
		for p := range f.Points {
			f.Points[p].X += float32(x + 0.3*rng.NormFloat64())
			f.Points[p].Y += float32(y + 0.3*rng.NormFloat64())
		}
		out = append(out, pipeline.Observation{Face: f})
		if m.blank {
			continue
		}
		faceX, faceY, mouthX, mouthY := m.face*rng.NormFloat64(), m.face*rng.NormFloat64(), m.mouth*rng.NormFloat64(), m.mouth*rng.NormFloat64()
		f.Frame.Y, f.Frame.YStride = make([]byte, w*h), w
		for k := range f.Frame.Y {
			u, v := float64(k%w)-320-x, float64(k/w)-200-y // from between the eyes, whose inner corners are 50 apart
			if math.Abs(u) > 170 || v < -120 || v > 230 {
				continue // nobody looks there
			}
			switch {
			case (u/62)*(u/62)+((v-47)/57)*((v-47)/57) < 1:
				u, v = u+faceX, v+faceY
			case (u/67)*(u/67)+((v-117)/42)*((v-117)/42) < 1:
				u, v = u+mouthX, v+mouthY
			}
			f.Frame.Y[k] = byte(min(max(120+25*math.Sin(u/9+v/23)+25*math.Sin(v/8-u/31)+m.noise*rng.NormFloat64(), 0), 255))
		}
	}
	return out
}

func TestSeam(t *testing.T) {
	none := []pipeline.Reason{pipeline.SeamNotChecked}
	for _, c := range []struct {
		name          string
		film          film
		checked, pass bool
		why           []pipeline.Reason
	}{
		{"a head", film{seconds: 3, rate: 25}, true, true, nil},
		{"30 a second, shaken in a hand, noisy", film{seconds: 3, rate: 30, shake: 0.4, noise: 6}, true, true, nil},
		{"dark", film{seconds: 3, rate: 25, noise: 20}, true, true, nil},
		{"a face that trembles", film{seconds: 3, rate: 25, face: 0.6}, true, false, []pipeline.Reason{pipeline.SeamFace}},
		{"and is shaken", film{seconds: 3, rate: 25, face: 1.2, shake: 0.2, noise: 4}, true, false, []pipeline.Reason{pipeline.SeamFace}},
		{"a mouth that trembles", film{seconds: 3, rate: 25, mouth: 1}, true, false, []pipeline.Reason{pipeline.SeamMouth}},
		{"too short", film{seconds: 1, rate: 25, face: 1}, false, false, none},
		{"12 a second", film{seconds: 6, rate: 12}, true, true, nil},
		{"trembles at 12 a second", film{seconds: 6, rate: 12, face: 1}, true, false, []pipeline.Reason{pipeline.SeamFace}},
		{"7 a second", film{seconds: 6, rate: 7}, true, true, nil},
		{"trembles at 7 a second", film{seconds: 6, rate: 7, face: 1}, true, false, []pipeline.Reason{pipeline.SeamFace}},
		{"5 a second", film{seconds: 8, rate: 5, face: 1}, false, false, none},
		{"turned away", film{seconds: 3, rate: 25, face: 1, yaw: 40}, false, false, none},
		{"without pixels", film{seconds: 3, rate: 25, blank: true}, false, false, none},
	} {
		t.Run(c.name, func(t *testing.T) {
			pipelinetest.Judged(t, seam.New(), c.film.play(), c.checked, c.pass, c.why)
		})
	}
}

func TestStage(t *testing.T) {
	pipelinetest.TestStageByActors(t, seam.New(), pipeline.Step{Kind: pipeline.StepDigit, Digit: 3}, pipeline.Step{Kind: pipeline.StepTurn, Turn: pipeline.Left})
	t.Run("a head", func(t *testing.T) {
		pipelinetest.TestStage(t, seam.New(), film{seconds: 3, rate: 25}.play())
	})
}

func BenchmarkObserve(b *testing.B) {
	pipelinetest.Benchmark(b, seam.New(), film{seconds: 3, rate: 30, noise: 2}.play())
}
