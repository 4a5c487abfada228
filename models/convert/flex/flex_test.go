package flex_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"vivavoce/models/convert/flex"
	"vivavoce/models/convert/tflite/tflitetest"
)

func TestParse(t *testing.T) {
	cases := []struct {
		name string
		in   []byte
		want any
	}{
		{"nothing", nil, nil},
		// As in the tests of flatbuffers itself, by hand.
		{"int8 13", []byte{13, 4, 1}, int64(13)},
		{"int8 -1", []byte{0xff, 4, 1}, int64(-1)},
		{"uint16", []byte{0x34, 0x12, 2<<2 | 1, 2}, int64(0x1234)},
		{"float 1.5", []byte{0, 0, 0xc0, 0x3f, 3<<2 | 2, 4}, 1.5},
		{"typed vector", []byte{3, 1, 2, 3, 3, 11 << 2, 1}, []any{int64(1), int64(2), int64(3)}},
		{"fixed vector", []byte{5, 6, 2, 16 << 2, 1}, []any{int64(5), int64(6)}},
		{"untyped vector", []byte{2, 7, 8, 4, 4, 4, 10 << 2, 1}, []any{int64(7), int64(8)}},
		{"map", tflitetest.Flex(map[string]any{"b": 2, "a": -1, "scale": 1.5, "list": []int{4, 5}}),
			map[string]any{"a": int64(-1), "b": int64(2), "scale": 1.5, "list": []any{int64(4), int64(5)}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := flex.Parse(c.in)
			if err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("Parse = %v, %v, want %v", got, err, c.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	cases := map[string][]byte{
		"too short":          {1, 4},
		"width of 3":         {1, 2, 3, 4, 3},
		"width of 200":       {1, 4, 200},
		"offset before file": {9, 11 << 2, 1},
		"length beyond file": {200, 1, 1, 11 << 2, 1},
		"a string":           {1, 'a', 0, 2, 5 << 2, 1},
		"a vector of itself": {1, 0, 10 << 2, 2, 10 << 2, 1},
	}
	for name, b := range cases {
		t.Run(name, func(t *testing.T) {
			if v, err := flex.Parse(b); !errors.Is(err, flex.ErrMalformed) {
				t.Errorf("Parse = %v, %v, want ErrMalformed", v, err)
			}
		})
	}
}

func TestTruncated(t *testing.T) {
	whole := tflitetest.Flex(map[string]any{"a": 1, "list": []int{1, 2, 3}})
	for n := range whole {
		_, _ = flex.Parse(slices.Clip(whole[:n])) // must not panic; a tail is often valid by chance
	}
}

func FuzzParse(f *testing.F) {
	f.Add(tflitetest.Flex(map[string]any{"a": 1, "scale": 1.5, "list": []int{1, 2, 3}}))
	f.Add([]byte{2, 7, 8, 4, 4, 4, 10 << 2, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		if v, err := flex.Parse(b); err != nil && v != nil {
			t.Errorf("a value %v beside the error %v", v, err)
		}
	})
}
