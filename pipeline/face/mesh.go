package face

import (
	"context"
	"fmt"

	"vivavoce/media"
	"vivavoce/models"
	"vivavoce/pipeline"
	"vivavoce/pipeline/internal/cv"
)

// margin is the mesh's region over the face's box (MediaPipe: 1.5).
const margin = 1.5

// meshPoints are the points of the mesh's first output, before the irises.
const meshPoints = 468

// refinement is one of the outputs that put more exact x and y in the place of the mesh's.
type refinement struct {
	output string
	points []int
	depth  []int // points whose mean z becomes the z of all of these; nil keeps the mesh's
}

// meshKind is the mesh's network, shared by all sessions.
type meshKind struct {
	net         network
	lane        models.Lane
	size        int
	shapes      []models.Shape
	refinements []refinement
}

// Outputs of face_mesh_attention.
const (
	outMesh = "output_mesh_identity" // 468 of x, y, z in pixels of the crop
	outFlag = "conv_faceflag"        // logit of a face in the crop
)

func loadMesh(l *models.Library, lane models.Lane) (meshKind, error) {
	const name = "face_mesh_attention"
	m, err := l.Load(name)
	if err != nil {
		return meshKind{}, err
	}
	k := meshKind{net: m, lane: lane, shapes: m.Outputs(), refinements: refinements()}
	if k.size, err = square(m, name); err != nil {
		return k, err
	}
	_, named := outputs(k.shapes)
	lengths := map[string]int{outMesh: 3 * meshPoints, outFlag: 1}
	for _, r := range k.refinements {
		lengths[r.output] = 2 * len(r.points)
	}
	for output, n := range lengths {
		if len(named[output]) != n {
			return k, fmt.Errorf("%s gives %d values of %s, want %d", name, len(named[output]), output, n)
		}
	}
	return k, nil
}

func refinements() []refinement {
	right, left := rightEyePoints(), leftEyePoints()
	return []refinement{
		{"output_lips", lipPoints(), nil},
		{"output_left_eye", right, nil},
		{"output_right_eye", left, nil},
		{"output_left_iris", rightIrisPoints(), right[:lidEdge]},
		{"output_right_iris", leftIrisPoints(), left[:lidEdge]},
	}
}

// mesh is one session's use of a meshKind.
type mesh struct {
	meshKind
	in, out [][]float32
	points  []float32   // of out: the mesh
	flag    []float32   // of out: the logit
	refined [][]float32 // of out: one for each refinement
}

func newMesh(k meshKind, pixels []float32) *mesh {
	out, named := outputs(k.shapes)
	m := &mesh{meshKind: k, in: [][]float32{pixels[:3*k.size*k.size]}, out: out}
	m.points, m.flag = named[outMesh], named[outFlag]
	for _, r := range k.refinements {
		m.refined = append(m.refined, named[r.output])
	}
	return m
}

// look puts the points that the network sees in the region r of f into to, in the frame's pixels,
// and returns its belief, 0–1, that there is a face.
func (m *mesh) look(ctx context.Context, f *media.Frame, r cv.Region, to *[pipeline.Points]pipeline.Point) (float64, error) {
	cv.Crop(m.in[0], f, r, m.size, 0, 1)
	if err := m.net.Run(ctx, m.lane, m.in, m.out); err != nil {
		return 0, err
	}
	for i := range meshPoints {
		p := m.points[3*i:]
		to[i] = pipeline.Point{X: p[0], Y: p[1], Z: p[2]}
	}
	for i := range m.refinements {
		refine(&m.refinements[i], m.refined[i], to)
	}
	project(to, r, m.size)
	return sigmoid(float64(m.flag[0])), nil
}

func refine(r *refinement, xy []float32, to *[pipeline.Points]pipeline.Point) {
	for i, p := range r.points {
		to[p].X, to[p].Y = xy[2*i], xy[2*i+1]
	}
	if r.depth == nil {
		return
	}
	z := float32(0)
	for _, p := range r.depth {
		z += to[p].Z / float32(len(r.depth))
	}
	for _, p := range r.points {
		to[p].Z = z
	}
}

// project carries points from the crop's pixels to the frame's.
func project(to *[pipeline.Points]pipeline.Point, r cv.Region, size int) {
	scale := r.Side / float64(size)
	x0, y0 := r.At(0, 0)
	x1, y1 := r.At(1, 0) // the crop's top edge gives both axes
	ux, uy := (x1-x0)/float64(size), (y1-y0)/float64(size)
	for i := range to {
		x, y := float64(to[i].X), float64(to[i].Y)
		to[i].X, to[i].Y = float32(x0+ux*x-uy*y), float32(y0+uy*x+ux*y)
		to[i].Z = float32(float64(to[i].Z) * scale)
	}
}
