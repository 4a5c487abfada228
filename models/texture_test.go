package models

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// wavesOf makes the pictures of models/train/texture/texture/export.py: planes of sines, 0–1.
func wavesOf(side int, a, b float64) []float32 {
	out := make([]float32, 0, 3*side*side)
	for c := range 3 {
		for y := range side {
			for x := range side {
				v := 0.5 + 0.3*math.Sin(a*float64(x)+b*float64(y)+float64(c))*math.Cos(0.02*float64(c+1)*float64(y))
				out = append(out, float32(v))
			}
		}
	}
	return out
}

// TestTextureNetwork holds the texture network to what the trainer's runtime gave: texture/golden.json.
func TestTextureNetwork(t *testing.T) {
	b, err := os.ReadFile("texture/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Cases []struct {
			A, B float64
			Logp []float32
		}
	}
	if err := json.Unmarshal(b, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden.Cases) == 0 {
		t.Fatal("no cases")
	}
	m := loaded(t, opened(t, 1), "texture")
	for _, c := range golden.Cases {
		out := make([]float32, m.Outputs()[0].Len())
		in := [][]float32{wavesOf(128, c.A, c.B), wavesOf(96, c.A/2, c.B/2)}
		if err := m.Run(t.Context(), Background, in, [][]float32{out}); err != nil {
			t.Fatal(err)
		}
		for k, want := range c.Logp {
			if math.Abs(float64(out[k]-want)) > 2e-3*max(1, math.Abs(float64(want))) {
				t.Errorf("waves %v, %v, class %d: %v, want %v", c.A, c.B, k, out[k], want)
			}
		}
	}
}

func BenchmarkTextureNetwork(b *testing.B) {
	m := loaded(b, opened(b, 1), "texture")
	in, out := buffers(m)
	in[0], in[1] = wavesOf(128, 0.1, 0.2), wavesOf(96, 0.1, 0.2)
	b.ReportAllocs()
	for b.Loop() {
		if err := m.Run(b.Context(), Live, in, out); err != nil {
			b.Fatal(err)
		}
	}
}
