package convert

import (
	"vivavoce/models/convert/onnx"
	"vivavoce/models/convert/tflite"
)

// window is how a convolution or a pool walks over a picture.
type window struct {
	kernel, stride [2]int // rows, columns
	valid          bool   // no padding; else as much as keeps ⌈size/stride⌉
}

// Padding of schema.fbs: 0 is SAME, 1 is VALID.
func newWindow(o tflite.Op, kh, kw int) window {
	return window{
		kernel: [2]int{kh, kw},
		stride: [2]int{int(o.Options.Int32(2, 0)), int(o.Options.Int32(1, 0))},
		valid:  o.Options.Int8(0, 0) == 1,
	}
}

// attrs returns the attributes for an input of NHWC shape s. TFLite's SAME puts
// the odd row and column of padding at the end.
func (c *converter) attrs(w window, s [4]int) []onnx.Attr {
	var pads [4]int // top, left, bottom, right
	for i := range 2 {
		if w.stride[i] < 1 || w.stride[i] > s[i+1] || w.kernel[i] < 1 {
			c.fail("stride %v and kernel %v on %v", w.stride, w.kernel, s)
			return nil
		}
		if w.valid {
			continue
		}
		out := (s[i+1] + w.stride[i] - 1) / w.stride[i]
		total := max((out-1)*w.stride[i]+w.kernel[i]-s[i+1], 0)
		pads[i], pads[i+2] = total/2, total-total/2
	}
	return []onnx.Attr{
		onnx.Ints("kernel_shape", w.kernel[:]...),
		onnx.Ints("strides", w.stride[:]...),
		onnx.Ints("pads", pads[:]...),
	}
}

// filter returns the weights of a convolution, which must be a constant of rank 4.
func (c *converter) filter(o tflite.Op) (array, bool) {
	a, ok := c.constant(o.Inputs[1])
	if !ok || len(a.dims) != 4 {
		c.fail("weights are not a constant of rank 4")
		return array{}, false
	}
	return a, true
}

// conv converts CONV_2D: weights OHWI → OIHW.
func (c *converter) conv(o tflite.Op) {
	a, ok := c.filter(o)
	if !ok {
		return
	}
	if o.Options.Int32(4, 1) != 1 || o.Options.Int32(5, 1) != 1 {
		c.fail("dilation")
	}
	w := newWindow(o, a.dims[1], a.dims[2])
	c.convolve(o, w, a.permute(0, 3, 1, 2), 1, o.Options.Int8(3, 0))
}

// depthwise converts DEPTHWISE_CONV_2D: weights 1HWC → C1HW.
func (c *converter) depthwise(o tflite.Op) {
	a, ok := c.filter(o)
	if !ok {
		return
	}
	in := c.shape4(o.Inputs[0])
	if o.Options.Int32(5, 1) != 1 || o.Options.Int32(6, 1) != 1 || a.dims[0] != 1 || a.dims[3] != in[3] {
		c.fail("dilation, or weights %v for %v", a.dims, in)
		return
	}
	w := newWindow(o, a.dims[1], a.dims[2])
	c.convolve(o, w, a.permute(3, 0, 1, 2), in[3], o.Options.Int8(4, 0))
}

func (c *converter) convolve(o tflite.Op, w window, weights array, group int, act int8) {
	in := []string{c.get(o.Inputs[0], planar), c.floats(weights)}
	if len(o.Inputs) > 2 && o.Inputs[2] >= 0 {
		in = append(in, c.get(o.Inputs[2], native))
	}
	attrs := append(c.attrs(w, c.shape4(o.Inputs[0])), onnx.Int("group", group))
	c.put(o.Outputs[0], c.activated(c.add("Conv", in, attrs...), act), planar)
}

func (c *converter) maxPool(o tflite.Op) {
	w := newWindow(o, int(o.Options.Int32(4, 0)), int(o.Options.Int32(3, 0)))
	attrs := c.attrs(w, c.shape4(o.Inputs[0]))
	name := c.add("MaxPool", []string{c.get(o.Inputs[0], planar)}, attrs...)
	c.put(o.Outputs[0], c.activated(name, o.Options.Int8(5, 0)), planar)
}

// pad converts PAD: pairs of before and after for each NHWC axis.
//
// Nearly all of them widen the channels of a shortcut with zeros. That is a 1×1
// convolution with the identity: Pad would leave ONNX Runtime's blocked layout,
// and turning there and back costs more (short-range detector 1.54 → 1.27 ms).
func (c *converter) pad(o tflite.Op) {
	p := c.intConstant(o.Inputs[1])
	in := c.shape4(o.Inputs[0])
	out := c.shape4(o.Outputs[0])
	if len(p) != 8 {
		c.fail("paddings %v", p)
		return
	}
	for i := range 4 {
		if p[2*i] < 0 || p[2*i+1] < 0 || p[2*i]+in[i]+p[2*i+1] != out[i] {
			c.fail("paddings %v of %v to %v", p, in, out)
			return
		}
	}
	x := c.get(o.Inputs[0], planar)
	if out == [4]int{in[0], in[1], in[2], in[3] + p[7]} && c.affords(in[3]*out[3]) {
		w := array{dims: []int{out[3], in[3], 1, 1}, data: make([]float32, out[3]*in[3])}
		for i := range in[3] {
			w.data[i*in[3]+i] = 1
		}
		c.put(o.Outputs[0], c.add("Conv", []string{x, c.floats(w)}, onnx.Ints("kernel_shape", 1, 1)), planar)
		return
	}
	amounts := c.ints(p[0], p[6], p[2], p[4], p[1], p[7], p[3], p[5]) // begins, then ends, NCHW
	c.put(o.Outputs[0], c.add("Pad", []string{x, amounts}), planar)
}

// resize converts RESIZE_BILINEAR.
func (c *converter) resize(o tflite.Op) {
	s := c.shape4(o.Outputs[0])
	c.shape4(o.Inputs[0])
	mode := "asymmetric"
	if o.Options.Int8(2, 0) != 0 {
		mode = "align_corners"
	} else if o.Options.Int8(3, 0) != 0 {
		mode = "half_pixel"
	}
	name := c.add("Resize", []string{c.get(o.Inputs[0], planar), "", "", c.ints(toPlanar(s[:])...)},
		onnx.String("mode", "linear"), onnx.String("coordinate_transformation_mode", mode))
	c.put(o.Outputs[0], name, planar)
}
