// Package onnx writes ONNX files: the few message fields that our converter
// needs, in one fixed order, so that a graph always gives the same bytes.
//
// Field numbers: onnx/onnx.proto3 of ONNX 1.12 (IR version 8, opset 16).
package onnx

import (
	"encoding/binary"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

const (
	irVersion = 8
	opset     = 16 // the first with GridSample
)

// Element types (TensorProto.DataType).
const (
	Float = 1 // also the value of Cast's "to"
	Int64 = 7
)

// Graph is a model to be written. Nodes are in an order in which they can run.
type Graph struct {
	Name    string
	Inputs  []Value
	Outputs []Value
	Nodes   []Node
	Consts  []Tensor
}

// Value is a float32 input or output.
type Value struct {
	Name string
	Dims []int
}

// Node is one operator. An empty input name is an optional input left out.
type Node struct {
	Op     string
	Inputs []string
	Output string
	Attrs  []Attr
}

// Tensor is a constant; Floats or Ints is set.
type Tensor struct {
	Name   string
	Dims   []int
	Floats []float32
	Ints   []int64
}

// Key tells constants apart by everything but their name.
func (t Tensor) Key() string {
	t.Name = ""
	return string(t.encode())
}

// Attr is an attribute of a node, made by Int, Ints, Float or String.
type Attr struct {
	name  string
	kind  uint64
	field []byte // the value, encoded with its tag
}

// AttributeProto.AttributeType.
const (
	attrInt    = 2
	attrString = 3
	attrInts   = 7
)

// Int makes an integer attribute.
func Int(name string, v int) Attr {
	return Attr{name, attrInt, varint(nil, 3, uint64(v))}
}

// Ints makes an attribute that is a list of integers.
func Ints(name string, v ...int) Attr {
	var b []byte
	for _, x := range v {
		b = varint(b, 8, uint64(x))
	}
	return Attr{name, attrInts, b}
}

// String makes a text attribute.
func String(name, v string) Attr {
	return Attr{name, attrString, text(nil, 4, v)}
}

// Marshal returns the file.
func (g *Graph) Marshal() []byte {
	var b []byte
	b = varint(b, 1, irVersion)
	b = text(b, 2, "vivavoce models/convert")
	b = message(b, 7, g.graph())
	return message(b, 8, varint(nil, 2, opset))
}

func (g *Graph) graph() []byte {
	var b []byte
	for _, n := range g.Nodes {
		b = message(b, 1, n.encode())
	}
	b = text(b, 2, g.Name)
	for _, t := range g.Consts {
		b = message(b, 5, t.encode())
	}
	for _, v := range g.Inputs {
		b = message(b, 11, v.encode())
	}
	for _, v := range g.Outputs {
		b = message(b, 12, v.encode())
	}
	return b
}

func (n Node) encode() []byte {
	var b []byte
	for _, s := range n.Inputs {
		b = text(b, 1, s)
	}
	b = text(b, 2, n.Output)
	b = text(b, 3, n.Output) // a node has one output here, so its name is unique
	b = text(b, 4, n.Op)
	for _, a := range n.Attrs {
		m := text(nil, 1, a.name)
		m = append(m, a.field...)
		b = message(b, 5, varint(m, 20, a.kind))
	}
	return b
}

func (t Tensor) encode() []byte {
	var b []byte
	for _, d := range t.Dims {
		b = varint(b, 1, uint64(d))
	}
	kind, raw := uint64(Float), []byte(nil)
	for _, f := range t.Floats {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(f))
	}
	if t.Ints != nil {
		kind = Int64
		for _, i := range t.Ints {
			raw = binary.LittleEndian.AppendUint64(raw, uint64(i))
		}
	}
	b = varint(b, 2, kind)
	b = text(b, 8, t.Name)
	return message(b, 9, raw)
}

func (v Value) encode() []byte {
	var shape []byte
	for _, d := range v.Dims {
		shape = message(shape, 1, varint(nil, 1, uint64(d)))
	}
	tensor := message(varint(nil, 1, Float), 2, shape)
	return message(text(nil, 1, v.Name), 2, message(nil, 1, tensor))
}

func varint(b []byte, field protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), v)
}

func text(b []byte, field protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), s)
}

func message(b []byte, field protowire.Number, m []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), m)
}
