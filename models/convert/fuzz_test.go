package convert_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"vivavoce/models/convert"
	"vivavoce/models/convert/flex"
	"vivavoce/models/convert/tflite"
	"vivavoce/models/convert/tflite/tflitetest"
)

// everything is a graph with each operator of the attention mesh's tail.
func everything() tflitetest.Graph {
	one := []float32{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1}
	crop := map[string]any{"output_width": 2, "output_height": 2, "scale_x": 1.5, "scale_y": 1.5,
		"left_rotation_idx": 0, "right_rotation_idx": 1, "target_rotation_radians": 0.0, "subset_idxs": []int{0, 1, 2}}
	return tflitetest.Graph{
		Tensors: []tflite.Tensor{
			{Name: "x", Shape: []int{1, 4, 4, 1}},
			{Name: "w", Shape: []int{3, 1, 1, 1}, Data: tflitetest.Floats(1, 2, 3)},
			{Name: "conv", Shape: []int{1, 4, 4, 3}},
			{Name: "slope", Shape: []int{1, 1, 3}, Data: tflitetest.Floats(0.5, 1.5, 0)},
			{Name: "bent", Shape: []int{1, 4, 4, 3}},
			{Name: "marks", Shape: []int{1, 16, 3}},
			{Name: "matrix", Shape: []int{1, 4, 4}},
			{Name: "times", Shape: []int{1, 4, 4}, Data: tflitetest.Floats(one...)},
			{Name: "scaled", Shape: []int{1, 4, 4}},
			{Name: "crop", Shape: []int{1, 2, 2, 3}},
			{Name: "points", Shape: []int{1, 6, 2}},
			{Name: "moved", Shape: []int{1, 6, 2}},
		},
		Inputs:  []int{0},
		Outputs: []int{11},
		Ops: []tflitetest.Op{
			{Code: tflite.Conv2D, Inputs: []int{0, 1}, Outputs: []int{2}, Options: []any{nil, int32(1), int32(1)}},
			{Code: tflite.PRelu, Inputs: []int{2, 3}, Outputs: []int{4}},
			{Code: tflite.Reshape, Inputs: []int{4}, Outputs: []int{5}},
			{Code: tflite.Custom, Custom: "Landmarks2TransformMatrix", Inputs: []int{5}, Outputs: []int{6}, Flex: tflitetest.Flex(crop)},
			{Code: tflite.Mul, Inputs: []int{6, 7}, Outputs: []int{8}},
			{Code: tflite.Custom, Custom: "TransformTensorBilinear", Inputs: []int{4, 6}, Outputs: []int{9}, Flex: tflitetest.Flex(crop)},
			{Code: tflite.Reshape, Inputs: []int{9}, Outputs: []int{10}},
			{Code: tflite.Custom, Custom: "TransformLandmarks", Inputs: []int{10, 8}, Outputs: []int{11}},
		},
	}
}

func TestConvertRefuses(t *testing.T) {
	with := func(change func(g *tflitetest.Graph)) []byte {
		g := everything()
		change(&g)
		return tflitetest.File(g)
	}
	cases := []struct {
		name string
		file []byte
		want error
	}{
		{"not TFLite", []byte("hello, this is no model"), tflite.ErrMalformed},
		{"unknown operator", with(func(g *tflitetest.Graph) { g.Ops[0].Code = 99 }), convert.ErrUnsupported},
		{"unknown custom operator", with(func(g *tflitetest.Graph) { g.Ops[3].Custom = "Else" }), convert.ErrUnsupported},
		{"broken custom options", with(func(g *tflitetest.Graph) { g.Ops[3].Flex = []byte{9, 11 << 2, 1} }), flex.ErrMalformed},
		{"missing custom options", with(func(g *tflitetest.Graph) { g.Ops[3].Flex = nil }), convert.ErrUnsupported},
		{"landmark outside", with(func(g *tflitetest.Graph) { g.Tensors[5].Shape = []int{1, 2, 24} }), convert.ErrUnsupported},
		{"slopes not one per channel", with(func(g *tflitetest.Graph) { g.Tensors[3].Data, g.Tensors[3].Shape = tflitetest.Floats(1), []int{1} }), convert.ErrUnsupported},
		{"weights not constant", with(func(g *tflitetest.Graph) { g.Tensors[1].Data = nil }), convert.ErrUnsupported},
		{"stride of zero", with(func(g *tflitetest.Graph) { g.Ops[0].Options = []any{nil, int32(0), int32(1)} }), convert.ErrUnsupported},
		{"dilation", with(func(g *tflitetest.Graph) {
			g.Ops[0].Options = []any{nil, int32(1), int32(1), nil, int32(2), int32(2)}
		}), convert.ErrUnsupported},
		{"use before it is made", with(func(g *tflitetest.Graph) { g.Ops[0], g.Ops[1] = g.Ops[1], g.Ops[0] }), convert.ErrUnsupported},
		{"too few inputs", with(func(g *tflitetest.Graph) { g.Ops[1].Inputs = []int{2} }), convert.ErrUnsupported},
		{"no output", with(func(g *tflitetest.Graph) { g.Ops[7].Outputs = nil }), convert.ErrUnsupported},
		{"matrix from elsewhere", with(func(g *tflitetest.Graph) { g.Ops[7].Inputs = []int{10, 7} }), convert.ErrUnsupported},
		{"an integer input", with(func(g *tflitetest.Graph) { g.Tensors[0].Type = tflite.Int32 }), convert.ErrUnsupported},
	}
	wide := tflitetest.File(tflitetest.Graph{ // 268 million weights out of 300 bytes
		Tensors: []tflite.Tensor{
			{Name: "x", Shape: []int{1, 1, 1, 1 << 14}}, {Name: "y", Shape: []int{1, 1, 1, 1 << 14}},
			{Name: "k", Shape: []int{4, 2}, Type: tflite.Int32, Data: tflitetest.Ints(0, 0, 0, 0, 0, 0, 0, 0)},
		},
		Inputs: []int{0}, Outputs: []int{1},
		Ops: []tflitetest.Op{{Code: tflite.Pad, Inputs: []int{0, 2}, Outputs: []int{1}}},
	})
	if _, err := convert.Convert(wide); !errors.Is(err, convert.ErrUnsupported) {
		t.Errorf("a pad too wide: err = %v, want ErrUnsupported", err)
	}
	if _, err := convert.Convert(tflitetest.File(everything())); err != nil {
		t.Fatalf("the unchanged graph: %v", err)
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if _, err := convert.Convert(c.file); !errors.Is(err, c.want) {
				t.Errorf("err = %v, want %v", err, c.want)
			}
		})
	}
}

// TestDeterministic: the manifest pins what the converter makes.
func TestDeterministic(t *testing.T) {
	file := tflitetest.File(everything())
	a, err := convert.Convert(file)
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		b, err := convert.Convert(file)
		if err != nil {
			t.Fatal(err)
		}
		if string(a) != string(b) {
			t.Fatal("two conversions differ")
		}
	}
}

func FuzzConvert(f *testing.F) {
	f.Add(tflitetest.File(everything()))
	f.Fuzz(func(t *testing.T, b []byte) {
		out, err := convert.Convert(b)
		if (err == nil) != (out != nil) {
			t.Errorf("%d bytes and error %v", len(out), err)
		}
	})
}

func BenchmarkConvert(b *testing.B) {
	file, err := os.ReadFile(filepath.Join("..", "node_modules", "@mediapipe", "face_detection", "face_detection_full_range.tflite"))
	if err != nil {
		b.Skip("models/node_modules is absent: run `make models`")
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := convert.Convert(file); err != nil {
			b.Fatal(err)
		}
	}
}
