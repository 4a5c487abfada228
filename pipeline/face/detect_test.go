package face

import (
	"math"
	"testing"

	"vivavoce/pipeline/internal/cv"
)

func TestAnchors(t *testing.T) {
	short, full := shortAnchors(), fullAnchors()
	if len(short) != 896 || len(full) != 2304 {
		t.Fatalf("%d and %d anchors, want 896 and 2304", len(short), len(full))
	}
	for _, test := range []struct {
		name      string
		got, want anchor
	}{
		{"first of short", short[0], anchor{0.5 / 16, 0.5 / 16}},
		{"third of short", short[2], anchor{1.5 / 16, 0.5 / 16}},
		{"first of the 8×8", short[512], anchor{0.5 / 8, 0.5 / 8}},
		{"last of short", short[895], anchor{7.5 / 8, 7.5 / 8}},
		{"second row of full", full[48], anchor{0.5 / 48, 1.5 / 48}},
	} {
		if test.got != test.want {
			t.Errorf("%s is at %v, want %v", test.name, test.got, test.want)
		}
	}
}

func TestDecode(t *testing.T) {
	k := detectorKind{size: 128, anchors: []anchor{{0.5, 0.5}, {0.25, 0.75}, {0, 0}}}
	boxes := make([]float32, 3*boxValues)
	// Second anchor: centre 4 right of it, 32 wide and 64 high; eyes at ±8.
	copy(boxes[boxValues:], []float32{4, 0, 32, 64, -8, -2, 8, 2})
	boxes[2*boxValues+2] = float32(math.NaN())
	out := [][]float32{boxes, {-0.1, 2, 5}}
	got := decode(nil, out, &k, cv.Region{CX: 320, CY: 240, Side: 640}) // 5 pixels for each of 128
	want := detection{
		score: 1 / (1 + math.Exp(-2)),
		x0:    160 + 5*(4-16), y0: 400 - 5*32, x1: 160 + 5*(4+16), y1: 400 + 5*32,
		rightX: 160 - 40, rightY: 400 - 10, leftX: 160 + 40, leftY: 400 + 10,
	}
	if len(got) != 1 {
		t.Fatalf("decoded %d, want the one with a score and a box: %v", len(got), got)
	}
	if d := difference(got[0], want); d > 1e-3 {
		t.Errorf("decoded %+v, want %+v", got[0], want)
	}
	r := got[0].region()
	if math.Abs(r.Side-1.5*320) > 1e-3 || math.Abs(r.Angle-math.Atan2(20, 80)) > 1e-6 {
		t.Errorf("region = %+v, want a side of 480 along the eyes", r)
	}
}

func difference(a, b detection) float64 {
	return max(math.Abs(a.score-b.score), math.Abs(a.x0-b.x0), math.Abs(a.y0-b.y0), math.Abs(a.x1-b.x1), math.Abs(a.y1-b.y1),
		math.Abs(a.rightX-b.rightX), math.Abs(a.rightY-b.rightY), math.Abs(a.leftX-b.leftX), math.Abs(a.leftY-b.leftY))
}

func square10(score, x, y float64) detection {
	return detection{score: score, x0: x, y0: y, x1: x + 10, y1: y + 10}
}

func TestMerge(t *testing.T) {
	tests := []struct {
		name string
		raw  []detection
		want []detection
	}{
		{"none", nil, nil},
		{"one", []detection{square10(0.7, 0, 0)}, []detection{square10(0.7, 0, 0)}},
		{"weighted by score", []detection{square10(0.5, 0, 0), square10(1, 3, 0)}, []detection{square10(1, 2, 0)}},
		{"apart, best first", []detection{square10(0.6, 0, 0), square10(0.9, 50, 0)}, []detection{square10(0.9, 50, 0), square10(0.6, 0, 0)}},
		{"touching a little", []detection{square10(0.9, 0, 0), square10(0.6, 6, 0)}, []detection{square10(0.9, 0, 0), square10(0.6, 6, 0)}},
		{"without area", []detection{{score: 0.9, x1: 5}, square10(0.6, 0, 0)}, []detection{square10(0.6, 0, 0)}},
	}
	for _, test := range tests {
		got := merge(nil, test.raw)
		if len(got) != len(test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
			continue
		}
		for i := range got {
			if difference(got[i], test.want[i]) > 1e-9 {
				t.Errorf("%s: %v, want %v", test.name, got[i], test.want[i])
			}
		}
	}
}
