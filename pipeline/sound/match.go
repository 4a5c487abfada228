package sound

import (
	"math"
	"slices"
	"time"
)

const (
	// reach is how many steps of the mouth to either side count for what is heard.
	reach = 4
	// mouthWidth is what is known of a mouth around one step.
	mouthWidth = lengths * (2*reach + 1)
	// mean is the time to either side whose mean is taken off, so that syllables are compared
	// and not when somebody spoke at all: with 2 s, two people who say sentences of one
	// pattern go together nearly as well as one with themselves (AUC of 12 s of GRID's 0.94
	// by correlation; 1.00 with 400 ms, 0.28, 0.6, 1 and 2 s tried).
	mean = 400 * time.Millisecond
	// farthest is the greatest lag that is looked at.
	farthest = time.Second
	// inTime is up to which lag sound and mouth count as together. Cameras give pictures
	// up to 100 ms late, and sound comes up to as late by wireless headsets.
	inTime = 200 * time.Millisecond
	// silence is the power below which nothing is told apart: 70 dB under a loud voice.
	silence = 1e-3
)

// series is one projection of the mouth or of the sound over the session.
type series struct {
	values [][components]float64
	known  []bool
}

// mouthSeries projects the mouth, 25 times a second.
func (w *weights) mouthSeries(steps []step) series {
	rows, known := make([][]float64, len(steps)), make([]bool, len(steps))
	for i, s := range steps {
		rows[i], known[i] = s.shape[:], s.known
	}
	moved, ok := moving(rows, known, int(mean/stepTime))
	out := series{make([][components]float64, len(steps)), make([]bool, len(steps))}
	for i := range steps {
		around, whole := surroundings(moved, ok, i)
		if out.known[i] = whole; whole {
			for c := range components {
				out.values[i][c] = dot(w.Mouth[c][:], around[:])
			}
		}
	}
	return out
}

// surroundings are the mouths from reach before to reach after step i.
func surroundings(moved [][]float64, known []bool, i int) (out [mouthWidth]float64, whole bool) {
	if i < reach || i+reach >= len(moved) {
		return out, false
	}
	for k := -reach; k <= reach; k++ {
		if !known[i+k] {
			return out, false
		}
		copy(out[(k+reach)*lengths:], moved[i+k])
	}
	return out, true
}

// soundSeries projects the sound's loudness, 50 times a second.
func (w *weights) soundSeries(moved [][]float64, known []bool) series {
	out := series{make([][components]float64, len(moved)), known}
	for i := range moved {
		if known[i] {
			for c := range components {
				out.values[i][c] = dot(w.Sound[c][:], moved[i])
			}
		}
	}
	return out
}

// loudness is the logarithm of each band's power over the room's own noise, without its
// mean.
func loudness(frames []frame) (moved [][]float64, known []bool) {
	floor := noise(frames)
	rows, known := make([][]float64, len(frames)), make([]bool, len(frames))
	for i := range frames {
		rows[i], known[i] = make([]float64, bands), frames[i].known
		for b := range bands {
			rows[i][b] = math.Log(max(frames[i].power[b], floor[b]))
		}
	}
	return moving(rows, known, int(mean/frameTime))
}

// noise is twice the power that one frame in ten stays below.
func noise(frames []frame) (floor [bands]float64) {
	var v []float64
	for b := range bands {
		v = v[:0]
		for i := range frames {
			if frames[i].known {
				v = append(v, frames[i].power[b])
			}
		}
		floor[b] = silence
		if len(v) > 0 {
			slices.Sort(v)
			floor[b] = max(silence, 2*v[len(v)/10])
		}
	}
	return floor
}

// moving takes the mean of side rows to either side off each row.
func moving(rows [][]float64, known []bool, side int) ([][]float64, []bool) {
	if len(rows) == 0 {
		return nil, nil
	}
	width := len(rows[0])
	// sums[i] is of the known rows before i; counts as well.
	sums, counts := make([][]float64, len(rows)+1), make([]int, len(rows)+1)
	sums[0] = make([]float64, width)
	for i, r := range rows {
		sums[i+1], counts[i+1] = slices.Clone(sums[i]), counts[i]
		if known[i] {
			counts[i+1]++
			for k, v := range r {
				sums[i+1][k] += v
			}
		}
	}
	out := make([][]float64, len(rows))
	for i, r := range rows {
		from, to := max(0, i-side), min(len(rows), i+side+1)
		n := float64(max(1, counts[to]-counts[from]))
		out[i] = make([]float64, width)
		for k, v := range r {
			out[i][k] = v - (sums[to][k]-sums[from][k])/n
		}
	}
	return out, known
}

func dot(a, b []float64) (sum float64) {
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}

// match is how well mouth and sound go together.
type match struct {
	ok          bool          // enough was seen and heard at once
	lag         time.Duration // by which the sound follows the mouth, where they fit best
	correlation float64       // there, -1 to 1, the components' weighted mean
	// together and apart are the best correlations within inTime and beyond it, in
	// standard deviations of those of unrelated series of the same colour.
	together, apart float64
	// expected is what together would be for somebody who speaks as weakly as one in twenty
	// does: without power a low together means nothing.
	expected float64
	speech   time.Duration // heard while the mouth was seen
	movement float64       // of the mouth in that time, shapes a second, root mean square
	contrast float64       // how far speech rises and falls over the noise, dB, root mean square
}

// weak is the correlation that 19 of 20 sessions of true sound exceed.
const weak = 0.3

// leastSteps is how many steps of the mouth must be compared: two seconds.
const leastSteps = 50

// compare correlates the two at every lag.
func (w *weights) compare(m, s series) match {
	out := match{correlation: -1, together: math.Inf(-1), apart: math.Inf(-1)}
	spread := w.spread(m, s)
	for lag := -farthest; lag <= farthest; lag += frameTime {
		c, n := w.correlate(m, s, int(lag/frameTime))
		if n < leastSteps {
			continue
		}
		z := c * math.Sqrt(float64(n)) / spread
		out.expected = max(out.expected, weak*math.Sqrt(float64(n))/spread)
		if lag.Abs() <= inTime {
			out.together = max(out.together, z)
		} else {
			out.apart = max(out.apart, z)
		}
		if c > out.correlation {
			out.correlation, out.lag = c, lag
		}
	}
	out.ok = !math.IsInf(out.together, 0) && !math.IsInf(out.apart, 0)
	return out
}

// correlate gives the correlation of the mouth with the sound shift frames later, and how
// many steps it rests on.
func (w *weights) correlate(m, s series, shift int) (c float64, n int) {
	var mm, ss, ms, sumM, sumS [components]float64
	for i, known := range m.known {
		q, ok := s.at(2*i + shift)
		if !known || !ok {
			continue
		}
		n++
		for k := range components {
			p := m.values[i][k]
			mm[k] += p * p
			ss[k] += q[k] * q[k]
			ms[k] += p * q[k]
			sumM[k] += p
			sumS[k] += q[k]
		}
	}
	total := 0.0
	for k := range components {
		f := float64(max(n, 1))
		cov := ms[k] - sumM[k]*sumS[k]/f
		if v := (mm[k] - sumM[k]*sumM[k]/f) * (ss[k] - sumS[k]*sumS[k]/f); v > 0 {
			c += w.Canonical[k] * cov / math.Sqrt(v)
		}
		total += w.Canonical[k]
	}
	return c / total, n
}

// at is the sound of a mouth's step, whose first half is frame i.
func (s series) at(i int) (v [components]float64, ok bool) {
	if i < 0 || i+1 >= len(s.known) || !s.known[i] || !s.known[i+1] {
		return v, false
	}
	for k := range components {
		v[k] = (s.values[i][k] + s.values[i+1][k]) / 2
	}
	return v, true
}

// spread is the standard deviation of the weighted correlation between unrelated series,
// times the root of their length: Bartlett's formula (1935), 1 for white ones.
func (w *weights) spread(m, s series) float64 {
	sound := series{make([][components]float64, len(m.known)), make([]bool, len(m.known))}
	for i := range m.known {
		sound.values[i], sound.known[i] = s.at(2 * i)
	}
	variance, total := 0.0, 0.0
	for k := range components {
		v := 1.0
		for j := 1; j <= int(farthest/stepTime); j++ {
			v += 2 * m.auto(k, j) * sound.auto(k, j)
		}
		variance += w.Canonical[k] * w.Canonical[k] * max(v, 0.2)
		total += w.Canonical[k]
	}
	return math.Sqrt(variance) / total
}

// auto is the correlation of component k with itself j places later.
func (s series) auto(k, j int) float64 {
	var own, other float64
	for i := 0; i < len(s.known); i++ {
		if !s.known[i] {
			continue
		}
		own += s.values[i][k] * s.values[i][k]
		if i+j < len(s.known) && s.known[i+j] {
			other += s.values[i][k] * s.values[i+j][k]
		}
	}
	if own <= 0 {
		return 0
	}
	return other / own
}
