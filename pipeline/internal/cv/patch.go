package cv

import (
	"image"
	"math"

	"vivavoce/media"
)

// Patch is a caller's own copy of some luma samples, to compare with a later frame.
// Samples are picked and not averaged, so that a sensor's noise stays in. The zero
// Patch is empty; Take reuses its memory.
type Patch struct {
	Width, Height int
	pix           []byte
}

// Take copies every step-th sample of every step-th row of r out of f.
func (p *Patch) Take(f *media.Frame, r image.Rectangle, step int) {
	r = bounds(f, r)
	step = max(1, step)
	p.Width, p.Height = (r.Dx()+step-1)/step, (r.Dy()+step-1)/step
	p.pix = p.pix[:0]
	for y := r.Min.Y; y < r.Max.Y; y += step {
		row := f.Y[y*f.YStride:]
		for x := r.Min.X; x < r.Max.X; x += step {
			p.pix = append(p.pix, row[x])
		}
	}
}

// Difference returns the mean absolute difference of two patches' samples, in raw
// luma steps: 0 is the same picture, a still camera's noise about 0.5–2. Patches of
// different sizes, and empty ones, differ by NaN.
func Difference(a, b *Patch) float64 {
	if len(a.pix) == 0 || a.Width != b.Width || a.Height != b.Height {
		return math.NaN()
	}
	sum := 0
	other := b.pix[:len(a.pix)]
	for i, v := range a.pix {
		sum += absDiff(v, other[i])
	}
	return float64(sum) / float64(len(a.pix))
}

func absDiff(a, b byte) int {
	if a > b {
		return int(a - b)
	}
	return int(b - a)
}
