package models

import (
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// picture is a square cut out of a sample of @vladmandic/face-api, made again
// at each test so that no picture is committed.
type picture struct {
	name   string
	sample int     // samples of 1920 pixels width, 1–6; 0 is a synthetic picture
	x, y   float64 // centre, pixels of the sample
	size   float64 // side, pixels of the sample
	angle  float64 // degrees; the crop's x axis points there, clockwise
	gain   int     // brightness in 1/256; 0 means 256
}

// faces are crops for the mesh: 1.5 times a face's box, eyes level, or worse.
func faces() []picture {
	return []picture{
		{name: "frontal", sample: 3, x: 691, y: 480, size: 344, angle: -2},
		{name: "frontal smiling", sample: 3, x: 1170, y: 367, size: 371, angle: 8},
		{name: "three quarters", sample: 4, x: 1050, y: 324, size: 302, angle: -1},
		{name: "laughing with rolled head", sample: 1, x: 1562, y: 337, size: 258, angle: 37},
		{name: "painted face", sample: 1, x: 489, y: 500, size: 304, angle: 3},
		{name: "profile", sample: 2, x: 412, y: 285, size: 302, angle: 2},
		{name: "head down, eyes shut", sample: 2, x: 1000, y: 363, size: 338, angle: 2},
		{name: "head down", sample: 2, x: 1534, y: 293, size: 323, angle: -16},
		{name: "mouth open", sample: 5, x: 479, y: 1040, size: 352, angle: -4},
		{name: "hard light", sample: 5, x: 1487, y: 543, size: 350, angle: -9},
		{name: "not levelled", sample: 6, x: 1582, y: 423, size: 344, angle: 42},
		{name: "shifted", sample: 6, x: 812, y: 535, size: 397, angle: -8},
		{name: "too far", sample: 5, x: 871, y: 235, size: 450, angle: 1},
		{name: "too near", sample: 6, x: 1282, y: 469, size: 220, angle: 0},
		{name: "dark", sample: 4, x: 739, y: 218, size: 249, angle: 24, gain: 40},
		{name: "empty: noise"},
		{name: "empty: grey", gain: -1},
	}
}

// scenes are crops for the detectors.
func scenes() []picture {
	return []picture{
		{name: "three people", sample: 3, x: 1150, y: 500, size: 1200},
		{name: "one near", sample: 3, x: 691, y: 480, size: 500},
		{name: "two", sample: 4, x: 1200, y: 400, size: 750},
		{name: "one rolled", sample: 1, x: 1562, y: 337, size: 600},
		{name: "upright by turning", sample: 1, x: 1562, y: 337, size: 520, angle: 37},
		{name: "profile", sample: 2, x: 412, y: 285, size: 560},
		{name: "heads down", sample: 2, x: 1250, y: 360, size: 1000},
		{name: "crowd on stairs", sample: 5, x: 960, y: 700, size: 1398},
		{name: "upside down", sample: 6, x: 1282, y: 469, size: 700, angle: 180},
		{name: "cut off by the edge", sample: 6, x: 371, y: 200, size: 800},
		{name: "dark", sample: 6, x: 752, y: 495, size: 700, gain: 40},
		{name: "empty: legs and sofa", sample: 2, x: 300, y: 1050, size: 600},
		{name: "empty: noise"},
		{name: "empty: grey", gain: -1},
	}
}

// pixels returns side×side×3 bytes of RGB, row by row. All arithmetic on pixels
// is in integers, so every machine gives the same bytes.
func (p picture) pixels(tb testing.TB, samples map[int]*image.YCbCr, side int) []byte {
	tb.Helper()
	out := make([]byte, side*side*3)
	if p.sample == 0 {
		r := rand.New(rand.NewPCG(1, 2))
		for i := range out {
			out[i] = 128
			if p.gain == 0 {
				out[i] = byte(r.IntN(256))
			}
		}
		return out
	}
	src := samples[p.sample]
	if src == nil {
		src = sample(tb, p.sample)
		samples[p.sample] = src
	}
	gain := p.gain
	if gain == 0 {
		gain = 256
	}
	const one = 1 << 16 // fixed point
	sin, cos := math.Sincos(p.angle * math.Pi / 180)
	step := p.size / float64(side)
	fixed := func(v float64) int { return int(math.Round(v * one)) }
	dx, dy := fixed(cos*step), fixed(sin*step)
	for v := range side {
		for u := range side {
			a, b := 2*u+1-side, 2*v+1-side // twice the pixel centre, from the middle
			x := fixed(p.x-0.5) + (a*dx-b*dy)/2
			y := fixed(p.y-0.5) + (a*dy+b*dx)/2
			rgb := bilinear(src, x, y)
			for k := range rgb {
				out[(v*side+u)*3+k] = byte(rgb[k] * gain / 256)
			}
		}
	}
	return out
}

// bilinear samples at a 16.16 fixed-point place; the border repeats.
func bilinear(src *image.YCbCr, x, y int) (rgb [3]int) {
	fx, fy := x&0xffff>>8, y&0xffff>>8 // 8 bits of fraction
	for i := range 4 {
		px := min(max(x>>16+i&1, 0), src.Rect.Dx()-1)
		py := min(max(y>>16+i>>1, 0), src.Rect.Dy()-1)
		yi, ci := src.YOffset(px, py), src.COffset(px, py)
		r, g, b := color.YCbCrToRGB(src.Y[yi], src.Cb[ci], src.Cr[ci])
		wx, wy := fx, fy
		if i&1 == 0 {
			wx = 256 - fx
		}
		if i>>1 == 0 {
			wy = 256 - fy
		}
		for k, c := range [3]byte{r, g, b} {
			rgb[k] += int(c) * wx * wy
		}
	}
	for k := range rgb {
		rgb[k] = (rgb[k] + 1<<15) >> 16
	}
	return rgb
}

func sample(tb testing.TB, n int) *image.YCbCr {
	tb.Helper()
	f, err := os.Open(filepath.Join(nodeModules(tb), "@vladmandic/face-api/demo", "sample"+string(rune('0'+n))+".jpg"))
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	img, err := jpeg.Decode(f)
	if err != nil {
		tb.Fatal(err)
	}
	return img.(*image.YCbCr)
}

// planes turns RGB bytes into the network's input: three planes of v·scale+shift.
func planes(rgb []byte, scale, shift float32) []float32 {
	n := len(rgb) / 3
	out := make([]float32, len(rgb))
	for i, v := range rgb {
		out[i%3*n+i/3] = float32(v)*scale + shift
	}
	return out
}
