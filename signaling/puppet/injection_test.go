package puppet_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/media/file/filetest"
	"vivavoce/pipeline"
	"vivavoce/pipeline/injection"
	"vivavoce/signaling"
	"vivavoce/signaling/puppet"
)

// TestInjection streams recordings and renderings over WebRTC, with the stage in its place, and
// prints what it found: the figures of pipeline/injection. VIVAVOCE_FIGURES=n plays n of each kind, else
// one of those that must be found and one that must not.
func TestInjection(t *testing.T) {
	data := filetest.Recordings(t)
	runs, _ := strconv.Atoi(os.Getenv("VIVAVOCE_FIGURES"))
	h, newFinder := head(t, 0)
	for _, test := range lineup(t, data, h) {
		if runs == 0 && !test.always {
			continue
		}
		if only := os.Getenv("VIVAVOCE_ONLY"); only != "" && !strings.Contains(test.name, only) {
			continue
		}
		t.Run(test.name, func(t *testing.T) {
			var seen sink
			memory, err := injection.NewMemory(injection.MemoryOptions{})
			if err != nil {
				t.Fatal(err)
			}
			timing := pipeline.Timing{Framing: 20 * time.Second, Turn: 3 * time.Second, MediaLost: 2500 * time.Millisecond}
			server := openWith(t, newFinder, timing, pipeline.DefaultPlan(), seen.wrap, injection.New(injection.Options{Memory: memory}))
			tally := map[string]int{}
			n := max(1, runs)
			for i := range n {
				scene, fps, err := test.scene(i)
				if err != nil {
					t.Fatal(err)
				}
				_, err = puppet.Run(t.Context(), puppet.Options{Server: server, Scene: scene, FPS: fps, Kbps: 1000})
				if err != nil {
					t.Logf("run %d: %v", i, err)
				}
				v := seen.take(t)
				line, found := findings(v)
				t.Logf("run %d: %s", i, line)
				for _, r := range found {
					tally[r]++
				}
				if i == 0 && test.want != "" && !slices.Contains(found, string(test.want)) {
					t.Errorf("found %v, want %s", found, test.want)
				}
				if i == 0 && test.honest && strings.Contains(line, "damning") {
					t.Errorf("found %v in what is no attack", found)
				}
			}
			t.Logf("%s: of %d: %v", test.name, n, tally)
		})
	}
}

// part of the line-up.
type suspect struct {
	name   string
	scene  func(i int) (puppet.Performance, int, error)
	want   pipeline.Reason // must be found; empty for none
	honest bool            // must not be refused
	always bool
}

// lineup is everything that is streamed: recordings shown once, the closest to a camera that there is here, and what
// must be found.
func lineup(t *testing.T, data string, h *puppet.Head) []suspect {
	t.Helper()
	heads, err := filepath.Glob(filepath.Join(data, "head/*.mp4"))
	if err != nil || len(heads) == 0 {
		t.Fatalf("no clips in %s/head: %v", data, err)
	}
	grid := gridClips(t, data, 50)
	long := []string{filepath.Join(data, "head/d9.mp4"), filepath.Join(data, "head/d3.mp4"), filepath.Join(data, "head/d6.mp4"), filepath.Join(data, "head/d19.mp4")}
	reel := func(clips []string, style puppet.Style, from, length time.Duration) func(int) (puppet.Performance, int, error) {
		return func(i int) (puppet.Performance, int, error) {
			r, err := puppet.OpenReel(clips[i%len(clips)], style, from+time.Duration(i/len(clips))*500*time.Millisecond, length)
			if err != nil {
				return nil, 0, err
			}
			return r, r.FPS(), nil
		}
	}
	scene := func(kind puppet.Kind, noise int, seeds func(int) uint64) func(int) (puppet.Performance, int, error) {
		return func(i int) (puppet.Performance, int, error) {
			s, err := puppet.NewScene(kind, h, puppet.Camera{Width: 640, Height: 480, Noise: noise}, seeds(i))
			return s, 25, err
		}
	}
	each := func(i int) uint64 { return uint64(i) }
	return []suspect{
		{name: "heads once", scene: reel(heads, puppet.Once, 0, 0), honest: true, always: true},
		{name: "GRID once", scene: reel(grid, puppet.Once, 0, 0), honest: true},
		{name: "GRID looped", scene: reel(grid, puppet.Loop, 0, 0), want: pipeline.InjectionLoop, always: true},
		{name: "GRID to and fro", scene: reel(grid, puppet.ToAndFro, 0, 0), want: pipeline.InjectionMirrored},
		{name: "a head looped", scene: reel(long, puppet.Loop, 0, 4*time.Second), want: pipeline.InjectionLoop},
		{name: "a head frozen", scene: reel(long, puppet.Hold, 0, 3*time.Second), want: pipeline.InjectionFrozen},
		{name: "a head cut", scene: reel(long[:1], puppet.Joined, 0, 12*time.Second)},
		{name: "the same head again", scene: func(i int) (puppet.Performance, int, error) { return reel(long, puppet.Once, 0, 10*time.Second)(i / 2) }},
		{name: "person, noise 2", scene: scene(puppet.Person, 2, each), honest: true},
		{name: "person, no noise", scene: scene(puppet.Person, 0, each), honest: true},
		{name: "rendered loop", scene: scene(puppet.Looped, 2, each), want: pipeline.InjectionLoop},
		{name: "rendered recording", scene: scene(puppet.Recorded, 2, each)},
		{name: "rendered recording again", scene: scene(puppet.Recorded, 2, func(i int) uint64 { return uint64(i / 2) })},
		{name: "frozen", scene: scene(puppet.Frozen, 0, each), want: pipeline.InjectionFrozen},
		{name: "late", scene: scene(puppet.Late, 2, each)},
	}
}

// findings writes what a verdict says of injection, and lists the reasons.
func findings(v pipeline.Verdict) (line string, found []string) {
	for _, s := range v.Scores {
		if !strings.HasPrefix(s.Name, pipeline.ScoreInjection) {
			continue
		}
		name := strings.TrimPrefix(s.Name, "injection_")
		if !s.Checked {
			line += name + " -; "
			continue
		}
		line += fmt.Sprintf("%s %.2f", name, s.Value)
		for _, m := range s.Measures {
			line += fmt.Sprintf(" %s %.2f", m.Name, m.Value)
		}
		line += "; "
		if s.Name == pipeline.ScoreInjection {
			if s.Value < 0.5 {
				line += "damning; "
				found = append(found, "refused")
			}
			for _, r := range s.Reasons {
				line += string(r) + "; "
				found = append(found, string(r))
			}
		}
	}
	return v.Outcome.String() + ": " + line, found
}

// sink hears the exact verdicts.
type sink struct {
	mu  sync.Mutex
	all []pipeline.Verdict
	got chan struct{}
}

func (s *sink) wrap(a signaling.Attempt) signaling.Attempt {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = make(chan struct{})
	return &heard{a, s, s.got}
}

// take waits for the verdict of the session that was made last.
func (s *sink) take(t *testing.T) pipeline.Verdict {
	t.Helper()
	s.mu.Lock()
	got := s.got
	s.mu.Unlock()
	select {
	case <-got:
	case <-time.After(time.Minute):
		t.Fatal("no verdict")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all[len(s.all)-1]
}

type heard struct {
	signaling.Attempt
	sink *sink
	got  chan struct{}
}

func (h *heard) Run(ctx context.Context, src media.Source, report func(pipeline.Event)) (pipeline.Verdict, error) {
	v, err := h.Attempt.Run(ctx, src, report)
	h.sink.mu.Lock()
	h.sink.all = append(h.sink.all, v)
	h.sink.mu.Unlock()
	close(h.got)
	return v, err
}
