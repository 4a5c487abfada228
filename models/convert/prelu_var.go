package convert

import (
	"os"

	"vivavoce/models/convert/onnx"
)

func (c *converter) rectify(x string, a array) string {
	n := len(a.data)
	dw := func(src string, f func(float32) float32) string {
		return c.add("Conv", []string{src, c.floats(a.mapped(f).reshape(n, 1, 1, 1))}, onnx.Ints("kernel_shape", 1, 1), onnx.Int("group", n))
	}
	small := true
	for _, v := range a.data {
		if !(v <= 1) {
			small = false
		}
	}
	relu := func(s string) string { return c.add("Relu", []string{s}) }
	v := os.Getenv("PV")
	if !small && (v == "G" || v == "H") {
		println("slope > 1")
		v = "B"
	}
	if v == "" {
		v = "C"
	}
	switch v {
	case "B":
		p := relu(x)
		neg := relu(dw(x, func(float32) float32 { return -1 }))
		return c.add("Add", []string{dw(neg, func(v float32) float32 { return -v }), p})
	case "C":
		return c.add("Add", []string{dw(x, func(v float32) float32 { return v }), dw(relu(x), func(v float32) float32 { return 1 - v })})
	case "D":
		return c.add("Add", []string{relu(x), c.add("Mul", []string{c.add("Min", []string{x, c.scalar(0)}), c.floats(a.reshape(n, 1, 1))})})
	case "G":
		return c.add("Add", []string{dw(x, func(v float32) float32 { return v }), relu(dw(x, func(v float32) float32 { return 1 - v }))})
	case "H":
		return c.add("Add", []string{x, relu(dw(x, func(v float32) float32 { return v - 1 }))})
	}
	return c.add("PRelu", []string{x, c.floats(a.reshape(n, 1, 1))})
}
