package seam

import (
	"image"
	"math"

	"vivavoce/media"
	"vivavoce/pipeline"
)

const (
	// side is the window's, in samples, unit what it gives the distance between the inner corners of the eyes, and
	// down how far below the top the root of the nose lies.
	side, unit, down = 96, 16, 32
	// smallest is that distance in pixels below which nothing as fine can be followed.
	smallest = 14
	// strayed is how far a face may be from where the window was laid, in samples, and grown how much larger or smaller, before it
	// is laid anew: while it lies still, nothing but the picture moves in it.
	strayed, grown = 2, 1.06
)

// The parts that are followed.
const (
	face  = iota // eyes and nose
	mouth        // with the skin around it
	edge         // the outline: temples, jaw, hair
	parts
)

// places are the samples of each part, by their index.
var places = func() (p [parts][]int) {
	ellipse := func(x, y, cx, cy, rx, ry float64) bool {
		return (x-cx)*(x-cx)/(rx*rx)+(y-cy)*(y-cy)/(ry*ry) < 1
	}
	for i := 1; i < side-1; i++ {
		for j := 1; j < side-1; j++ {
			// From between the eyes, in their distance.
			x, y := (float64(j)-side/2)/unit, (float64(i)-down)/unit-0.25
			at := i*side + j
			if ellipse(x, y, 0, 0.7, 1.2, 1.1) {
				p[face] = append(p[face], at)
			}
			if ellipse(x, y, 0, 2.1, 1.3, 0.8) {
				p[mouth] = append(p[mouth], at)
			}
			if ellipse(x, y, 0, 0.8, 2.4, 3.3) && !ellipse(x, y, 0, 0.8, 2, 2.6) {
				p[edge] = append(p[edge], at)
			}
		}
	}
	return p
}()

// window is the face and what is around it in luma, small, laid on the picture and left there while the face stays.
type window struct {
	laid       bool
	cx, cy, to float64     // its middle, in pixels, and pixels to a sample
	of         image.Point // the picture's size
	now, prior samples
	spare      samples
	sums       []float64 // a row's, from the left
}

type samples [side * side]float32

func (w *window) forget() { w.laid = false }

// take reads the next picture. ok is false where it cannot be compared with the one before.
func (w *window) take(f *pipeline.Face) (m [parts]movement, ok bool) {
	right, left := f.Points[133], f.Points[362]
	eyes := math.Hypot(float64(left.X-right.X), float64(left.Y-right.Y))
	var cx, cy float64
	for _, i := range [...]int{133, 362, 168, 6, 197} {
		cx, cy = cx+float64(f.Points[i].X)/5, cy+float64(f.Points[i].Y)/5
	}
	if len(f.Frame.Y) == 0 || !(eyes >= smallest && eyes < 1e4) || !(math.Abs(cx)+math.Abs(cy) < 1e5) {
		w.laid = false
		return m, false
	}
	to, of := eyes/unit, image.Pt(f.Frame.Width, f.Frame.Height)
	again := !w.laid || of != w.of || math.Hypot(cx-w.cx, cy-w.cy) > strayed*w.to || to > grown*w.to || w.to > grown*to
	if again {
		w.cx, w.cy, w.to, w.of = cx, cy, to, of
	}
	w.now, w.prior = w.prior, w.now
	w.read(f.Frame)
	w.laid = true
	if again {
		return m, false
	}
	for p := range m {
		m[p] = shift(&w.prior, &w.now, places[p])
	}
	return m, true
}

// read shrinks the picture under the window, each sample the mean of its pixels, and softens it; what is outside is the border's.
func (w *window) read(f *media.Frame) {
	clear(w.spare[:])
	top := w.cy - down*w.to
	if cap(w.sums) < f.Width+1 {
		w.sums = make([]float64, f.Width+1)
	}
	for i := range side {
		from, to := top+float64(i)*w.to, top+float64(i+1)*w.to
		row := w.spare[i*side : (i+1)*side]
		for y := math.Floor(from); y < to; y++ {
			if share := min(y+1, to) - max(y, from); share > 0 {
				w.row(f, min(max(int(y), 0), f.Height-1), float32(share/w.to), row)
			}
		}
	}
	soften(&w.spare, &w.now)
}

// row adds a share of a row of pixels.
func (w *window) row(f *media.Frame, y int, share float32, out []float32) {
	left := w.cx - side/2*w.to
	first, last := min(max(int(left), 0), f.Width-1), min(max(int(left+side*w.to)+1, 1), f.Width)
	pixels, sums := f.Y[y*f.YStride:][:f.Width], w.sums[:f.Width+1]
	sum := 0.0
	for x := first; x < last; x++ {
		sums[x] = sum
		sum += float64(pixels[x])
	}
	sums[last] = sum
	upTo := func(x float64) float64 { // the sum of all pixels left of x
		switch {
		case x <= float64(first):
			return (x - float64(first)) * float64(pixels[first])
		case x >= float64(last):
			return sum + (x-float64(last))*float64(pixels[last-1])
		}
		i := int(x)
		return sums[i] + (x-float64(i))*float64(pixels[i])
	}
	share /= float32(w.to)
	before := upTo(left)
	for j := range out {
		after := upTo(left + float64(j+1)*w.to)
		out[j] += share * float32(after-before)
		before = after
	}
}

// soften is a binomial of five, about a Gaussian of one sample, both ways; the border stays as it is.
func soften(in, out *samples) {
	five := func(from, to *samples, step int) {
		for i := 2; i < side-2; i++ {
			for j := 2; j < side-2; j++ {
				k := i*side + j
				to[k] = (from[k-2*step] + from[k+2*step] + 4*(from[k-step]+from[k+step]) + 6*from[k]) / 16
			}
		}
	}
	*out = *in
	five(in, out, 1)
	*in = *out
	five(in, out, side)
}

// shift is how far the samples of a part moved from a to b, by the least squares of Lucas and Kanade (1981), in distances between the
// inner corners of the eyes, and its standard error if what is left of the change were noise of single samples. A change of brightness of
// the whole part is taken off; where there is nothing to hold on to it is 0.
func shift(a, b *samples, at []int) movement {
	n := float64(len(at))
	var d1, dd, xx, xy, yy, xd, yd, x1, y1 float64
	for _, k := range at {
		gx := float64(a[k+1]-a[k-1]+b[k+1]-b[k-1]) / 4
		gy := float64(a[k+side]-a[k-side]+b[k+side]-b[k-side]) / 4
		d := float64(b[k] - a[k])
		d1, dd, x1, y1 = d1+d, dd+d*d, x1+gx, y1+gy
		xx, xy, yy, xd, yd = xx+gx*gx, xy+gx*gy, yy+gy*gy, xd+gx*d, yd+gy*d
	}
	dd, xd, yd = dd-d1*d1/n, xd-d1*x1/n, yd-d1*y1/n
	const ridge = 1e-3 // of luma squared, a sample
	xx, yy = xx+ridge*n, yy+ridge*n
	det := xx*yy - xy*xy
	v := vector{(xy*yd - yy*xd) / det, (xy*xd - xx*yd) / det}
	left := max(dd+v.x*xd+v.y*yd, 0) / n
	return movement{vector{v.x / unit, v.y / unit}, math.Sqrt(left*(xx+yy)/det) / unit}
}
