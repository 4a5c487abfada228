package stats

import "testing"

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		of   []float64
		want float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{5, 1}, 5}, {[]float64{9, -1, 4}, 4}, {[]float64{4, 3, 2, 1}, 3}} {
		if got := MedianOf(c.of, func(v float64) float64 { return v }); got != c.want {
			t.Errorf("median of %v is %v, want %v", c.of, got, c.want)
		}
		if got := Median(c.of); got != c.want {
			t.Errorf("sorted, it is %v, want %v", got, c.want)
		}
	}
}
