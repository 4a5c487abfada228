package models

import (
	"errors"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// points is how many of the mesh's landmarks the canonical face has: all but
// the ten of the irises.
const points = 468

// Geometry is the canonical face of MediaPipe: an average head at rest.
//
// X points to the viewer's right, Y up, Z from the face to the viewer, in
// centimetres; the origin lies inside the head, behind the nose.
type Geometry struct {
	Vertices  [points][3]float32 // cm
	UV        [points][2]float32 // place in a texture, 0–1, V downwards from the forehead
	Triangles [][3]uint16        // 898, indexes into Vertices
	Weights   [points]float32    // of each landmark in a Procrustes fit, ≥ 0; most are 0
}

var errGeometry = errors.New("malformed face geometry")

// parseGeometry reads mediapipe.face_geometry.GeometryPipelineMetadata:
// canonical_mesh = 1 {vertex_buffer = 3 of x y z u v, index_buffer = 4},
// procrustes_landmark_basis = 2 {landmark_id = 1, weight = 2}
// (mediapipe/modules/face_geometry/protos, commit of 0.4.1657299874).
func parseGeometry(b []byte) (*Geometry, error) {
	g := new(Geometry)
	var vertices []float32
	var indexes []uint64
	err := fields(b, func(n protowire.Number, v []byte, _ uint64) error {
		switch n {
		case 1:
			return fields(v, func(n protowire.Number, v []byte, x uint64) (err error) {
				switch n {
				case 3:
					vertices, err = floats(vertices, v, x)
				case 4:
					indexes, err = varints(indexes, v, x)
				}
				return err
			})
		case 2:
			return g.weight(v)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errGeometry, err)
	}
	if err := g.fill(vertices, indexes); err != nil {
		return nil, fmt.Errorf("%w: %w", errGeometry, err)
	}
	return g, nil
}

// weight reads one WeightedLandmarkRef.
func (g *Geometry) weight(b []byte) error {
	var id uint64
	var weight float32
	err := fields(b, func(n protowire.Number, _ []byte, x uint64) error {
		switch n {
		case 1:
			id = x
		case 2:
			weight = math.Float32frombits(uint32(x))
		}
		return nil
	})
	if err != nil {
		return err
	}
	if id >= points || !(weight >= 0 && weight <= 1) {
		return fmt.Errorf("weight %v of landmark %d", weight, id)
	}
	g.Weights[id] = weight
	return nil
}

func (g *Geometry) fill(vertices []float32, indexes []uint64) error {
	if len(vertices) != points*5 || len(indexes)%3 != 0 || len(indexes) == 0 {
		return fmt.Errorf("%d vertex numbers and %d indexes", len(vertices), len(indexes))
	}
	for i := range points {
		v := vertices[5*i:]
		for _, x := range v[:5] {
			if !(x > -100 && x < 100) {
				return fmt.Errorf("vertex %d is at %v", i, v[:5])
			}
		}
		g.Vertices[i] = [3]float32(v[:3])
		g.UV[i] = [2]float32(v[3:5])
	}
	for i := 0; i < len(indexes); i += 3 {
		var t [3]uint16
		for k := range t {
			if indexes[i+k] >= points {
				return fmt.Errorf("triangle %d names vertex %d", i/3, indexes[i+k])
			}
			t[k] = uint16(indexes[i+k])
		}
		g.Triangles = append(g.Triangles, t)
	}
	return nil
}

// fields calls f for each field of a message: v holds bytes, x every other kind.
func fields(b []byte, f func(n protowire.Number, v []byte, x uint64) error) error {
	for len(b) > 0 {
		n, kind, used := protowire.ConsumeTag(b)
		if used < 0 {
			return protowire.ParseError(used)
		}
		b = b[used:]
		var v []byte
		var x uint64
		switch kind {
		case protowire.VarintType:
			x, used = protowire.ConsumeVarint(b)
		case protowire.Fixed32Type:
			var y uint32
			y, used = protowire.ConsumeFixed32(b)
			x = uint64(y)
		case protowire.BytesType:
			v, used = protowire.ConsumeBytes(b)
		default:
			used = protowire.ConsumeFieldValue(n, kind, b)
		}
		if used < 0 {
			return protowire.ParseError(used)
		}
		if err := f(n, v, x); err != nil {
			return err
		}
		b = b[used:]
	}
	return nil
}

// floats appends a repeated float, packed (in v) or one at a time (in x).
func floats(to []float32, v []byte, x uint64) ([]float32, error) {
	if v == nil {
		return append(to, math.Float32frombits(uint32(x))), nil
	}
	for len(v) > 0 {
		y, used := protowire.ConsumeFixed32(v)
		if used < 0 {
			return nil, protowire.ParseError(used)
		}
		to, v = append(to, math.Float32frombits(y)), v[used:]
	}
	return to, nil
}

// varints appends a repeated uint32, packed (in v) or one at a time (in x).
func varints(to []uint64, v []byte, x uint64) ([]uint64, error) {
	if v == nil {
		return append(to, x), nil
	}
	for len(v) > 0 {
		y, used := protowire.ConsumeVarint(v)
		if used < 0 {
			return nil, protowire.ParseError(used)
		}
		to, v = append(to, y), v[used:]
	}
	return to, nil
}
