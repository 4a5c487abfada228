package tflitetest

import (
	"encoding/binary"
	"math"
	"slices"
)

// Types of flexbuffers.h and the width of 4 bytes that everything here has.
const (
	flexInt    = 1<<2 | 2
	flexFloat  = 3<<2 | 2
	flexMap    = 9<<2 | 2
	flexVecInt = 11<<2 | 2
)

// Flex returns a FlexBuffers map of int, float64 (kept as float32) and []int.
func Flex(m map[string]any) []byte {
	var b []byte
	put := func(v int) { b = binary.LittleEndian.AppendUint32(b, uint32(v)) }
	var names []string
	for k := range m {
		names = append(names, k)
	}
	slices.Sort(names)
	place := map[string]int{} // of keys and of vectors
	for _, k := range names {
		place["key "+k] = len(b)
		b = append(append(b, k...), 0)
	}
	for _, k := range names {
		if list, ok := m[k].([]int); ok {
			put(len(list))
			place[k] = len(b)
			for _, v := range list {
				put(v)
			}
		}
	}
	put(len(names))
	keys := len(b)
	for _, k := range names {
		put(len(b) - place["key "+k])
	}
	put(len(b) - keys) // the map's offset and width of its keys, then its length
	put(4)
	put(len(names))
	root := len(b)
	var types []byte
	for _, k := range names {
		switch v := m[k].(type) {
		case int:
			put(v)
			types = append(types, flexInt)
		case float64:
			put(int(math.Float32bits(float32(v))))
			types = append(types, flexFloat)
		case []int:
			put(len(b) - place[k])
			types = append(types, flexVecInt)
		}
	}
	b = append(b, types...)
	put(len(b) - root)
	return append(b, flexMap, 4)
}
