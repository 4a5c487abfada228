// Package faceapi writes the face recognition network of @vladmandic/face-api as ONNX: dlib's ResNet
// (dlib_face_recognition_resnet_model_v1, Davis King, CC0), whose weights that package has as float32, or as bytes with a scale and an
// offset. What the layers are is in the package's src/faceRecognitionNet only, so this follows it.
package faceapi

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"vivavoce/models/convert/onnx"
)

// ErrWeights is the error of weights that are not this network's.
var ErrWeights = errors.New("not the weights of face-api's recognition network")

// Side is that of the network's picture, in pixels.
const Side = 150

// tensor is one entry of the list, and its values.
type tensor struct {
	Name         string `json:"name"`
	Shape        []int  `json:"shape"`
	Quantization struct {
		Type  string  `json:"dtype"`
		Scale float64 `json:"scale"`
		Min   float64 `json:"min"`
	} `json:"quantization"`
	values []float32
}

// Recognition returns the ONNX file of the weights and their list (…-weights_manifest.json). It takes "face", 1×3×150×150 RGB planes of 0–1,
// and gives "descriptor", 1×128. The same bytes always give the same file.
func Recognition(weights, list []byte) ([]byte, error) {
	tensors, err := read(weights, list)
	if err != nil {
		return nil, err
	}
	b := &builder{tensors: tensors}
	b.Name = "recognition"
	b.Inputs = []onnx.Value{{Name: "face", Dims: []int{1, 3, Side, Side}}}
	b.Outputs = []onnx.Value{{Name: "descriptor", Dims: []int{1, 128}}}
	x := b.relu(b.convolve("face", "conv32_down", 2, 0, mean()))
	x = b.add("MaxPool", []string{x}, onnx.Ints("kernel_shape", 3, 3), onnx.Ints("strides", 2, 2))
	size := 35
	for _, name := range []string{"conv32_1", "conv32_2", "conv32_3", "conv64_down", "conv64_1", "conv64_2", "conv64_3",
		"conv128_down", "conv128_1", "conv128_2", "conv256_down", "conv256_1", "conv256_2", "conv256_down_out"} {
		if strings.Contains(name, "_down") {
			x = b.down(x, name, size)
			size /= 2
		} else {
			x = b.residual(x, name)
		}
	}
	x = b.add("ReduceMean", []string{x}, onnx.Ints("axes", 2, 3), onnx.Int("keepdims", 0))
	b.Nodes = append(b.Nodes, onnx.Node{Op: "MatMul", Inputs: []string{x, b.store(b.take("fc", 256, 128), 256, 128)}, Output: "descriptor"})
	if b.err != nil {
		return nil, b.err
	}
	return b.Marshal(), nil
}

// mean is taken from the picture, of 0–1, first (FaceRecognitionNet.ts).
func mean() []float32 { return []float32{122.782 / 255, 117.001 / 255, 104.298 / 255} }

// read gives the values of all tensors, by name.
func read(weights, list []byte) (map[string]tensor, error) {
	var groups []struct {
		Weights []tensor `json:"weights"`
	}
	if err := json.Unmarshal(list, &groups); err != nil {
		return nil, fmt.Errorf("%w: read their list: %w", ErrWeights, err)
	}
	out := map[string]tensor{}
	for _, g := range groups {
		for _, t := range g.Weights {
			n := 1
			for _, d := range t.Shape {
				if d < 1 || d > len(weights) || n > len(weights) {
					return nil, fmt.Errorf("%w: %s is %v", ErrWeights, t.Name, t.Shape)
				}
				n *= d
			}
			size := map[string]int{"": 4, "uint8": 1}[t.Quantization.Type]
			if size == 0 || n*size > len(weights) {
				return nil, fmt.Errorf("%w: %s: %d of type %q, %d bytes are left", ErrWeights, t.Name, n, t.Quantization.Type, len(weights))
			}
			t.values = make([]float32, n)
			for i := range t.values {
				if size == 4 {
					t.values[i] = math.Float32frombits(binary.LittleEndian.Uint32(weights[4*i:]))
				} else {
					t.values[i] = float32(float64(weights[i])*t.Quantization.Scale + t.Quantization.Min)
				}
			}
			out[t.Name], weights = t, weights[n*size:]
		}
	}
	if len(weights) > 0 {
		return nil, fmt.Errorf("%w: %d bytes are left over", ErrWeights, len(weights))
	}
	return out, nil
}

// builder adds the layers. The first error stops it: later steps do nothing useful but must not panic.
type builder struct {
	onnx.Graph
	tensors map[string]tensor
	err     error
}

// take returns the values of a tensor that must have these dimensions.
func (b *builder) take(name string, dims ...int) []float32 {
	n := 1
	for _, d := range dims {
		n *= d
	}
	t, ok := b.tensors[name]
	if (!ok || len(t.values) != n || len(t.Shape) != len(dims)) && b.err == nil {
		b.err = fmt.Errorf("%w: %s is %v, want %v", ErrWeights, name, t.Shape, dims)
	}
	if b.err != nil {
		return make([]float32, n)
	}
	return t.values
}

func (b *builder) add(op string, in []string, attrs ...onnx.Attr) string {
	out := strings.ToLower(op) + "_" + strconv.Itoa(len(b.Nodes))
	b.Nodes = append(b.Nodes, onnx.Node{Op: op, Inputs: in, Output: out, Attrs: attrs})
	return out
}

func (b *builder) relu(x string) string { return b.add("Relu", []string{x}) }

func (b *builder) store(v []float32, dims ...int) string {
	return b.keep(onnx.Tensor{Dims: dims, Floats: v})
}

func (b *builder) keep(t onnx.Tensor) string {
	t.Name = "const_" + strconv.Itoa(len(b.Consts))
	b.Consts = append(b.Consts, t)
	return t.Name
}

// convolve is convLayer.ts: a convolution and a scale for each channel, which go into one. What is less is taken off each channel of
// the input first; that is exact without padding only.
func (b *builder) convolve(x, name string, stride, pad int, less []float32) string {
	shape := b.tensors[name+"/conv/filters"].Shape
	if len(shape) != 4 {
		shape = []int{1, 1, 1, 1}
	}
	h, w, in, out := shape[0], shape[1], shape[2], shape[3]
	if less != nil && len(less) != in {
		in = len(less)
	}
	filters := b.take(name+"/conv/filters", h, w, in, out)
	bias, scale, shift := b.take(name+"/conv/bias", out), b.take(name+"/scale/weights", out), b.take(name+"/scale/biases", out)
	turned, biases := make([]float32, len(filters)), make([]float32, out)
	for o := range out {
		sum := float64(bias[o])
		for i := range in {
			for k := range h * w {
				v := float64(filters[(k*in+i)*out+o])
				if less != nil {
					sum -= v * float64(less[i])
				}
				turned[(o*in+i)*h*w+k] = float32(v * float64(scale[o]))
			}
		}
		biases[o] = float32(sum*float64(scale[o]) + float64(shift[o]))
	}
	return b.add("Conv", []string{x, b.store(turned, out, in, h, w), b.store(biases, out)},
		onnx.Ints("kernel_shape", h, w), onnx.Ints("strides", stride, stride), onnx.Ints("pads", pad, pad, pad, pad))
}

// residual is residualLayer.ts.
func (b *builder) residual(x, name string) string {
	y := b.relu(b.convolve(x, name+"/conv1", 1, 1, nil))
	y = b.convolve(y, name+"/conv2", 1, 1, nil)
	return b.relu(b.add("Add", []string{y, x}))
}

// down is residualLayer.ts's residualDown of a picture of size×size: the shortcut is a mean of 2×2, with more channels of zeros; where it is
// larger, the rest gets a row and a column of zeros.
func (b *builder) down(x, name string, size int) string {
	y := b.relu(b.convolve(x, name+"/conv1", 2, 0, nil))
	y = b.convolve(y, name+"/conv2", 1, 1, nil)
	if (size-3)/2+1 < size/2 {
		y = b.add("Pad", []string{y, b.keep(onnx.Tensor{Dims: []int{8}, Ints: []int64{0, 0, 0, 0, 0, 0, 1, 1}})})
	}
	short := b.add("AveragePool", []string{x}, onnx.Ints("kernel_shape", 2, 2), onnx.Ints("strides", 2, 2))
	shape := b.tensors[name+"/conv1/conv/filters"].Shape
	if len(shape) == 4 && shape[2] < shape[3] {
		more := int64(shape[3] - shape[2])
		short = b.add("Pad", []string{short, b.keep(onnx.Tensor{Dims: []int{8}, Ints: []int64{0, 0, 0, 0, 0, more, 0, 0}})})
	}
	return b.relu(b.add("Add", []string{short, y}))
}
