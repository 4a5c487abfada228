package models

import (
	"math"
	"math/rand/v2"
	"testing"

	"vivavoce/models/convert"
	"vivavoce/models/convert/tflite"
	"vivavoce/models/convert/tflite/tflitetest"
)

// grid is an NHWC activation of one picture, with TFLite's own meaning of each
// operator written out the slow way.
type grid struct {
	h, w, c int
	v       []float32
}

func newGrid(h, w, c int, f func(y, x, k int) float64) grid {
	g := grid{h, w, c, make([]float32, h*w*c)}
	for i := range g.v {
		g.v[i] = float32(f(i/(w*c), i/c%w, i%c))
	}
	return g
}

func (g grid) shape() []int { return []int{1, g.h, g.w, g.c} }

// at is 0 outside.
func (g grid) at(y, x, k int) float64 {
	if y < 0 || y >= g.h || x < 0 || x >= g.w || k < 0 || k >= g.c {
		return 0
	}
	return float64(g.v[(y*g.w+x)*g.c+k])
}

// planar returns the values as NCHW.
func (g grid) planar() []float32 {
	var out []float32
	for k := range g.c {
		for i := range g.h * g.w {
			out = append(out, g.v[i*g.c+k])
		}
	}
	return out
}

func random(r *rand.Rand, n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(r.NormFloat64())
	}
	return out
}

// sameBefore is the padding that SAME puts before a row or column of n.
func sameBefore(n, kernel, stride int) int {
	return max(((n+stride-1)/stride-1)*stride+kernel-n, 0) / 2
}

// TestOperators converts single operators and compares what ONNX Runtime makes
// of them with their definition.
func TestOperators(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	x := grid{7, 6, 4, random(r, 7*6*4)}
	conv := random(r, 5*3*3*4) // OHWI
	bias := random(r, 5)
	deep := random(r, 5*5*4) // 1HWC
	gentle, steep := []float32{0, 0.25, 1, -0.5}, []float32{0.1, 1.75, 0.3, 2}
	bent := func(slopes []float32) grid {
		return newGrid(7, 6, 4, func(y, xx, k int) float64 {
			v := x.at(y, xx, k)
			return max(v, 0) + float64(slopes[k])*min(v, 0)
		})
	}
	constant := func(shape []int, v []float32) tflite.Tensor {
		return tflite.Tensor{Name: "k", Shape: shape, Data: tflitetest.Floats(v...)}
	}
	pads := func(v ...int32) tflite.Tensor {
		return tflite.Tensor{Name: "k", Shape: []int{4, 2}, Type: tflite.Int32, Data: tflitetest.Ints(v...)}
	}
	cases := []struct {
		name   string
		op     tflitetest.Op
		consts []tflite.Tensor
		want   grid
	}{
		{
			"conv, SAME, stride 2",
			tflitetest.Op{Code: tflite.Conv2D, Options: []any{int8(0), int32(2), int32(2), int8(1)}}, // and RELU
			[]tflite.Tensor{constant([]int{5, 3, 3, 4}, conv), constant([]int{5}, bias)},
			newGrid(4, 3, 5, func(y, xx, k int) float64 {
				sum := float64(bias[k])
				for i := range 3 * 3 * 4 {
					dy, dx, c := i/12, i/4%3, i%4
					sum += float64(conv[k*36+i]) * x.at(2*y+dy-sameBefore(7, 3, 2), 2*xx+dx-sameBefore(6, 3, 2), c)
				}
				return max(sum, 0)
			}),
		},
		{
			"conv, VALID",
			tflitetest.Op{Code: tflite.Conv2D, Options: []any{int8(1), int32(1), int32(1)}},
			[]tflite.Tensor{constant([]int{5, 3, 3, 4}, conv)},
			newGrid(5, 4, 5, func(y, xx, k int) (sum float64) {
				for i := range 3 * 3 * 4 {
					sum += float64(conv[k*36+i]) * x.at(y+i/12, xx+i/4%3, i%4)
				}
				return sum
			}),
		},
		{
			"depthwise, SAME, stride 2",
			tflitetest.Op{Code: tflite.DepthwiseConv2D, Options: []any{int8(0), int32(2), int32(2)}},
			[]tflite.Tensor{constant([]int{1, 5, 5, 4}, deep)},
			newGrid(4, 3, 4, func(y, xx, k int) (sum float64) {
				for i := range 25 {
					sum += float64(deep[i*4+k]) * x.at(2*y+i/5-sameBefore(7, 5, 2), 2*xx+i%5-sameBefore(6, 5, 2), k)
				}
				return sum
			}),
		},
		{
			"max pool",
			tflitetest.Op{Code: tflite.MaxPool2D, Options: []any{int8(0), int32(2), int32(2), int32(2), int32(2)}}, nil,
			newGrid(4, 3, 4, func(y, xx, k int) float64 {
				most := math.Inf(-1)
				for i := range 4 {
					if 2*y+i/2 < 7 {
						most = max(most, x.at(2*y+i/2, 2*xx+i%2, k))
					}
				}
				return most
			}),
		},
		{"prelu, gentle", tflitetest.Op{Code: tflite.PRelu}, []tflite.Tensor{constant([]int{1, 1, 4}, gentle)}, bent(gentle)},
		{"prelu, steep", tflitetest.Op{Code: tflite.PRelu}, []tflite.Tensor{constant([]int{1, 1, 4}, steep)}, bent(steep)},
		{"pad channels", tflitetest.Op{Code: tflite.Pad}, []tflite.Tensor{pads(0, 0, 0, 0, 0, 0, 0, 3)}, newGrid(7, 6, 7, x.at)},
		{
			"pad around", tflitetest.Op{Code: tflite.Pad}, []tflite.Tensor{pads(0, 0, 1, 2, 3, 0, 1, 0)},
			newGrid(10, 9, 5, func(y, xx, k int) float64 { return x.at(y-1, xx-3, k-1) }),
		},
		{
			"resize by half pixels",
			tflitetest.Op{Code: tflite.ResizeBilinear, Options: []any{nil, nil, int8(0), int8(1)}}, nil,
			newGrid(14, 12, 4, func(y, xx, k int) float64 {
				sy := min(max((float64(y)+0.5)/2-0.5, 0), 6)
				sx := min(max((float64(xx)+0.5)/2-0.5, 0), 5)
				return x.mix(sy, sx, k)
			}),
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			g := tflitetest.Graph{Inputs: []int{0}, Outputs: []int{1}}
			g.Tensors = append([]tflite.Tensor{{Name: "x", Shape: x.shape()}, {Name: "y", Shape: c.want.shape()}}, c.consts...)
			c.op.Inputs, c.op.Outputs = []int{0}, []int{1}
			for i := range c.consts {
				c.op.Inputs = append(c.op.Inputs, 2+i)
			}
			g.Ops = []tflitetest.Op{c.op}
			got := runGraph(t, g, x.planar())[0]
			near(t, got, c.want.v, 1e-5)
		})
	}
}

// mix is the bilinear value at a place inside.
func (g grid) mix(y, x float64, k int) float64 {
	y0, x0 := math.Floor(y), math.Floor(x)
	fy, fx := y-y0, x-x0
	i, j := int(y0), int(x0)
	return (1-fy)*(1-fx)*g.at(i, j, k) + (1-fy)*fx*g.at(i, j+1, k) + fy*(1-fx)*g.at(i+1, j, k) + fy*fx*g.at(i+1, j+1, k)
}

// TestAttentionCrop follows MediaPipe's three custom operators by hand, with a
// box that reaches out of the map.
func TestAttentionCrop(t *testing.T) {
	const side, out = 9, 6
	r := rand.New(rand.NewPCG(5, 6))
	x := grid{side, side, 3, random(r, side*side*3)}
	// The 81 landmarks are the map's own pixels; 5, 0, 12 and 3 happen to make a
	// turned box of some pixels; the eyes' line goes from 5 to 0.
	subset, left, right, scale := []int{5, 0, 12, 3}, 5, 0, 1.5
	for i, p := range map[int][2]float32{5: {1, 6}, 0: {6, 7.5}, 12: {3, 3}, 3: {4, 8}} {
		x.v[3*i], x.v[3*i+1] = p[0], p[1]
	}
	options := tflitetest.Flex(map[string]any{
		"left_rotation_idx": left, "right_rotation_idx": right, "target_rotation_radians": 0.0, "subset_idxs": subset,
		"scale_x": scale, "scale_y": scale, "output_width": out, "output_height": out,
	})
	g := tflitetest.Graph{
		Tensors: []tflite.Tensor{
			{Name: "x", Shape: x.shape()}, {Name: "marks", Shape: []int{1, side * side, 3}}, {Name: "matrix", Shape: []int{1, 4, 4}},
			{Name: "crop", Shape: []int{1, out, out, 3}},
			{Name: "even", Shape: []int{1, out * out * 3 / 2, 2}}, {Name: "moved", Shape: []int{1, out * out * 3 / 2, 2}},
		},
		Inputs: []int{0}, Outputs: []int{3, 5},
		Ops: []tflitetest.Op{
			{Code: tflite.Reshape, Inputs: []int{0}, Outputs: []int{1}},
			{Code: tflite.Custom, Custom: "Landmarks2TransformMatrix", Inputs: []int{1}, Outputs: []int{2}, Flex: options},
			{Code: tflite.Custom, Custom: "TransformTensorBilinear", Inputs: []int{0, 2}, Outputs: []int{3}, Flex: options},
			{Code: tflite.Reshape, Inputs: []int{3}, Outputs: []int{4}},
			{Code: tflite.Custom, Custom: "TransformLandmarks", Inputs: []int{4, 2}, Outputs: []int{5}},
		},
	}
	got := runGraph(t, g, x.planar())

	// landmarks_to_transform_matrix.cc: turn by minus the line's angle, take the
	// box, scale it, and go back from crop pixels.
	mark := func(i int) (float64, float64) { return float64(x.v[3*i]), float64(x.v[3*i+1]) }
	lx, ly := mark(left)
	rx, ry := mark(right)
	sin, cos := math.Sincos(math.Atan2(ry-ly, rx-lx))
	minX, maxX, minY, maxY := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, i := range subset {
		px, py := mark(i)
		qx, qy := px*cos+py*sin, -px*sin+py*cos
		minX, maxX, minY, maxY = min(minX, qx), max(maxX, qx), min(minY, qy), max(maxY, qy)
	}
	place := func(u, v float64) (float64, float64) {
		qx := (minX+maxX)/2 + (u/out-0.5)*scale*(maxX-minX)
		qy := (minY+maxY)/2 + (v/out-0.5)*scale*(maxY-minY)
		return qx*cos - qy*sin, qx*sin + qy*cos
	}
	outside := 0
	crop := newGrid(out, out, 3, func(v, u, k int) float64 {
		px, py := place(float64(u)+0.5, float64(v)+0.5)
		px, py = px-0.5, py-0.5
		if px < 0 || py < 0 || px > side-1 || py > side-1 {
			outside++
			return 0
		}
		return x.mix(py, px, k)
	})
	if outside == 0 || outside == out*out*3 {
		t.Fatalf("%d of %d values lie outside: the case tests nothing", outside, out*out*3)
	}
	near(t, got[0], crop.v, 1e-4)
	var moved []float32
	for i := 0; i < len(crop.v); i += 2 {
		px, py := place(float64(crop.v[i]), float64(crop.v[i+1]))
		moved = append(moved, float32(px), float32(py))
	}
	near(t, got[1], moved, 1e-4)
}

// TestDegenerateCrop: landmarks that all lie at one place have no direction. The
// answer is not a number then, but a run must not fail.
func TestDegenerateCrop(t *testing.T) {
	m := loaded(t, opened(t, 1), "face_mesh_attention")
	in, out := buffers(m)
	for name, v := range map[string]float64{"NaN": math.NaN(), "infinite": math.Inf(1), "huge": 1e30} {
		for i := range in[0] {
			in[0][i] = float32(v)
		}
		if err := m.Run(t.Context(), Live, in, out); err != nil {
			t.Errorf("%s pixels: %v", name, err)
		}
	}
}

// runGraph converts a file and runs it; x is the NCHW input.
func runGraph(t *testing.T, g tflitetest.Graph, x []float32) [][]float32 {
	t.Helper()
	opened(t, 1) // ONNX Runtime
	onnx, err := convert.Convert(tflitetest.File(g))
	if err != nil {
		t.Fatal(err)
	}
	s := g.Tensors[g.Inputs[0]].Shape
	f := file{Model: "test", Inputs: []Shape{{Name: "x", Dims: []int64{1, int64(s[3]), int64(s[1]), int64(s[2])}}}}
	for _, k := range g.Outputs {
		o := Shape{Name: g.Tensors[k].Name}
		for _, d := range g.Tensors[k].Shape {
			o.Dims = append(o.Dims, int64(d))
		}
		f.Outputs = append(f.Outputs, o)
	}
	m, err := newModel(f, onnx, newPool(1))
	if err != nil {
		t.Fatal(err)
	}
	defer m.close()
	in, out := buffers(m)
	copy(in[0], x)
	if err := m.Run(t.Context(), Live, in, out); err != nil {
		t.Fatal(err)
	}
	return out
}

func near(t *testing.T, got, want []float32, within float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d values, want %d", len(got), len(want))
	}
	for i := range got {
		if d := math.Abs(float64(got[i]) - float64(want[i])); !(d <= within*max(1, math.Abs(float64(want[i])))) {
			t.Fatalf("value %d = %v, want %v", i, got[i], want[i])
		}
	}
}
