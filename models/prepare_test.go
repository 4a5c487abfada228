package models

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"vivavoce/models/convert"
	"vivavoce/models/convert/tflite"
	"vivavoce/models/convert/tflite/tflitetest"
)

// shelf is a small manifest and the packages it takes from.
type shelf struct {
	manifest manifest
	modules  string
}

const loader = `Module["x"] = 1; loadPackage({"files": [{"filename": "/a/first.bin", "start": 0, "end": 5},
 {"filename": "/a/net.tflite", "start": 5, "end": %END%}], "remote_package_size": 1});`

// newShelf has a package with a plain file and packed assets with a network.
func newShelf(t *testing.T) shelf {
	t.Helper()
	shape := []int{1, 2, 2, 1}
	net := tflitetest.File(tflitetest.Graph{
		Tensors: []tflite.Tensor{{Name: "x", Shape: shape}, {Name: "y", Shape: shape}},
		Inputs:  []int{0}, Outputs: []int{1},
		Ops: []tflitetest.Op{{Code: tflite.Relu, Inputs: []int{0}, Outputs: []int{1}}},
	})
	s := shelf{modules: t.TempDir()}
	s.manifest.Sources = []source{
		{Name: "plain", Package: "@a/b@1.0", Path: "sub/plain.bin", SHA256: sum([]byte("plain"))},
		{Name: "net", Package: "@a/b@1.0", Path: "assets.data", Asset: "net.tflite", SHA256: sum(net)},
	}
	onnx, err := convert.Convert(net)
	if err != nil {
		t.Fatal(err)
	}
	s.manifest.Files = []file{
		{Name: "plain.bin", From: "plain", Make: "copy", SHA256: sum([]byte("plain"))},
		{Name: "net.onnx", From: "net", Make: "convert", SHA256: sum(onnx)},
	}
	s.put(t, "@a/b/sub/plain.bin", "plain")
	s.put(t, "@a/b/assets.data", "first"+string(net))
	s.put(t, "@a/b/assets_loader.js", strings.ReplaceAll(loader, "%END%", strconv.Itoa(5+len(net))))
	return s
}

func (s shelf) put(t *testing.T, path, text string) {
	t.Helper()
	path = filepath.Join(s.modules, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestPrepare(t *testing.T) {
	s := newShelf(t)
	dir := filepath.Join(t.TempDir(), "new", "files")
	var made []string
	o := PrepareOptions{Dir: dir, NodeModules: s.modules, Log: func(line string) { made = append(made, line) }}
	if err := prepare(t.Context(), o, s.manifest); err != nil {
		t.Fatal(err)
	}
	if len(made) != 2 {
		t.Errorf("made %q, want two lines", made)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("folder holds %v, %v, want the two files and nothing else", entries, err)
	}
	made = nil
	if err := prepare(t.Context(), o, s.manifest); err != nil || len(made) != 0 {
		t.Errorf("second time: %v, made %q, want nothing to do", err, made)
	}
	if err := os.WriteFile(filepath.Join(dir, "plain.bin"), []byte("spoilt"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := prepare(t.Context(), o, s.manifest); err != nil || len(made) != 1 {
		t.Errorf("after one is spoilt: %v, made %q, want that one", err, made)
	}
}

func TestPrepareRefuses(t *testing.T) {
	cases := []struct {
		name  string
		spoil func(t *testing.T, s *shelf)
		want  error
		says  []string // that the message holds
	}{
		{"another file", func(t *testing.T, s *shelf) { s.put(t, "@a/b/sub/plain.bin", "pla1n") },
			ErrMismatch, []string{"plain.bin", "@a/b@1.0", "npm ci"}},
		{"no file", func(t *testing.T, s *shelf) { os.Remove(filepath.Join(s.modules, "@a/b/sub/plain.bin")) },
			ErrMissing, []string{"plain.bin", "npm ci"}},
		{"no loader", func(t *testing.T, s *shelf) { os.Remove(filepath.Join(s.modules, "@a/b/assets_loader.js")) },
			ErrMissing, []string{"assets_loader.js", "npm ci"}},
		{"loader without a list", func(t *testing.T, s *shelf) { s.put(t, "@a/b/assets_loader.js", "nothing") },
			nil, []string{"net.tflite", "loadPackage", "npm ci"}},
		{"assets cut short", func(t *testing.T, s *shelf) { s.put(t, "@a/b/assets.data", "first and little") },
			nil, []string{"net.tflite", "npm ci"}},
		{"converter of another version", func(t *testing.T, s *shelf) { s.manifest.Files[1].SHA256 = "00" },
			ErrMismatch, []string{"net.onnx", "rebuild vivavoce"}},
		{"truncated network", func(t *testing.T, s *shelf) {
			b, err := os.ReadFile(filepath.Join(s.modules, "@a/b/assets.data"))
			if err != nil {
				t.Fatal(err)
			}
			cut := b[5 : len(b)-40]
			s.manifest.Sources[1].Asset, s.manifest.Sources[1].SHA256 = "", sum(cut)
			s.put(t, "@a/b/assets.data", string(cut))
		}, tflite.ErrMalformed, []string{"net"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := newShelf(t)
			c.spoil(t, &s)
			dir := t.TempDir()
			err := prepare(t.Context(), PrepareOptions{Dir: dir, NodeModules: s.modules}, s.manifest)
			if err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Fatalf("err = %v, want %v", err, c.want)
			}
			for _, part := range c.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("message %q does not say %q", err, part)
				}
			}
			left, _ := filepath.Glob(filepath.Join(dir, ".*"))
			if len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// TestWriteWhole leaves nothing behind where the file cannot be put.
func TestWriteWhole(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "taken"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := writeWhole(filepath.Join(dir, "taken"), []byte("x")); err == nil {
		t.Error("a folder was replaced")
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestPrepareStops(t *testing.T) {
	s := newShelf(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := prepare(ctx, PrepareOptions{Dir: t.TempDir(), NodeModules: s.modules}, s.manifest)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v, want canceled", err)
	}
}

func FuzzCutAsset(f *testing.F) {
	f.Add([]byte(strings.ReplaceAll(loader, "%END%", "9")), []byte("firstmore"))
	f.Fuzz(func(t *testing.T, js, packed []byte) {
		b, err := cutAsset(js, packed, "net.tflite")
		if err == nil && len(b) > len(packed) {
			t.Errorf("%d bytes out of %d", len(b), len(packed))
		}
	})
}
