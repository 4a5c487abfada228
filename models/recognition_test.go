package models

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// TestRecognition holds the recognition network to what face-api 1.7.15 itself gave, on TensorFlow.js's CPU backend (2026-11-22).
func TestRecognition(t *testing.T) {
	b, err := os.ReadFile("testdata/recognition.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Cases []struct {
			A, B       float64
			Descriptor []float32
		}
	}
	if err := json.Unmarshal(b, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden.Cases) == 0 {
		t.Fatal("no cases")
	}
	m := loaded(t, opened(t, 1), "face_recognition")
	for _, c := range golden.Cases {
		out := make([]float32, m.Outputs()[0].Len())
		if err := m.Run(t.Context(), Background, [][]float32{wavesOf(150, c.A, c.B)}, [][]float32{out}); err != nil {
			t.Fatal(err)
		}
		worst := 0.0
		for i, want := range c.Descriptor {
			worst = max(worst, math.Abs(float64(out[i]-want)))
		}
		if !(worst <= 1e-4) {
			t.Errorf("waves %v, %v: %v away, want 0.0001 at most", c.A, c.B, worst)
		}
		t.Logf("waves %v, %v: %v away", c.A, c.B, worst)
	}
}

func BenchmarkRecognition(b *testing.B) {
	m := loaded(b, opened(b, 1), "face_recognition")
	in, out := buffers(m)
	in[0] = wavesOf(150, 0.1, 0.2)
	b.ReportAllocs()
	for b.Loop() {
		if err := m.Run(b.Context(), Live, in, out); err != nil {
			b.Fatal(err)
		}
	}
}
