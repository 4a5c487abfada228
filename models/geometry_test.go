package models

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func geometryBytes(tb testing.TB) []byte {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join(prepared(tb), geometryFile))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// TestGeometry holds the canonical face to what is known of heads.
func TestGeometry(t *testing.T) {
	g, err := opened(t, 1).Geometry()
	if err != nil {
		t.Fatal(err)
	}
	if len(g.Triangles) != 898 {
		t.Errorf("%d triangles, want 898", len(g.Triangles))
	}
	// Landmark numbers of the mesh: 1 tip of the nose, 10 top of the forehead,
	// 152 chin, 33 and 263 outer corners of the right and the left eye.
	nose, top, chin, right, left := g.Vertices[1], g.Vertices[10], g.Vertices[152], g.Vertices[33], g.Vertices[263]
	if nose[0] != 0 || top[0] != 0 || chin[0] != 0 {
		t.Errorf("nose %v, forehead %v, chin %v are not in the middle", nose, top, chin)
	}
	if h := top[1] - chin[1]; h < 15 || h > 19 {
		t.Errorf("the face is %.1f cm high", h)
	}
	if right[0] != -left[0] || left[0] < 3.5 || left[0] > 5 {
		t.Errorf("outer eye corners at %v and %v", right, left)
	}
	deepest := slices.IndexFunc(g.Vertices[:], func(v [3]float32) bool { return v[2] > nose[2]+0.2 })
	if deepest >= 0 {
		t.Errorf("vertex %d is nearer to the viewer than the nose", deepest)
	}
	weights := float32(0)
	for _, w := range g.Weights {
		weights += w
	}
	if math.Abs(float64(weights)-1.055) > 1e-4 || g.Weights[4] == 0 || g.Weights[0] != 0 {
		t.Errorf("weights add up to %v, want 1.055; the nose has %v", weights, g.Weights[4])
	}
	if top, chin := g.UV[10], g.UV[152]; top[1] >= chin[1] {
		t.Errorf("V of forehead %v, of chin %v: want it to grow downwards", top[1], chin[1])
	}
}

func TestGeometryRefuses(t *testing.T) {
	whole := geometryBytes(t)
	const mesh = 19000 // bytes; a cut between the weights that follow is no malformed message
	for n := range mesh / 64 {
		if g, err := parseGeometry(whole[:n*64]); !errors.Is(err, errGeometry) {
			t.Errorf("cut at %d: %v, %v, want errGeometry", n*64, g != nil, err)
		}
	}
}

func FuzzGeometry(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0x0a, 7, 0x1d, 0, 0, 0x80, 0x3f, 0x20, 3, 0x12, 7, 8, 4, 0x15, 0, 0, 0x80, 0x3f})
	f.Fuzz(func(t *testing.T, b []byte) {
		g, err := parseGeometry(b)
		if err == nil {
			for _, tri := range g.Triangles {
				if max(tri[0], tri[1], tri[2]) >= points {
					t.Errorf("triangle %v", tri)
				}
			}
		}
	})
}
