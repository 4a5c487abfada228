package eval

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Interval is a 95 % confidence interval.
type Interval [2]float64

// Figure is an estimate, its interval and what it rests on.
type Figure struct {
	Value float64  `json:"value"`
	CI    Interval `json:"ci95"`
	N     int      `json:"n"`
}

// Wilson returns k of n with Wilson's score interval (1927).
func Wilson(k, n int) Figure {
	if n == 0 {
		return Figure{CI: Interval{0, 1}}
	}
	const z = 1.959964
	p, m := float64(k)/float64(n), float64(n)
	mid := (p + z*z/(2*m)) / (1 + z*z/m)
	half := z / (1 + z*z/m) * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	return Figure{Value: p, CI: Interval{max(mid-half, 0), min(mid+half, 1)}, N: n}
}

// Marks are the scores of genuine and of other attempts; more is more genuine.
type Marks struct{ Genuine, Other []float64 }

// sorted returns copies in rising order; what is not a number counts as the worst: for a
// genuine attempt the lowest, for another the highest.
func (m Marks) sorted() Marks {
	clean := func(v []float64, nan float64) []float64 {
		v = slices.Clone(v)
		for i, x := range v {
			if math.IsNaN(x) {
				v[i] = nan
			}
		}
		slices.Sort(v)
		return v
	}
	return Marks{clean(m.Genuine, math.Inf(-1)), clean(m.Other, math.Inf(1))}
}

// Point is an operating point: who scores Threshold or more is let in.
type Point struct {
	Threshold float64 `json:"threshold"`
	FAR       float64 `json:"far"` // others let in
	FRR       float64 `json:"frr"` // genuine ones refused
}

// Curve returns every operating point, from letting everybody in to nobody.
func (m Marks) Curve() []Point {
	m = m.sorted()
	if len(m.Genuine) == 0 || len(m.Other) == 0 {
		return nil
	}
	at := append(append([]float64{}, m.Genuine...), m.Other...)
	slices.Sort(at)
	at = append(slices.Compact(at), math.Inf(1))
	points := make([]Point, len(at))
	g, o := 0, 0
	for i, t := range at {
		for g < len(m.Genuine) && m.Genuine[g] < t {
			g++
		}
		for o < len(m.Other) && m.Other[o] < t {
			o++
		}
		points[i] = Point{t, 1 - float64(o)/float64(len(m.Other)), float64(g) / float64(len(m.Genuine))}
	}
	if last := &points[len(points)-1]; m.Genuine[len(m.Genuine)-1] == math.Inf(1) || m.Other[len(m.Other)-1] == math.Inf(1) {
		*last = Point{math.Inf(1), 0, 1}
	}
	return points
}

// EER is the rate at which as many genuine attempts are refused as others are let in,
// interpolated between operating points; 0.5 of nothing.
func (m Marks) EER() float64 {
	points := m.Curve()
	if len(points) == 0 {
		return 0.5
	}
	for i, p := range points {
		if p.FRR < p.FAR {
			continue
		}
		if i == 0 {
			return p.FAR
		}
		q := points[i-1]
		// The line from q to p crosses FAR = FRR at share w.
		d, e := q.FAR-q.FRR, p.FRR-p.FAR
		w := d / (d + e)
		return q.FAR + w*(p.FAR-q.FAR)
	}
	return 0.5
}

// FRRAt is the least rate of refused genuine attempts where at most far of the others are let in,
// and its operating point.
func (m Marks) FRRAt(far float64) Point {
	for _, p := range m.Curve() {
		if p.FAR <= far {
			return p
		}
	}
	return Point{math.Inf(1), 0, 1}
}

// AUC is the chance that a genuine attempt scores more than another one; a tie is half.
func (m Marks) AUC() float64 {
	m = m.sorted()
	if len(m.Genuine) == 0 || len(m.Other) == 0 {
		return 0.5
	}
	below, upTo, sum := 0, 0, 0.0
	for _, g := range m.Genuine {
		for below < len(m.Other) && m.Other[below] < g {
			below++
		}
		for upTo < len(m.Other) && m.Other[upTo] <= g {
			upTo++
		}
		sum += float64(below) + float64(upTo-below)/2
	}
	return sum / float64(len(m.Genuine)) / float64(len(m.Other))
}

// draws is how many samples an interval rests on.
const draws = 400

// Bootstrap returns what figure gives for all groups (speakers) together, with a percentile
// interval: groups are drawn anew, and within each its attempts. With few groups it is
// wide, and rather still too narrow.
func Bootstrap(groups []Marks, seed uint64, figure func(Marks) float64) Figure {
	r := rand.New(rand.NewPCG(seed, 0xb007))
	all := pool(groups)
	f := Figure{Value: figure(all), N: len(all.Genuine)}
	if len(groups) == 0 {
		f.CI = Interval{0, 1}
		return f
	}
	values := make([]float64, draws)
	for i := range values {
		drawn := make([]Marks, len(groups))
		for k := range drawn {
			g := groups[r.IntN(len(groups))]
			drawn[k] = Marks{resample(r, g.Genuine), resample(r, g.Other)}
		}
		values[i] = figure(pool(drawn))
	}
	slices.Sort(values)
	f.CI = Interval{values[draws*25/1000], values[draws-1-draws*25/1000]}
	return f
}

func resample(r *rand.Rand, v []float64) []float64 {
	out := make([]float64, len(v))
	for i := range out {
		out[i] = v[r.IntN(len(v))]
	}
	return out
}

func pool(groups []Marks) (all Marks) {
	for _, g := range groups {
		all.Genuine = append(all.Genuine, g.Genuine...)
		all.Other = append(all.Other, g.Other...)
	}
	return all
}
