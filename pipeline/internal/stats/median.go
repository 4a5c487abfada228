// Package stats holds the one statistic that several stages take.
package stats

import "slices"

// Median sorts v and returns its middle, the upper one of two; 0 of nothing.
func Median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	return v[len(v)/2]
}

// MedianOf is the median of one value of each of all.
func MedianOf[T any](all []T, of func(T) float64) float64 {
	v := make([]float64, len(all))
	for i, x := range all {
		v[i] = of(x)
	}
	return Median(v)
}
