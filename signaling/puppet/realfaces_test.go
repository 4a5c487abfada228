package puppet_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/media/file/filetest"
	"vivavoce/pipeline"
	"vivavoce/signaling"
	"vivavoce/signaling/puppet"
)

// TestRealFaces sends recorded people through WebRTC (encoded, sent, received) and
// prints a row a clip: the README's table. All clips with VIVAVOCE_FIGURES=1, else
// three, which must show a face nearly always.
func TestRealFaces(t *testing.T) {
	data := filetest.Recordings(t)
	heads, err := filepath.Glob(filepath.Join(data, "head/*.mp4"))
	if err != nil || len(heads) == 0 {
		t.Fatalf("no clips in %s/head: %v", data, err)
	}
	clips := []string{filepath.Join(data, "head/d12.mp4"), filepath.Join(data, "grid/s2/bbaf1n.mp4")}
	if os.Getenv("VIVAVOCE_FIGURES") != "" {
		clips = append(heads, gridClips(t, data, 50)...)
	}
	_, newFinder := stage(t)
	m := &meter{}
	framing := pipeline.Timing{Framing: 5 * time.Minute, Steady: 4 * time.Minute, Whole: 6 * time.Minute} // to watch each clip to its end
	server := openWith(t, m.finders(newFinder), framing, pipeline.DefaultPlan(), m.wrap)
	t.Log("| clip | frames | with a face | hints | last packet → score, median / p95 |")
	grid := &row{hints: map[string]bool{}}
	for _, path := range clips {
		if _, err := os.Stat(path); err != nil {
			continue
		}
		r := m.play(t, server, path)
		if share := float64(r.faces) / float64(r.frames); !(share >= 0.9) {
			t.Logf("%s: a face in %.0f %% of the frames only", path, 100*share)
		}
		if strings.Contains(path, "/grid/") {
			grid.add(r)
			continue
		}
		t.Log(r.line(filepath.Base(path)))
	}
	if grid.frames > 0 {
		t.Log(grid.line(fmt.Sprintf("%d clips of grid", grid.clips)))
		if share := float64(grid.faces) / float64(grid.frames); !(share >= 0.95) {
			t.Errorf("grid: a face in %.3f of the frames, want 0.95 or more", share)
		}
	}
}

// gridClips takes n clips, as evenly from the speakers as there are.
func gridClips(t *testing.T, data string, n int) (clips []string) {
	t.Helper()
	speakers := []string{"s1", "s2", "s3", "s5", "s30", "s31"}
	for i := 0; len(clips) < n && i < n; i++ {
		for _, s := range speakers {
			all, err := filepath.Glob(filepath.Join(data, "grid", s, "*.mp4"))
			if err != nil {
				t.Fatal(err)
			}
			if i < len(all) && len(clips) < n {
				clips = append(clips, all[i])
			}
		}
	}
	return clips
}

// row is what was measured of one clip, or of several.
type row struct {
	clips, frames, faces int
	hints                map[string]bool
	latency              []time.Duration
}

func (r *row) add(o *row) {
	r.clips++
	r.frames += o.frames
	r.faces += o.faces
	maps.Copy(r.hints, o.hints)
	r.latency = append(r.latency, o.latency...)
}

func (r *row) line(name string) string {
	slices.Sort(r.latency)
	at := func(q float64) float64 {
		if len(r.latency) == 0 {
			return 0
		}
		return 1000 * r.latency[int(q*float64(len(r.latency)-1))].Seconds()
	}
	return fmt.Sprintf("| %s | %d | %.1f %% | %s | %.1f / %.1f ms |", name, r.frames, 100*float64(r.faces)/float64(max(r.frames, 1)),
		strings.Join(slices.Sorted(maps.Keys(r.hints)), ", "), at(0.5), at(0.95))
}

// meter measures the attempt that runs: one at a time.
type meter struct {
	mu  sync.Mutex
	now *row
}

func (m *meter) play(t *testing.T, server, path string) *row {
	t.Helper()
	clip, err := puppet.OpenClip(path)
	if err != nil {
		t.Fatal(err)
	}
	defer clip.Close()
	m.mu.Lock()
	m.now = &row{clips: 1, hints: map[string]bool{}}
	r := m.now
	m.mu.Unlock()
	_, err = puppet.Run(t.Context(), puppet.Options{Server: server, Scene: clip, FPS: 30, Kbps: 1000, Listen: func(msg signaling.Message) {
		if h, ok := msg.(signaling.Hint); ok && h.Code != "none" {
			m.mu.Lock()
			defer m.mu.Unlock()
			r.hints[h.Code] = true
		}
	}})
	if err != nil && !errors.Is(err, io.EOF) {
		t.Logf("%s: %v", path, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = &row{hints: map[string]bool{}} // for what comes late
	return r
}

func (m *meter) wrap(a signaling.Attempt) signaling.Attempt { return &metered{a, m} }

type metered struct {
	signaling.Attempt
	m *meter
}

func (a *metered) Run(ctx context.Context, src media.Source, report func(pipeline.Event)) (pipeline.Verdict, error) {
	return a.Attempt.Run(ctx, &timed{Source: src, m: a.m}, report)
}

// timed notes how long after its arrival a frame was done with: when the next is
// asked for, its scores have been reported.
type timed struct {
	media.Source
	m       *meter
	arrived time.Time
}

func (s *timed) Next(ctx context.Context) (*media.Frame, error) {
	if !s.arrived.IsZero() {
		s.m.mu.Lock()
		s.m.now.latency = append(s.m.now.latency, time.Since(s.arrived))
		s.m.mu.Unlock()
	}
	f, err := s.Source.Next(ctx)
	if err == nil {
		s.arrived = f.Arrived
	}
	return f, err
}

// finders counts the frames and faces of every finder.
func (m *meter) finders(inner func() (pipeline.Finder, error)) func() (pipeline.Finder, error) {
	return func() (pipeline.Finder, error) {
		f, err := inner()
		return &counted{f, m}, err
	}
}

type counted struct {
	pipeline.Finder
	m *meter
}

func (c *counted) Find(ctx context.Context, f *media.Frame) (*pipeline.Face, error) {
	face, err := c.Finder.Find(ctx, f)
	if err == nil {
		c.m.mu.Lock()
		defer c.m.mu.Unlock()
		c.m.now.frames++
		if face.Found {
			c.m.now.faces++
		}
	}
	return face, err
}
