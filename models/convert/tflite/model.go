// Package tflite reads TensorFlow Lite files: the tensors, constants and
// operators of the first graph. It reads no more than the converter needs.
//
// Format: tensorflow/compiler/mlir/lite/schema/schema.fbs (version 3), a
// FlatBuffers file with the identifier "TFL3". Field numbers below are its ids.
package tflite

import (
	"errors"
	"fmt"
)

// ErrMalformed is the error of a file that is truncated, inconsistent or beyond the limits.
var ErrMalformed = errors.New("malformed TFLite file")

// Limits keep a hostile file from asking for memory out of proportion to its
// size: vectors may overlap in the file, so their lengths alone are no bound.
// The largest model here has 1,077 tensors and 712 operators.
const (
	maxBytes   = 64 << 20
	maxItems   = 1 << 14 // tensors, operators, buffers, operator codes
	maxRank    = 6
	maxOperand = 64 // inputs or outputs of one operator
	maxName    = 256
	maxCustom  = 1 << 16 // bytes of custom options
	maxElement = 1 << 26 // elements of one tensor
)

// Type is the element type of a tensor.
type Type int8

// The element types that the converter understands (schema.fbs TensorType).
const (
	Float32 Type = 0
	Float16 Type = 1
	Int32   Type = 2
)

// size returns bytes per element, 0 for a type that is not understood.
func (t Type) size() int {
	switch t {
	case Float32, Int32:
		return 4
	case Float16:
		return 2
	}
	return 0
}

// Code is an operator's number (schema.fbs BuiltinOperator).
type Code int32

// The operators that the converter understands.
const (
	Add             Code = 0
	Concatenation   Code = 2
	Conv2D          Code = 3
	DepthwiseConv2D Code = 4
	Dequantize      Code = 6
	MaxPool2D       Code = 17
	Mul             Code = 18
	Relu            Code = 19
	Reshape         Code = 22
	ResizeBilinear  Code = 23
	Custom          Code = 32
	Pad             Code = 34
	StridedSlice    Code = 45
	PRelu           Code = 54
)

// Tensor is a value of the graph. Activations of rank 4 are NHWC.
type Tensor struct {
	Name  string
	Shape []int // each ≥ 1
	Type  Type
	Data  []byte // little-endian, part of the file; nil unless constant
}

// Len returns the number of elements.
func (t Tensor) Len() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// Op is one operator. Inputs and Outputs are indexes into Model.Tensors,
// checked by Parse; an input of -1 is an optional one left out.
type Op struct {
	Code          Code
	CustomName    string // where Code is Custom
	Inputs        []int
	Outputs       []int
	Options       Table // the operator's own table of schema.fbs
	CustomOptions []byte
}

// Model is the first graph of a file.
type Model struct {
	Tensors []Tensor
	Inputs  []int
	Outputs []int
	Ops     []Op // in an order in which they can run
}

// Parse reads a file. The Model refers to b, which must not change.
func Parse(b []byte) (*Model, error) {
	if len(b) < 8 || len(b) > maxBytes || string(b[4:8]) != "TFL3" {
		return nil, fmt.Errorf("%w: %d bytes, no TFL3 identifier or too large", ErrMalformed, len(b))
	}
	r := &reader{b: b}
	root := r.tableAt(r.follow(0))
	codes := root.tables(1, maxItems)
	graphs := root.tables(2, maxItems)
	buffers := root.tables(4, maxItems)
	if r.err == nil && len(graphs) == 0 {
		r.fail("no graph")
	}
	if r.err != nil {
		return nil, r.err
	}
	g := graphs[0]
	m := &Model{Inputs: g.ints(1, maxOperand), Outputs: g.ints(2, maxOperand)}
	for _, t := range g.tables(0, maxItems) {
		m.Tensors = append(m.Tensors, r.tensor(t, buffers))
	}
	for _, t := range g.tables(3, maxItems) {
		m.Ops = append(m.Ops, r.op(t, codes))
	}
	m.check(r)
	if r.err != nil {
		return nil, r.err
	}
	return m, nil
}

func (r *reader) tensor(t Table, buffers []Table) Tensor {
	x := Tensor{
		Name:  string(t.bytes(3, maxName)),
		Shape: t.ints(0, maxRank),
		Type:  Type(t.Int8(1, 0)),
	}
	n := 1
	for _, d := range x.Shape {
		if d < 1 || d > maxElement/n {
			r.fail("tensor %q has shape %v", x.Name, x.Shape)
			return Tensor{}
		}
		n *= d
	}
	k := int(t.Int32(2, 0))
	if k < 0 || k >= len(buffers) {
		r.fail("tensor %q has buffer %d of %d", x.Name, k, len(buffers))
		return Tensor{}
	}
	x.Data = buffers[k].bytes(0, maxBytes)
	if x.Data != nil && len(x.Data) != n*x.Type.size() {
		r.fail("tensor %q of type %d and shape %v has %d bytes", x.Name, x.Type, x.Shape, len(x.Data))
	}
	if t.field(6) != 0 {
		r.fail("tensor %q is sparse, which is not supported", x.Name)
	}
	return x
}

func (r *reader) op(t Table, codes []Table) Op {
	k := int(t.Int32(0, 0))
	if k < 0 || k >= len(codes) {
		r.fail("operator code %d of %d", k, len(codes))
		return Op{}
	}
	c := codes[k]
	return Op{
		// Field 0 is the code of old files (int8), field 3 that of new ones; the
		// other is 0 or a placeholder, so the larger is the code (schema_utils.cc).
		Code:          Code(max(int32(c.Int8(0, 0)), c.Int32(3, 0))),
		CustomName:    string(c.bytes(1, maxName)),
		Inputs:        t.ints(1, maxOperand),
		Outputs:       t.ints(2, maxOperand),
		Options:       t.table(4),
		CustomOptions: t.bytes(5, maxCustom),
	}
}

// check refuses indexes that name no tensor.
func (m *Model) check(r *reader) {
	inside := func(what string, list []int, least int) {
		for _, k := range list {
			if k < least || k >= len(m.Tensors) {
				r.fail("%s names tensor %d of %d", what, k, len(m.Tensors))
			}
		}
	}
	inside("input list", m.Inputs, 0)
	inside("output list", m.Outputs, 0)
	for _, o := range m.Ops {
		inside("operator's inputs", o.Inputs, -1)
		inside("operator's outputs", o.Outputs, 0)
	}
}
