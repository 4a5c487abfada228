package lights_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/pipeline"
	"vivavoce/pipeline/lights"
	"vivavoce/pipeline/pipelinetest"
)

// sitting is a made-up person before a wall, 12 frames a second for n colours: small pictures, as the
// lights are averages.
func sitting(n int) (out []pipeline.Observation) {
	rng := rand.New(rand.NewPCG(6, 6))
	const step = 83 * time.Millisecond
	for i := range int(time.Duration(n) * every / step) {
		f := new(media.Pool).Get(96, 72)
		f.PTS, f.Seq = time.Duration(i)*step, uint64(i)
		face := &pipeline.Face{Frame: f, Found: true, Presence: 1, Interocular: 25}
		face.Box = pipeline.Box{X0: 30, Y0: 18, X1: 66, Y1: 60}
		for y := range 72 {
			for x := range 96 {
				skin := x >= 27 && x < 69 && y >= 12 && y < 66
				f.Y[y*f.YStride+x] = byte(120 + rng.IntN(9))
				if x%2 == 0 && y%2 == 0 {
					at := y/2*f.CStride + x/2
					f.Cb[at], f.Cr[at] = byte(124+rng.IntN(4)), byte(128+rng.IntN(4))
					if skin {
						f.Cb[at], f.Cr[at] = byte(110+rng.IntN(4)), byte(148+rng.IntN(4))
					}
				}
			}
		}
		out = append(out, pipeline.Observation{Face: face})
	}
	return out
}

func whole(t *testing.T, seen []pipeline.Observation) (pipeline.Score, bool) {
	t.Helper()
	scores := pipelinetest.Play(t, lights.New(), seen)
	if len(scores) == 0 {
		return pipeline.Score{}, false
	}
	return scores[len(scores)-1], true
}

func TestLights(t *testing.T) {
	bright := room{strength: 0.3, behind: 0.1, balance: 0.5, noise: 1}
	for _, c := range []struct {
		name    string
		room    room
		n       int
		other   bool // the screen shows other colours than were asked for
		checked bool
		pass    bool
		why     []pipeline.Reason
	}{
		{"a face before the screen", bright, 8, false, true, true, nil},
		{"a weak screen", room{strength: 0.06, behind: 0.1, balance: 0.5, noise: 1}, 8, false, true, true, nil},
		{"a bright room behind", room{strength: 0.3, behind: 0.7, balance: 0.5, noise: 1}, 8, false, true, true, nil},
		{"white balance that leans", room{strength: 0.3, behind: 0.1, balance: 1, noise: 1}, 8, false, true, true, nil},
		{"daylight", room{noise: 1}, 8, false, false, false, []pipeline.Reason{pipeline.LightsNoReflection}},
		{"colours of another session", room{strength: 1, behind: 0.1, noise: 1}, 9, true, false, false, []pipeline.Reason{pipeline.LightsNoReflection}},
		{"too few colours", bright, 4, false, false, false, []pipeline.Reason{pipeline.LightsNotChecked}},
	} {
		t.Run(c.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 3))
			asked := sequence(rng, c.n)
			colours := asked
			if c.other {
				colours = slices.Clone(asked)
				for i := range colours { // the next of the palette
					p := pipeline.Palette()
					colours[i] = p[(slices.Index(p, asked[i])+2)%len(p)]
				}
			}
			s, ok := whole(t, light(sitting(c.n), c.room, colours, asked, rng))
			if !ok || s.Checked != c.checked || s.Checked && (s.Value >= 0.5) != c.pass || !slices.Equal(s.Reasons, c.why) {
				t.Errorf("got %+v, want checked %v, pass %v, %v", s, c.checked, c.pass, c.why)
			}
		})
	}
}

// TestRecordingsPassByLuckOnly: without a reflection, as many are found as random sequences would be.
func TestRecordingsPassByLuckOnly(t *testing.T) {
	found := 0
	const n = 40
	base := sitting(7)
	for i := range n {
		rng := rand.New(rand.NewPCG(uint64(i), 5))
		s, _ := whole(t, light(copies(base), room{noise: 1}, sequence(rng, 7), sequence(rng, 7), rng))
		if s.Checked && s.Value >= 0.5 {
			found++
		}
	}
	if found > 4 { // at 2 % each, 5 of 40 come with a chance of 0.1 %
		t.Errorf("%d of %d sessions without a reflection pass", found, n)
	}
}

func TestDeclined(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 3))
	asked := sequence(rng, 8)
	seen := light(sitting(8), room{strength: 0.3}, asked, asked, rng)
	for i := range seen {
		seen[i].LightsOff = i > len(seen)/2
	}
	s, ok := whole(t, seen)
	if !ok || s.Checked || !slices.Equal(s.Reasons, []pipeline.Reason{pipeline.LightsDeclined}) {
		t.Errorf("got %+v, want not checked, declined", s)
	}
}

func TestNobodyWasAsked(t *testing.T) {
	if s, ok := whole(t, sitting(3)); ok {
		t.Errorf("got %+v though there were no lights", s)
	}
}

func TestStage(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 3))
	asked := sequence(rng, 6)
	pipelinetest.TestStage(t, lights.New(), light(sitting(6), room{strength: 0.3}, asked, asked, rng))
	pipelinetest.TestStage(t, lights.New(), pipelinetest.Perform(t, pipelinetest.Script{}, 1, pipeline.Challenge{Steps: []pipeline.Step{{Kind: pipeline.StepTurn, Turn: pipeline.Left}}}))
}

func BenchmarkObserve(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 3))
	asked := sequence(rng, 8)
	seen := light(sitting(8), room{strength: 0.3}, asked, asked, rng)
	pipelinetest.Benchmark(b, lights.New(), seen)
}
