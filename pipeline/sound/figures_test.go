package sound

import (
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/media/file/filetest"
	"vivavoce/models"
	"vivavoce/pipeline/pipelinetest/recorded"
)

// film is what is seen and heard in one clip of GRID: three seconds, so that films can be
// joined on both grids.
type film struct {
	speaker string
	mouths  []mouth
	frames  []frame
	samples []float32 // from PTS 0 on
}

const filmTime = 3 * time.Second

// screening is every clip of five speakers, and of the thousand of s1 every eighth up to the
// sixtieth: what the weights are learnt from, and the figures are of.
func screening(t testing.TB) (films []film) {
	t.Helper()
	data := filetest.Recordings(t)
	studio := recorded.NewStudio(t)
	voice, err := Load(studio.Library(), models.Background)
	if err != nil {
		t.Fatal(err)
	}
	for _, speaker := range []string{"s1", "s2", "s3", "s5", "s30", "s31"} {
		clips, err := filepath.Glob(filepath.Join(data, "grid", speaker, "*.mp4"))
		if err != nil || len(clips) == 0 {
			t.Fatalf("no clips of %s: %v", speaker, err)
		}
		every := max(1, len(clips)/120)
		for i := 0; i < len(clips) && i/every < 60; i += every {
			films = append(films, shoot(t, studio, voice, speaker, clips[i]))
		}
	}
	return films
}

func shoot(t testing.TB, studio *recorded.Studio, voice Voice, speaker, clip string) film {
	t.Helper()
	var s seen
	h, samples := newHeard(voice), make([]float32, filmTime*media.SoundRate/time.Second)
	for _, o := range studio.Watch(t, clip, nil) {
		for _, block := range o.Face.Frame.Sound {
			if err := h.add(t.Context(), block); err != nil {
				t.Fatal(err)
			}
			if at := int(math.Round(block.PTS.Seconds() * media.SoundRate)); at >= 0 && at < len(samples) {
				copy(samples[at:], block.Samples)
			}
		}
		s.add(o.Face)
	}
	f := film{samples: samples, speaker: speaker, mouths: s.mouths, frames: make([]frame, int(filmTime/frameTime))}
	copy(f.frames, h.frames)
	f.mouths = slices.DeleteFunc(f.mouths, func(m mouth) bool { return m.pts >= filmTime })
	return f
}

// join plays films one after the other.
func join(films ...film) (out film) {
	for i, f := range films {
		for _, m := range f.mouths {
			m.pts += time.Duration(i) * filmTime
			out.mouths = append(out.mouths, m)
		}
		out.frames = append(out.frames, f.frames...)
		out.samples = append(out.samples, f.samples...)
	}
	out.speaker = films[0].speaker
	return out
}

// later plays the sound d later than the mouth; what is then missing at one end is taken from
// the other.
func (f film) later(d time.Duration) film {
	n := len(f.frames)
	shift := ((int(d/frameTime) % n) + n) % n
	f.frames = append(slices.Clone(f.frames[n-shift:]), f.frames[:n-shift]...)
	return f
}

// frozen stops the picture, but for what landmarks shake on one.
func (f film) frozen(r *rand.Rand) film {
	f.mouths = slices.Clone(f.mouths)
	first := f.mouths[0]
	for i := range f.mouths {
		f.mouths[i].shape = first.shape
		for k := range lengths {
			f.mouths[i].shape[k] += 0.004 * r.NormFloat64()
		}
	}
	return f
}

// noisy adds white noise, so many decibels below the voice.
func (f film) noisy(t testing.TB, voice Voice, r *rand.Rand, below float64) film {
	t.Helper()
	power, n := 0.0, 0
	for i, v := range f.samples {
		if k := i / frameSamples; k < len(f.frames) && f.frames[k].speech >= speaking {
			power, n = power+float64(v)*float64(v), n+1
		}
	}
	level := math.Sqrt(power/float64(max(1, n))) * math.Pow(10, -below/20)
	noisy := make([]float32, len(f.samples))
	for i, v := range f.samples {
		noisy[i] = v + float32(level*r.NormFloat64())
	}
	h := newHeard(voice)
	if err := h.add(t.Context(), media.Sound{Samples: noisy}); err != nil {
		t.Fatal(err)
	}
	f.frames = h.frames
	return f
}

// slow leaves out pictures, as a camera does in the dark: one in every n is kept.
func (f film) slow(n int) film {
	var kept []mouth
	for i, m := range f.mouths {
		if i%n == 0 {
			kept = append(kept, m)
		}
	}
	f.mouths = kept
	return f
}
