package models

import (
	"math"
	"testing"
)

// voiceStep is how many new samples a run of the voice model takes, after voicePast of before.
const voiceStep, voicePast = 512, 64

// babble is two seconds at 16 kHz: a pulse train of 130 to 100 Hz through three resonators
// that glide between two vowels, four syllables a second, for 1.2 s; silence; and from
// 1.5 s on a tone.
func babble() []float32 {
	const rate = 16000.0
	raw, phase := make([]float64, 2*rate), 0.0
	var y [3][2]float64
	peak := 0.0
	for i := range raw {
		t, v := float64(i)/rate, 0.0
		if t < 1.2 {
			if phase += (130 - 30*t + 4*math.Sin(2*math.Pi*5*t)) / rate; phase >= 1 {
				phase, v = phase-1, 0.5-0.5*math.Cos(2*math.Pi*4*t)
			}
		}
		glide := 0.5 + 0.5*math.Sin(2*math.Pi*2*t)
		for k, f := range [3][3]float64{{700, 300, 90}, {1200, 2200, 110}, {2500, 2900, 170}} {
			r := math.Exp(-math.Pi * f[2] / rate)
			next := v + 2*r*math.Cos(2*math.Pi*(f[0]+(f[1]-f[0])*glide)/rate)*y[k][0] - r*r*y[k][1]
			y[k] = [2]float64{next, y[k][0]}
			v = next * (1 - r)
		}
		if t >= 1.5 {
			v = 0.1 * math.Sin(2*math.Pi*1000*t)
		}
		raw[i] = 4 * v
		if t < 1.2 {
			peak = max(peak, math.Abs(raw[i]))
		}
	}
	out := make([]float32, len(raw))
	for i, v := range raw {
		out[i] = float32(v * 0.5 / peak)
	}
	return out
}

// TestVoice holds the voice model to what ONNX Runtime 1.31.1 in Python gave for the same
// sound (2026-11-22), state and context handed on from run to run.
func TestVoice(t *testing.T) {
	want := []float32{
		0.020770, 0.067409, 0.032964, 0.028552, 0.009512, 0.014811, 0.023696, 0.011593, 0.025434, 0.061276, 0.257578, 0.531107,
		0.727395, 0.935398, 0.902378, 0.640321, 0.643530, 0.696791, 0.848718, 0.787690, 0.723832, 0.731751, 0.647517, 0.788646,
		0.687320, 0.605217, 0.770751, 0.782365, 0.957977, 0.977203, 0.981104, 0.954019, 0.853418, 0.911821, 0.946134, 0.960548,
		0.944181, 0.913721, 0.641136, 0.495597, 0.277468, 0.133070, 0.070037, 0.041543, 0.029678, 0.023203, 0.002249, 0.232282,
		0.555761, 0.529856, 0.513447, 0.500540, 0.489080, 0.478711, 0.469307, 0.460774, 0.453027, 0.445983, 0.439523, 0.416498,
		0.317992, 0.291615,
	}
	m := loaded(t, opened(t, 1), "voice")
	sound := babble()
	in, state, next, p := make([]float32, voicePast+voiceStep), make([]float32, 256), make([]float32, 256), make([]float32, 1)
	for i := range len(sound) / voiceStep {
		copy(in, in[voiceStep:])
		copy(in[voicePast:], sound[i*voiceStep:])
		if err := m.Run(t.Context(), Live, [][]float32{in, state}, [][]float32{p, next}); err != nil {
			t.Fatal(err)
		}
		copy(state, next)
		if i >= len(want) || math.Abs(float64(p[0]-want[i])) > 1e-3 {
			t.Errorf("step %d: %v", i, p[0])
		}
	}
}

// BenchmarkVoice runs the voice model over 32 ms.
func BenchmarkVoice(b *testing.B) {
	m := loaded(b, opened(b, 1), "voice")
	in, state, next, p := make([]float32, voicePast+voiceStep), make([]float32, 256), make([]float32, 256), make([]float32, 1)
	copy(in, babble())
	b.ReportAllocs()
	for b.Loop() {
		if err := m.Run(b.Context(), Live, [][]float32{in, state}, [][]float32{p, next}); err != nil {
			b.Fatal(err)
		}
	}
}
