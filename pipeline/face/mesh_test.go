package face

import (
	"math"
	"slices"
	"testing"

	"vivavoce/pipeline"
	"vivavoce/pipeline/internal/cv"
)

// TestRefinementsCoverTheirParts holds the lists against what is known of them: sizes
// that the network's outputs have, no point twice, and the other eye in the mirror.
func TestRefinementsCoverTheirParts(t *testing.T) {
	seen := map[int]string{}
	for _, r := range refinements() {
		for _, p := range r.points {
			if other := seen[p]; other != "" || p < 0 || p >= pipeline.Points {
				t.Errorf("point %d is in %s and in %q", p, r.output, other)
			}
			seen[p] = r.output
		}
	}
	if len(lipPoints()) != 80 || len(rightEyePoints()) != 71 || len(leftEyePoints()) != 71 {
		t.Errorf("%d lips, %d and %d eyes, want 80, 71 and 71", len(lipPoints()), len(rightEyePoints()), len(leftEyePoints()))
	}
	for i := meshPoints; i < pipeline.Points; i++ {
		if seen[i] == "" {
			t.Errorf("iris point %d comes from nowhere", i)
		}
	}
	g := geometry(t)
	left := leftEyePoints()
	for i, p := range rightEyePoints() {
		a, b := g.Vertices[p], g.Vertices[left[i]]
		if d := math.Hypot(float64(a[0]+b[0]), float64(a[1]-b[1])); d > 0.2 {
			t.Errorf("points %d and %d are not each other's mirror: %v, %v", p, left[i], a, b)
		}
	}
}

func TestRefine(t *testing.T) {
	var points [pipeline.Points]pipeline.Point
	for i := range points {
		points[i] = pipeline.Point{X: 1, Y: 2, Z: float32(i)}
	}
	refine(&refinement{points: []int{5, 3}}, []float32{10, 11, 12, 13}, &points)
	if points[5] != (pipeline.Point{X: 10, Y: 11, Z: 5}) || points[3] != (pipeline.Point{X: 12, Y: 13, Z: 3}) {
		t.Errorf("refined without depth: %v, %v, want new x and y, old z", points[5], points[3])
	}
	refine(&refinement{points: []int{470}, depth: []int{10, 20}}, []float32{7, 8}, &points)
	if points[470] != (pipeline.Point{X: 7, Y: 8, Z: 15}) {
		t.Errorf("refined with depth: %v, want 7 8 15", points[470])
	}
}

func TestProject(t *testing.T) {
	r := cv.Region{CX: 300, CY: 200, Side: 384, Angle: 0.3}
	var points [pipeline.Points]pipeline.Point
	points[0] = pipeline.Point{X: 96, Y: 96, Z: -10}
	points[1] = pipeline.Point{X: 192, Y: 0}
	project(&points, r, 192)
	x, y := r.At(1, 0)
	if p := points[0]; math.Hypot(float64(p.X)-300, float64(p.Y)-200) > 1e-3 || p.Z != -20 {
		t.Errorf("centre = %v, want 300 200 -20", p)
	}
	if p := points[1]; math.Hypot(float64(p.X)-x, float64(p.Y)-y) > 1e-3 {
		t.Errorf("corner = %v, want %g %g", p, x, y)
	}
}

func TestAroundIsTurnedWithTheEyes(t *testing.T) {
	g := geometry(t)
	straight := around(made(g, pipeline.Pose{}))
	leaning := around(made(g, pipeline.Pose{Roll: 30}))
	if math.Abs(leaning.Angle-straight.Angle-math.Pi/6) > 0.01 || math.Abs(leaning.Side/straight.Side-1) > 0.02 {
		t.Errorf("around a head that leans by 30°: %+v, want the side of %+v and half a radian more", leaning, straight)
	}
}

func TestLoadNamesWhatIsMissing(t *testing.T) {
	l, err := library()
	if err != nil {
		t.Fatalf("models (make models): %v", err)
	}
	if _, err := New(l, Options{Again: -1}); err == nil {
		t.Error("New takes a negative Again")
	}
	if _, err := loadDetector(l, "face_detector_short", fullAnchors(), 0); err == nil {
		t.Error("a detector with another one's anchors is taken")
	}
	if _, err := loadDetector(l, "face_mesh_attention", shortAnchors(), 0); err == nil {
		t.Error("the mesh is taken for a detector")
	}
	if !slices.IsSorted([]int{meshPoints, pipeline.Points}) {
		t.Error("fewer points than the mesh gives")
	}
}
