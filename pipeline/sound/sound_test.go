package sound

import (
	"context"
	"math"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/pipeline"
	"vivavoce/pipeline/pipelinetest"
)

// loud is a Voice that takes what is loud for speech.
type loud struct{}

func (loud) Hear(_ context.Context, samples, _, next []float32) (float64, error) {
	sum := 0.0
	for _, v := range samples {
		sum += float64(v) * float64(v)
	}
	next[0] = float32(sum)
	return min(1, 100*math.Sqrt(sum/float64(len(samples)))), nil
}

// talk is twelve seconds of a made-up person who speaks in syllables of uneven length.
type talk struct {
	still  bool          // the mouth is
	lag    time.Duration // of the sound
	silent bool          // a microphone that hears nothing
	other  bool          // the sound is of other syllables
	deaf   bool          // no microphone
	noise  float64       // of the room; 0 means a quiet one
}

// opening is how far a talker's mouth is open at t, 0 to 1.
func opening(t float64, seed float64) float64 {
	return max(0, math.Sin(2*math.Pi*(2.9*t+0.8*math.Sin(1.7*t+seed)+0.5*math.Sin(0.61*t+2*seed)))) * (0.6 + 0.4*math.Sin(1.1*t+seed))
}

func (k talk) observations() (all []pipeline.Observation) {
	skull := pipelinetest.NewSkull()
	const fps, rate = 25, media.SoundRate
	seed := 0.0
	if k.other {
		seed = 2.3
	}
	noise, phase := uint64(1), 0.0
	for i := range 12 * fps {
		at := float64(i) / fps
		open := 0.0
		if !k.still {
			open = 0.3 * opening(at, 0)
		}
		face := &pipeline.Face{}
		skull.Face(face, pipelinetest.Head{Open: open})
		face.Frame = &media.Frame{Seq: uint64(i), PTS: time.Duration(i) * time.Second / fps, Width: 640, Height: 480}
		block := media.Sound{PTS: face.Frame.PTS, Samples: make([]float32, rate/fps)}
		for n := range block.Samples {
			t := at + float64(n)/rate - k.lag.Seconds()
			noise = noise*6364136223846793005 + 1442695040888963407
			v := max(0.0005, k.noise) * (float64(noise>>40)/(1<<23) - 1)
			if phase += 130.0 / rate; phase >= 1 {
				phase--
			}
			if !k.silent {
				v += 0.3 * opening(t, seed) * (1 - 2*phase)
			}
			block.Samples[n] = float32(v)
		}
		if !k.deaf {
			face.Frame.Sound = []media.Sound{block}
		}
		all = append(all, pipeline.Observation{Face: face})
	}
	return all
}

// finish runs the stage over what a talker does.
func (k talk) finish(t testing.TB) pipeline.Score {
	t.Helper()
	s, err := New(Options{Voice: loud{}}).New()
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range k.observations() {
		if _, err := s.Observe(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	scores, err := s.Finish(t.Context())
	if err != nil || len(scores) != 1 {
		t.Fatalf("%d scores, %v", len(scores), err)
	}
	return scores[0]
}

// measure gives one of a score's figures, NaN without.
func measure(s pipeline.Score, name string) float64 {
	for _, m := range s.Measures {
		if m.Name == name {
			return m.Value
		}
	}
	return math.NaN()
}

func TestConformance(t *testing.T) {
	pipelinetest.TestStage(t, New(Options{Voice: loud{}}), talk{}.observations())
}

func TestTalkers(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name    string
		talk    talk
		checked bool
		low     float64 // the value is in between
		high    float64
		reason  pipeline.Reason // "" for none
	}{
		{"in time", talk{}, true, 0.8, 1, ""},
		{"100 ms late", talk{lag: 100 * ms}, true, 0.8, 1, ""},
		{"100 ms early", talk{lag: -100 * ms}, true, 0.8, 1, ""},
		{"400 ms late", talk{lag: 400 * ms}, true, 0, 0.3, pipeline.SoundShifted},
		{"400 ms early", talk{lag: -400 * ms}, true, 0, 0.3, pipeline.SoundShifted},
		{"a still face", talk{still: true}, true, 0, 0, pipeline.SoundStillFace},
		{"somebody else", talk{other: true}, true, 0, 0.45, pipeline.SoundElsewhere},
		{"mouthed silently", talk{silent: true}, false, 0, 0, pipeline.SoundNotChecked},
		{"in a noisy room", talk{noise: 0.1}, false, 0, 0, pipeline.SoundNotChecked},
		{"no microphone", talk{deaf: true}, false, 0, 0, pipeline.SoundNotChecked},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := c.talk.finish(t)
			var reason pipeline.Reason
			if len(s.Reasons) > 0 {
				reason = s.Reasons[0]
			}
			if s.Checked != c.checked || s.Value < c.low || s.Value > c.high || reason != c.reason {
				t.Errorf("%+v; want checked %v, %v to %v, reason %q", s, c.checked, c.low, c.high, c.reason)
			}
			if (len(s.Measures) == 0) != c.talk.deaf || c.checked && !(measure(s, MeasureSpeech) >= 3) {
				t.Errorf("measures %+v", s.Measures)
			}
			if off := measure(s, MeasureLag) - float64(c.talk.lag.Milliseconds()); c.checked && !c.talk.still && !c.talk.other && !(math.Abs(off) <= 60) {
				t.Errorf("lag %v ms off", off)
			}
		})
	}
}

// TestCutsDoNotMatter: the same sound in other blocks gives the same score, and a hole in it
// costs only itself.
func TestCutsDoNotMatter(t *testing.T) {
	score := func(change func([]pipeline.Observation)) pipeline.Score {
		s, err := New(Options{Voice: loud{}}).New()
		if err != nil {
			t.Fatal(err)
		}
		all := talk{}.observations()
		change(all)
		for _, o := range all {
			if _, err := s.Observe(t.Context(), o); err != nil {
				t.Fatal(err)
			}
		}
		scores, err := s.Finish(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return scores[0]
	}
	whole := score(func([]pipeline.Observation) {})
	late := score(func(all []pipeline.Observation) { // every second block comes with the next frame
		for i := 0; i+1 < len(all); i += 2 {
			a, b := all[i].Face.Frame, all[i+1].Face.Frame
			b.Sound, a.Sound = append(a.Sound, b.Sound...), nil
		}
	})
	if late.Value != whole.Value || measure(late, MeasureLag) != measure(whole, MeasureLag) {
		t.Errorf("in other blocks %+v, want %+v", late, whole)
	}
	holes := score(func(all []pipeline.Observation) {
		for i := range all {
			if i%50 < 4 {
				all[i].Face.Frame.Sound = nil
			}
		}
	})
	if !(holes.Value >= 0.8) {
		t.Errorf("with holes %+v", holes)
	}
}

func TestNoVoice(t *testing.T) {
	if _, err := New(Options{}).New(); err == nil {
		t.Error("a stage without a voice")
	}
}

// BenchmarkSound is the stage's own work for a second of a session, without the voice's.
func BenchmarkSound(b *testing.B) {
	all := talk{}.observations()
	b.ReportAllocs()
	for b.Loop() {
		s, err := New(Options{Voice: loud{}}).New()
		if err != nil {
			b.Fatal(err)
		}
		for _, o := range all {
			if _, err := s.Observe(b.Context(), o); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := s.Finish(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N)/12, "ms/session-s")
}
