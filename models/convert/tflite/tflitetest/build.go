// Package tflitetest builds small TFLite files for tests, with the FlatBuffers
// library that our own reader does without.
package tflitetest

import (
	"encoding/binary"
	"math"

	flatbuffers "github.com/google/flatbuffers/go"

	"vivavoce/models/convert/tflite"
)

// Graph is a file to be built.
type Graph struct {
	Tensors []tflite.Tensor
	Inputs  []int
	Outputs []int
	Ops     []Op
}

// Op is an operator. Options holds its table's fields by slot: int8, int32, or
// nil for a field left out.
type Op struct {
	Code    tflite.Code
	Custom  string
	Inputs  []int
	Outputs []int
	Options []any
	Flex    []byte // custom options
}

// Floats returns values as tensor data.
func Floats(v ...float32) []byte {
	var b []byte
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}

// Ints returns values as tensor data.
func Ints(v ...int32) []byte {
	var b []byte
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, uint32(x))
	}
	return b
}

// File returns the bytes of a TFLite file.
func File(g Graph) []byte {
	b := flatbuffers.NewBuilder(1024)
	buffers := []flatbuffers.UOffsetT{table(b, nil)} // buffer 0 is empty by convention
	var tensors, ops, codes []flatbuffers.UOffsetT
	for _, t := range g.Tensors {
		buffer := int32(0)
		if t.Data != nil {
			buffer = int32(len(buffers))
			buffers = append(buffers, table(b, []any{b.CreateByteVector(t.Data)}))
		}
		tensors = append(tensors, table(b, []any{ints(b, t.Shape), int8(t.Type), buffer, b.CreateString(t.Name)}))
	}
	for i, o := range g.Ops {
		codes = append(codes, table(b, []any{int8(o.Code), b.CreateString(o.Custom), int32(1), int32(o.Code)}))
		var flex any
		if o.Flex != nil {
			flex = b.CreateByteVector(o.Flex)
		}
		ops = append(ops, table(b, []any{int32(i), ints(b, o.Inputs), ints(b, o.Outputs), nil, table(b, o.Options), flex}))
	}
	graph := table(b, []any{offsets(b, tensors), ints(b, g.Inputs), ints(b, g.Outputs), offsets(b, ops)})
	root := table(b, []any{int32(3), offsets(b, codes), offsets(b, []flatbuffers.UOffsetT{graph}), nil, offsets(b, buffers)})
	b.FinishWithFileIdentifier(root, []byte("TFL3"))
	return b.FinishedBytes()
}

func table(b *flatbuffers.Builder, fields []any) flatbuffers.UOffsetT {
	b.StartObject(len(fields))
	for i, f := range fields {
		switch f := f.(type) {
		case int8:
			b.PrependInt8Slot(i, f, 0)
		case int32:
			b.PrependInt32Slot(i, f, 0)
		case flatbuffers.UOffsetT:
			b.PrependUOffsetTSlot(i, f, 0)
		}
	}
	return b.EndObject()
}

func ints(b *flatbuffers.Builder, v []int) flatbuffers.UOffsetT {
	b.StartVector(4, len(v), 4)
	for i := len(v) - 1; i >= 0; i-- {
		b.PrependInt32(int32(v[i]))
	}
	return b.EndVector(len(v))
}

func offsets(b *flatbuffers.Builder, v []flatbuffers.UOffsetT) flatbuffers.UOffsetT {
	b.StartVector(4, len(v), 4)
	for i := len(v) - 1; i >= 0; i-- {
		b.PrependUOffsetT(v[i])
	}
	return b.EndVector(len(v))
}
