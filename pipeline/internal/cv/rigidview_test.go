package cv

import (
	"math"
	"math/rand/v2"
	"testing"
)

// pictured returns the points as a picture from distance shows them, with their depths.
func pictured(p []Point3, s Similarity, distance float64) []Point3 {
	flat := view(p, s, distance)
	out := make([]Point3, len(p))
	for i, v := range flat {
		out[i] = Point3{v.X, v.Y, s.Apply(p[i]).Z}
	}
	return out
}

func TestRigidResidual(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	head, other := cloud(rng, 60, false), cloud(rng, 60, false)
	straight := turned(0, 0)
	for _, c := range []struct {
		name     string
		b        []Point2
		near     float64
		low, top float64
	}{
		{"turned", view(head, turned(0.6, 0.1), 0), 0, 0, 1e-6},
		{"turned far", view(head, turned(-0.7, 0.3), 0), 0, 0, 1e-6},
		{"turned near", view(head, turned(0.4, 0.1), 800), 1.0 / 800, 0, 1},
		{"turned near, taken for far", view(head, turned(0.4, 0.1), 800), 0, 4, 100},
		{"another", view(other, turned(0.4, 0.1), 0), 0, 20, 1000},
		{"a tilted picture of it", squeezed(view(head, straight, 0), 0.7), 0, 5, 1000},
	} {
		t.Run(c.name, func(t *testing.T) {
			distance := 0.0
			if c.near > 0 {
				distance = 1 / c.near
			}
			rms, ok := RigidResidual(pictured(head, straight, distance), c.b, c.near)
			if !ok || !(rms >= c.low && rms <= c.top) {
				t.Errorf("leaves %g, %v, want %g–%g", rms, ok, c.low, c.top)
			}
		})
	}
}

// squeezed is what a tilt by acos(ratio) does to a picture seen from afar.
func squeezed(p []Point2, ratio float64) []Point2 {
	out := make([]Point2, len(p))
	for i, v := range p {
		out[i] = Point2{v.X * ratio, v.Y}
	}
	return out
}

func TestRigidResidualRefuses(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	head := cloud(rng, 10, false)
	good := view(head, turned(0.1, 0), 0)
	bad := append([]Point2(nil), good...)
	bad[3].X = math.NaN()
	for name, b := range map[string][]Point2{
		"fewer": good[:9], "not a number": bad, "all one": make([]Point2, 10), "none": nil,
	} {
		if rms, ok := RigidResidual(head, b, 0); ok {
			t.Errorf("%s: leaves %g, want none", name, rms)
		}
	}
	if rms, ok := RigidResidual(head[:4], good[:4], 0); ok {
		t.Errorf("four points: leaves %g, want none", rms)
	}
}

func BenchmarkRigidResidual(b *testing.B) {
	rng := rand.New(rand.NewPCG(9, 10))
	head := cloud(rng, 85, false)
	seen := view(head, turned(0.4, 0.1), 0)
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := RigidResidual(head, seen, 0.001); !ok {
			b.Fatal("no view")
		}
	}
}
