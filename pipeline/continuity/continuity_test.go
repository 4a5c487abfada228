package continuity_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/pipeline"
	"vivavoce/pipeline/continuity"
	"vivavoce/pipeline/identity"
	"vivavoce/pipeline/pipelinetest"
)

// person is a made-up face: a skin of blotches, and the size of the nose.
type person struct {
	skin  [64 * 64]byte
	wider float32
}

func newPerson(seed uint64) *person {
	rng := rand.New(rand.NewPCG(seed, 1))
	p := &person{wider: 1 + 0.1*float32(rng.NormFloat64())}
	for i := range p.skin {
		p.skin[i] = byte(110 + rng.IntN(70))
	}
	return p
}

// moment is what is seen at one time.
type moment struct {
	who   *person // nil: nobody
	yaw   float64
	x     int // pixels to the right
	light float64
}

const period = 60 * time.Millisecond

// film makes observations, 17 a second.
func film(n int, at func(i int) moment) (out []pipeline.Observation) {
	skull := pipelinetest.NewSkull()
	rng := rand.New(rand.NewPCG(9, 9))
	for i := range n {
		m := at(i)
		f := new(media.Pool).Get(640, 480)
		f.PTS, f.Seq = time.Duration(i)*period, uint64(i)
		o := pipeline.Observation{Face: &pipeline.Face{Frame: f}}
		if m.who != nil {
			skull.Face(o.Face, pipelinetest.Head{Pose: pipeline.Pose{Yaw: m.yaw}})
			m.who.paint(f, m, rng)
			for k := range o.Face.Points {
				p := &o.Face.Points[k]
				p.X = 320 + (p.X-320)*m.who.wider + float32(m.x) + float32(rng.NormFloat64())*0.5
				p.Y += float32(rng.NormFloat64()) * 0.5
			}
		}
		out = append(out, o)
	}
	return out
}

func (p *person) paint(f *media.Frame, m moment, rng *rand.Rand) {
	light := m.light
	if light == 0 {
		light = 1
	}
	for i := range f.Cb {
		f.Cb[i], f.Cr[i] = 128, 128
	}
	for y := range f.Height {
		for x := range f.Width {
			u, v := (x-m.x+64*8)/8%64, y/8%64
			f.Y[y*f.YStride+x] = byte(light*float64(p.skin[v*64+u])) + byte(rng.IntN(4))
		}
	}
}

// whole returns the session's settled score.
func whole(t *testing.T, seen []pipeline.Observation) pipeline.Score {
	t.Helper()
	return settled(t, blotches{}, seen)
}

func settled(t *testing.T, n identity.Net, seen []pipeline.Observation) pipeline.Score {
	t.Helper()
	scores := pipelinetest.Play(t, continuity.New(n), seen)
	return scores[len(scores)-1]
}

// blotches is a network that takes made-up people for what their skin is: means of the chip, without light.
type blotches struct{ err error }

func (b blotches) Describe(_ context.Context, face, descriptor []float32) error {
	const columns, rows = 8, identity.Numbers / 8
	mean, square := float32(0), float32(0)
	for i := range descriptor {
		x0, y0 := i%columns*identity.Side/columns, i/columns*identity.Side/rows
		sum := float32(0)
		for y := range identity.Side / rows {
			for x := range identity.Side / columns {
				sum += face[(y0+y)*identity.Side+x0+x]
			}
		}
		descriptor[i] = sum
		mean += sum / identity.Numbers
	}
	for i := range descriptor {
		descriptor[i] -= mean
		square += descriptor[i] * descriptor[i]
	}
	for i := range descriptor {
		descriptor[i] /= float32(math.Sqrt(float64(max(square, 1e-9))))
	}
	return b.err
}

// TestNetworkFails: an error of the network ends the stage with it.
func TestNetworkFails(t *testing.T) {
	broken := errors.New("broken")
	stage, err := continuity.New(blotches{broken}).New()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stage.Observe(t.Context(), film(1, func(int) moment { return moment{who: newPerson(1)} })[0]); !errors.Is(err, broken) {
		t.Errorf("%v, want %v", err, broken)
	}
}

func TestContinuity(t *testing.T) {
	anna, bert := newPerson(1), newPerson(2)
	for _, c := range []struct {
		name    string
		frames  int
		at      func(i int) moment
		checked bool
		pass    bool
		why     []pipeline.Reason
	}{
		{"one person", 165, func(int) moment { return moment{who: anna} }, true, true, nil},
		{"who turns and comes back", 165, func(i int) moment { return moment{who: anna, yaw: 30 * least(i, 65, 100)} }, true, true, nil},
		{"in light that fades", 165, func(i int) moment { return moment{who: anna, light: 1 - 0.003*float64(i)} }, true, true, nil},
		{"another one from the middle", 165, func(i int) moment { return pick(i >= 80, moment{who: bert}, moment{who: anna}) }, true, false, []pipeline.Reason{pipeline.ContinuitySwapped}},
		{"another one after a turn", 165, func(i int) moment {
			m := moment{who: anna, yaw: 30 * least(i, 65, 100)}
			return pick(i >= 82, moment{who: bert, yaw: m.yaw}, m)
		}, true, false, []pipeline.Reason{pipeline.ContinuitySwapped}},
		{"leaves and comes back", 165, func(i int) moment { return pick(i >= 65 && i < 92, moment{}, moment{who: anna}) }, true, true, []pipeline.Reason{pipeline.ContinuityLeft}},
		{"leaves, and another one comes", 165, func(i int) moment {
			return pick(i >= 65 && i < 92, moment{}, pick(i >= 92, moment{who: bert}, moment{who: anna}))
		}, true, false, []pipeline.Reason{pipeline.ContinuitySwapped, pipeline.ContinuityLeft}},
		{"leaves, and comes back too late to tell", 100, func(i int) moment { return pick(i >= 65 && i < 92, moment{}, moment{who: anna}) }, false, false, []pipeline.Reason{pipeline.ContinuityNotChecked}},
		{"jumps", 165, func(i int) moment { return moment{who: anna, x: pick(i >= 80, 150, 0)} }, true, true, []pipeline.Reason{pipeline.ContinuityJump}},
		{"a lamp is lit at once", 165, func(i int) moment { return moment{who: anna, light: pick(i >= 80, 1.0, 0.7)} }, true, true, []pipeline.Reason{pipeline.ContinuityJump}},
		{"too short", 16, func(int) moment { return moment{who: anna} }, false, false, []pipeline.Reason{pipeline.ContinuityNotChecked}},
		{"nobody", 66, func(int) moment { return moment{} }, false, false, []pipeline.Reason{pipeline.ContinuityNotChecked}},
		{"always turned away", 66, func(int) moment { return moment{who: anna, yaw: 30} }, false, false, []pipeline.Reason{pipeline.ContinuityNotChecked}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := whole(t, film(c.frames, c.at))
			if s.Checked != c.checked || s.Checked && (s.Value >= 0.5) != c.pass || !slices.Equal(hintless(s.Reasons, c.why), c.why) {
				t.Errorf("got %+v, want checked %v, pass %v, %v", s, c.checked, c.pass, c.why)
			}
		})
	}
}

// hintless leaves out that a swapped face jumps as well, which it may.
func hintless(got, want []pipeline.Reason) []pipeline.Reason {
	if slices.Contains(want, pipeline.ContinuitySwapped) {
		return slices.DeleteFunc(slices.Clone(got), func(r pipeline.Reason) bool { return r == pipeline.ContinuityJump })
	}
	return got
}

func pick[T any](is bool, a, b T) T {
	if is {
		return a
	}
	return b
}

// least goes from 0 at from to 1 in the middle and back to 0 at to.
func least(i, from, to int) float64 {
	if i < from || i > to {
		return 0
	}
	u := 1 - abs(2*float64(i-from)/float64(to-from)-1)
	return u * u * (3 - 2*u)
}

func abs(v float64) float64 { return max(v, -v) }

func TestStage(t *testing.T) {
	anna, bert := newPerson(1), newPerson(2)
	pipelinetest.TestStageByActors(t, continuity.New(blotches{}), pipeline.Step{Kind: pipeline.StepTurn, Turn: pipeline.Left})
	t.Run("swapped", func(t *testing.T) {
		pipelinetest.TestStage(t, continuity.New(blotches{}), film(120, func(i int) moment { return pick(i >= 60, moment{who: bert}, moment{who: anna}) }))
	})
}

func BenchmarkObserve(b *testing.B) {
	seen := film(165, func(int) moment { return moment{who: newPerson(1)} })
	pipelinetest.Benchmark(b, continuity.New(blotches{}), seen)
}
