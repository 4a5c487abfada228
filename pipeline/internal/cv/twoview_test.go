package cv

import (
	"math"
	"math/rand/v2"
	"testing"
)

// cloud makes n points in a cube of side 200 around the origin; flat ones have no Z.
func cloud(rng *rand.Rand, n int, flat bool) []Point3 {
	p := make([]Point3, n)
	for i := range p {
		p[i] = Point3{X: 200*rng.Float64() - 100, Y: 200*rng.Float64() - 100, Z: 200*rng.Float64() - 100}
		if flat {
			p[i].Z = 0
		}
	}
	return p
}

// turned is the rotation by yaw and pitch, in radians.
func turned(yaw, pitch float64) Similarity {
	sy, cy := math.Sincos(yaw)
	sp, cp := math.Sincos(pitch)
	return Similarity{Scale: 1, Rotation: [3][3]float64{
		{cy, 0, sy},
		{sp * sy, cp, -sp * cy},
		{-cp * sy, sp, cp * cy},
	}}
}

// view sees p from distance pixels, which is the focal length too; 0 is from afar.
func view(p []Point3, s Similarity, distance float64) []Point2 {
	out := make([]Point2, len(p))
	for i, v := range p {
		q := s.Apply(v)
		w := 1.0
		if distance > 0 {
			w = distance / (distance + q.Z)
		}
		out[i] = Point2{w * q.X, w * q.Y}
	}
	return out
}

func TestResidualsTellAPlaneFromAHead(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	head, plane := cloud(rng, 60, false), cloud(rng, 60, true)
	straight, turn := turned(0, 0), turned(0.4, 0.1)

	if rms, ok := HomographyResidual(view(plane, straight, 600), view(plane, turn, 600)); !ok || rms > 1e-6 {
		t.Errorf("tilted plane: homography leaves %g, %v, want 0, true", rms, ok)
	}
	if rms, ok := HomographyResidual(view(head, straight, 600), view(head, turn, 600)); !ok || rms < 5 {
		t.Errorf("turned head: homography leaves %g, %v, want more than 5, true", rms, ok)
	}
}

func TestResidualsRefuse(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	good := view(cloud(rng, 10, false), turned(0.1, 0), 0)
	line := make([]Point2, 10)
	for i := range line {
		line[i] = Point2{float64(i), 2 * float64(i)}
	}
	bad := append([]Point2(nil), good...)
	bad[3].X = math.NaN()
	far := append([]Point2(nil), good...)
	far[3].X = math.Inf(1)
	for name, pair := range map[string][2][]Point2{
		"none": {}, "four": {good[:4], good[:4]}, "different numbers": {good, good[:9]},
		"NaN": {good, bad}, "infinite": {far, good},
	} {
		if rms, ok := HomographyResidual(pair[0], pair[1]); ok {
			t.Errorf("%s: homography leaves %g, want refusal", name, rms)
		}
	}
	same := make([]Point2, 10)
	for name, degenerate := range map[string][]Point2{"line": line, "one point": same} {
		if rms, ok := HomographyResidual(good, degenerate); ok {
			t.Errorf("onto a %s: homography leaves %g, want refusal", name, rms)
		}
	}
}

func TestFitSimilarity(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	a := cloud(rng, 40, false)
	want := turned(-0.7, 0.3)
	want.Scale, want.Shift = 2.5, Point3{10, -20, 30}
	b := make([]Point3, len(a))
	weights := make([]float64, len(a))
	for i, p := range a {
		b[i], weights[i] = want.Apply(p), rng.Float64()
	}
	b[7], weights[7] = Point3{1e6, 0, 0}, 0 // an outlier without weight
	got, rms, ok := FitSimilarity(a, b, weights)
	if !ok || rms > 1e-5 || math.Abs(got.Scale-want.Scale) > 1e-9 {
		t.Errorf("fit = %+v, rms %g, %v, want %+v, 0, true", got, rms, ok, want)
	}
	for i := range 3 {
		for j := range 3 {
			if math.Abs(got.Rotation[i][j]-want.Rotation[i][j]) > 1e-9 {
				t.Errorf("rotation[%d][%d] = %g, want %g", i, j, got.Rotation[i][j], want.Rotation[i][j])
			}
		}
	}
	b[0].X += 1
	if _, rms, _ := FitSimilarity(a, b, nil); rms < 0.01 {
		t.Errorf("rms with a moved point = %g, want more than 0.01", rms)
	}
	if _, _, ok := FitSimilarity(make([]Point3, 5), a[:5], nil); ok {
		t.Error("fit of one point repeated is ok, want refusal")
	}
}

func BenchmarkHomographyResidual(b *testing.B) {
	rng := rand.New(rand.NewPCG(7, 8))
	head := cloud(rng, 478, false)
	p, q := view(head, turned(0, 0), 600), view(head, turned(0.3, 0), 600)
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := HomographyResidual(p, q); !ok {
			b.Fatal("refused")
		}
	}
}
