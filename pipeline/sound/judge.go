package sound

import "math"

// speaking is the probability from which on a frame is speech; the network's authors use 0.5.
const speaking = 0.5

// rateSpan is the time over which a mouth's speed is taken, as pipeline/lips does.
const rateSpan = 2 // steps

// assess compares what was seen with what was heard.
func (w *weights) assess(steps []step, frames []frame) match {
	moved, known := loudness(frames)
	m := w.compare(w.mouthSeries(steps), w.soundSeries(moved, known))
	m.contrast = contrast(frames, moved, known)
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

// contrast is how much the bands of speech move: noise fills their valleys.
func contrast(frames []frame, moved [][]float64, known []bool) float64 {
	square, n := 0.0, 0
	for i, f := range frames {
		if known[i] && f.speech >= speaking {
			square += dot(moved[i], moved[i])
			n += bands
		}
	}
	return 10 / math.Ln10 * math.Sqrt(square/float64(max(1, n)))
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
