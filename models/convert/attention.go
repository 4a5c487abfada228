package convert

import (
	"math"

	"vivavoce/models/convert/onnx"
	"vivavoce/models/convert/tflite"
)

const maxCrop = 256 // pixels; the crops here are 16 wide

// affine moves row vectors: q = p·linear + shift. TFLite keeps it as a 4×4
// matrix; only the operators of this file read it, so that is never built.
type affine struct {
	linear string // [1, 2, 2]
	shift  string // [1, 1, 2]
}

// landmarksToMatrix finds the box around a subset of the landmarks [1, n, 3],
// turned so that the line from the left to the right landmark is level, and
// gives the affine from pixels of a crop of that box to the landmarks'
// coordinates.
//
// With (c, s) the line's direction, A = [c -s; s c] turns points level (p·A).
// The box there has middle m and size z; a crop pixel is worth z·scale/output
// of it. So linear = diag(z·scale/output)·Aᵀ and shift = (m − z·scale/2)·Aᵀ.
func (c *converter) landmarksToMatrix(o tflite.Op, p params) {
	shape := c.m.Tensors[max(o.Inputs[0], 0)].Shape
	if len(shape) != 3 || shape[2] < 2 {
		c.fail("landmarks of shape %v", shape)
		return
	}
	n := shape[1]
	width, height := p.whole("output_width", maxCrop), p.whole("output_height", maxCrop)
	if width == 0 || height == 0 || p.num("target_rotation_radians") != 0 {
		c.fail("crop of %d×%d, or turned", width, height)
		return
	}
	marks := c.flat(o.Inputs[0])
	ends := c.ints(p.whole("left_rotation_idx", n-1), p.whole("right_rotation_idx", n-1))
	pair := c.add("Reshape", []string{c.add("Gather", []string{marks, ends}, onnx.Int("axis", 1)), c.ints(1, 1, 4)})
	// (x₀ y₀ x₁ y₁) → Aᵀ = (c s −s c), not yet of unit length: its norm is √2 times that of (c, s).
	along := c.add("MatMul", []string{pair, c.floats(array{[]int{4, 4}, []float32{
		-1, 0, 0, -1,
		0, -1, 1, 0,
		1, 0, 0, 1,
		0, 1, -1, 0,
	}})})
	norm := c.add("ReduceL2", []string{along}, onnx.Ints("axes", 2), onnx.Int("keepdims", 1))
	unit := c.add("Div", []string{along, c.add("Mul", []string{norm, c.scalar(math.Sqrt2 / 2)})})
	back := c.add("Reshape", []string{unit, c.ints(1, 2, 2)}) // Aᵀ
	level := c.add("Transpose", []string{back}, onnx.Ints("perm", 0, 2, 1))

	subset := c.add("Gather", []string{marks, c.ints(p.indexes("subset_idxs", n)...)}, onnx.Int("axis", 1))
	turned := c.add("MatMul", []string{subset, level})
	most := c.add("ReduceMax", []string{turned}, onnx.Ints("axes", 1), onnx.Int("keepdims", 1))
	least := c.add("ReduceMin", []string{turned}, onnx.Ints("axes", 1), onnx.Int("keepdims", 1))

	scale := [2]float64{p.num("scale_x"), p.num("scale_y")}
	per := c.add("Mul", []string{c.add("Sub", []string{most, least}),
		c.pair(scale[0]/float64(width), scale[1]/float64(height))})
	// m − z·scale/2 in terms of the range's ends.
	corner := c.add("Add", []string{
		c.add("Mul", []string{most, c.pair((1-scale[0])/2, (1-scale[1])/2)}),
		c.add("Mul", []string{least, c.pair((1+scale[0])/2, (1+scale[1])/2)}),
	})
	c.affines[o.Outputs[0]] = affine{
		linear: c.add("Mul", []string{back, c.add("Reshape", []string{per, c.ints(1, 2, 1)})}),
		shift:  c.add("MatMul", []string{corner, back}),
	}
}

// flat returns x and y of landmarks [1, n, 3].
func (c *converter) flat(t int) string {
	marks := c.get(t, native)
	if c.flats[marks] == "" {
		c.flats[marks] = c.add("Slice", []string{marks, c.ints(0), c.ints(2), c.ints(2)})
	}
	return c.flats[marks]
}

// pair stores a constant [1, 1, 2].
func (c *converter) pair(x, y float64) string {
	return c.floats(array{[]int{1, 1, 2}, []float32{float32(x), float32(y)}})
}

func (c *converter) affine(o tflite.Op) (affine, bool) {
	if len(o.Inputs) < 2 {
		c.fail("no matrix")
		return affine{}, false
	}
	a, ok := c.affines[o.Inputs[1]]
	if !ok {
		c.fail("the matrix is not made by Landmarks2TransformMatrix")
	}
	return a, ok
}

// scaleAffine multiplies the matrix elementwise by a constant [1, 4, 4]: the
// mesh lies in pixels of the crop, the maps have a quarter of them.
func (c *converter) scaleAffine(o tflite.Op, t, by int) {
	k, ok := c.constant(by)
	if !ok || len(k.data) != 16 {
		c.fail("a matrix times something else than a constant 4×4")
		return
	}
	a, m := c.affines[t], k.data
	c.affines[o.Outputs[0]] = affine{
		linear: c.add("Mul", []string{a.linear, c.floats(array{[]int{1, 2, 2}, []float32{m[0], m[4], m[1], m[5]}})}),
		shift:  c.add("Mul", []string{a.shift, c.floats(array{[]int{1, 1, 2}, []float32{m[3], m[7]}})}),
	}
}

// transformLandmarks moves points [1, n, 2] from crop pixels back to the mesh's
// coordinates.
func (c *converter) transformLandmarks(o tflite.Op) {
	a, ok := c.affine(o)
	if !ok {
		return
	}
	moved := c.add("MatMul", []string{c.get(o.Inputs[0], native), a.linear})
	c.put(o.Outputs[0], c.add("Add", []string{moved, a.shift}), native)
}

// transformTensor cuts a crop out of feature maps, bilinearly: crop pixel
// centres (x+½, y+½) go through the matrix, and a point outside the map's pixel
// centres gives 0, even where it would touch the map.
//
// ONNX has GridSample for this, but ONNX Runtime 1.24 walks each channel by
// itself: 0.16 ms a crop. Gathering whole NHWC pixels takes a third of that.
func (c *converter) transformTensor(o tflite.Op, p params) {
	a, ok := c.affine(o)
	if !ok {
		return
	}
	width, height := p.whole("output_width", maxCrop), p.whole("output_height", maxCrop)
	in := c.shape4(o.Inputs[0])
	if in[0] != 1 || in[1] < 2 || in[2] < 2 || width == 0 || height == 0 {
		c.fail("crop %d×%d of %v", width, height, in)
		return
	}
	n := width * height
	if !c.affords(2 * n) {
		return
	}
	grid := array{dims: []int{1, n, 2}}
	for i := range n {
		grid.data = append(grid.data, float32(i%width)+0.5, float32(i/width)+0.5)
	}
	shift := c.add("Sub", []string{a.shift, c.scalar(0.5)}) // to pixel indexes
	at := c.add("Add", []string{c.add("MatMul", []string{c.floats(grid), a.linear}), shift})

	weights, index := c.taps(at, n, in[1], in[2])
	pixels := c.add("Reshape", []string{c.get(o.Inputs[0], native), c.ints(in[1]*in[2], in[3])})
	four := c.add("Gather", []string{pixels, index}, onnx.Int("axis", 0)) // [n, 4, channels]
	sum := c.add("ReduceSum", []string{c.add("Mul", []string{four, weights}), c.ints(1)}, onnx.Int("keepdims", 0))
	c.put(o.Outputs[0], c.add("Reshape", []string{sum, c.ints(1, height, width, in[3])}), native)
}

// taps returns, for points [1, n, 2] in a map of h×w pixels, the four pixels
// around each as indexes [n, 4] and their weights [n, 4, 1], 0 outside.
func (c *converter) taps(at string, n, h, w int) (weights, index string) {
	last := func(minus int) string { return c.pair(float64(w-1-minus), float64(h-1-minus)) }
	near := c.add("Min", []string{c.add("Max", []string{at, c.scalar(0)}), last(0)})
	same := c.add("Cast", []string{c.add("Equal", []string{near, at})}, onnx.Int("to", onnx.Float))
	inside := c.add("ReduceMin", []string{same}, onnx.Ints("axes", 2), onnx.Int("keepdims", 1)) // [1,n,1]

	first := c.add("Min", []string{c.add("Floor", []string{near}), last(1)})
	after := c.add("Sub", []string{near, first})                         // weights x, y of the right and lower pixels
	before := c.add("Sub", []string{c.scalar(1), after})                 // of the left and upper
	all := c.add("Concat", []string{before, after}, onnx.Int("axis", 2)) // [1,n,4]
	x := c.add("Gather", []string{all, c.ints(0, 2, 0, 2)}, onnx.Int("axis", 2))
	y := c.add("Gather", []string{all, c.ints(1, 1, 3, 3)}, onnx.Int("axis", 2))
	product := c.add("Mul", []string{c.add("Mul", []string{x, y}), inside})
	weights = c.add("Reshape", []string{product, c.ints(n, 4, 1)})

	row := c.floats(array{[]int{2, 1}, []float32{1, float32(w)}}) // exact: a map has fewer than 2²⁴ pixels
	corner := c.add("Cast", []string{c.add("MatMul", []string{first, row})}, onnx.Int("to", onnx.Int64))
	corner = c.add("Max", []string{corner, c.ints(0)}) // two landmarks at one place make NaN, which casts to the least integer
	index = c.add("Reshape", []string{c.add("Add", []string{corner, c.ints(0, 1, w, w+1)}), c.ints(n, 4)})
	return weights, index
}
