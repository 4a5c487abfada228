//go:build ignore

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"

	"vivavoce/media"
)

// varied is a clip from some frame on, in another size, light and colour: people are filmed by many cameras, and
// bona fide pictures vary as much as attacked ones, from the same ranges.
type varied struct {
	src           media.Source
	first         int     // frames to leave out
	scale         float64 // of the size
	pool          media.Pool
	luma          [256]byte
	cb, cr        [256]byte
	width, height int
}

// newVaried draws. GRID's pictures are 360×288 and their faces some 110 pixels: they become 1 to 1.9 times that; heads
// of 480 to 1280 pixels half to one and a half times, 600 lines at most. So faces are 60 to 400 pixels in frames of 240 to 600 lines.
//
// Hard light is outside of all that is trained with: dull or glaring, hazy, pale or gaudy, and tinted.
func newVaried(src media.Source, rng *rand.Rand, grid, hard bool) *varied {
	v := &varied{src: src, first: rng.IntN(50), scale: 0.5 * math.Pow(3, rng.Float64())}
	if grid {
		v.scale = math.Pow(1.9, rng.Float64())
	}
	gain, gamma, lift := 0.75+0.4*rng.Float64(), math.Exp(0.5*(rng.Float64()-0.5)), 0.05*rng.Float64()
	saturation, blue, red := 0.7+0.5*rng.Float64(), 14*(rng.Float64()-0.5), 14*(rng.Float64()-0.5)
	if hard {
		gain, lift = 0.5+0.8*rng.Float64(), 0.04+0.12*rng.Float64()
		saturation, blue, red = 0.4+1.1*rng.Float64(), 2.5*blue, 2.5*red
	}
	for i := range v.luma {
		l := math.Pow(max(float64(i)-16, 0)/219, gamma)
		v.luma[i] = byte(min(max(16+219*(lift+gain*l), 0), 255))
		c := saturation * (float64(i) - 128)
		v.cb[i], v.cr[i] = byte(min(max(128+c+blue, 0), 255)), byte(min(max(128+c+red, 0), 255))
	}
	return v
}

// skip leaves the first frames out; a shorter clip gives none.
func (v *varied) skip(ctx context.Context) error {
	for range v.first {
		f, err := v.src.Next(ctx)
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("clip of less than %d frames: %w", v.first, errSkip)
		}
		if err != nil {
			return err
		}
		f.Release()
	}
	return nil
}

// Next implements media.Source.
func (v *varied) Next(ctx context.Context) (*media.Frame, error) {
	f, err := v.src.Next(ctx)
	if err != nil {
		return nil, err
	}
	defer f.Release()
	scale := min(v.scale, 600/float64(min(f.Width, f.Height)))
	w, h := int(float64(f.Width)*scale)&^1, int(float64(f.Height)*scale)&^1
	out := v.pool.Get(w, h)
	out.Seq, out.PTS, out.Arrived, out.FullRange = f.Seq, f.PTS, f.Arrived, f.FullRange
	resize(out.Y, w, h, f.Y, f.YStride, f.Width, f.Height, &v.luma)
	resize(out.Cb, w/2, h/2, f.Cb, f.CStride, (f.Width+1)/2, (f.Height+1)/2, &v.cb)
	resize(out.Cr, w/2, h/2, f.Cr, f.CStride, (f.Width+1)/2, (f.Height+1)/2, &v.cr)
	return out, nil
}

// resize is bilinear up, and down the mean of samples at most one apart.
func resize(dst []byte, w, h int, src []byte, stride, sw, sh int, curve *[256]byte) {
	sx, sy := float64(sw)/float64(w), float64(sh)/float64(h)
	n := max(1, int(math.Ceil(max(sx, sy))))
	for y := range h {
		for x := range w {
			sum := 0.0
			for j := range n {
				for i := range n {
					sum += between(src, stride, sw, sh, (float64(x)+(float64(i)+0.5)/float64(n))*sx-0.5, (float64(y)+(float64(j)+0.5)/float64(n))*sy-0.5)
				}
			}
			dst[y*w+x] = curve[byte(sum/float64(n*n)+0.5)]
		}
	}
}

func between(p []byte, stride, w, h int, x, y float64) float64 {
	x, y = min(max(x, 0), float64(w-1)), min(max(y, 0), float64(h-1))
	i, j := min(int(x), w-2), min(int(y), h-2)
	fx, fy := x-float64(i), y-float64(j)
	a, b := p[j*stride+i:], p[(j+1)*stride+i:]
	return (float64(a[0])*(1-fx)+float64(a[1])*fx)*(1-fy) + (float64(b[0])*(1-fx)+float64(b[1])*fx)*fy
}
