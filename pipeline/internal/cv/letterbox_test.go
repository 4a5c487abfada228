package cv

import (
	"fmt"
	"math"
	"testing"

	"vivavoce/media"
)

// TestLetterbox compares with a finely sampled average: the cuts between pixels
// fall on whole samples, so a smooth scene differs by little and the border not at all.
func TestLetterbox(t *testing.T) {
	for _, size := range []int{32, 128} {
		for _, dims := range [][2]int{{640, 480}, {480, 640}, {641, 363}, {100, 75}, {40, 300}, {4096, 16}, {16, 16}, {1, 1}, {9000, 5}} {
			f := scene(dims[0], dims[1], dims[0]%2 == 0)
			got := make([]float32, 3*size*size)
			r := Letterbox(got, f, size, -1, 1)
			name := fmt.Sprintf("%d×%d to %d", dims[0], dims[1], size)
			if r.Side != float64(max(dims[0], dims[1])) {
				t.Errorf("%s: side = %g, want the longer one", name, r.Side)
			}
			compareMeans(t, name, got, averaged(f, r, size), size)
		}
	}
}

// averaged samples 8×8 places of each pixel of the region.
func averaged(f *media.Frame, r Region, size int) []float32 {
	fine := reference(f, r, size*8, -1, 1)
	dst := make([]float32, 3*size*size)
	for i := range fine {
		c, v, u := i/(64*size*size), i/(8*size)%(8*size), i%(8*size)
		dst[(c*size+v/8)*size+u/8] += fine[i] / 64
	}
	return dst
}

func compareMeans(t *testing.T, name string, got, want []float32, size int) {
	t.Helper()
	sum, black := 0.0, 0
	for i := range got {
		d := math.Abs(float64(got[i] - want[i]))
		sum += d
		if want[i] == -1 && got[i] != -1 {
			black++
		}
	}
	if mean := sum / float64(len(got)); mean > 0.1 {
		t.Errorf("%s: differs by %.3f on average, want at most 0.1 of 2", name, mean)
	}
	if black > 3*2*2*size {
		t.Errorf("%s: %d values around the frame are not black", name, black)
	}
}

func TestLetterboxAllocatesNothing(t *testing.T) {
	f := scene(640, 480, false)
	dst := make([]float32, 3*128*128)
	if n := testing.AllocsPerRun(20, func() { Letterbox(dst, f, 128, -1, 1) }); n != 0 {
		t.Errorf("Letterbox allocates %g times, want 0", n)
	}
}

func BenchmarkLetterbox(b *testing.B) {
	for _, dims := range [][2]int{{640, 480}, {1280, 720}} {
		f := scene(dims[0], dims[1], false)
		for _, size := range []int{128, 192} {
			dst := make([]float32, 3*size*size)
			b.Run(fmt.Sprintf("%d to %d", dims[0], size), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					Letterbox(dst, f, size, -1, 1)
				}
			})
		}
	}
}
