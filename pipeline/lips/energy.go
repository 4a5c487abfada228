package lips

import (
	"math"
	"slices"
	"time"
)

// span is the time over which movement is averaged (root mean square): about a
// syllable, so that one digit fills it whatever the pace of the prompts.
const span = 300 * time.Millisecond

// burst is the movement of the last span.
type burst struct {
	n       int
	pts, dt [burstLength]time.Duration
	square  [burstLength]float64 // rate²
}

// burstLength holds a span at 60 frames a second and more.
const burstLength = 24

// add takes the rate over the last dt and returns the movement of the last span; ok
// is false while most of it was not seen.
func (b *burst) add(pts, dt time.Duration, rate float64) (rms float64, ok bool) {
	i := b.n % burstLength
	b.n++
	b.pts[i], b.dt[i], b.square[i] = pts, dt, rate*rate
	sum, seen := 0.0, time.Duration(0)
	for back := range min(b.n, burstLength) {
		i := (b.n - 1 - back) % burstLength
		if pts-b.pts[i] >= span {
			break
		}
		sum += b.square[i] * b.dt[i].Seconds()
		seen += b.dt[i]
	}
	if seen < span*2/3 {
		return 0, false
	}
	return math.Sqrt(sum / seen.Seconds()), true
}

// rest is how the mouth moved while nothing was to be said: one number for each span of
// rest, of which the median counts, as people swallow, smile and sigh.
type rest struct {
	spans []float64
	sum   float64
	seen  time.Duration
}

func (r *rest) add(dt time.Duration, rate float64) {
	r.sum += rate * rate * dt.Seconds()
	if r.seen += dt; r.seen >= span {
		r.spans = append(r.spans, math.Sqrt(r.sum/r.seen.Seconds()))
		r.sum, r.seen = 0, 0
	}
}

// median returns the typical movement; ok is false when less than two spans were seen.
func (r *rest) median() (rate float64, ok bool) {
	if len(r.spans) < 2 {
		return 0, false
	}
	s := slices.Sorted(slices.Values(r.spans))
	return s[len(s)/2], true
}
