package jaw_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/pipeline"
	"vivavoce/pipeline/jaw"
	"vivavoce/pipeline/pipelinetest"
)

// speaker is how lips and chin move.
type speaker struct {
	seconds, rate float64
	opens         float64                 // the lips, distances between the eyes
	chin          func(t float64) float64 // how much of that the chin goes down
	pose          func(t float64) pipeline.Pose
	prompt        *pipeline.Prompt
}

func (s speaker) film() (out []pipeline.Observation) {
	skull := pipelinetest.NewSkull()
	rng := rand.New(rand.NewPCG(7, 7))
	for i := range int(s.seconds * s.rate) {
		t := float64(i) / s.rate
		f := &pipeline.Face{Frame: &media.Frame{Seq: uint64(i), PTS: time.Duration(t * float64(time.Second))}}
		h := pipelinetest.Head{}
		if s.pose != nil {
			h.Pose = s.pose(t)
		}
		skull.Face(f, h)
		lips := s.opens * f.Interocular * (1 + math.Sin(13*t)) / 2 * (1 + 0.5*math.Sin(5*t))
		roll := h.Pose.Roll * math.Pi / 180
		down := func(at int, by float64) {
			f.Points[at].X -= float32(by*math.Sin(roll) + 0.1*rng.NormFloat64())
			f.Points[at].Y += float32(by*math.Cos(roll) + 0.1*rng.NormFloat64())
		}
		f.Points[14] = f.Points[13]
		down(14, lips)
		if s.chin != nil {
			down(152, s.chin(t)*lips)
		}
		out = append(out, pipeline.Observation{Face: f, Prompt: s.prompt})
	}
	return out
}

func TestJaw(t *testing.T) {
	goes := func(float64) float64 { return 0.3 }
	digit := &pipeline.Prompt{Step: pipeline.Step{Kind: pipeline.StepDigit, Digit: 3}}
	turn := &pipeline.Prompt{Step: pipeline.Step{Kind: pipeline.StepTurn, Turn: pipeline.Left}}
	for _, c := range []struct {
		name          string
		speaker       speaker
		checked, pass bool
		why           []pipeline.Reason
	}{
		{"speaks", speaker{8, 25, 0.2, goes, nil, nil}, true, true, nil},
		{"speaks when asked", speaker{8, 25, 0.2, goes, nil, digit}, true, true, nil},
		{"at 10 a second", speaker{8, 10, 0.2, goes, nil, nil}, true, true, nil},
		{"at 5 a second", speaker{12, 5, 0.2, goes, nil, nil}, true, true, nil},
		{"a mouth pasted in at 5 a second", speaker{12, 5, 0.2, nil, nil, nil}, true, false, []pipeline.Reason{pipeline.JawStill}},
		{"at 60 a second", speaker{8, 60, 0.2, goes, nil, nil}, true, true, nil},
		{"with the head bent, nodding a little", speaker{8, 25, 0.2, goes, func(t float64) pipeline.Pose { return pipeline.Pose{Roll: 20, Pitch: 4 * math.Sin(2*t)} }, nil}, true, true, nil},
		{"a mouth pasted in", speaker{8, 25, 0.2, nil, nil, nil}, true, false, []pipeline.Reason{pipeline.JawStill}},
		{"pasted on a head that moves", speaker{8, 25, 0.2, nil, func(t float64) pipeline.Pose { return pipeline.Pose{Roll: 10 * math.Sin(t), Pitch: 4 * math.Sin(2*t)} }, nil}, true, false, []pipeline.Reason{pipeline.JawStill}},
		{"pasted in, the mesh moving the chin along", speaker{8, 25, 0.2, func(float64) float64 { return 0.08 }, nil, nil}, true, false, []pipeline.Reason{pipeline.JawStill}},
		{"on somebody who says something else", speaker{8, 25, 0.2, func(t float64) float64 { return 0.3 * math.Sin(7*t) }, nil, nil}, true, false, []pipeline.Reason{pipeline.JawStill}},
		{"silent", speaker{8, 25, 0.01, nil, nil, nil}, false, false, []pipeline.Reason{pipeline.JawNotChecked}},
		{"too short", speaker{2.5, 25, 0.2, goes, nil, nil}, false, false, []pipeline.Reason{pipeline.JawNotChecked}},
		{"turned away", speaker{8, 25, 0.2, goes, func(float64) pipeline.Pose { return pipeline.Pose{Yaw: 40} }, nil}, false, false, []pipeline.Reason{pipeline.JawNotChecked}},
		{"while a turn is asked", speaker{8, 25, 0.2, goes, nil, turn}, false, false, []pipeline.Reason{pipeline.JawNotChecked}},
	} {
		t.Run(c.name, func(t *testing.T) {
			pipelinetest.Judged(t, jaw.New(), c.speaker.film(), c.checked, c.pass, c.why)
		})
	}
}

func TestStage(t *testing.T) {
	pipelinetest.TestStageByActors(t, jaw.New(), pipeline.Step{Kind: pipeline.StepDigit, Digit: 3}, pipeline.Step{Kind: pipeline.StepTurn, Turn: pipeline.Left})
	t.Run("speaking", func(t *testing.T) {
		pipelinetest.TestStage(t, jaw.New(), speaker{8, 25, 0.2, func(float64) float64 { return 0.3 }, nil, nil}.film())
	})
}

func BenchmarkObserve(b *testing.B) {
	pipelinetest.Benchmark(b, jaw.New(), speaker{14, 30, 0.2, func(float64) float64 { return 0.3 }, nil, nil}.film())
}
