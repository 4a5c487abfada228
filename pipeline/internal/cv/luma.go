package cv

import (
	"image"
	"math"

	"vivavoce/media"
)

// Histogram counts luma samples by their raw value, before any range is widened.
type Histogram struct {
	counts       [256]int
	n            int
	offset, gain float64
}

// LumaHistogram counts the samples of r that lie in f.
func LumaHistogram(f *media.Frame, r image.Rectangle) Histogram {
	var h Histogram
	h.offset, h.gain = spread(f)
	r = bounds(f, r)
	h.n = r.Dx() * r.Dy()
	for y := r.Min.Y; y < r.Max.Y; y++ {
		row := f.Y[y*f.YStride:]
		for _, v := range row[r.Min.X:r.Max.X] {
			h.counts[v]++
		}
	}
	return h
}

// Count is how many samples were counted.
func (h *Histogram) Count() int { return h.n }

// Percentile returns the luma, 0–255, that the share p (0–1) of the samples does
// not exceed; NaN when nothing was counted.
func (h *Histogram) Percentile(p float64) float64 {
	if h.n == 0 {
		return math.NaN()
	}
	want := int(math.Ceil(p * float64(h.n)))
	seen := 0
	for v, c := range h.counts {
		seen += c
		if seen >= want && seen > 0 {
			return h.value(v)
		}
	}
	return 255
}

// MeanStd returns mean and standard deviation of the luma, 0–255; NaN when nothing
// was counted.
func (h *Histogram) MeanStd() (mean, std float64) {
	if h.n == 0 {
		return math.NaN(), math.NaN()
	}
	var sum, squares float64
	for v, c := range h.counts {
		x := h.value(v)
		sum += x * float64(c)
		squares += x * x * float64(c)
	}
	mean = sum / float64(h.n)
	return mean, math.Sqrt(max(0, squares/float64(h.n)-mean*mean))
}

func (h *Histogram) value(v int) float64 {
	return min(255, max(0, (float64(v)-h.offset)*h.gain))
}

// Luma returns mean and standard deviation of f's luma inside r, 0–255 whatever the
// frame's range; NaN where r and f do not meet.
func Luma(f *media.Frame, r image.Rectangle) (mean, std float64) {
	h := LumaHistogram(f, r)
	return h.MeanStd()
}
