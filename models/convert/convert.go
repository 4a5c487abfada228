// Package convert rewrites the TensorFlow Lite face models of MediaPipe as ONNX.
//
// Inside the ONNX graph activations are NCHW, and so is the input: one
// transposition is left where the TFLite graph looks at its NHWC order, before
// a Reshape. Weights stored as float16 are kept as float32. The same file
// always gives the same bytes.
package convert

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"vivavoce/models/convert/onnx"
	"vivavoce/models/convert/tflite"
)

// ErrUnsupported is the error of a graph that is valid and uses something that
// no model here needs.
var ErrUnsupported = errors.New("not supported by the converter")

// maxConstants bounds the float32 values made from a file: constants may
// overlap in it. The attention mesh has 1.2 million.
const maxConstants = 1 << 24

// Convert returns the ONNX file of a TFLite file. Inputs and outputs keep their
// names, with "_" for "/"; inputs of rank 4 become NCHW, outputs of 1×1 pixels
// become [batch, channels].
func Convert(file []byte) ([]byte, error) {
	m, err := tflite.Parse(file)
	if err != nil {
		return nil, fmt.Errorf("read TFLite: %w", err)
	}
	c := &converter{
		m:       m,
		names:   map[value]string{},
		consts:  map[int]array{},
		stored:  map[string]string{},
		affines: map[int]affine{},
		flats:   map[string]string{},
	}
	c.graph.Name = "tflite"
	c.inputs()
	for i, o := range m.Ops {
		c.op(o)
		if c.err != nil {
			return nil, fmt.Errorf("convert operator %d (code %d %s): %w", i, o.Code, o.CustomName, c.err)
		}
	}
	c.outputs()
	if c.err != nil {
		return nil, fmt.Errorf("convert outputs: %w", c.err)
	}
	return c.graph.Marshal(), nil
}

// layout is the order in which a rank-4 activation lies in memory. For every
// other rank there is only native.
type layout byte

const (
	native layout = iota // as in TFLite: NHWC
	planar               // NCHW
)

type value struct {
	tensor int
	layout layout
}

// converter builds the graph. The first error stops it: later steps do nothing
// useful but must not panic.
type converter struct {
	m       *tflite.Model
	graph   onnx.Graph
	names   map[value]string  // ONNX name of an activation
	consts  map[int]array     // constants by TFLite tensor
	stored  map[string]string // ONNX name of a constant, by its content
	affines map[int]affine    // by TFLite tensor
	flats   map[string]string // x and y of landmarks, by their ONNX name
	spent   int               // of maxConstants
	err     error
}

func (c *converter) fail(format string, a ...any) {
	if c.err == nil {
		c.err = fmt.Errorf("%w: "+format, append([]any{ErrUnsupported}, a...)...)
	}
}

func (c *converter) inputs() {
	for _, t := range c.m.Inputs {
		x := c.m.Tensors[t]
		v := onnx.Value{Name: rename(x.Name), Dims: x.Shape}
		lay := native
		if len(x.Shape) == 4 {
			lay, v.Dims = planar, toPlanar(x.Shape)
		}
		if x.Type != tflite.Float32 {
			c.fail("input %q of type %d", x.Name, x.Type)
		}
		c.graph.Inputs = append(c.graph.Inputs, v)
		c.names[value{t, lay}] = v.Name
	}
}

func (c *converter) outputs() {
	for _, t := range c.m.Outputs {
		x := c.m.Tensors[t]
		v := onnx.Value{Name: rename(x.Name), Dims: x.Shape}
		src := ""
		if s := x.Shape; len(s) == 4 && s[1] == 1 && s[2] == 1 {
			v.Dims = []int{s[0], s[3]}
			src = c.add("Reshape", []string{c.get(t, c.layoutOf(t)), c.ints(v.Dims...)})
		} else {
			src = c.get(t, native)
		}
		c.graph.Nodes = append(c.graph.Nodes, onnx.Node{Op: "Identity", Inputs: []string{src}, Output: v.Name})
		c.graph.Outputs = append(c.graph.Outputs, v)
	}
}

// add appends a node and returns the name of its output.
func (c *converter) add(op string, in []string, attrs ...onnx.Attr) string {
	out := strings.ToLower(op) + "_" + strconv.Itoa(len(c.graph.Nodes))
	c.graph.Nodes = append(c.graph.Nodes, onnx.Node{Op: op, Inputs: in, Output: out, Attrs: attrs})
	return out
}

// layoutOf returns a layout in which activation t exists already.
func (c *converter) layoutOf(t int) layout {
	if _, ok := c.names[value{t, planar}]; ok {
		return planar
	}
	return native
}

// get returns the ONNX name of tensor t in a layout, converting it if needed.
func (c *converter) get(t int, want layout) string {
	if t < 0 {
		c.fail("a required input is left out")
		return ""
	}
	x := c.m.Tensors[t]
	if len(x.Shape) != 4 {
		want = native
	}
	if a, ok := c.constant(t); ok {
		if want == planar {
			a = a.permute(0, 3, 1, 2)
		}
		return c.floats(a)
	}
	if name, ok := c.names[value{t, want}]; ok {
		return name
	}
	have := native
	if want == native {
		have = planar
	}
	src, ok := c.names[value{t, have}]
	if !ok || len(x.Shape) != 4 {
		c.fail("tensor %q is used before it is made", x.Name)
		return ""
	}
	name := c.turn(src, x.Shape, want)
	c.names[value{t, want}] = name
	return name
}

// turn brings an activation of NHWC shape s to a layout.
func (c *converter) turn(src string, s []int, want layout) string {
	if s[3] == 1 || s[1] == 1 && s[2] == 1 { // the same order in memory
		if want == planar {
			s = toPlanar(s)
		}
		return c.add("Reshape", []string{src, c.ints(s...)})
	}
	if want == planar {
		return c.add("Transpose", []string{src}, onnx.Ints("perm", 0, 3, 1, 2))
	}
	return c.add("Transpose", []string{src}, onnx.Ints("perm", 0, 2, 3, 1))
}

// put records the ONNX name of the output of an operator.
func (c *converter) put(t int, name string, lay layout) {
	if len(c.m.Tensors[t].Shape) != 4 {
		lay = native
	}
	c.names[value{t, lay}] = name
}

// constant returns tensor t as float32 if it is one.
func (c *converter) constant(t int) (array, bool) {
	if t < 0 {
		return array{}, false
	}
	if a, ok := c.consts[t]; ok {
		return a, true
	}
	x := c.m.Tensors[t]
	if x.Data == nil || x.Type == tflite.Int32 {
		return array{}, false
	}
	if !c.affords(x.Len()) {
		return array{}, false
	}
	a := array{dims: x.Shape, data: make([]float32, x.Len())}
	for i := range a.data {
		if x.Type == tflite.Float16 {
			a.data[i] = halfToFloat(binary.LittleEndian.Uint16(x.Data[2*i:]))
		} else {
			a.data[i] = math.Float32frombits(binary.LittleEndian.Uint32(x.Data[4*i:]))
		}
	}
	c.consts[t] = a
	return a, true
}

// affords counts constant values that are about to be made.
func (c *converter) affords(n int) bool {
	if n > maxConstants-c.spent {
		c.fail("more than %d constant values", maxConstants)
		return false
	}
	c.spent += n
	return true
}

// intConstant returns the int32 constant t.
func (c *converter) intConstant(t int) []int {
	if t < 0 || c.m.Tensors[t].Type != tflite.Int32 || c.m.Tensors[t].Data == nil {
		c.fail("tensor %d is not a constant of int32", t)
		return nil
	}
	x := c.m.Tensors[t]
	out := make([]int, x.Len())
	for i := range out {
		out[i] = int(int32(binary.LittleEndian.Uint32(x.Data[4*i:])))
	}
	return out
}

// floats stores a constant once and returns its name.
func (c *converter) floats(a array) string {
	return c.store(onnx.Tensor{Dims: a.dims, Floats: a.data})
}

// scalar stores a constant of rank 0.
func (c *converter) scalar(v float64) string {
	return c.floats(array{data: []float32{float32(v)}})
}

// ints stores a vector of int64.
func (c *converter) ints(v ...int) string {
	t := onnx.Tensor{Dims: []int{len(v)}, Ints: make([]int64, len(v))}
	for i := range v {
		t.Ints[i] = int64(v[i])
	}
	return c.store(t)
}

func (c *converter) store(t onnx.Tensor) string {
	key := t.Key()
	if name, ok := c.stored[key]; ok {
		return name
	}
	t.Name = "const_" + strconv.Itoa(len(c.graph.Consts))
	c.graph.Consts = append(c.graph.Consts, t)
	c.stored[key] = t.Name
	return t.Name
}

func rename(s string) string { return strings.ReplaceAll(s, "/", "_") }

func toPlanar(s []int) []int { return []int{s[0], s[3], s[1], s[2]} }
