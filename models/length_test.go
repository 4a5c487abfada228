package models

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vivavoce/models/convert/onnx"
)

// stepper writes a network that negates 3 values a step, whatever the number of steps.
func stepper(t testing.TB) string {
	t.Helper()
	g := onnx.Graph{
		Name:    "stepper",
		Inputs:  []onnx.Value{{Name: "x", Dims: []int{1, -1, 3}}},
		Outputs: []onnx.Value{{Name: "y", Dims: []int{1, -1, 3}}},
		Nodes:   []onnx.Node{{Op: "Neg", Inputs: []string{"x"}, Output: "y"}},
	}
	path := filepath.Join(t.TempDir(), "stepper.onnx")
	if err := os.WriteFile(path, g.Marshal(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func steps(name string, width int64) []Shape {
	return []Shape{{Name: name, Dims: []int64{1, anyLength, width}}}
}

func TestFreeLength(t *testing.T) {
	l := opened(t, 2)
	path := stepper(t)
	m, err := l.LoadFile(path, steps("x", 3), steps("y", 3))
	if err != nil {
		t.Fatal(err)
	}
	if again, err := l.LoadFile(path, nil, nil); err != nil || again != m {
		t.Errorf("second load: %v, the same %v", err, again == m)
	}
	for _, n := range []int{1, 7, 7, 2, MaxLength, 3} {
		in, out := make([]float32, 3*n), make([]float32, 3*n)
		for i := range in {
			in[i] = float32(i + n)
		}
		if err := m.Run(t.Context(), Background, [][]float32{in}, [][]float32{out}); err != nil {
			t.Fatalf("length %d: %v", n, err)
		}
		for i := range out {
			if out[i] != -in[i] {
				t.Fatalf("length %d: value %d = %v, want %v", n, i, out[i], -in[i])
			}
		}
	}
	for _, c := range []struct{ in, out int }{{0, 0}, {3, 6}, {4, 3}, {4, 4}, {2, 2}, {3 * (MaxLength + 1), 3 * (MaxLength + 1)}} {
		err := m.Run(t.Context(), Live, [][]float32{make([]float32, c.in)}, [][]float32{make([]float32, c.out)})
		if err == nil {
			t.Errorf("%d values in and %d out were taken", c.in, c.out)
		}
	}
}

func TestLoadFileRefuses(t *testing.T) {
	l := opened(t, 1)
	path := stepper(t)
	if _, err := l.LoadFile(path, steps("x", 3), steps("y", 4)); err == nil {
		t.Error("a network of other shapes was loaded")
	}
	if _, err := l.LoadFile(path, steps("z", 3), steps("y", 3)); err == nil {
		t.Error("a network of other names was loaded")
	}
	if _, err := l.LoadFile(filepath.Join(t.TempDir(), "none"), nil, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: err = %v", err)
	}
	for _, err := range []error{second(l.Load("none")), second(l.File("none"))} {
		if !errors.Is(err, ErrUnlisted) {
			t.Errorf("err = %v, want ErrUnlisted", err)
		}
	}
	if b, err := l.File(geometryFile); err != nil || len(b) < 1000 {
		t.Errorf("geometry: %d bytes, %v", len(b), err)
	}
}

func second[T any](_ T, err error) error { return err }

// TestPrepareCommitted: files of our own are taken from the repository, checked like the rest.
func TestPrepareCommitted(t *testing.T) {
	s := newShelf(t)
	home := t.TempDir()
	s.manifest.Files = append(s.manifest.Files, file{Name: "own.onnx", From: "own/own.onnx", Make: "commit", SHA256: sum([]byte("own"))})
	o := PrepareOptions{Dir: t.TempDir(), NodeModules: s.modules, Committed: home}
	if err := prepare(t.Context(), o, s.manifest); !errors.Is(err, ErrMissing) || !strings.Contains(err.Error(), "own.onnx") {
		t.Errorf("without it: err = %v, want ErrMissing of own.onnx", err)
	}
	path := filepath.Join(home, "own", "own.onnx")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]error{"other": ErrMismatch, "own": nil} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := prepare(t.Context(), o, s.manifest); !errors.Is(err, want) {
			t.Errorf("%q: err = %v, want %v", text, err, want)
		}
		os.Remove(filepath.Join(o.Dir, "own.onnx"))
	}
	// By default they lie beside node_modules.
	beside := PrepareOptions{Dir: t.TempDir(), NodeModules: filepath.Join(home, "node_modules")}
	only := manifest{Files: s.manifest.Files[len(s.manifest.Files)-1:]}
	if err := os.WriteFile(path, []byte("own"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := prepare(t.Context(), beside, only); err != nil {
		t.Error(err)
	}
	if b, err := os.ReadFile(filepath.Join(beside.Dir, "own.onnx")); err != nil || !slices.Equal(b, []byte("own")) {
		t.Errorf("beside node_modules: %q, %v", b, err)
	}
}
