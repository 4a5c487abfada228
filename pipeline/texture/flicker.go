package texture

import (
	"math"

	"vivavoce/media"
)

// bandRows is how many strips a frame is cut into from top to bottom.
const bandRows = 32

// flicker watches for bands of light that roll through the picture: a backlight that is
// dimmed by pulses, filmed by a shutter that reads row by row. Each frame's strips are averaged in columns at the
// left and at the right; a band brightens both of a pair, in every frame. What a person does is seen between them, or now and
// then; a shaken camera, which moves both, is taken out.
type flicker struct {
	n     int
	pairs [columns]pair
}

// columns is how many columns, each a tenth of the frame wide, are watched on either side: with its frame in view a screen is
// smaller than the picture.
const columns, columnWidth = 3, 10

// inner is how many strips from the top are watched in the columns that are not the outermost: shoulders are below.
const inner = 3 * bandRows / 5

// pair is a column on the left and its mirror image on the right.
type pair struct {
	prior [2][bandRows]float64
	sum   [2][bandRows]float64 // of all frames: bands that roll are not in its mean
	// changes counts the frames by how much the strips' changes go together, −1 to 1.
	changes [2*likeness + 1]int
}

// likeness is how finely that is counted.
const likeness = 50

// see takes every frame; it reads one sample in sixteen.
func (b *flicker) see(f *media.Frame) {
	if f.Width < 8*columnWidth || f.Height < 4*bandRows {
		return
	}
	for c := range b.pairs {
		strips := inner
		if c == 0 {
			strips = bandRows
		}
		b.pairs[c].see(f, c*f.Width/columnWidth, (c+1)*f.Width/columnWidth, strips, b.n > 0)
	}
	b.n++
}

// see averages the strips between two columns of pixels, and in their mirror image.
func (p *pair) see(f *media.Frame, from, to, strips int, before bool) {
	var now [2][bandRows]float64
	for i := range strips {
		top, bottom := i*f.Height/bandRows, (i+1)*f.Height/bandRows
		now[0][i] = mean(f, from, to, top, bottom)
		now[1][i] = mean(f, f.Width-to, f.Width-from, top, bottom)
	}
	if before {
		p.compare(&now, strips)
	}
	for side := range now {
		for i, v := range now[side] {
			p.sum[side][i] += v
		}
	}
	p.prior = now
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
func (p *pair) compare(now *[2][bandRows]float64, strips int) {
	var change [2][bandRows]float64
	for side := range 2 {
		var slope [bandRows]float64
		for i := range strips {
			change[side][i] = now[side][i] - p.prior[side][i]
			slope[i] = p.sum[side][min(i+1, strips-1)] - p.sum[side][max(i-1, 0)]
		}
		level(change[side][:strips])
		level(slope[:strips])
		remove(change[side][:strips], slope[:strips])
	}
	var together, left, right float64
	for i := range strips {
		together += change[0][i] * change[1][i]
		left += change[0][i] * change[0][i]
		right += change[1][i] * change[1][i]
	}
	p.changes[likeness+int(math.Round(likeness*alike(together, left, right, strips)))]++
}

// alike is the correlation of n strips' changes, weighted down where they are under a step of luma: a still picture's are its codec's.
func alike(together, left, right float64, n int) float64 {
	if !(left > 0 && right > 0) {
		return 0
	}
	size := math.Sqrt(left*right) / float64(n)
	return together / math.Sqrt(left*right) * size / (size + 0.25)
}

// level takes the mean off.
func level(v []float64) {
	mean := 0.0
	for _, x := range v {
		mean += x / float64(len(v))
	}
	for i := range v {
		v[i] -= mean
	}
}

// remove takes from v what is a multiple of by.
func remove(v, by []float64) {
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

// band gives how much the changes of the likeliest pair go together in the middle one of all frames, −1 to 1: what moves now and then, or a
// cut, is in few of them. It is 0 for fewer than a dozen frames.
func (b *flicker) band() float64 {
	if b.n < 12 {
		return 0
	}
	best := -1.0
	for c := range b.pairs {
		seen := 0
		for i, n := range b.pairs[c].changes {
			if seen += n; 2*seen > b.n-1 {
				best = max(best, float64(i-likeness)/likeness)
				break
			}
		}
	}
	return best
}
