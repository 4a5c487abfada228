package texture

import (
	"math"

	"vivavoce/media"
)

// bandRows is how many strips a frame is cut into from top to bottom.
const bandRows = 32

// flicker watches for bands of light that roll through the picture: a backlight that is
// dimmed by pulses, filmed by a shutter that reads row by row. Each frame's strips are averaged in the left
// and in the right half apart; a band brightens both, while what a person does differs
// between them.
type flicker struct {
	n                     int
	prior                 [2][bandRows]float64
	together, left, right float64 // sums of the strips' changes: product of the halves, squares
}

// see takes every frame; it reads one sample in sixteen.
func (b *flicker) see(f *media.Frame) {
	var now [2][bandRows]float64
	if f.Width < 8 || f.Height < 4*bandRows {
		return
	}
	for i := range bandRows {
		from, to := i*f.Height/bandRows, (i+1)*f.Height/bandRows
		for half := range 2 {
			now[half][i] = mean(f, half*f.Width/2, (half+1)*f.Width/2, from, to)
		}
	}
	if b.n > 0 {
		b.compare(&now)
	}
	b.prior = now
	b.n++
}

func mean(f *media.Frame, x0, x1, y0, y1 int) float64 {
	sum, n := 0, 0
	for y := y0; y < y1; y += 4 {
		row := f.Y[y*f.YStride : y*f.YStride+x1]
		for x := x0; x < x1; x += 4 {
			sum += int(row[x])
			n++
		}
	}
	return float64(sum) / float64(max(n, 1))
}

// compare takes the change since the last frame, less its mean over the strips: exposure and lamps
// change the whole picture.
func (b *flicker) compare(now *[2][bandRows]float64) {
	var change [2][bandRows]float64
	for half := range 2 {
		mean := 0.0
		for i := range bandRows {
			change[half][i] = now[half][i] - b.prior[half][i]
			mean += change[half][i] / bandRows
		}
		for i := range bandRows {
			change[half][i] -= mean
		}
	}
	for i := range bandRows {
		b.together += change[0][i] * change[1][i]
		b.left += change[0][i] * change[0][i]
		b.right += change[1][i] * change[1][i]
	}
}

// band gives the correlation of the halves' changes, −1 to 1, weighted down where the changes are under
// a step of luma: a still picture's are its codec's. It is 0 for fewer than a dozen frames.
func (b *flicker) band() float64 {
	if b.n < 12 || b.left <= 0 || b.right <= 0 {
		return 0
	}
	size := math.Sqrt(b.left*b.right) / float64((b.n-1)*bandRows)
	return b.together / math.Sqrt(b.left*b.right) * size / (size + 0.25)
}
