package sound

import "math"

// speaking is the probability from which on a frame is speech; the network's authors use 0.5.
const speaking = 0.5

// rateSpan is the time over which a mouth's speed is taken, as pipeline/lips does.
const rateSpan = 2 // steps

// assess compares what was seen with what was heard.
func (w *weights) assess(steps []step, frames []frame) match {
	m := w.compare(w.mouthSeries(steps), w.soundSeries(frames))
	square, n := 0.0, 0
	for i, s := range steps {
		if 2*i+1 >= len(frames) || max(frames[2*i].speech, frames[2*i+1].speech) < speaking || !s.known {
			continue
		}
		m.speech += stepTime
		if i < rateSpan/2 || i+rateSpan/2 >= len(steps) {
			continue
		}
		if a, b := steps[i-rateSpan/2], steps[i+rateSpan/2]; a.known && b.known {
			square += speed(a, b)
			n++
		}
	}
	if n > 0 {
		m.movement = math.Sqrt(square / float64(n))
	}
	return m
}

// speed is that of a mouth, squared, in shapes a second: of the three lengths that
// pipeline/lips takes, with its weights.
func speed(a, b step) float64 {
	sum := 0.0
	for k, weight := range [3]float64{1, 0.7, 0.7} {
		d := weight * (b.shape[k] - a.shape[k])
		sum += d * d
	}
	span := (rateSpan * stepTime).Seconds()
	return sum / (span * span)
}
