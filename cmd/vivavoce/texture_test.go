package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vivavoce/media/file/filetest"
	"vivavoce/models/convert/onnx"
)

// plugIn writes a network that believes everybody, and the entry that names it with sum.
func plugIn(t *testing.T, sum func([]byte) string) string {
	t.Helper()
	g := onnx.Graph{
		Name: "always real", Inputs: []onnx.Value{{Name: "input", Dims: []int{1, 3, 80, 80}}}, Outputs: []onnx.Value{{Name: "output", Dims: []int{1, 3}}},
		Nodes: []onnx.Node{
			{Op: "GlobalAveragePool", Inputs: []string{"input"}, Output: "pooled"},
			{Op: "Flatten", Inputs: []string{"pooled"}, Output: "flat", Attrs: []onnx.Attr{onnx.Int("axis", 1)}},
			{Op: "Mul", Inputs: []string{"flat", "nothing"}, Output: "zero"},
			{Op: "Add", Inputs: []string{"zero", "real"}, Output: "output"},
		},
		Consts: []onnx.Tensor{{Name: "nothing", Dims: []int{1}, Floats: []float32{0}}, {Name: "real", Dims: []int{1, 3}, Floats: []float32{0, 9, 0}}},
	}
	dir, net := t.TempDir(), g.Marshal()
	entry := fmt.Sprintf(`{"required": true, "networks": [{"file": "net.onnx", "sha256": %q, "scale": 2.7, "input": "input", "output": "output"}]}`, sum(net))
	path := filepath.Join(dir, "external.json")
	for name, b := range map[string][]byte{path: []byte(entry), filepath.Join(dir, "net.onnx"): net} {
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// TestExternalTexture: a file of the operator's adds a score; a network of another sum keeps the program from starting.
func TestExternalTexture(t *testing.T) {
	files := modelFiles(t)
	clip := filepath.Join(filetest.Recordings(t), "head", "d0.mp4")
	right := func(b []byte) string { h := sha256.Sum256(b); return hex.EncodeToString(h[:]) }
	wrong := func([]byte) string { return strings.Repeat("1", 64) }
	verify := func(entry string) (out, errs string) {
		var o, e bytes.Buffer
		run(t.Context(), []string{"verify", clip, "--json", "--models", files, "--texture-external", entry}, &o, &e)
		return o.String(), e.String()
	}
	out, errs := verify(plugIn(t, right)) // undecided: nobody was prompted
	var said struct {
		Scores []struct {
			Name    string
			Checked bool
			Value   float64
		}
	}
	if err := json.Unmarshal([]byte(out), &said); err != nil {
		t.Fatalf("%v in %q, %q", err, out, errs)
	}
	found := false
	for _, s := range said.Scores {
		found = found || s.Name == "texture_external" && s.Checked && s.Value > 0.99
	}
	if !found {
		t.Errorf("no score texture_external of 1 in %s", out)
	}
	if out, errs := verify(plugIn(t, wrong)); !strings.Contains(errs, "does not match") || out != "" {
		t.Errorf("another sum: %q, %q", out, errs)
	}
}
