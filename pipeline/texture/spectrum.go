package texture

import (
	"math"
	"math/bits"
)

// spectrum averages the power of square windows of one plane (Welch's method): what is
// periodic all over a picture, as a screen's or a raster's pattern is, stands out of it, and
// the edges of one window do not.
type spectrum struct {
	side  int
	n     int       // windows
	power []float64 // side×side, u (across) fastest, summed; only its even part means anything
	logs  []float64 // of level

	hann, cos, sin []float64
	re, im         []float64
	column         []float64 // 2·side
}

// newSpectrum takes windows of side×side, a power of two.
func newSpectrum(side int) *spectrum {
	s := &spectrum{
		side: side, power: make([]float64, side*side), logs: make([]float64, side*side),
		hann: make([]float64, side), cos: make([]float64, side/2), sin: make([]float64, side/2),
		re: make([]float64, side*side), im: make([]float64, side*side), column: make([]float64, 2*side),
	}
	for i := range s.hann {
		s.hann[i] = 0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/float64(side))
	}
	for i := range s.cos {
		s.sin[i], s.cos[i] = math.Sincos(-2 * math.Pi * float64(i) / float64(side))
	}
	return s
}

func (s *spectrum) reset() {
	s.n = 0
	clear(s.power)
}

// add takes a window, side×side samples, whose mean is taken off first. Every second one is
// transformed with the one before it, as its imaginary part: only the sum of their powers
// is wanted, which is the mean of what comes out at a frequency and at its opposite.
func (s *spectrum) add(window []float32) {
	to := s.re
	if s.n%2 == 1 {
		to = s.im
	}
	s.taper(to, window)
	if s.n++; s.n%2 == 0 {
		s.accumulate()
	}
}

// taper puts the window under its Hann window.
func (s *spectrum) taper(to []float64, window []float32) {
	mean := float32(0)
	for _, v := range window {
		mean += v
	}
	mean /= float32(len(window))
	for y, h := range s.hann {
		row, out := window[y*s.side:][:s.side], to[y*s.side:][:s.side]
		for x, v := range row {
			out[x] = float64(v-mean) * s.hann[x] * h
		}
	}
}

func (s *spectrum) accumulate() {
	s.transform()
	for i, re := range s.re {
		s.power[i] += re*re + s.im[i]*s.im[i]
	}
}

// transform replaces re, im by their discrete Fourier transform.
func (s *spectrum) transform() {
	n := s.side
	for y := range n {
		s.fft(s.re[y*n:(y+1)*n], s.im[y*n:(y+1)*n])
	}
	re, im := s.column[:n], s.column[n:]
	for x := range n {
		for y := range n {
			re[y], im[y] = s.re[y*n+x], s.im[y*n+x]
		}
		s.fft(re, im)
		for y := range n {
			s.re[y*n+x], s.im[y*n+x] = re[y], im[y]
		}
	}
}

// fft is Cooley and Tukey's, radix two, in place.
func (s *spectrum) fft(re, im []float64) {
	n := len(re)
	shift := bits.LeadingZeros32(uint32(n - 1))
	for i := range n {
		if j := int(bits.Reverse32(uint32(i)) >> shift); j > i {
			re[i], re[j] = re[j], re[i]
			im[i], im[j] = im[j], im[i]
		}
	}
	for half := 1; half < n; half *= 2 {
		step := n / (2 * half)
		for start := 0; start < n; start += 2 * half {
			for k := range half {
				c, d := s.cos[k*step], s.sin[k*step]
				a, b := start+k, start+k+half
				tr, ti := c*re[b]-d*im[b], c*im[b]+d*re[b]
				re[b], im[b] = re[a]-tr, im[a]-ti
				re[a], im[a] = re[a]+tr, im[a]+ti
			}
		}
	}
}

// floorPower keeps flat windows from having no logarithm: the power of rounding to whole
// steps, 1/12 step² a sample, in a window of n×n samples under a Hann window (3/8 of each axis).
func (s *spectrum) floorPower() float64 {
	return float64(s.side*s.side) / 12 * 9 / 64
}

// level fills logs with the base-10 logarithm of the mean power. It comes after the last add.
func (s *spectrum) level() {
	if s.n%2 == 1 {
		clear(s.im)
		s.accumulate()
	}
	scale, floor, mask := 0.5/float64(max(s.n, 1)), s.floorPower(), s.side-1
	for v := range s.side {
		for u := range s.side {
			opposite := (s.side-v)&mask*s.side + (s.side-u)&mask
			i := v*s.side + u
			s.logs[i] = math.Log10((s.power[i]+s.power[opposite])*scale + floor)
		}
	}
}

// at gives logs by frequency, each −side/2 … side/2−1, around the corner.
func (s *spectrum) at(u, v int) float64 {
	mask := s.side - 1
	return s.logs[(v&mask)*s.side+u&mask]
}

// band gives the mean logarithm of the power at from ≤ radius < to, in cycles a window; level
// comes first.
func (s *spectrum) band(from, to float64) float64 {
	sum, n := 0.0, 0
	for v := -s.side / 2; v < s.side/2; v++ {
		for u := 0; u < s.side/2; u++ {
			if r := float64(u*u + v*v); r >= from*from && r < to*to {
				sum += s.at(u, v)
				n++
			}
		}
	}
	return sum / float64(max(n, 1))
}
