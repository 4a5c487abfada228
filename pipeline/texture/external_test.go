package texture_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/models"
	"vivavoce/models/convert/onnx"
	"vivavoce/pipeline"
	"vivavoce/pipeline/pipelinetest"
	"vivavoce/pipeline/pipelinetest/recorded"
	"vivavoce/pipeline/texture"
)

// means is a network whose logits are the means of the second, the first and the third plane that it is
// given, over 50: it tells the planes' order and range.
func means() []byte {
	g := onnx.Graph{
		Name: "means", Inputs: []onnx.Value{{Name: "input", Dims: []int{1, 3, 80, 80}}}, Outputs: []onnx.Value{{Name: "output", Dims: []int{1, 3}}},
		Nodes: []onnx.Node{
			{Op: "GlobalAveragePool", Inputs: []string{"input"}, Output: "pooled"},
			{Op: "Flatten", Inputs: []string{"pooled"}, Output: "flat", Attrs: []onnx.Attr{onnx.Int("axis", 1)}},
			{Op: "MatMul", Inputs: []string{"flat", "swap"}, Output: "output"},
		},
		Consts: []onnx.Tensor{{Name: "swap", Dims: []int{3, 3}, Floats: []float32{0, 0.02, 0, 0.02, 0, 0, 0, 0, 0.02}}},
	}
	return g.Marshal()
}

// plugged writes the entry with a network and returns the entry's path; alter may change it.
func plugged(t *testing.T, alter func(*texture.External)) string {
	t.Helper()
	dir, net := t.TempDir(), means()
	sum := sha256.Sum256(net)
	e := texture.External{Networks: []texture.ExternalNetwork{
		{File: "net.onnx", SHA256: hex.EncodeToString(sum[:]), Scale: 2.7, Input: "input", Output: "output"},
	}}
	if alter != nil {
		alter(&e)
	}
	b, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "external.json")
	if err := errors.Join(os.WriteFile(path, b, 0o600), os.WriteFile(filepath.Join(dir, "net.onnx"), net, 0o600)); err != nil {
		t.Fatal(err)
	}
	return path
}

// plain is seconds of a face in a frame of one colour, full range.
func plain(seconds float64, y, cb, cr byte) []pipeline.Observation {
	fill := func(n int, v byte) []byte {
		p := make([]byte, n)
		for i := range p {
			p[i] = v
		}
		return p
	}
	var out []pipeline.Observation
	for i := range int(seconds * 25) {
		f := &media.Frame{
			Seq: uint64(i), PTS: time.Duration(i) * 40 * time.Millisecond, Width: 160, Height: 120, YStride: 160, CStride: 80, FullRange: true,
			Y: fill(160*120, y), Cb: fill(80*60, cb), Cr: fill(80*60, cr),
		}
		out = append(out, pipeline.Observation{Face: &pipeline.Face{Frame: f, Found: true, Box: pipeline.Box{X0: 50, Y0: 20, X1: 110, Y1: 100}}})
	}
	return out
}

func TestExternal(t *testing.T) {
	l := recorded.NewStudio(t).Library()
	e, err := texture.LoadExternal(l, plugged(t, func(e *texture.External) { e.Threshold, e.Required, e.IfChecked = 0.7, true, true }))
	if err != nil {
		t.Fatal(err)
	}
	if c := e.Check(); c != (pipeline.Check{Name: pipeline.ScoreTextureExternal, Threshold: 0.7, Required: true, IfChecked: true}) {
		t.Errorf("check is %+v", c)
	}
	kind := texture.NewExternal(e, models.Live, 0)
	pipelinetest.TestStage(t, kind, plain(1.2, 100, 120, 130))
	for _, c := range []struct {
		name      string
		y, cb, cr byte
		want      float64
	}{
		// R = Y + 1.402 Cr′, G = Y − 0.344 Cb′ − 0.714 Cr′, B = Y + 1.772 Cb′.
		{"grey", 128, 128, 128, 1.0 / 3},
		{"green", 150, 90, 90, real(82.6, 190.2, 96.7)},
		{"red", 100, 110, 200, real(68.1, 54.8, 200.9)},
		{"blue", 60, 220, 110, real(223, 41.2, 34.8)},
	} {
		s, err := kind.New()
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range plain(1.2, c.y, c.cb, c.cr) {
			if _, err := s.Observe(t.Context(), o); err != nil {
				t.Fatal(err)
			}
		}
		scores, err := s.Finish(t.Context())
		if err != nil || len(scores) != 1 || !scores[0].Checked || math.Abs(scores[0].Value-c.want) > 0.01 {
			t.Errorf("%s: %+v, %v, want %.3f", c.name, scores, err, c.want)
		}
	}
}

// real is the share of b in the softmax of g, b, r over 50.
func real(b, g, r float64) float64 {
	return math.Exp(b/50) / (math.Exp(b/50) + math.Exp(g/50) + math.Exp(r/50))
}

func TestExternalRefused(t *testing.T) {
	l := recorded.NewStudio(t).Library()
	for name, c := range map[string]struct {
		alter func(*texture.External)
		want  string
	}{
		"another sum":  {func(e *texture.External) { e.Networks[0].SHA256 = strings.Repeat("0", 64) }, "does not match"},
		"no sum":       {func(e *texture.External) { e.Networks[0].SHA256 = "" }, "does not match"},
		"no file":      {func(e *texture.External) { e.Networks[0].File = "none.onnx" }, "no such file"},
		"no networks":  {func(e *texture.External) { e.Networks = nil }, "0 networks"},
		"scale":        {func(e *texture.External) { e.Networks[0].Scale = 0.5 }, "scale"},
		"threshold":    {func(e *texture.External) { e.Threshold = 2 }, "threshold"},
		"other tensor": {func(e *texture.External) { e.Networks[0].Input = "data" }, "inputs and outputs"},
	} {
		_, err := texture.LoadExternal(l, plugged(t, c.alter))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: err = %v, want one with %q", name, err, c.want)
		}
	}
	path := filepath.Join(t.TempDir(), "e.json")
	if err := os.WriteFile(path, []byte(`{"networks":[],"sha":1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := texture.LoadExternal(l, path); err == nil || !strings.Contains(err.Error(), "unknown field") {
		t.Errorf("an unknown field: err = %v", err)
	}
}
