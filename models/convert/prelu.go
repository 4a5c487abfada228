package convert

import (
	"vivavoce/models/convert/onnx"
	"vivavoce/models/convert/tflite"
)

// prelu converts PRELU with one slope a for each channel.
//
// ONNX has PRelu, but ONNX Runtime leaves its blocked layout for it. The same
// in 1×1 depthwise convolutions, which it does not leave (and whose Add it
// fuses):
//
//	max(x,0) + a·min(x,0) = a·x + (1−a)·max(x,0)
//
// and where no slope is over 1, (1−a)·max(x,0) = max((1−a)·x, 0), whose max is
// fused too. Attention mesh on ONNX Runtime 1.24.1, one thread: 3.9 ms with
// PRelu, 2.9 ms so; models/README.md compares five forms.
func (c *converter) prelu(o tflite.Op) {
	a, ok := c.constant(o.Inputs[1])
	s := c.shape4(o.Inputs[0])
	if !ok || len(a.data) != s[3] {
		c.fail("slopes are not one constant per channel")
		return
	}
	gentle := true
	for _, v := range a.data {
		gentle = gentle && v <= 1
	}
	x := c.get(o.Inputs[0], planar)
	rest := a.mapped(func(v float32) float32 { return 1 - v })
	var bend string
	if gentle {
		bend = c.add("Relu", []string{c.scaleChannels(x, rest)})
	} else {
		bend = c.scaleChannels(c.add("Relu", []string{x}), rest)
	}
	c.put(o.Outputs[0], c.add("Add", []string{c.scaleChannels(x, a), bend}), planar)
}

// scaleChannels multiplies each channel of an NCHW activation by a constant.
func (c *converter) scaleChannels(x string, by array) string {
	n := len(by.data)
	return c.add("Conv", []string{x, c.floats(by.reshape(n, 1, 1, 1))},
		onnx.Ints("kernel_shape", 1, 1), onnx.Int("group", n))
}
