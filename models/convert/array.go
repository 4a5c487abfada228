package convert

import "math"

// array is a constant in row-major order.
type array struct {
	dims []int
	data []float32
}

// permute returns the array with its axes in another order: axis i of the
// result is axis order[i] of a.
func (a array) permute(order ...int) array {
	stride := make([]int, len(a.dims))
	for i, n := len(a.dims)-1, 1; i >= 0; i-- {
		stride[i] = n
		n *= a.dims[i]
	}
	out := array{dims: make([]int, len(order)), data: make([]float32, len(a.data))}
	step := make([]int, len(order))
	for i, o := range order {
		out.dims[i], step[i] = a.dims[o], stride[o]
	}
	at := make([]int, len(order)) // index of the value being written
	src := 0
	for i := range out.data {
		out.data[i] = a.data[src]
		for k := len(order) - 1; k >= 0; k-- {
			src += step[k]
			if at[k]++; at[k] < out.dims[k] {
				break
			}
			src -= at[k] * step[k]
			at[k] = 0
		}
	}
	return out
}

// reshape returns the same values with other dimensions, whose product must be
// the number of values.
func (a array) reshape(dims ...int) array { return array{dims: dims, data: a.data} }

// mapped returns the array with f applied to each value.
func (a array) mapped(f func(float32) float32) array {
	out := array{dims: a.dims, data: make([]float32, len(a.data))}
	for i, v := range a.data {
		out.data[i] = f(v)
	}
	return out
}

// halfToFloat widens an IEEE 754 half exactly.
func halfToFloat(h uint16) float32 {
	sign := uint32(h>>15) << 31
	exp, frac := int(h>>10&31), uint32(h&1023)
	switch exp {
	case 0: // zero and subnormal: frac × 2⁻²⁴
		v := float32(frac) / (1 << 24)
		return math.Float32frombits(sign | math.Float32bits(v))
	case 31: // infinity and NaN
		return math.Float32frombits(sign | 0x7f800000 | frac<<13)
	}
	return math.Float32frombits(sign | uint32(exp-15+127)<<23 | frac<<13)
}
