package tflite

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Table is one FlatBuffers table: a position in the file and its field offsets.
// The zero Table has no fields, so every read of it gives the default.
//
// Reads never panic: one that points outside the file gives the default and
// marks the file as broken, which Parse reports once at its end.
type Table struct {
	r   *reader
	pos int // of the table
	vt  int // of its vtable
	n   int // bytes in the vtable
}

// Int8 returns scalar field i, or def where it is absent. Booleans are Int8 too.
func (t Table) Int8(i int, def int8) int8 {
	if p := t.field(i); p != 0 {
		return int8(t.r.byteAt(p))
	}
	return def
}

// Int32 returns scalar field i, or def where it is absent.
func (t Table) Int32(i int, def int32) int32 {
	if p := t.field(i); p != 0 {
		return int32(t.r.uint32At(p))
	}
	return def
}

// field returns where field i is stored, 0 where it is absent.
func (t Table) field(i int) int {
	slot := 4 + 2*i // a vtable starts with two sizes
	if t.r == nil || slot+2 > t.n {
		return 0
	}
	off := int(t.r.uint16At(t.vt + slot))
	if off == 0 {
		return 0
	}
	return t.pos + off
}

// table returns the table that field i points to, the zero Table if there is none.
func (t Table) table(i int) Table {
	p := t.field(i)
	if p == 0 {
		return Table{}
	}
	return t.r.tableAt(t.r.follow(p))
}

// vector returns the first byte and the length of a vector of items of size
// bytes each, checked to lie in the file and to hold at most limit items.
func (t Table) vector(i, size, limit int) (start, n int) {
	p := t.field(i)
	if p == 0 {
		return 0, 0
	}
	p = t.r.follow(p)
	n = int(t.r.uint32At(p))
	start = p + 4
	if n > limit || n > (len(t.r.b)-start)/size {
		t.r.fail("vector of %d items at %d", n, p)
		return 0, 0
	}
	return start, n
}

// tables returns the tables of a vector of offsets.
func (t Table) tables(i, limit int) []Table {
	start, n := t.vector(i, 4, limit)
	out := make([]Table, n)
	for k := range out {
		out[k] = t.r.tableAt(t.r.follow(start + 4*k))
	}
	return out
}

// ints returns a vector of int32.
func (t Table) ints(i, limit int) []int {
	start, n := t.vector(i, 4, limit)
	out := make([]int, n)
	for k := range out {
		out[k] = int(int32(t.r.uint32At(start + 4*k)))
	}
	return out
}

// bytes returns a vector of bytes, a part of the file and not a copy.
func (t Table) bytes(i, limit int) []byte {
	start, n := t.vector(i, 1, limit)
	if n == 0 {
		return nil
	}
	return t.r.b[start : start+n : start+n]
}

// reader reads little-endian numbers of a file and keeps the first error.
type reader struct {
	b   []byte
	err error
}

func (r *reader) fail(format string, a ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: "+format, append([]any{ErrMalformed}, a...)...)
	}
}

func (r *reader) in(p, n int) bool {
	if p < 0 || p > len(r.b)-n {
		r.fail("offset %d outside %d bytes", p, len(r.b))
		return false
	}
	return true
}

func (r *reader) byteAt(p int) byte {
	if !r.in(p, 1) {
		return 0
	}
	return r.b[p]
}

func (r *reader) uint16At(p int) uint16 {
	if !r.in(p, 2) {
		return 0
	}
	return binary.LittleEndian.Uint16(r.b[p:])
}

func (r *reader) uint32At(p int) uint32 {
	if !r.in(p, 4) {
		return 0
	}
	return binary.LittleEndian.Uint32(r.b[p:])
}

// follow returns what the relative offset stored at p points to.
func (r *reader) follow(p int) int {
	off := r.uint32At(p)
	if off > math.MaxInt32 {
		r.fail("offset %d at %d", off, p)
		return 0
	}
	return p + int(off)
}

func (r *reader) tableAt(p int) Table {
	vt := p - int(int32(r.uint32At(p)))
	n := int(r.uint16At(vt))
	if r.err != nil || !r.in(vt, n) {
		return Table{}
	}
	return Table{r: r, pos: p, vt: vt, n: n}
}
