package injection

import (
	"syscall"
	"testing"
	"time"

	"vivavoce/pipeline"
)

// BenchmarkObserve is a frame of 640×480 at the end of a long session: everything that is kept is there.
func BenchmarkObserve(b *testing.B) {
	s := camera()
	s.big = true
	all := s.film(4)
	stage, err := New(Options{}).New()
	if err != nil {
		b.Fatal(err)
	}
	at := time.Duration(0)
	next := func(i int) {
		o := all[i%len(all)]
		o.Face.Frame.PTS = at
		at += time.Second / 30
		if _, err := stage.Observe(b.Context(), o); err != nil {
			b.Fatal(err)
		}
	}
	for i := range kept {
		next(i)
	}
	b.ReportAllocs()
	before, n := processor(b), 0
	for b.Loop() {
		next(n)
		n++
	}
	b.ReportMetric(float64(processor(b)-before)/float64(n), "cpu-ns/op")
}

// processor is the time that the process has had a core for: on a machine that is shared, the wall clock says little.
func processor(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkFinish is the end of a session that looks like all that are remembered.
func BenchmarkFinish(b *testing.B) {
	m, err := NewMemory(MemoryOptions{Sessions: candidates})
	if err != nil {
		b.Fatal(err)
	}
	made := func(seed uint64) *film {
		s := camera()
		s.seed = seed
		stage, err := New(Options{}).New()
		if err != nil {
			b.Fatal(err)
		}
		for _, o := range s.film(15) {
			if _, err := stage.Observe(b.Context(), o); err != nil {
				b.Fatal(err)
			}
		}
		return unwrapped(stage).repeats.film()
	}
	for seed := range uint64(candidates) {
		m.judge(made(seed))
	}
	last := made(100)
	b.ReportAllocs()
	for b.Loop() {
		m.judge(last)
		m.films = m.films[:candidates]
	}
}

func unwrapped(s pipeline.Stage) *stage { return s.(*stage) }
