package models

import (
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"image"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// goldenInputs makes TestGolden write the pictures for golden/reference.py and stop.
var goldenInputs = flag.String("golden-inputs", "", "write the reference's input pictures to this folder")

// golden is testdata/golden.json.gz: what MediaPipe itself gives for our pictures.
type golden struct {
	By    string       `json:"by"`
	Cases []goldenCase `json:"cases"`
}

type goldenCase struct {
	Model   string         `json:"model"`
	Picture string         `json:"picture"`
	SHA256  string         `json:"sha256"` // of the RGB bytes
	Outputs []goldenOutput `json:"outputs"`
}

// goldenOutput holds some rows of an output: for a detector's boxes every 16th
// anchor and the strongest, for everything else all of them.
type goldenOutput struct {
	Name   string `json:"name"`
	Width  int    `json:"width"`  // values in a row
	Rows   []int  `json:"rows"`   // empty means all
	Values []byte `json:"values"` // float32, little-endian, base64 in JSON
}

func (o goldenOutput) floats() []float32 {
	out := make([]float32, len(o.Values)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(o.Values[4*i:]))
	}
	return out
}

// suite is how a model sees pictures.
type suite struct {
	model        string
	side         int
	scale, shift float32
	pictures     []picture
}

func suites() []suite {
	return []suite{
		{"face_detector_short", 128, 2. / 255, -1, scenes()},
		{"face_detector_full", 192, 2. / 255, -1, scenes()},
		{"face_mesh_attention", 192, 1. / 255, 0, faces()},
	}
}

// limit is the largest difference allowed for an output, in its own unit.
//
// What is in pixels of the input (the detectors' boxes and points, mesh, lips,
// eyes, irises): 0.01 pixel. Issue 2 asks for 1e-3 of the input's side for boxes
// and mesh (0.13 and 0.19 pixel) and 0.1 pixel for lips, eyes and irises.
// Logits: 1e-3 of the reference's largest, at least 1e-3.
func limit(output string, want []float32) float64 {
	if output == "regressors" || output == "reshaped_regressor_face_4" || strings.HasPrefix(output, "output_") {
		return 0.01
	}
	most := 1.0
	for _, v := range want {
		most = max(most, math.Abs(float64(v)))
	}
	return 1e-3 * most
}

// TestGolden holds every model to what the original runtime gives: the
// TensorFlow Lite of mediapipe's Python wheel, see golden/reference.py.
func TestGolden(t *testing.T) {
	samples := map[int]*image.YCbCr{}
	if *goldenInputs != "" {
		writeInputs(t, samples)
		return
	}
	g := readGolden(t)
	l, err := Open(Options{Dir: prepared(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	worst := map[string]float64{}
	for _, s := range suites() {
		m, err := l.Load(s.model)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range s.pictures {
			t.Run(s.model+"/"+p.name, func(t *testing.T) {
				rgb := p.pixels(t, samples, s.side)
				c := g.find(t, s.model, p.name)
				if got := sum(rgb); got != c.SHA256 {
					t.Fatalf("the picture is %s, the reference saw %s: image/jpeg or the package changed; run models/golden/run again", got, c.SHA256)
				}
				in, out := buffers(m)
				copy(in[0], planes(rgb, s.scale, s.shift))
				if err := m.Run(t.Context(), Live, in, out); err != nil {
					t.Fatal(err)
				}
				for i, shape := range m.Outputs() {
					d, bound := c.compare(t, shape.Name, out[i])
					worst[s.model+" "+shape.Name] = max(worst[s.model+" "+shape.Name], d)
					if !(d <= bound) {
						t.Errorf("%s differs by %.4g, limit %.4g", shape.Name, d, bound)
					}
				}
			})
		}
	}
	for _, k := range slices.Sorted(func(yield func(string) bool) {
		for k := range worst {
			if !yield(k) {
				return
			}
		}
	}) {
		t.Logf("largest difference: %-42s %.2g", k, worst[k])
	}
}

// compare returns the largest difference to the reference and the limit.
func (c goldenCase) compare(t *testing.T, name string, got []float32) (worst, bound float64) {
	t.Helper()
	i := slices.IndexFunc(c.Outputs, func(o goldenOutput) bool { return o.Name == name })
	if i < 0 {
		t.Fatalf("the reference has no output %s", name)
	}
	o := c.Outputs[i]
	want := o.floats()
	rows := o.Rows
	if len(rows) == 0 {
		for r := range len(got) / o.Width {
			rows = append(rows, r)
		}
	}
	if len(want) != len(rows)*o.Width {
		t.Fatalf("reference of %s has %d values, want %d rows of %d", name, len(want), len(rows), o.Width)
	}
	for k, r := range rows {
		for j := range o.Width {
			d := math.Abs(float64(got[r*o.Width+j]) - float64(want[k*o.Width+j]))
			if !(d <= worst) { // NaN counts
				worst = d
			}
		}
	}
	return worst, limit(name, want)
}

func (g golden) find(t *testing.T, model, picture string) goldenCase {
	t.Helper()
	for _, c := range g.Cases {
		if c.Model == model && c.Picture == picture {
			return c
		}
	}
	t.Fatalf("the reference has no %s of %q: run models/golden/run", model, picture)
	return goldenCase{}
}

func readGolden(t *testing.T) (g golden) {
	t.Helper()
	f, err := os.Open("testdata/golden.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(z).Decode(&g); err != nil {
		t.Fatal(err)
	}
	return g
}

// writeInputs writes each picture as raw RGB and a list of them.
func writeInputs(t *testing.T, samples map[int]*image.YCbCr) {
	type input struct {
		Model, Picture, File, SHA256 string
		Side                         int
		Low, High                    float32
	}
	var list []input
	for _, s := range suites() {
		for i, p := range s.pictures {
			rgb := p.pixels(t, samples, s.side)
			f := input{s.model, p.name, fmt.Sprintf("%s-%02d.rgb", s.model, i), sum(rgb), s.side, s.shift, 1}
			if err := os.WriteFile(filepath.Join(*goldenInputs, f.File), rgb, 0o644); err != nil {
				t.Fatal(err)
			}
			list = append(list, f)
		}
	}
	b, err := json.MarshalIndent(list, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*goldenInputs, "inputs.json"), b, 0o644); err != nil {
		t.Fatal(err)
	}
}
