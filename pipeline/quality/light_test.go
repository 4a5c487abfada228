package quality

import (
	"math"
	"testing"
)

// patchOf makes the stats of a hundred equal samples.
func patchOf(luma uint8, cb, cr float64) *stats {
	s := &stats{n: 100, cb: 100 * cb, cr: 100 * cr}
	s.luma[luma] = 100
	s.light = 100 * math.Pow(float64(luma)/255, 2.2)
	return s
}

func near(a, b, within float64) bool { return math.Abs(a-b) <= within }

func TestTone(t *testing.T) {
	for _, c := range []struct {
		full   bool
		sample uint8
		luma   uint8
		light  float32
		chroma float32
	}{
		{false, 16, 0, 0, -127.5}, {false, 235, 255, 1, 121.8}, {false, 0, 0, 0, -145.7}, {false, 255, 255, 1, 144.6},
		{true, 0, 0, 0, -128}, {true, 255, 255, 1, 127}, {true, 128, 128, 0.22, 0},
	} {
		tone := newTone(c.full)
		if got := tone.luma[c.sample]; got != c.luma {
			t.Errorf("full %v, sample %d: luma %d, want %d", c.full, c.sample, got, c.luma)
		}
		if got := tone.linear[c.sample]; !near(float64(got), float64(c.light), 0.01) {
			t.Errorf("full %v, sample %d: light %g, want %g", c.full, c.sample, got, c.light)
		}
		if got := tone.chromaOf(c.sample); !near(float64(got), float64(c.chroma), 0.1) {
			t.Errorf("full %v, sample %d: chroma %g, want %g", c.full, c.sample, got, c.chroma)
		}
	}
}

func TestLuma(t *testing.T) {
	s := patchOf(0, 0, 0)
	s.merge(patchOf(255, 0, 0))
	mean, variance := lumaMoments(s)
	if mean != 0.5 || !near(variance, 0.25, 1e-9) {
		t.Errorf("half black, half white: mean %g, variance %g, want 0.5, 0.25", mean, variance)
	}
	if got := dynamicRange(s); got != 1 {
		t.Errorf("half black, half white: %g bits, want 1", got)
	}
	if got := underExposurePrevention(s); got != 0.5 {
		t.Errorf("half black: prevention of under-exposure %g, want 0.5", got)
	}
	if got := s.quantile(0.4); got != 0 {
		t.Errorf("0.4 quantile %g, want 0", got)
	}
	if got := s.quantile(0.6); got != 255 {
		t.Errorf("0.6 quantile %g, want 255", got)
	}
}

func TestBurnt(t *testing.T) {
	for _, c := range []struct {
		luma, cr float32
		want     bool
	}{{247, 0, true}, {246, 0, false}, {235, 15, true}, {235, 5, false}, {200, 60, false}} {
		if got := burnt(c.luma, c.cr); got != c.want {
			t.Errorf("burnt(%g, %g) = %v, want %v", c.luma, c.cr, got, c.want)
		}
	}
}

func TestUniformity(t *testing.T) {
	if got := uniformity(patchOf(100, 0, 0), patchOf(105, 0, 0)); got != 1 {
		t.Errorf("equal cheeks: %g, want 1", got)
	}
	if got := uniformity(patchOf(100, 0, 0), patchOf(200, 0, 0)); got != 0 {
		t.Errorf("unlike cheeks: %g, want 0", got)
	}
}

// TestLightBalance turns heads under a lamp at the camera: who turns left shows the
// right cheek, which is the brighter one then. That is no uneven light.
func TestLightBalance(t *testing.T) {
	for _, c := range []struct {
		name        string
		left, right uint8
		yaw         float64
		low, high   float64
	}{
		{"even", 150, 150, 0, 0, 0},
		{"three times the light on the left", 165, 100, 0, 0.45, 0.55},
		{"three times the light on the right", 100, 165, 0, -0.55, -0.45},
		{"turned left under a lamp at the camera", 140, 155, 15, -0.05, 0.05},
		{"turned right under a lamp at the camera", 155, 140, -15, -0.05, 0.05},
		{"turned left, and the left cheek brighter", 155, 140, 15, 0.15, 0.3},
		{"black", 0, 0, 10, 0, 0},
	} {
		if got := lightBalance(patchOf(c.left, 0, 0), patchOf(c.right, 0, 0), c.yaw); !(got >= c.low && got <= c.high) {
			t.Errorf("%s: %g, want %g to %g", c.name, got, c.low, c.high)
		}
	}
}

func TestBackLight(t *testing.T) {
	for _, c := range []struct {
		name         string
		face, behind uint8
		highlights   float64
		low, high    float64
	}{
		{"window behind", 60, 255, 0.28, 0.75, 1},
		{"window behind, dark skin whose eyes are bright", 60, 255, 0.55, 0, 0},
		{"grey wall", 60, 150, 0.28, 0, 0},
		{"bright face, bright wall", 200, 255, 0.28, 0, 0},
	} {
		if got := backLight(patchOf(c.face, 0, 0), patchOf(c.behind, 0, 0), c.highlights); !(got >= c.low && got <= c.high) {
			t.Errorf("%s: %g, want %g to %g", c.name, got, c.low, c.high)
		}
	}
}

func TestLipsVisible(t *testing.T) {
	skin := patchOf(128, -15, 20)
	for _, c := range []struct {
		name      string
		lips      *stats
		around    *stats
		low, high float64
	}{
		{"as the skin", patchOf(128, -15, 20), skin, 0, 0},
		{"redder", patchOf(128, -15, 30), skin, 0.7, 0.72},
		{"less yellow", patchOf(128, -5, 20), skin, 0.7, 0.72},
		{"darker", patchOf(96, -15, 20), skin, 0.7, 0.72},
		{"redder and darker", patchOf(96, -15, 30), skin, 1, 1},
		{"less red, as a finger in the shade may be", patchOf(120, -15, 10), skin, 0, 0.2},
		{"paler than a beard", patchOf(128, -15, 20), patchOf(50, 0, 5), 0.7, 1},
	} {
		if got := lipsVisible(c.lips, c.around, skin); !(got >= c.low && got <= c.high) {
			t.Errorf("%s: %g, want %g to %g", c.name, got, c.low, c.high)
		}
	}
	grey := patchOf(128, 0, 1)
	if got := lipsVisible(patchOf(105, 0, 1), grey, grey); !near(got, 1, 0.05) {
		t.Errorf("darker, without colour: %g, want 1", got)
	}
}

func TestMoveTo(t *testing.T) {
	for _, c := range []struct {
		x, y float64
		want string
	}{{0.3, 0.1, "right"}, {-0.3, 0.1, "left"}, {0.1, 0.3, "up"}, {0.1, -0.3, "down"}} {
		if got := moveTo(c.x, c.y); string(got) != c.want {
			t.Errorf("moveTo(%g, %g) = %q, want %q", c.x, c.y, got, c.want)
		}
	}
}
