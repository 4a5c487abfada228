package puppet_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/media/file/filetest"
	"vivavoce/models"
	"vivavoce/pipeline"
	"vivavoce/pipeline/sound"
	"vivavoce/signaling"
	"vivavoce/signaling/puppet"
)

// joined joins the first clips of a speaker to one of twelve seconds.
func joined(t *testing.T, speaker string) string {
	t.Helper()
	clips, err := filepath.Glob(filepath.Join(filetest.Recordings(t), "grid", speaker, "*.mp4"))
	if err != nil || len(clips) < 5 {
		t.Fatalf("clips of %s: %d, %v", speaker, len(clips), err)
	}
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("no ffmpeg to join clips with")
	}
	dir := t.TempDir()
	var list strings.Builder
	for _, c := range clips[:5] {
		fmt.Fprintf(&list, "file '%s'\n", c)
	}
	if err := os.WriteFile(filepath.Join(dir, "list"), []byte(list.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, speaker+".mp4")
	out, err := exec.Command("ffmpeg", "-v", "error", "-f", "concat", "-safe", "0", "-i", filepath.Join(dir, "list"), "-c", "copy", path).CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg: %v: %s", err, out)
	}
	return path
}

// ear remembers the last score of the sound of the attempt that runs.
type ear struct {
	mu    sync.Mutex
	score pipeline.Score
}

func (e *ear) wrap(a signaling.Attempt) signaling.Attempt { return &overheard{a, e} }

func (e *ear) last() pipeline.Score {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.score
}

type overheard struct {
	signaling.Attempt
	e *ear
}

func (o *overheard) Run(ctx context.Context, src media.Source, report func(pipeline.Event)) (pipeline.Verdict, error) {
	return o.Attempt.Run(ctx, src, func(e pipeline.Event) {
		if s, ok := e.(pipeline.Scored); ok && s.Score.Name == pipeline.ScoreSound {
			o.e.mu.Lock()
			o.e.score = s.Score
			o.e.mu.Unlock()
		}
		report(e)
	})
}

// TestSoundOverWebRTC sends recorded people with their sound (VP8, Opus) and prints the lag that
// is measured behind our clocks: one person in time, and with VIVAVOCE_FIGURES=1 six, in time and
// with the sound 300 ms late.
func TestSoundOverWebRTC(t *testing.T) {
	people, lates := []string{"s1"}, []time.Duration{0}
	if os.Getenv("VIVAVOCE_FIGURES") != "" {
		people, lates = []string{"s1", "s2", "s3", "s5", "s30", "s31"}, []time.Duration{0, 300 * time.Millisecond, -300 * time.Millisecond}
	}
	library, newFinder := stage(t)
	voice, err := sound.Load(library, models.Live)
	if err != nil {
		t.Fatal(err)
	}
	e := &ear{}
	framing := pipeline.Timing{Framing: 5 * time.Minute, Steady: 4 * time.Minute, Whole: 6 * time.Minute} // to watch each clip to its end
	server := openWith(t, newFinder, framing, pipeline.DefaultPlan(), e.wrap, sound.New(sound.Options{Voice: voice}))
	for _, who := range people {
		path := joined(t, who)
		for _, late := range lates {
			clip, err := puppet.OpenTalking(path, late)
			if err != nil {
				t.Fatal(err)
			}
			_, err = puppet.Run(t.Context(), puppet.Options{Server: server, Scene: clip, FPS: 30, Kbps: 1000})
			if err != nil && !errors.Is(err, io.EOF) {
				t.Logf("%s: %v", path, err)
			}
			clip.Close()
			s := e.last()
			figures := map[string]float64{}
			for _, m := range s.Measures {
				figures[m.Name] = m.Value
			}
			t.Logf("%s, sound %v late: %.2f %v, %v", who, late, s.Value, s.Reasons, figures)
			if !s.Checked { // pictures are left out where the machine does not keep up
				t.Logf("not checked: was the machine too busy to look at the pictures?")
				continue
			}
			if off := figures[sound.MeasureLag] - float64(late.Milliseconds()); off < -150 || off > 150 || (s.Value >= 0.5) != (late == 0) {
				t.Errorf("%s, sound %v late: %+v", who, late, s)
			}
		}
	}
}
