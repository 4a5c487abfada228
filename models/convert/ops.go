package convert

import (
	"vivavoce/models/convert/onnx"
	"vivavoce/models/convert/tflite"
)

// rule converts one kind of operator, which must have at least in inputs.
type rule struct {
	in      int
	convert func(*converter, tflite.Op)
}

func ruleOf(code tflite.Code) (rule, bool) {
	switch code {
	case tflite.Add:
		return rule{2, func(c *converter, o tflite.Op) { c.binary(o, "Add") }}, true
	case tflite.Mul:
		return rule{2, func(c *converter, o tflite.Op) { c.binary(o, "Mul") }}, true
	case tflite.Concatenation:
		return rule{1, (*converter).concat}, true
	case tflite.Conv2D:
		return rule{2, (*converter).conv}, true
	case tflite.DepthwiseConv2D:
		return rule{2, (*converter).depthwise}, true
	case tflite.Dequantize:
		return rule{1, (*converter).dequantize}, true
	case tflite.MaxPool2D:
		return rule{1, (*converter).maxPool}, true
	case tflite.Relu:
		return rule{1, (*converter).relu}, true
	case tflite.PRelu:
		return rule{2, (*converter).prelu}, true
	case tflite.Reshape:
		return rule{1, (*converter).reshape}, true
	case tflite.ResizeBilinear:
		return rule{1, (*converter).resize}, true
	case tflite.Pad:
		return rule{2, (*converter).pad}, true
	case tflite.StridedSlice:
		return rule{4, (*converter).slice}, true
	case tflite.Custom:
		return rule{1, (*converter).custom}, true
	}
	return rule{}, false
}

func (c *converter) op(o tflite.Op) {
	r, ok := ruleOf(o.Code)
	if !ok {
		c.fail("operator %d", o.Code)
		return
	}
	if len(o.Inputs) < r.in || len(o.Outputs) != 1 {
		c.fail("%d inputs and %d outputs", len(o.Inputs), len(o.Outputs))
		return
	}
	r.convert(c, o)
}

// Fused activations of schema.fbs (ActivationFunctionType).
const (
	actNone = 0
	actRelu = 1
)

// activated applies an operator's fused activation.
func (c *converter) activated(name string, act int8) string {
	switch act {
	case actNone:
		return name
	case actRelu:
		return c.add("Relu", []string{name})
	}
	c.fail("fused activation %d", act)
	return name
}

// shape4 returns the NHWC shape of activation t, which must have rank 4.
func (c *converter) shape4(t int) (s [4]int) {
	if t < 0 || len(c.m.Tensors[t].Shape) != 4 {
		c.fail("tensor %d is not of rank 4", t)
		return [4]int{1, 1, 1, 1}
	}
	copy(s[:], c.m.Tensors[t].Shape)
	return s
}

// binary converts an elementwise operator. In the planar layout only operands
// of the same rank may be broadcast, or a lone value.
func (c *converter) binary(o tflite.Op, op string) {
	if _, ok := c.affines[o.Inputs[0]]; ok && op == "Mul" {
		c.scaleAffine(o, o.Inputs[0], o.Inputs[1])
		return
	}
	lay := native
	for _, t := range o.Inputs[:2] {
		if t >= 0 && c.layoutOf(t) == planar {
			lay = planar
		}
	}
	var in []string
	for _, t := range o.Inputs[:2] {
		if t >= 0 && lay == planar {
			if x := c.m.Tensors[t]; len(x.Shape) != 4 && x.Len() != 1 {
				c.fail("broadcast of shape %v over NCHW", x.Shape)
			}
		}
		in = append(in, c.get(t, lay))
	}
	c.put(o.Outputs[0], c.activated(c.add(op, in), o.Options.Int8(0, 0)), lay)
}

func (c *converter) concat(o tflite.Op) {
	rank := len(c.m.Tensors[o.Outputs[0]].Shape)
	axis := int(o.Options.Int32(0, 0))
	if axis < 0 {
		axis += rank
	}
	if axis < 0 || axis >= rank {
		c.fail("axis %d of rank %d", axis, rank)
		return
	}
	lay := native
	if rank == 4 && c.layoutOf(max(o.Inputs[0], 0)) == planar {
		lay, axis = planar, [4]int{0, 2, 3, 1}[axis]
	}
	var in []string
	for _, t := range o.Inputs {
		in = append(in, c.get(t, lay))
	}
	name := c.add("Concat", in, onnx.Int("axis", axis))
	c.put(o.Outputs[0], c.activated(name, o.Options.Int8(1, 0)), lay)
}

// dequantize widens a constant of float16; it is the only use of it here.
func (c *converter) dequantize(o tflite.Op) {
	a, ok := c.constant(o.Inputs[0])
	if !ok {
		c.fail("dequantise an activation")
		return
	}
	if c.m.Tensors[o.Outputs[0]].Len() != len(a.data) {
		c.fail("dequantise changes the size")
		return
	}
	c.consts[o.Outputs[0]] = a.reshape(c.m.Tensors[o.Outputs[0]].Shape...)
}

func (c *converter) relu(o tflite.Op) {
	lay := c.layoutOf(max(o.Inputs[0], 0))
	c.put(o.Outputs[0], c.add("Relu", []string{c.get(o.Inputs[0], lay)}), lay)
}

func (c *converter) reshape(o tflite.Op) {
	dims := c.ints(c.m.Tensors[o.Outputs[0]].Shape...)
	c.put(o.Outputs[0], c.add("Reshape", []string{c.get(o.Inputs[0], native), dims}), native)
}

// slice converts STRIDED_SLICE; the masks say where begin or end is left out
// and which axes are dropped. Ellipsis and new axes are not used here.
func (c *converter) slice(o tflite.Op) {
	begin, end, step := c.intConstant(o.Inputs[1]), c.intConstant(o.Inputs[2]), c.intConstant(o.Inputs[3])
	beginMask, endMask := o.Options.Int32(0, 0), o.Options.Int32(1, 0)
	if o.Options.Int32(2, 0) != 0 || o.Options.Int32(3, 0) != 0 || o.Options.Int32(4, 0) != 0 ||
		o.Inputs[0] < 0 || len(end) != len(begin) || len(step) != len(begin) {
		c.fail("form of strided slice")
		return
	}
	s := c.m.Tensors[o.Inputs[0]].Shape
	var axes []int
	for i := range begin {
		if i >= len(s) || step[i] < 1 {
			c.fail("strided slice of axis %d by %d", i, step[i])
			return
		}
		if beginMask>>i&1 != 0 {
			begin[i] = 0
		}
		if endMask>>i&1 != 0 {
			end[i] = s[i]
		}
		axes = append(axes, i)
	}
	in := []string{c.get(o.Inputs[0], native), c.ints(begin...), c.ints(end...), c.ints(axes...), c.ints(step...)}
	c.put(o.Outputs[0], c.add("Slice", in), native)
}
