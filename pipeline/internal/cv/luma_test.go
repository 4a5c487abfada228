package cv

import (
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"vivavoce/media"
)

// grey makes a frame whose luma at x, y is value(x, y) and whose colour is none.
func grey(width, height int, value func(x, y int) byte) *media.Frame {
	f := new(media.Pool).Get(width, height)
	for y := range height {
		for x := range width {
			f.Y[y*f.YStride+x] = value(x, y)
		}
	}
	for i := range f.Cb {
		f.Cb[i], f.Cr[i] = 128, 128
	}
	return f
}

func TestLuma(t *testing.T) {
	halves := func(x, _ int) byte {
		if x < 5 {
			return 16
		}
		return 235
	}
	tests := []struct {
		name      string
		full      bool
		r         image.Rectangle
		mean, std float64
	}{
		{"studio range is widened", false, image.Rect(0, 0, 10, 7), 127.5, 127.5},
		{"full range is left alone", true, image.Rect(0, 0, 10, 7), 125.5, 109.5},
		{"left half", false, image.Rect(0, 0, 5, 7), 0, 0},
		{"cut to the frame", false, image.Rect(5, -10, 99, 99), 255, 0},
		{"outside", false, image.Rect(20, 0, 30, 7), math.NaN(), math.NaN()},
	}
	for _, test := range tests {
		f := grey(10, 7, halves)
		f.FullRange = test.full
		mean, std := Luma(f, test.r)
		if !near(mean, test.mean, 1e-6) || !near(std, test.std, 1e-6) {
			t.Errorf("%s: mean, std = %g, %g, want %g, %g", test.name, mean, std, test.mean, test.std)
		}
	}
}

func near(a, b, within float64) bool {
	return math.Abs(a-b) <= within || math.IsNaN(a) && math.IsNaN(b)
}

func TestPercentile(t *testing.T) {
	f := grey(100, 1, func(x, _ int) byte { return byte(x) })
	f.FullRange = true
	h := LumaHistogram(f, image.Rect(0, 0, 100, 1))
	for p, want := range map[float64]float64{0: 0, 0.01: 0, 0.5: 49, 0.95: 94, 1: 99} {
		if got := h.Percentile(p); got != want {
			t.Errorf("percentile %g = %g, want %g", p, got, want)
		}
	}
	empty := LumaHistogram(f, image.Rectangle{})
	if got := empty.Percentile(0.5); !math.IsNaN(got) {
		t.Errorf("percentile of nothing = %g, want NaN", got)
	}
}

func TestSharpness(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	noise := make([]byte, 64*64)
	for i := range noise {
		noise[i] = byte(rng.IntN(256))
	}
	at := func(x, y int) byte { return noise[(y/4%64)*64+x/4%64] }
	blurred := func(x, y int) byte {
		sum := 0
		for dy := range 9 {
			for dx := range 9 {
				sum += int(at(x+dx, y+dy))
			}
		}
		return byte(sum / 81)
	}
	r := image.Rect(0, 0, 160, 160)
	sharp := Sharpness(grey(200, 200, at), r)
	soft := Sharpness(grey(200, 200, blurred), r)
	flat := Sharpness(grey(200, 200, func(int, int) byte { return 90 }), r)
	if !(sharp > 10*soft && soft > 10 && flat == 0) {
		t.Errorf("sharp, soft, flat = %g, %g, %g, want falling by ten and 0", sharp, soft, flat)
	}
	if got := Sharpness(grey(2, 2, at), r); !math.IsNaN(got) {
		t.Errorf("sharpness of 2×2 = %g, want NaN", got)
	}
	if got := Sharpness(grey(2000, 9, at), image.Rect(0, 0, 2000, 9)); math.IsNaN(got) {
		t.Error("sharpness of a thin strip is NaN")
	}
}

func TestDifference(t *testing.T) {
	f := grey(11, 7, func(x, y int) byte { return byte(10*x + y) })
	var a, b, small Patch
	r := image.Rect(1, 1, 99, 99)
	a.Take(f, r, 2)
	b.Take(f, r, 2)
	if got := Difference(&a, &b); got != 0 {
		t.Errorf("difference of one frame to itself = %g, want 0", got)
	}
	for i := range f.Y {
		f.Y[i] += 3
	}
	b.Take(f, r, 2)
	if got := Difference(&a, &b); got != 3 {
		t.Errorf("difference of a frame 3 brighter = %g, want 3", got)
	}
	small.Take(f, image.Rect(0, 0, 4, 4), 1)
	if got := Difference(&a, &small); !math.IsNaN(got) {
		t.Errorf("difference of sizes = %g, want NaN", got)
	}
	if got := Difference(new(Patch), new(Patch)); !math.IsNaN(got) {
		t.Errorf("difference of nothing = %g, want NaN", got)
	}
	if n := testing.AllocsPerRun(10, func() { b.Take(f, r, 2); Difference(&a, &b) }); n != 0 {
		t.Errorf("Take and Difference allocate %g times, want 0", n)
	}
}

func BenchmarkLuma(b *testing.B) {
	f := grey(640, 480, func(x, y int) byte { return byte(x ^ y) })
	b.ReportAllocs()
	for b.Loop() {
		Luma(f, image.Rect(200, 100, 440, 340))
	}
}

func BenchmarkSharpness(b *testing.B) {
	f := grey(640, 480, func(x, y int) byte { return byte(x ^ y) })
	b.ReportAllocs()
	for b.Loop() {
		Sharpness(f, image.Rect(200, 100, 440, 340))
	}
}
