package face

import (
	"math"
	"testing"

	"vivavoce/models"
	"vivavoce/pipeline"
	"vivavoce/pipeline/internal/cv"
)

// made is the canonical head as the mesh would see it: at a pose, from afar, in pixels,
// with the depth that the mesh gives.
func made(g *models.Geometry, p pipeline.Pose) *[pipeline.Points]pipeline.Point {
	const radians = math.Pi / 180
	sy, cy := math.Sincos(p.Yaw * radians)
	sp, cp := math.Sincos((level - p.Pitch) * radians)
	sr, cr := math.Sincos(p.Roll * radians)
	var out [pipeline.Points]pipeline.Point
	for i, v := range g.Vertices {
		x, y, z := float64(v[0]), -float64(v[1]), -float64(v[2])
		y, z = cp*y-sp*z, sp*y+cp*z // chin to the chest: positive
		x, z = cy*x-sy*z, sy*x+cy*z // to the person's left
		x, y = cr*x-sr*y, sr*x+cr*y // clockwise
		out[i] = pipeline.Point{X: float32(320 + 12*x), Y: float32(240 + 12*y), Z: float32(12 * z / depth)}
	}
	for i := meshPoints; i < pipeline.Points; i++ { // no irises: they are with the lids
		out[i] = out[rightInner]
	}
	return &out
}

func geometry(tb testing.TB) *models.Geometry {
	tb.Helper()
	l, err := library()
	if err != nil {
		tb.Fatalf("models (make models): %v", err)
	}
	g, err := l.Geometry()
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

func TestPoseOfTheCanonicalHead(t *testing.T) {
	g := geometry(t)
	c := newCanon(g)
	scratch := make([]cv.Point3, len(c.points))
	for yaw := -60.0; yaw <= 60; yaw += 20 {
		for pitch := -40.0; pitch <= 40; pitch += 20 {
			for roll := -60.0; roll <= 60; roll += 30 {
				want := pipeline.Pose{Yaw: yaw, Pitch: pitch, Roll: roll}
				got, ok := c.pose(made(g, want), scratch)
				if d := max(math.Abs(got.Yaw-yaw), math.Abs(got.Pitch-pitch), math.Abs(got.Roll-roll)); !ok || !(d < 0.5) {
					t.Errorf("pose %+.0f read as %+.2f, %v", want, got, ok)
				}
			}
		}
	}
}

// TestPoseSigns states the convention by what moves where in the picture.
func TestPoseSigns(t *testing.T) {
	g := geometry(t)
	const nose, chin, brow = 1, 152, 10
	at := func(p pipeline.Pose, i int) pipeline.Point { return made(g, p)[i] }
	front := pipeline.Pose{}
	if a, b := at(front, nose), at(pipeline.Pose{Yaw: 20}, nose); b.X <= a.X {
		t.Error("yaw +: the nose must move to the picture's right")
	}
	if a, b := at(front, nose), at(pipeline.Pose{Pitch: 20}, nose); b.Y >= a.Y {
		t.Error("pitch +: the nose must move up")
	}
	if a, b := at(pipeline.Pose{Roll: 20}, brow), at(pipeline.Pose{Roll: 20}, chin); a.X <= b.X {
		t.Error("roll +: the forehead must be right of the chin")
	}
}

func TestPoseRefusesNothing(t *testing.T) {
	c := newCanon(geometry(t))
	scratch := make([]cv.Point3, len(c.points))
	if p, ok := c.pose(new([pipeline.Points]pipeline.Point), scratch); ok {
		t.Errorf("pose of 478 points in one place = %+.1f, want refusal", p)
	}
	bad := made(geometry(t), pipeline.Pose{})
	bad[c.index[0]].X = float32(math.NaN())
	if p, ok := c.pose(bad, scratch); ok {
		t.Errorf("pose with NaN = %+.1f, want refusal", p)
	}
}
