package eyes_test

import (
	"math"
	"path/filepath"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/media/file/filetest"
	"vivavoce/pipeline"
	"vivavoce/pipeline/eyes"
	"vivavoce/pipeline/pipelinetest"
	"vivavoce/pipeline/pipelinetest/recorded"
)

// TestMeasureEyes shows talking people, and pictures of them waved about, for 6 s: two clips one after
// another. The bounds were chosen on other speakers.
func TestMeasureEyes(t *testing.T) {
	recorded.Measure(t)
	data := filetest.Recordings(t)
	studio := recorded.NewStudio(t)
	for _, speaker := range []string{"s5", "s30", "s31"} {
		clips, _ := filepath.Glob(filepath.Join(data, "grid", speaker, "*.mp4"))
		people, pictures, still, live := 0, 0, 0, 0
		why := map[pipeline.Reason]int{}
		for i := 0; i+1 < min(len(clips), 10); i += 2 {
			s := judged(t, studio, nil, clips[i], clips[i+1])
			people++
			if s.Checked && s.Value >= 0.5 {
				live++
			}
			for _, r := range s.Reasons {
				why[r]++
			}
			for _, angle := range []float64{2, 12} {
				s := judged(t, studio, waved(angle), clips[i], clips[i+1])
				pictures++
				if s.Checked && s.Value < 0.5 {
					still++
				}
			}
		}
		t.Logf("%s: %d of %d people pass %v, %d of %d pictures are still", speaker, live, people, why, still, pictures)
	}
	heads, _ := filepath.Glob(filepath.Join(data, "head", "*.mp4"))
	for _, clip := range heads {
		s := judged(t, studio, nil, clip)
		t.Logf("%s: %v %.2f %v %v", filepath.Base(clip), s.Checked, s.Value, s.Reasons, s.Measures)
	}
}

func judged(t *testing.T, studio *recorded.Studio, alter recorded.Alter, clips ...string) pipeline.Score {
	t.Helper()
	scores := pipelinetest.Play(t, eyes.New(), studio.WatchAll(t, 40*time.Millisecond, alter, clips...))
	return scores[len(scores)-1]
}

// waved holds the first frame of all as a picture and moves it.
func waved(angle float64) recorded.Alter {
	pool := new(media.Pool)
	var photo, dst *media.Frame
	return func(f *media.Frame) *media.Frame {
		if photo == nil {
			photo, dst = pool.Get(f.Width, f.Height), pool.Get(f.Width, f.Height)
			recorded.Tilt(photo, f, 0, 0)
		}
		photo.PTS, photo.Seq, photo.FullRange = f.PTS, f.Seq, f.FullRange
		s := f.PTS.Seconds()
		recorded.Sheet{Yaw: angle * math.Sin(2*s), Pitch: angle / 2 * math.Sin(1.3*s)}.Show(dst, photo)
		return dst
	}
}
