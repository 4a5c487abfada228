package models

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func opened(tb testing.TB, workers int) *Library {
	tb.Helper()
	l, err := Open(Options{Dir: prepared(tb), Workers: workers})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := l.Close(); err != nil {
			tb.Errorf("Close: %v", err)
		}
	})
	return l
}

func loaded(tb testing.TB, l *Library, name string) *Model {
	tb.Helper()
	m, err := l.Load(name)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// buffers returns zeroed slices for Run.
func buffers(m *Model) (in, out [][]float32) {
	for _, s := range m.Inputs() {
		in = append(in, make([]float32, s.Len()))
	}
	for _, s := range m.Outputs() {
		out = append(out, make([]float32, s.Len()))
	}
	return in, out
}

// copied returns a folder with copies of the prepared files.
func copied(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	m, err := embedded()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range m.Files {
		b, err := os.ReadFile(filepath.Join(prepared(t), f.Name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, f.Name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestOpenRefuses(t *testing.T) {
	m, err := embedded()
	if err != nil {
		t.Fatal(err)
	}
	dir := copied(t)
	for _, f := range m.Files {
		path := filepath.Join(dir, f.Name)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		spoilt := slices.Clone(whole)
		spoilt[len(spoilt)/2] ^= 1
		refuses := func(name string, want error) {
			t.Helper()
			l, err := Open(Options{Dir: dir})
			if !errors.Is(err, want) {
				t.Errorf("%s of %s: err = %v, want %v", name, f.Name, err, want)
				if l != nil {
					l.Close()
				}
				return
			}
			for _, part := range []string{path, "make models"} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%s: message %q does not say %q", name, err, part)
				}
			}
		}
		if err := os.WriteFile(path, spoilt, 0o644); err != nil {
			t.Fatal(err)
		}
		refuses("a flipped bit", ErrMismatch)
		if err := os.WriteFile(path, whole[:len(whole)-1], 0o644); err != nil {
			t.Fatal(err)
		}
		refuses("a lost byte", ErrMismatch)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		refuses("the loss", ErrMissing)
		if err := os.WriteFile(path, whole, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, o := range []Options{{}, {Dir: dir, Workers: -1}} {
		if _, err := Open(o); err == nil {
			t.Errorf("Open(%+v) succeeded", o)
		}
	}
}

func TestLoad(t *testing.T) {
	l := opened(t, 1)
	a, b := loaded(t, l, "face_mesh_attention"), loaded(t, l, "face_mesh_attention")
	if a != b {
		t.Error("two loads give two models")
	}
	for _, name := range []string{"", "face_geometry.binarypb", "nobody"} {
		if _, err := l.Load(name); err == nil {
			t.Errorf("Load(%q) succeeded", name)
		}
	}
	if s := a.Inputs(); len(s) != 1 || !slices.Equal(s[0].Dims, []int64{1, 3, 192, 192}) {
		t.Errorf("Inputs = %+v", s)
	}
	if s := a.Outputs(); len(s) != 7 || s[1].Name != "output_lips" || s[1].Len() != 160 {
		t.Errorf("Outputs = %+v", s)
	}
}

// TestLoadChecksShapes: a manifest that promises something else is refused.
func TestLoadChecksShapes(t *testing.T) {
	m, err := embedded()
	if err != nil {
		t.Fatal(err)
	}
	for i := range m.Files {
		if m.Files[i].Model == "face_detector_short" {
			m.Files[i].Outputs = slices.Clone(m.Files[i].Outputs)
			m.Files[i].Outputs[0].Dims = []int64{1, 896, 17}
		}
	}
	l, err := open(Options{Dir: prepared(t)}, m)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := l.Load("face_detector_short"); err == nil {
		t.Error("a model of other shapes was loaded")
	}
}

func TestRunRefuses(t *testing.T) {
	m := loaded(t, opened(t, 1), "face_detector_short")
	in, out := buffers(m)
	cases := []struct {
		name    string
		lane    Lane
		in, out [][]float32
	}{
		{"no input", Live, nil, out},
		{"no output", Live, in, nil},
		{"short input", Live, [][]float32{in[0][1:]}, out},
		{"long output", Live, in, [][]float32{out[0], append(out[1], 0)}},
		{"unknown lane", 7, in, out},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if err := m.Run(t.Context(), c.lane, c.in, c.out); err == nil {
				t.Error("Run succeeded")
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := m.Run(ctx, Live, in, out); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v, want canceled", err)
	}
}

// TestConcurrent runs one model from many goroutines with different pictures:
// each must get its own answer, the same to the last bit.
func TestConcurrent(t *testing.T) {
	m := loaded(t, opened(t, 3), "face_detector_short")
	const pictures = 4
	var want [pictures][]float32
	fill := func(in []float32, k int) {
		for i := range in {
			in[i] = float32(math.Sin(float64(i*(k+1)) / 700))
		}
	}
	for k := range want {
		in, out := buffers(m)
		fill(in[0], k)
		if err := m.Run(t.Context(), Live, in, out); err != nil {
			t.Fatal(err)
		}
		want[k] = slices.Clone(out[1])
	}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			in, out := buffers(m)
			for i := range 6 {
				k := (g + i) % pictures
				fill(in[0], k)
				if err := m.Run(t.Context(), Lane(g%2), in, out); err != nil {
					t.Error(err)
					return
				}
				if !slices.Equal(out[1], want[k]) {
					t.Errorf("goroutine %d got another answer for picture %d", g, k)
				}
			}
		})
	}
	wg.Wait()
	if n := len(m.idle); n > 3 {
		t.Errorf("%d slots for 3 workers", n)
	}
}

// TestRunAllocates nothing in Go once a worker's memory is there.
func TestRunAllocates(t *testing.T) {
	m := loaded(t, opened(t, 1), "face_detector_short")
	in, out := buffers(m)
	ctx := t.Context()
	n := testing.AllocsPerRun(20, func() {
		if err := m.Run(ctx, Live, in, out); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations a run, want 0", n)
	}
}

func TestClose(t *testing.T) {
	defer goleak.VerifyNone(t)
	l, err := Open(Options{Dir: prepared(t), Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	m := loaded(t, l, "face_detector_short")
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			in, out := buffers(m)
			for {
				if err := m.Run(context.Background(), Background, in, out); err != nil {
					if !errors.Is(err, ErrClosed) {
						t.Errorf("err = %v, want ErrClosed", err)
					}
					return
				}
			}
		})
	}
	if err := l.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	wg.Wait()
	if _, err := l.Load("face_detector_short"); !errors.Is(err, ErrClosed) {
		t.Errorf("Load after Close = %v, want ErrClosed", err)
	}
	if err := l.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	again := opened(t, 1) // the process can open another
	in, out := buffers(loaded(t, again, "face_detector_short"))
	if err := loaded(t, again, "face_detector_short").Run(t.Context(), Live, in, out); err != nil {
		t.Error(err)
	}
}

func BenchmarkRun(b *testing.B) {
	l := opened(b, 1)
	for _, name := range []string{"face_detector_short", "face_detector_full", "face_mesh_attention"} {
		b.Run(name, func(b *testing.B) {
			m := loaded(b, l, name)
			in, out := buffers(m)
			for i := range in[0] {
				in[0][i] = float32(math.Sin(float64(i)))
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := m.Run(b.Context(), Live, in, out); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	dir := prepared(b)
	b.ReportAllocs()
	for b.Loop() {
		l, err := Open(Options{Dir: dir})
		if err != nil {
			b.Fatal(err)
		}
		if err := l.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	dir := prepared(b)
	for b.Loop() {
		l, err := Open(Options{Dir: dir})
		if err != nil {
			b.Fatal(err)
		}
		loaded(b, l, "face_mesh_attention")
		if err := l.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
