package texture

import (
	"math"

	"vivavoce/media"
)

// bandRows is how many strips a frame is cut into from top to bottom.
const bandRows = 32

// flicker watches for bands of light that roll through the picture: a backlight that is
// dimmed by pulses, filmed by a shutter that reads row by row. Each frame's strips are averaged in the left
// and in the right margin apart; a band brightens both. What a person does is seen between them, and
// a shaken camera, which moves both, is taken out.
type flicker struct {
	n                     int
	prior                 [2][bandRows]float64
	sum                   [2][bandRows]float64 // of all frames: bands that roll are not in its mean
	together, left, right float64              // sums of the strips' changes: product of the margins, squares
}

// margin is a margin's width, one in so many of the frame's: a head is in the middle.
const margin = 5

// see takes every frame; it reads one sample in sixteen.
func (b *flicker) see(f *media.Frame) {
	var now [2][bandRows]float64
	if f.Width < 8 || f.Height < 4*bandRows {
		return
	}
	for i := range bandRows {
		from, to := i*f.Height/bandRows, (i+1)*f.Height/bandRows
		now[0][i] = mean(f, 0, f.Width/margin, from, to)
		now[1][i] = mean(f, f.Width-f.Width/margin, f.Width, from, to)
	}
	if b.n > 0 {
		b.compare(&now)
	}
	for side := range now {
		for i, v := range now[side] {
			b.sum[side][i] += v
		}
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

// compare takes the change since the last frame, less its mean over the strips (exposure and lamps
// change the whole picture) and less what a shift of the picture up or down explains.
func (b *flicker) compare(now *[2][bandRows]float64) {
	var change [2][bandRows]float64
	for side := range 2 {
		var slope [bandRows]float64
		for i := range bandRows {
			change[side][i] = now[side][i] - b.prior[side][i]
			slope[i] = b.sum[side][min(i+1, bandRows-1)] - b.sum[side][max(i-1, 0)]
		}
		level(&change[side])
		level(&slope)
		remove(&change[side], &slope)
	}
	for i := range bandRows {
		b.together += change[0][i] * change[1][i]
		b.left += change[0][i] * change[0][i]
		b.right += change[1][i] * change[1][i]
	}
}

// level takes the mean off.
func level(v *[bandRows]float64) {
	mean := 0.0
	for _, x := range v {
		mean += x / bandRows
	}
	for i := range v {
		v[i] -= mean
	}
}

// remove takes from v what is a multiple of by.
func remove(v, by *[bandRows]float64) {
	product, square := 0.0, 0.0
	for i, x := range by {
		product, square = product+x*v[i], square+x*x
	}
	if square <= 0 {
		return
	}
	for i, x := range by {
		v[i] -= product / square * x
	}
}

// band gives the correlation of the margins' changes, −1 to 1, weighted down where the changes are under
// a step of luma: a still picture's are its codec's. It is 0 for fewer than a dozen frames.
func (b *flicker) band() float64 {
	if b.n < 12 || b.left <= 0 || b.right <= 0 {
		return 0
	}
	size := math.Sqrt(b.left*b.right) / float64((b.n-1)*bandRows)
	return b.together / math.Sqrt(b.left*b.right) * size / (size + 0.25)
}
