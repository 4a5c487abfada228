package convert

import (
	"fmt"
	"math"
	"slices"

	"vivavoce/models/convert/flex"
	"vivavoce/models/convert/onnx"
	"vivavoce/models/convert/tflite"
)

// custom converts the three operators that MediaPipe added for the attention
// mesh, at their version 2. Their definition is the code in
// mediapipe/util/tflite/operations/{landmarks_to_transform_matrix,
// transform_tensor_bilinear,transform_landmarks}.cc.
func (c *converter) custom(o tflite.Op) {
	v, err := flex.Parse(o.CustomOptions)
	if err != nil {
		c.err = fmt.Errorf("options: %w", err)
		return
	}
	m, _ := v.(map[string]any)
	p := params{c, m}
	switch o.CustomName {
	case "Landmarks2TransformMatrix":
		c.landmarksToMatrix(o, p)
	case "TransformTensorBilinear":
		c.transformTensor(o, p)
	case "TransformLandmarks":
		c.transformLandmarks(o)
	default:
		c.fail("custom operator %q", o.CustomName)
	}
}

// params are the options of a custom operator.
type params struct {
	c *converter
	m map[string]any
}

// num returns a number.
func (p params) num(name string) float64 {
	switch v := p.m[name].(type) {
	case int64:
		return float64(v)
	case float64:
		return v
	}
	p.c.fail("option %q is missing", name)
	return 0
}

// whole returns an integer from 0 to limit.
func (p params) whole(name string, limit int) int {
	v := p.num(name)
	if !(v >= 0 && v <= float64(limit)) || v != math.Trunc(v) {
		p.c.fail("option %q is %v, not in 0–%d", name, v, limit)
		return 0
	}
	return int(v)
}

// indexes returns the sorted, unique landmark numbers in a list or a list of lists.
func (p params) indexes(name string, limit int) []int {
	var out []int
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, x := range v {
				walk(x)
			}
		case int64:
			if v < 0 || v >= int64(limit) {
				p.c.fail("landmark %d of %d", v, limit)
			}
			out = append(out, int(v))
		default:
			p.c.fail("option %q holds %T", name, v)
		}
	}
	walk(p.m[name])
	if len(out) == 0 {
		p.c.fail("option %q is empty", name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

const maxCrop = 256 // pixels; the crops here are 32 and 64 wide

// landmarksToMatrix finds the rotated box around a subset of the landmarks
// [1, n, 3], turned so that the line from the left to the right landmark is
// level, and gives the matrix [1, 4, 4] from pixels of a crop of that box to
// the landmarks' coordinates.
func (c *converter) landmarksToMatrix(o tflite.Op, p params) {
	shape := c.m.Tensors[max(o.Inputs[0], 0)].Shape
	if len(shape) != 3 || shape[2] < 2 {
		c.fail("landmarks of shape %v", shape)
		return
	}
	n := shape[1]
	if p.num("target_rotation_radians") != 0 {
		c.fail("a target rotation")
	}
	marks := c.get(o.Inputs[0], native)
	left, right := p.whole("left_rotation_idx", n-1), p.whole("right_rotation_idx", n-1)
	width, height := float64(p.whole("output_width", maxCrop)), float64(p.whole("output_height", maxCrop))
	if width == 0 || height == 0 {
		c.fail("an empty crop")
		return
	}
	point := func(i int) string {
		return c.add("Slice", []string{marks, c.ints(i, 0), c.ints(i+1, 2), c.ints(1, 2)}) // [1,1,2]
	}
	along := c.add("Sub", []string{point(right), point(left)})
	length := c.add("ReduceL2", []string{along}, onnx.Ints("axes", 2), onnx.Int("keepdims", 1))
	unit := c.add("Div", []string{along, length})
	cos, minusSin := c.column(unit, 0), c.column(unit, 1)
	sin := c.add("Neg", []string{minusSin}) // the rotation undoes the line's angle

	subset := p.indexes("subset_idxs", n)
	box := c.add("Gather", []string{marks, c.ints(subset...)}, onnx.Int("axis", 1))
	x, y := c.column(box, 0), c.column(box, 1)
	mul := func(a, b string) string { return c.add("Mul", []string{a, b}) }
	add := func(a, b string) string { return c.add("Add", []string{a, b}) }
	sub := func(a, b string) string { return c.add("Sub", []string{a, b}) }
	midX, sizeX := c.extent(sub(mul(x, cos), mul(y, sin)))
	midY, sizeY := c.extent(add(mul(x, sin), mul(y, cos)))
	centreX := add(mul(midX, cos), mul(midY, sin))
	centreY := sub(mul(midY, cos), mul(midX, sin))
	perX := mul(sizeX, c.scalar(p.num("scale_x")/width)) // of the mesh, per crop pixel
	perY := mul(sizeY, c.scalar(p.num("scale_y")/height))

	xx, xy := mul(perX, cos), mul(perY, sin)
	yx, yy := c.add("Neg", []string{mul(perX, sin)}), mul(perY, cos)
	shift := func(centre, a, b string) string {
		return sub(centre, add(mul(a, c.scalar(width/2)), mul(b, c.scalar(height/2))))
	}
	zero := c.floats(array{[]int{1, 1, 1}, []float32{0}})
	one := c.floats(array{[]int{1, 1, 1}, []float32{1}})
	rows := c.add("Concat", []string{
		xx, xy, zero, shift(centreX, xx, xy),
		yx, yy, zero, shift(centreY, yx, yy),
		zero, zero, one, zero,
		zero, zero, zero, one,
	}, onnx.Int("axis", 2))
	c.put(o.Outputs[0], c.add("Reshape", []string{rows, c.ints(1, 4, 4)}), native)
}

// column returns [1, n, 1] of [1, n, ≥2].
func (c *converter) column(points string, i int) string {
	return c.add("Slice", []string{points, c.ints(i), c.ints(i + 1), c.ints(2)})
}

// extent returns the middle and the size of the range of [1, n, 1], each [1, 1, 1].
func (c *converter) extent(v string) (middle, size string) {
	most := c.add("ReduceMax", []string{v}, onnx.Ints("axes", 1), onnx.Int("keepdims", 1))
	least := c.add("ReduceMin", []string{v}, onnx.Ints("axes", 1), onnx.Int("keepdims", 1))
	middle = c.add("Mul", []string{c.add("Add", []string{most, least}), c.scalar(0.5)})
	return middle, c.add("Sub", []string{most, least})
}

// transformTensor cuts a crop out of feature maps, bilinearly, by a matrix of
// landmarksToMatrix: crop pixel centres (x+½, y+½) go through the matrix, and
// what falls outside the map is 0, also where only a part of it does.
func (c *converter) transformTensor(o tflite.Op, p params) {
	if len(o.Inputs) < 2 {
		c.fail("no matrix")
		return
	}
	width, height := p.whole("output_width", maxCrop), p.whole("output_height", maxCrop)
	in := c.shape4(o.Inputs[0])
	if in[1] < 2 || in[2] < 2 || width == 0 || height == 0 {
		c.fail("crop %d×%d of %v", width, height, in)
		return
	}
	grid := array{dims: []int{1, width * height, 4}}
	for i := range width * height {
		grid.data = append(grid.data, float32(i%width)+0.5, float32(i/width)+0.5, 0, 1)
	}
	rows := c.add("Slice", []string{c.get(o.Inputs[1], native), c.ints(0), c.ints(2), c.ints(1)}) // [1,2,4]
	turned := c.add("Transpose", []string{rows}, onnx.Ints("perm", 0, 2, 1))
	at := c.add("Sub", []string{c.add("MatMul", []string{c.floats(grid), turned}), c.scalar(0.5)}) // [1,wh,2] pixels

	last := [2]float32{float32(in[2] - 1), float32(in[1] - 1)}
	inside := c.add("And", []string{
		c.add("GreaterOrEqual", []string{at, c.scalar(0)}),
		c.add("LessOrEqual", []string{at, c.floats(array{[]int{1, 1, 2}, last[:]})}),
	})
	both := c.add("ReduceMin", []string{c.add("Cast", []string{inside}, onnx.Int("to", onnx.Float))},
		onnx.Ints("axes", 2), onnx.Int("keepdims", 0))
	mask := c.add("Reshape", []string{both, c.ints(1, 1, height, width)})

	// GridSample counts from -1 at the first pixel's centre to 1 at the last's.
	per := c.floats(array{[]int{1, 1, 2}, []float32{2 / last[0], 2 / last[1]}})
	scaled := c.add("Sub", []string{c.add("Mul", []string{at, per}), c.scalar(1)})
	crop := c.add("GridSample", []string{
		c.get(o.Inputs[0], planar),
		c.add("Reshape", []string{scaled, c.ints(1, height, width, 2)}),
	}, onnx.String("mode", "bilinear"), onnx.String("padding_mode", "zeros"), onnx.Int("align_corners", 1))
	c.put(o.Outputs[0], c.add("Mul", []string{crop, mask}), planar)
}

// transformLandmarks moves points [1, n, 2] from crop pixels back to the mesh's
// coordinates: the matrix's upper 2×2 and its translation.
func (c *converter) transformLandmarks(o tflite.Op) {
	if len(o.Inputs) < 2 {
		c.fail("no matrix")
		return
	}
	matrix := c.get(o.Inputs[1], native)
	part := func(from, to int) string { // columns of the first two rows, transposed
		s := c.add("Slice", []string{matrix, c.ints(0, from), c.ints(2, to), c.ints(1, 2)})
		return c.add("Transpose", []string{s}, onnx.Ints("perm", 0, 2, 1))
	}
	turned := c.add("MatMul", []string{c.get(o.Inputs[0], native), part(0, 2)})
	c.put(o.Outputs[0], c.add("Add", []string{turned, part(3, 4)}), native)
}
