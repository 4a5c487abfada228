package texture

import (
	"math"
	"testing"
)

// frameAround paints a dark frame, thick of the picture's height, around the middle; turned by so many degrees, its sides w and h
// over the picture's height. Sides that are false are left out: left, right, top, bottom.
func frameAround(w, h, thick, turned float64, sides [4]bool) func(x, y float64) float64 {
	sin, cos := math.Sincos(turned * math.Pi / 180)
	return func(x, y float64) float64 {
		dx, dy := (x-320)/480, (y-240)/480
		u, v := dx*cos+dy*sin, dy*cos-dx*sin
		du, dv := math.Abs(u)-w/2, math.Abs(v)-h/2
		if max(du, dv) < 0 || max(du, dv) > thick {
			return 0
		}
		for side, in := range [4]bool{u < -w/2, u > w/2, v < -h/2, v > h/2} {
			if in && sides[side] {
				return -60
			}
		}
		return 0
	}
}

func TestBorder(t *testing.T) {
	all := [4]bool{true, true, true, true}
	for _, c := range []struct {
		name  string
		paint func(x, y float64) float64
		there bool
	}{
		{"nothing", func(float64, float64) float64 { return 0 }, false},
		{"a screen", frameAround(1, 0.8, 0.05, 0, all), true},
		{"held askew", frameAround(0.9, 0.75, 0.05, 8, all), true},
		{"a light sheet", func(x, y float64) float64 { return -frameAround(1, 0.8, 0.08, -5, all)(x, y) }, true},
		{"a door behind", frameAround(0.7, 0.8, 0.05, 0, [4]bool{true, true, true, false}), false},
		{"a screen whose right side is outside", func(x, y float64) float64 { return frameAround(1, 0.8, 0.05, 4, all)(x-140, y) }, true},
		{"a screen whose left side is outside", func(x, y float64) float64 { return frameAround(1, 0.8, 0.05, -4, all)(x+140, y) }, true},
		{"a screen whose top is outside", func(x, y float64) float64 { return frameAround(0.9, 0.8, 0.05, 3, all)(x, y+90) }, true},
		{"a screen whose bottom is outside", func(x, y float64) float64 { return frameAround(0.9, 0.8, 0.05, 3, all)(x, y-90) }, false},
		{"a screen's corner", func(x, y float64) float64 { return frameAround(1, 0.8, 0.05, 3, all)(x-140, y+90) }, false},
		{"a door beside a table", func(x, y float64) float64 {
			return min(frameAround(0.9, 0.9, 0.05, 0, [4]bool{true, false, false, false})(x, y), frameAround(2, 0.8, 0.05, 0, [4]bool{false, false, false, true})(x, y))
		}, false},
		{"a table before", frameAround(1, 0.8, 0.05, 0, [4]bool{false, false, false, true}), false},
		{"dark bars above and below", frameAround(4.0/3, 0.8, 0.2, 0, [4]bool{false, false, true, true}), false},
		{"a frame on the wall beside", func(x, y float64) float64 { return frameAround(0.25, 0.3, 0.03, 0, all)(x+260, y+100) }, false},
		{"stripes", func(x, y float64) float64 { return 30 * math.Sin(x/12) }, false},
		{"tiles", func(x, y float64) float64 { return 20 * (math.Sin(x/30) + math.Sin(y/30)) }, false},
		{"a window whose lower edge the chest hides", func(x, y float64) float64 {
			if y > 400 && math.Abs(x-320) < 150 {
				return 0
			}
			return frameAround(1, 0.85, 0.05, 0, all)(x, y)
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := scene(640, 480, 1)
			add(f, c.paint)
			if got := borderOdds(newBorder().find(faceIn(f, 160))); (got > borderWeight/2) != c.there {
				t.Errorf("costs %.2f of %d, want there %v", got, borderWeight, c.there)
			}
		})
	}
}

func BenchmarkBorder(b *testing.B) {
	f := scene(640, 480, 1)
	add(f, frameAround(1, 0.8, 0.05, 4, [4]bool{true, true, true, true}))
	face, s := faceIn(f, 160), newBorder()
	b.ReportAllocs()
	for b.Loop() {
		s.find(face)
	}
}
