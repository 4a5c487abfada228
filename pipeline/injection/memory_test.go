package injection

import (
	"slices"
	"sync"
	"testing"
	"time"

	"vivavoce/pipeline"
)

func remembering(t *testing.T, o MemoryOptions) pipeline.Kind {
	t.Helper()
	m, err := NewMemory(o)
	if err != nil {
		t.Fatal(err)
	}
	return New(Options{Memory: m})
}

// TestReplay: the same recording is known again however it is cut in; the same person, in the
// same place, at another time is not.
func TestReplay(t *testing.T) {
	for _, test := range []struct {
		name  string
		again func(*scene)
		want  []pipeline.Reason
	}{
		{"the same", func(*scene) {}, []pipeline.Reason{pipeline.InjectionReplayed}},
		{"from elsewhere, at another rate, with other noise", func(s *scene) {
			s.fps, s.sigma = 25, 3
			s.shows = func(at time.Duration) time.Duration { return at + 2217*time.Millisecond }
		}, []pipeline.Reason{pipeline.InjectionReplayed}},
		{"six seconds of it", func(s *scene) {
			s.shows = func(at time.Duration) time.Duration {
				if at > 6*time.Second {
					at += 100 * time.Second
				}
				return at + 5*time.Second
			}
		}, []pipeline.Reason{pipeline.InjectionReplayed}},
		{"the same person later", func(s *scene) {
			s.shows = func(at time.Duration) time.Duration { return at + 100*time.Second }
		}, nil},
		{"somebody else", func(s *scene) { s.seed = 2 }, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			kind := remembering(t, MemoryOptions{})
			first := finish(t, kind, camera().film(12))[ScoreReplay]
			if !first.Checked || len(first.Reasons) > 0 {
				t.Errorf("first time: %+v, want no reason", first)
			}
			s := camera()
			test.again(&s)
			if got := finish(t, kind, s.film(12))[ScoreReplay]; !got.Checked || !slices.Equal(got.Reasons, test.want) {
				t.Errorf("second time: %+v, want the reasons %v", got, test.want)
			}
		})
	}
}

// TestMemoryForgets: by time, and the oldest when it is full.
func TestMemoryForgets(t *testing.T) {
	now := time.Unix(0, 0)
	o := MemoryOptions{Sessions: 2, Keep: time.Minute, Now: func() time.Time { return now }}
	kind := remembering(t, o)
	play := func(seed uint64) bool {
		s := camera()
		s.seed = seed
		return len(finish(t, kind, s.film(6))[ScoreReplay].Reasons) > 0
	}
	for i, step := range []struct {
		seed  uint64
		after time.Duration
		known bool
	}{
		{1, 0, false},
		{1, 59 * time.Second, true},
		{2, time.Second, false}, // pushes the first out
		{1, 0, true},
		{3, 0, false}, {4, 0, false},
		{1, 0, false}, // pushed out
		{1, 61 * time.Second, false},
	} {
		now = now.Add(step.after)
		if got := play(step.seed); got != step.known {
			t.Errorf("step %d, recording %d: known = %v, want %v", i, step.seed, got, step.known)
		}
	}
}

// TestComparisonIsBounded: without time for more, the film that is most alike is compared, and no other.
func TestComparisonIsBounded(t *testing.T) {
	for _, c := range []struct {
		compare time.Duration
		light   int // of the recording when it is shown again
		known   bool
	}{
		{time.Nanosecond, 0, true},
		{time.Nanosecond, 1, false}, // the other is nearer
		{time.Minute, 1, true},
	} {
		kind := remembering(t, MemoryOptions{Compare: c.compare})
		recording, other, again := camera(), camera(), camera()
		lamp := func(time.Duration, int) int { return 1 }
		other.light, other.shows = lamp, func(at time.Duration) time.Duration { return 12*time.Second - at } // the same places, the other way round
		if c.light > 0 {
			again.light = lamp
		}
		finish(t, kind, recording.film(12))
		finish(t, kind, other.film(12))
		if got := len(finish(t, kind, again.film(12))[ScoreReplay].Reasons) > 0; got != c.known {
			t.Errorf("within %v, light %d: known %v, want %v", c.compare, c.light, got, c.known)
		}
	}
}

// TestMemoryNothingToKnow: a session without movement, or without a face, is neither checked nor kept.
func TestMemoryNothingToKnow(t *testing.T) {
	kind := remembering(t, MemoryOptions{})
	for range 2 {
		s := camera()
		s.still = true
		if got := finish(t, kind, s.film(6))[ScoreReplay]; got.Checked {
			t.Errorf("%+v, want not checked", got)
		}
	}
}

func TestMemoryIsShared(t *testing.T) {
	kind := remembering(t, MemoryOptions{Sessions: 4})
	films := [][]pipeline.Observation{camera().film(3), camera().film(3)}
	var g sync.WaitGroup
	for i := range 8 {
		g.Go(func() { finish(t, kind, films[i%2]) })
	}
	g.Wait()
}

func TestMemoryRefuses(t *testing.T) {
	for _, o := range []MemoryOptions{{Sessions: -1}, {Keep: -time.Second}, {Compare: -time.Second}} {
		if _, err := NewMemory(o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}
