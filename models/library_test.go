package models

import (
	"context"
	"testing"
)

func TestRunFinite(t *testing.T) {
	l, err := Open(Options{Dir: prepared(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, n := range []string{"face_detector_short", "face_detector_full", "face_mesh_attention"} {
		m, err := l.Load(n)
		if err != nil {
			t.Fatal(err)
		}
		in, out := buffers(m)
		if err := m.Run(context.Background(), Live, in, out); err != nil {
			t.Fatal(err)
		}
		t.Log(n, out[0][:4])
	}
	g, err := l.Geometry()
	if err != nil {
		t.Fatal(err)
	}
	t.Log(g.Vertices[1], len(g.Triangles), g.Weights[4], g.UV[0])
}

func buffers(m *Model) (in, out [][]float32) {
	for _, s := range m.Inputs() {
		in = append(in, make([]float32, s.Len()))
	}
	for _, s := range m.Outputs() {
		out = append(out, make([]float32, s.Len()))
	}
	return in, out
}
