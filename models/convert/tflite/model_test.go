package tflite_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"vivavoce/models/convert/tflite"
	"vivavoce/models/convert/tflite/tflitetest"
)

// small is x[1,2,2,1] + c.
func small() tflitetest.Graph {
	shape := []int{1, 2, 2, 1}
	return tflitetest.Graph{
		Tensors: []tflite.Tensor{
			{Name: "x", Shape: shape},
			{Name: "c", Shape: shape, Data: tflitetest.Floats(1, 2, 3, 4)},
			{Name: "y", Shape: shape},
		},
		Inputs:  []int{0},
		Outputs: []int{2},
		Ops: []tflitetest.Op{{
			Code: tflite.Add, Custom: "name", Inputs: []int{0, 1}, Outputs: []int{2},
			Options: []any{int8(1), nil, int32(-7)}, Flex: []byte{1, 2, 3},
		}},
	}
}

func TestParse(t *testing.T) {
	m, err := tflite.Parse(tflitetest.File(small()))
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Tensors) != 3 || !slices.Equal(m.Inputs, []int{0}) || !slices.Equal(m.Outputs, []int{2}) || len(m.Ops) != 1 {
		t.Fatalf("got %+v", m)
	}
	if c := m.Tensors[1]; c.Name != "c" || c.Type != tflite.Float32 || c.Len() != 4 || !slices.Equal(c.Data, tflitetest.Floats(1, 2, 3, 4)) {
		t.Errorf("constant = %+v", c)
	}
	if m.Tensors[0].Data != nil {
		t.Errorf("an activation has data %v", m.Tensors[0].Data)
	}
	o := m.Ops[0]
	if o.Code != tflite.Add || o.CustomName != "name" || !slices.Equal(o.Inputs, []int{0, 1}) || !slices.Equal(o.CustomOptions, []byte{1, 2, 3}) {
		t.Errorf("operator = %+v", o)
	}
	if got := o.Options.Int8(0, 9); got != 1 {
		t.Errorf("option 0 = %d, want 1", got)
	}
	if got := o.Options.Int32(1, 9); got != 9 {
		t.Errorf("absent option = %d, want the default 9", got)
	}
	if got := o.Options.Int32(2, 9); got != -7 {
		t.Errorf("option 2 = %d, want -7", got)
	}
	if got := o.Options.Int32(99, 9); got != 9 {
		t.Errorf("option beyond the table = %d, want the default 9", got)
	}
}

func TestParseRefuses(t *testing.T) {
	with := func(change func(*tflitetest.Graph)) []byte {
		g := small()
		change(&g)
		return tflitetest.File(g)
	}
	data := tflitetest.Floats(1, 2, 3, 4)
	long := tflitetest.File(small()) // its length stands before the data
	long[bytes.Index(long, data)-2] = 1
	cases := map[string][]byte{
		"data beyond the file":  long,
		"nothing":               nil,
		"another format":        []byte("\x08\x00\x00\x00ONNXmore bytes here"),
		"only an identifier":    []byte("\x08\x00\x00\x00TFL3"),
		"a root outside":        []byte("\xff\xff\xff\x7fTFL3........"),
		"an input outside":      with(func(g *tflitetest.Graph) { g.Inputs = []int{3} }),
		"a negative output":     with(func(g *tflitetest.Graph) { g.Outputs = []int{-1} }),
		"an operand outside":    with(func(g *tflitetest.Graph) { g.Ops[0].Inputs = []int{0, 77} }),
		"an operand below -1":   with(func(g *tflitetest.Graph) { g.Ops[0].Inputs = []int{0, -2} }),
		"a result left out":     with(func(g *tflitetest.Graph) { g.Ops[0].Outputs = []int{-1} }),
		"a size of zero":        with(func(g *tflitetest.Graph) { g.Tensors[0].Shape = []int{1, 0} }),
		"a size that overflows": with(func(g *tflitetest.Graph) { g.Tensors[0].Shape = []int{1 << 20, 1 << 20, 1 << 20, 1 << 20} }),
		"a rank of seven":       with(func(g *tflitetest.Graph) { g.Tensors[0].Shape = []int{1, 1, 1, 1, 1, 1, 1} }),
		"data of other length":  with(func(g *tflitetest.Graph) { g.Tensors[1].Data = tflitetest.Floats(1, 2, 3) }),
		"data of unknown type":  with(func(g *tflitetest.Graph) { g.Tensors[1].Type = 9 }),
	}
	for name, b := range cases {
		t.Run(name, func(t *testing.T) {
			if m, err := tflite.Parse(b); !errors.Is(err, tflite.ErrMalformed) {
				t.Errorf("Parse = %+v, %v, want ErrMalformed", m, err)
			}
		})
	}
}

// TestTruncated cuts the file everywhere: whatever is missing must be noticed
// or not needed, and never read.
func TestTruncated(t *testing.T) {
	whole := tflitetest.File(small())
	refused := 0
	for n := range whole {
		if _, err := tflite.Parse(slices.Clip(whole[:n])); err != nil {
			refused++
		}
	}
	if refused < len(whole)*9/10 {
		t.Errorf("%d of %d truncated files were refused", refused, len(whole))
	}
}

func FuzzParse(f *testing.F) {
	f.Add(tflitetest.File(small()))
	f.Add([]byte("\x08\x00\x00\x00TFL3\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := tflite.Parse(b)
		if err != nil {
			return
		}
		for _, x := range m.Tensors {
			if x.Data != nil && len(x.Data)%x.Len() != 0 {
				t.Errorf("tensor of %d elements has %d bytes", x.Len(), len(x.Data))
			}
		}
	})
}
