package sound

import (
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

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
}

const filmTime = 3 * time.Second

// watch looks at clips of each speaker, so many at most.
func watch(t testing.TB, most map[string]int) (films []film) {
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
		every := max(1, len(clips)/max(1, most[speaker]))
		for i := 0; i < len(clips) && i/every < most[speaker]; i += every {
			films = append(films, shoot(t, studio, voice, speaker, clips[i]))
		}
	}
	return films
}

func shoot(t testing.TB, studio *recorded.Studio, voice Voice, speaker, clip string) film {
	t.Helper()
	var s seen
	h := newHeard(voice)
	for _, o := range studio.Watch(t, clip, nil) {
		for _, block := range o.Face.Frame.Sound {
			if err := h.add(t.Context(), block); err != nil {
				t.Fatal(err)
			}
		}
		s.add(o.Face)
	}
	f := film{speaker: speaker, mouths: s.mouths, frames: make([]frame, int(filmTime/frameTime))}
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
