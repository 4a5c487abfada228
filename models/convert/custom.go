package convert

import (
	"fmt"
	"math"
	"slices"

	"vivavoce/models/convert/flex"
	"vivavoce/models/convert/tflite"
)

// custom converts the three operators that MediaPipe added for the attention
// mesh, at their version 2. Their definition is the code in
// mediapipe/util/tflite/operations/{landmarks_to_transform_matrix,
// transform_tensor_bilinear,transform_landmarks}.cc.
func (c *converter) custom(o tflite.Op) {
	v, err := flex.Parse(o.CustomOptions)
	if err != nil {
		c.err = fmt.Errorf("options: %w", err)
		return
	}
	m, _ := v.(map[string]any)
	p := params{c, m}
	switch o.CustomName {
	case "Landmarks2TransformMatrix":
		c.landmarksToMatrix(o, p)
	case "TransformTensorBilinear":
		c.transformTensor(o, p)
	case "TransformLandmarks":
		c.transformLandmarks(o)
	default:
		c.fail("custom operator %q", o.CustomName)
	}
}

// params are the options of a custom operator.
type params struct {
	c *converter
	m map[string]any
}

// num returns a number.
func (p params) num(name string) float64 {
	switch v := p.m[name].(type) {
	case int64:
		return float64(v)
	case float64:
		return v
	}
	p.c.fail("option %q is missing", name)
	return 0
}

// whole returns an integer from 0 to limit.
func (p params) whole(name string, limit int) int {
	v := p.num(name)
	if !(v >= 0 && v <= float64(limit)) || v != math.Trunc(v) {
		p.c.fail("option %q is %v, not in 0–%d", name, v, limit)
		return 0
	}
	return int(v)
}

// indexes returns the sorted, unique landmark numbers in a list or a list of lists.
func (p params) indexes(name string, limit int) []int {
	var out []int
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, x := range v {
				walk(x)
			}
		case int64:
			if v < 0 || v >= int64(limit) {
				p.c.fail("landmark %d of %d", v, limit)
			}
			out = append(out, int(v))
		default:
			p.c.fail("option %q holds %T", name, v)
		}
	}
	walk(p.m[name])
	if len(out) == 0 {
		p.c.fail("option %q is empty", name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
