package models

import (
	"bytes"
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// updateSums makes TestCommitted write the sums of our own files into manifest.json.
var updateSums = flag.Bool("update-sums", false, "write the committed models' sums into manifest.json")

// TestCommitted: the manifest names the very bytes that are committed.
func TestCommitted(t *testing.T) {
	m, err := embedded()
	if err != nil {
		t.Fatal(err)
	}
	text := manifestJSON
	for _, f := range m.Files {
		if f.Make != "commit" {
			continue
		}
		b, err := os.ReadFile(filepath.FromSlash(f.From))
		if err != nil {
			t.Fatal(err)
		}
		if sum(b) == f.SHA256 {
			continue
		}
		if !*updateSums {
			t.Errorf("%s is not the manifest's: run `go test ./models -run TestCommitted -update-sums` if it should be", f.From)
		}
		entry := regexp.MustCompile(`("from": "` + regexp.QuoteMeta(f.From) + `",\s+"make": "commit",\s+"sha256": ")[0-9a-f]+`)
		text = entry.ReplaceAll(text, []byte("${1}"+sum(b)))
	}
	if *updateSums && !bytes.Equal(text, manifestJSON) {
		if err := os.WriteFile("manifest.json", text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDigitReader holds the digit reader to what the trainer's runtime gave: lips/golden.json.
func TestDigitReader(t *testing.T) {
	b, err := os.ReadFile("lips/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Cases []struct {
			Name   string
			Points [][]float32
			Frames []int
			Logp   [][]float32
		}
	}
	if err := json.Unmarshal(b, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden.Cases) == 0 {
		t.Fatal("no cases")
	}
	m := loaded(t, opened(t, 1), "lips")
	width, classes := m.Inputs()[0].Len(), m.Outputs()[0].Len()
	for _, c := range golden.Cases {
		var in []float32
		for _, row := range c.Points {
			in = append(in, row...)
		}
		if len(in) != width*len(c.Points) {
			t.Fatalf("%s: %d values in %d steps", c.Name, len(in), len(c.Points))
		}
		out := make([]float32, classes*len(c.Points))
		if err := m.Run(t.Context(), Background, [][]float32{in}, [][]float32{out}); err != nil {
			t.Fatal(err)
		}
		for i, step := range c.Frames {
			for k, want := range c.Logp[i] {
				if got := out[step*classes+k]; math.Abs(float64(got-want)) > 1e-3*max(1, math.Abs(float64(want))) {
					t.Errorf("%s, step %d, class %d: %v, want %v", c.Name, step, k, got, want)
				}
			}
		}
		for step := range c.Points {
			total := 0.0
			for _, v := range out[step*classes : (step+1)*classes] {
				total += math.Exp(float64(v))
			}
			if math.Abs(total-1) > 1e-3 {
				t.Errorf("%s, step %d: posteriors add up to %v", c.Name, step, total)
			}
		}
	}
}

// BenchmarkDigitReader reads windows of 1, 3, 5 and 10 s.
func BenchmarkDigitReader(b *testing.B) {
	m := loaded(b, opened(b, 1), "lips")
	for _, steps := range []int{25, 75, 125, 250} {
		b.Run(map[int]string{25: "1s", 75: "3s", 125: "5s", 250: "10s"}[steps], func(b *testing.B) {
			in, out := make([]float32, 18*steps), make([]float32, 11*steps)
			for i := range in {
				in[i] = float32(math.Sin(float64(i)))
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := m.Run(b.Context(), Background, [][]float32{in}, [][]float32{out}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
