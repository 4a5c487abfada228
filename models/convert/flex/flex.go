// Package flex reads FlexBuffers, the schemaless format in which TFLite keeps
// the options of custom operators. Keys become a map, vectors a []any, numbers
// int64 or float64, and the rest is refused: no model here uses it.
//
// Format: https://flatbuffers.dev/flatbuffers_internals/#flexbuffers and
// flexbuffers.h. A value is a type byte (type << 2 | width) and a place; an
// offset is stored at that place and counts backwards from it.
package flex

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// ErrMalformed is the error of bytes that are not a FlexBuffer within the limits.
var ErrMalformed = errors.New("malformed FlexBuffer")

// maxValues bounds a parse: children may be shared and even contain themselves,
// so a short file can describe a huge tree. The largest options here hold 80
// indexes.
const maxValues = 1 << 14

// Types of flexbuffers.h that are read.
const (
	typeNull      = 0
	typeInt       = 1
	typeUint      = 2
	typeFloat     = 3
	typeMap       = 9
	typeVector    = 10
	typeVecInt    = 11
	typeVecUint   = 12
	typeVecFloat  = 13
	typeFixedVec  = 16 // first of the vectors of 2, 3 or 4 numbers
	typeFixedLast = 24
	typeBool      = 26
)

type reader struct {
	b      []byte
	values int
	err    error
}

// Parse returns the root value. nil bytes give nil.
func Parse(b []byte) (any, error) {
	if len(b) == 0 {
		return nil, nil
	}
	if len(b) < 3 {
		return nil, fmt.Errorf("%w: %d bytes", ErrMalformed, len(b))
	}
	width := int(b[len(b)-1])
	r := &reader{b: b}
	v := r.value(len(b)-2-width, width, b[len(b)-2])
	if r.err != nil {
		return nil, r.err
	}
	return v, nil
}

func (r *reader) fail(format string, a ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: "+format, append([]any{ErrMalformed}, a...)...)
	}
}

// bits returns the w bytes at p as an unsigned number.
func (r *reader) bits(p, w int) uint64 {
	if p < 0 || w < 1 || p > len(r.b)-w {
		r.fail("%d bytes at %d of %d", w, p, len(r.b))
		return 0
	}
	switch s := r.b[p:]; w {
	case 1:
		return uint64(s[0])
	case 2:
		return uint64(binary.LittleEndian.Uint16(s))
	case 4:
		return uint64(binary.LittleEndian.Uint32(s))
	case 8:
		return binary.LittleEndian.Uint64(s)
	}
	r.fail("width %d", w)
	return 0
}

func (r *reader) signed(p, w int) int64 {
	v := r.bits(p, w)
	shift := 64 - 8*w
	if shift < 0 || shift > 56 {
		return 0
	}
	return int64(v<<shift) >> shift
}

func (r *reader) float(p, w int) float64 {
	switch v := r.bits(p, w); w {
	case 4:
		return float64(math.Float32frombits(uint32(v)))
	case 8:
		return math.Float64frombits(v)
	}
	r.fail("float of %d bytes", w)
	return 0
}

// size reads a length or an offset that must be possible in this file.
func (r *reader) size(p, w int) int {
	v := r.bits(p, w)
	if v > uint64(len(r.b)) {
		r.fail("size %d at %d", v, p)
		return 0
	}
	return int(v)
}

// value reads the value stored at p in w bytes; packed is type << 2 | log2 of
// the width of what it points to.
func (r *reader) value(p, w int, packed byte) any {
	if r.values++; r.values > maxValues {
		r.fail("more than %d values", maxValues)
	}
	if r.err != nil {
		return nil
	}
	t, child := int(packed>>2), 1<<(packed&3)
	switch t {
	case typeNull:
		return nil
	case typeInt:
		return r.signed(p, w)
	case typeUint, typeBool:
		return int64(r.bits(p, w))
	case typeFloat:
		return r.float(p, w)
	}
	at := p - r.size(p, w)
	switch {
	case t == typeMap:
		return r.mapping(at, child)
	case t == typeVector:
		n := r.size(at-child, child)
		return r.list(at, child, n, func(i int) byte { return byte(r.bits(at+n*child+i, 1)) })
	case t >= typeVecInt && t <= typeVecFloat:
		item := byte(t-typeVecInt+typeInt)<<2 | packed&3
		return r.list(at, child, r.size(at-child, child), func(int) byte { return item })
	case t >= typeFixedVec && t <= typeFixedLast:
		item := byte((t-typeFixedVec)%3+typeInt)<<2 | packed&3
		return r.list(at, child, (t-typeFixedVec)/3+2, func(int) byte { return item })
	}
	r.fail("type %d is not read", t)
	return nil
}

func (r *reader) list(at, w, n int, packed func(int) byte) []any {
	var out []any
	for i := 0; i < n && r.err == nil; i++ {
		out = append(out, r.value(at+i*w, w, packed(i)))
	}
	return out
}

// mapping reads a map: a vector of values with, before its length, the offset
// and the width of the vector of keys.
func (r *reader) mapping(at, w int) map[string]any {
	n := r.size(at-w, w)
	keys := at - 3*w - r.size(at-3*w, w)
	keyWidth := int(r.bits(at-2*w, w))
	out := map[string]any{}
	for i := 0; i < n && r.err == nil; i++ {
		k := r.key(keys+i*keyWidth, keyWidth)
		out[k] = r.value(at+i*w, w, byte(r.bits(at+n*w+i, 1)))
	}
	return out
}

func (r *reader) key(p, w int) string {
	p -= r.size(p, w)
	if p < 0 || p > len(r.b) || r.err != nil {
		r.fail("key at %d", p)
		return ""
	}
	n := bytes.IndexByte(r.b[p:], 0)
	if n < 0 || n > 256 {
		r.fail("key at %d has no end", p)
		return ""
	}
	return string(r.b[p : p+n])
}
