package face

import (
	"context"
	"fmt"

	"vivavoce/models"
)

// network is what of a models.Model is used here.
type network interface {
	Run(ctx context.Context, lane models.Lane, in, out [][]float32) error
}

// outputs makes a slice for each output of a model, in its order, and says which of
// them the named one is.
func outputs(shapes []models.Shape) (out [][]float32, named map[string][]float32) {
	named = map[string][]float32{}
	for _, s := range shapes {
		v := make([]float32, s.Len())
		out = append(out, v)
		named[s.Name] = v
	}
	return out, named
}

// square checks that a model takes one picture of three planes, and returns its side.
func square(m *models.Model, name string) (int, error) {
	in := m.Inputs()
	if len(in) != 1 || len(in[0].Dims) != 4 || in[0].Dims[1] != 3 || in[0].Dims[2] != in[0].Dims[3] {
		return 0, fmt.Errorf("%s takes %v, want one picture of 1×3×n×n", name, in)
	}
	return int(in[0].Dims[2]), nil
}
