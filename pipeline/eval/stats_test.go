package eval

import (
	"math"
	"math/rand/v2"
	"testing"
)

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s = %v, want %v ± %v", what, got, want, within)
	}
}

// gaussians draws n genuine scores around d and n others around 0, both of deviation 1.
func gaussians(seed uint64, n int, d float64) (m Marks) {
	r := rand.New(rand.NewPCG(seed, 1))
	for range n {
		m.Genuine = append(m.Genuine, d+r.NormFloat64())
		m.Other = append(m.Other, r.NormFloat64())
	}
	return m
}

// phi is the normal distribution.
func phi(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }

func TestKnownDistributions(t *testing.T) {
	for _, d := range []float64{0, 1, 2, 4} {
		m := gaussians(7, 20000, d)
		near(t, "EER", m.EER(), phi(-d/2), 0.006)
		near(t, "AUC", m.AUC(), phi(d/math.Sqrt2), 0.006)
		// FAR 1 % is at 2.3263 deviations.
		near(t, "FRR at FAR 1 %", m.FRRAt(0.01).FRR, phi(2.3263-d), 0.02)
		near(t, "FAR there", m.FRRAt(0.01).FAR, 0.01, 0.0002)
	}
}

func TestFewScores(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct {
		name     string
		m        Marks
		eer, auc float64
	}{
		{"apart", Marks{[]float64{2, 3}, []float64{0, 1}}, 0, 1},
		{"the wrong way round", Marks{[]float64{0, 1}, []float64{2, 3}}, 1, 0},
		{"all the same", Marks{[]float64{1, 1}, []float64{1, 1}}, 0.5, 0.5},
		{"one of four each", Marks{[]float64{1, 5, 6, 7}, []float64{0, 2, 3, 5.5}}, 0.25, 0.75},
		{"impossible others", Marks{[]float64{-1, 0}, []float64{-inf, -inf}}, 0, 1},
		{"not a number is the worst", Marks{[]float64{math.NaN(), 1}, []float64{0, 0}}, 0.5, 0.5},
		{"others that are not numbers", Marks{[]float64{1, 1}, []float64{math.NaN(), math.NaN()}}, 1, 0},
		{"nothing", Marks{}, 0.5, 0.5},
		{"no others", Marks{Genuine: []float64{1}}, 0.5, 0.5},
	} {
		t.Run(c.name, func(t *testing.T) {
			near(t, "EER", c.m.EER(), c.eer, 1e-9)
			near(t, "AUC", c.m.AUC(), c.auc, 1e-9)
		})
	}
	if p := (Marks{[]float64{0, 1}, []float64{5, 6}}).FRRAt(0); p.FRR != 1 || p.FAR != 0 {
		t.Errorf("FRR where nobody may be let in: %+v", p)
	}
}

func TestCurveIsMonotonic(t *testing.T) {
	points := gaussians(3, 500, 1).Curve()
	first, last := points[0], points[len(points)-1]
	if first.FAR != 1 || first.FRR != 0 || last.FAR != 0 || last.FRR != 1 {
		t.Errorf("from %+v to %+v, want from everybody to nobody", first, last)
	}
	for i := 1; i < len(points); i++ {
		if points[i].FAR > points[i-1].FAR || points[i].FRR < points[i-1].FRR || points[i].Threshold <= points[i-1].Threshold {
			t.Fatalf("%+v follows %+v", points[i], points[i-1])
		}
	}
}

// TestWilson holds the interval to Newcombe (1998), table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
func TestWilson(t *testing.T) {
	for _, c := range []struct {
		k, n   int
		lo, hi float64
	}{{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {1, 29, 0.0061, 0.1718}, {0, 0, 0, 1}} {
		f := Wilson(c.k, c.n)
		near(t, "low", f.CI[0], c.lo, 1e-4)
		near(t, "high", f.CI[1], c.hi, 1e-4)
	}
}

// TestBootstrapCovers: the interval holds the true rate about as often as it says, where speakers
// do not differ.
func TestBootstrapCovers(t *testing.T) {
	held, tries := 0, 60
	for seed := range uint64(tries) {
		var groups []Marks
		for k := range uint64(6) {
			groups = append(groups, gaussians(1000+6*seed+k, 60, 2))
		}
		f := Bootstrap(groups, seed, Marks.EER)
		if f.CI[0] <= phi(-1) && phi(-1) <= f.CI[1] {
			held++
		}
		if f.N != 360 || !(f.CI[0] <= f.Value && f.Value <= f.CI[1]) {
			t.Fatalf("%+v", f)
		}
	}
	if held < tries*80/100 {
		t.Errorf("the 95 %% interval held the truth %d times of %d", held, tries)
	}
	// Speakers who differ make it wider than their many attempts would.
	one := []Marks{gaussians(1, 400, 4), gaussians(2, 400, 4), gaussians(3, 400, 0.5)}
	mixed := Bootstrap(one, 1, Marks.EER)
	if mixed.CI[1]-mixed.CI[0] < 0.15 {
		t.Errorf("interval %v of speakers who differ is too narrow", mixed.CI)
	}
	if f := Bootstrap(nil, 1, Marks.EER); f.CI != (Interval{0, 1}) {
		t.Errorf("interval of nothing: %v", f.CI)
	}
}
