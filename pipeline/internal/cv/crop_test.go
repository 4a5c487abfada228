package cv

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"vivavoce/media"
)

// reference is Crop as its documentation says it, in float64 and without haste.
func reference(f *media.Frame, r Region, size int, lo, hi float32) []float32 {
	dst := make([]float32, 3*size*size)
	n := size * size
	for v := range size {
		for u := range size {
			x, y := r.At((float64(u)+0.5)/float64(size), (float64(v)+0.5)/float64(size))
			outside := x < 0 || y < 0 || x >= float64(f.Width) || y >= float64(f.Height)
			var rgb [3]float64
			if !outside || r.Replicate {
				rgb = colourAt(f, x, y, r.Side/float64(size))
			}
			for c, value := range rgb {
				dst[c*n+v*size+u] = lo + (hi-lo)*float32(min(1, max(0, value)))
			}
		}
	}
	return dst
}

func colourAt(f *media.Frame, x, y, step float64) [3]float64 {
	cw, ch := (f.Width+1)/2, (f.Height+1)/2
	l := boxed(f.Y, f.YStride, f.Width, f.Height, x-0.5, y-0.5, step)
	cb := boxed(f.Cb, f.CStride, cw, ch, x/2-0.5, y/2-0.5, step/2) - 128
	cr := boxed(f.Cr, f.CStride, cw, ch, x/2-0.5, y/2-0.5, step/2) - 128
	if f.FullRange {
		l, cb, cr = l/255, cb/255, cr/255
	} else {
		l, cb, cr = (l-16)/219, cb/224, cr/224
	}
	return [3]float64{l + 1.402*cr, l - 0.344136*cb - 0.714136*cr, l + 1.772*cb}
}

// boxed is the mean of n×n bilinear samples one apart, n by how much the crop shrinks.
func boxed(p []byte, stride, width, height int, x, y, step float64) float64 {
	n := 3
	if step < 2.5 {
		n = 2
	}
	if step < 1.5 {
		n = 1
	}
	first, sum := -float64(n-1)/2, 0.0
	for j := range n {
		for i := range n {
			sum += bilinear(p, stride, width, height, x+first+float64(i), y+first+float64(j))
		}
	}
	return sum / float64(n*n)
}

func bilinear(p []byte, stride, width, height int, x, y float64) float64 {
	x, y = min(float64(width-1), max(0, x)), min(float64(height-1), max(0, y))
	i, j := int(x), int(y)
	fx, fy := x-float64(i), y-float64(j)
	i1, j1 := min(i+1, width-1), min(j+1, height-1)
	top := float64(p[j*stride+i])*(1-fx) + float64(p[j*stride+i1])*fx
	bottom := float64(p[j1*stride+i])*(1-fx) + float64(p[j1*stride+i1])*fx
	return top*(1-fy) + bottom*fy
}

// scene makes a smooth coloured picture with some noise, in planes with padding.
func scene(width, height int, full bool) *media.Frame {
	rng := rand.New(rand.NewPCG(uint64(width), uint64(height)))
	cw, ch := (width+1)/2, (height+1)/2
	f := &media.Frame{Width: width, Height: height, YStride: width + 5, CStride: cw + 3, FullRange: full}
	f.Y = make([]byte, (height-1)*f.YStride+width) // not a byte more than promised
	f.Cb, f.Cr = make([]byte, (ch-1)*f.CStride+cw), make([]byte, (ch-1)*f.CStride+cw)
	wave := func(p []byte, stride int, a, b float64) {
		for i := range p {
			x, y := float64(i%stride), float64(i/stride)
			p[i] = byte(128 + 90*math.Sin(x*a)*math.Cos(y*b) + 10*rng.Float64())
		}
	}
	wave(f.Y, f.YStride, 0.11, 0.07)
	wave(f.Cb, f.CStride, 0.05, 0.09)
	wave(f.Cr, f.CStride, 0.03, 0.13)
	return f
}

func TestCropAgainstReference(t *testing.T) {
	regions := map[string]Region{
		"upright inside":   {CX: 160, CY: 120, Side: 100},
		"turned":           {CX: 160, CY: 120, Side: 130, Angle: 0.4},
		"upside down":      {CX: 160, CY: 120, Side: 90, Angle: math.Pi},
		"a quarter":        {CX: 160, CY: 120, Side: 90, Angle: -math.Pi / 2},
		"over the corner":  {CX: 300, CY: 20, Side: 150, Angle: -0.3},
		"over all":         {CX: 160, CY: 120, Side: 900, Angle: 1},
		"whole frame":      {CX: 160, CY: 120, Side: 320},
		"shrunk by two":    {CX: 160, CY: 120, Side: 140, Angle: 0.1},
		"shrunk by four":   {CX: 165, CY: 115, Side: 200, Angle: -0.1},
		"outside":          {CX: -900, CY: 120, Side: 100},
		"a pixel":          {CX: 55.5, CY: 77.2, Side: 1, Angle: 0.2},
		"far outside":      {CX: 1e12, CY: -1e12, Side: 10, Angle: 0.2},
		"larger than life": {CX: 0, CY: 0, Side: 1e9, Angle: 0.2},
	}
	frames := map[string]*media.Frame{
		"320x240": scene(320, 240, false), "full range": scene(320, 240, true), "odd": scene(319, 237, false),
		"wide": scene(4096, 9, false), "16x16": scene(16, 16, false), "7x5": scene(7, 5, true), "1x1": scene(1, 1, false),
	}
	for frame, f := range frames {
		for name, r := range regions {
			for _, r.Replicate = range []bool{false, true} {
				for _, size := range []int{33, 64} {
					got := make([]float32, 3*size*size)
					Crop(got, f, r, size, -1, 1)
					want := reference(f, r, size, -1, 1)
					compare(t, fmt.Sprintf("%s of %s to %d, replicate %v", name, frame, size, r.Replicate), got, want)
				}
			}
		}
	}
}

// compare allows 1/64 of the range (four of 255 steps) anywhere, which is what 7 bits
// of fraction cost on the scene's steepest slopes, and half a step on the average. A
// pixel in a thousand may differ freely: at the frame's very edge rounding decides
// whether it is inside.
func compare(t *testing.T, name string, got, want []float32) {
	t.Helper()
	sum, beyond := 0.0, 0
	for i := range got {
		d := math.Abs(float64(got[i]-want[i])) / 2
		sum += d
		if d > 1.0/64 {
			beyond++
		}
	}
	mean := sum / float64(len(got))
	if beyond > len(got)/1000 || mean > 0.5/255 {
		t.Errorf("%s: %d of %d values differ by more than 1/64, %.4f on average", name, beyond, len(got), mean)
	}
}

func TestCropRefuses(t *testing.T) {
	good := scene(32, 32, false)
	short := *good
	short.Cr = short.Cr[:5]
	for name, test := range map[string]struct {
		f *media.Frame
		r Region
	}{
		"no side":      {good, Region{CX: 16, CY: 16}},
		"NaN":          {good, Region{CX: math.NaN(), CY: 16, Side: 8}},
		"infinite":     {good, Region{CX: 16, CY: 16, Side: math.Inf(1)}},
		"NaN angle":    {good, Region{CX: 16, CY: 16, Side: 8, Angle: math.NaN()}},
		"no picture":   {&media.Frame{}, Region{CX: 16, CY: 16, Side: 8}},
		"short planes": {&short, Region{CX: 16, CY: 16, Side: 8}},
	} {
		dst := make([]float32, 3*8*8)
		fill(dst, 7)
		Crop(dst, test.f, test.r, 8, 0.25, 1)
		for i, v := range dst {
			if v != 0.25 {
				t.Errorf("%s: dst[%d] = %g, want black (0.25)", name, i, v)
				break
			}
		}
	}
}

func TestCropAllocatesNothing(t *testing.T) {
	f := scene(640, 480, false)
	dst := make([]float32, 3*192*192)
	r := Region{CX: 320, CY: 240, Side: 300, Angle: 0.1}
	if n := testing.AllocsPerRun(20, func() { Crop(dst, f, r, 192, 0, 1) }); n != 0 {
		t.Errorf("Crop allocates %g times, want 0", n)
	}
}

func BenchmarkCrop(b *testing.B) {
	f := scene(640, 480, false)
	for _, size := range []int{192, 128, 80} {
		dst := make([]float32, 3*size*size)
		for name, r := range map[string]Region{
			"turned": {CX: 320, CY: 240, Side: 300, Angle: 0.1}, "edge": {CX: 100, CY: 240, Side: 300, Angle: 0.1},
			"shrunk": {CX: 320, CY: 240, Side: 440, Angle: 0.1},
		} {
			b.Run(fmt.Sprintf("%d/%s", size, name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					Crop(dst, f, r, size, 0, 1)
				}
			})
		}
	}
}
