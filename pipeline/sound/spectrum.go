package sound

import (
	"math"
	"math/cmplx"

	"vivavoce/media"
)

const (
	// frameTime is a frame of what is heard: 50 a second, so that lags are told in steps of
	// 20 ms.
	frameSamples = 320
	// window is the stretch that a frame's spectrum is of, centred on the frame: 32 ms, two
	// or more periods of a deep voice.
	window = 512
	// bands of speech, evenly on the mel scale between lowest and highest, Hz.
	bands           = 8
	lowest, highest = 120.0, 6500.0
)

// analyser gives the power of each band. It holds tables and scratch for one session.
type analyser struct {
	hann    [window]float64
	twiddle [window / 2]complex128
	weights [bands][window/2 + 1]float64
	scratch [window]complex128
}

func newAnalyser() *analyser {
	a := &analyser{}
	for i := range a.hann {
		a.hann[i] = 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/(window-1))
	}
	for i := range a.twiddle {
		a.twiddle[i] = cmplx.Rect(1, -2*math.Pi*float64(i)/window)
	}
	edge := func(i int) float64 {
		low, high := mel(lowest), mel(highest)
		return hertz(low + (high-low)*float64(i)/(bands+1))
	}
	for b := range bands {
		l, c, r := edge(b), edge(b+1), edge(b+2)
		for k := range a.weights[b] {
			f := float64(k) * media.SoundRate / window
			a.weights[b][k] = max(0, min((f-l)/(c-l), (r-f)/(r-c)))
		}
	}
	return a
}

// O'Shaughnessy's mel scale (1987).
func mel(hertz float64) float64 { return 1127 * math.Log(1+hertz/700) }
func hertz(mel float64) float64 { return 700 * (math.Exp(mel/1127) - 1) }

// power returns the power of each band in the window's samples.
func (a *analyser) power(samples []float32) (p [bands]float64) {
	for i := range a.scratch {
		a.scratch[i] = complex(float64(samples[i])*a.hann[i], 0)
	}
	a.transform()
	for k := range window/2 + 1 {
		re, im := real(a.scratch[k]), imag(a.scratch[k])
		energy := re*re + im*im
		for b := range p {
			p[b] += a.weights[b][k] * energy
		}
	}
	return p
}

// transform is the FFT of a.scratch in place (Cooley and Tukey, 1965).
func (a *analyser) transform() {
	x := &a.scratch
	for i, j := 1, 0; i < window; i++ {
		bit := window >> 1
		for ; j&bit != 0; bit >>= 1 {
			j ^= bit
		}
		if j ^= bit; i < j {
			x[i], x[j] = x[j], x[i]
		}
	}
	for size := 2; size <= window; size <<= 1 {
		half, step := size/2, window/size
		for from := 0; from < window; from += size {
			for k := range half {
				even, odd := x[from+k], x[from+k+half]*a.twiddle[k*step]
				x[from+k], x[from+k+half] = even+odd, even-odd
			}
		}
	}
}
