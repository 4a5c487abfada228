package codec

import (
	"math"
	"slices"

	"vivavoce/media"
)

// sincSide is how many samples of the lower rate the filter reaches to either side: the
// band of speech is flat within 0.1 dB, what would fold into it is 60 dB down.
const sincSide = 8

// soundRates are the sampling rates that are converted. Their ratios to SoundRate are
// small numbers, which bounds the filter's table.
func soundRates() []int {
	return []int{8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000}
}

// resampler converts to media.SoundRate by a windowed sinc without a shift in time.
type resampler struct {
	up, down int         // the ratio SoundRate : rate, reduced
	side     int         // input samples to either side
	phases   [][]float32 // up filters of 2·side taps
	past     []float32   // input not yet left behind
	at       int         // of the next output sample: its place in past, in 1/up of a sample
	out      []float32
}

// newResampler returns nil for the rate that needs none.
func newResampler(rate int) *resampler {
	if rate == media.SoundRate {
		return nil
	}
	g := gcd(rate, media.SoundRate)
	r := &resampler{up: media.SoundRate / g, down: rate / g}
	cut := min(1, float64(media.SoundRate)/float64(rate)) // of the input's band
	r.side = int(math.Ceil(sincSide / cut))
	for p := range r.up {
		taps := make([]float32, 2*r.side)
		for i := range taps {
			x := float64(i-r.side+1) - float64(p)/float64(r.up)
			taps[i] = float32(cut * sinc(cut*x) * window(x/float64(r.side)))
		}
		r.phases = append(r.phases, taps)
	}
	r.reset()
	return r
}

// reset forgets what came before: silence.
func (r *resampler) reset() {
	r.past = append(r.past[:0], make([]float32, r.side)...)
	r.at = r.side * r.up
}

// add takes the next samples and gives those that became known, valid until the next
// call. The first is offset input samples after the first of in, mostly before it.
func (r *resampler) add(in []float32) (out []float32, offset float64) {
	held := len(r.past)
	r.past = append(r.past, in...)
	r.out = r.out[:0]
	offset = float64(r.at)/float64(r.up) - float64(held)
	for ; r.at/r.up+r.side < len(r.past); r.at += r.down {
		from := r.at/r.up - r.side + 1
		sum := float32(0)
		for i, tap := range r.phases[r.at%r.up] {
			sum += tap * r.past[from+i]
		}
		r.out = append(r.out, sum)
	}
	if gone := min(r.at/r.up-r.side, len(r.past)); gone > 0 {
		r.past = slices.Delete(r.past, 0, gone)
		r.at -= gone * r.up
	}
	return r.out, offset
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// window is Blackman's, over -1 to 1.
func window(x float64) float64 {
	if math.Abs(x) >= 1 {
		return 0
	}
	return 0.42 + 0.5*math.Cos(math.Pi*x) + 0.08*math.Cos(2*math.Pi*x)
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
