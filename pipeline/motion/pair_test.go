package motion_test

import (
	"math"
	"testing"

	"vivavoce/pipeline"
	"vivavoce/pipeline/motion"
	"vivavoce/pipeline/pipelinetest"
)

func TestPairs(t *testing.T) {
	skull := pipelinetest.NewSkull()
	face := func(h pipelinetest.Head) *pipeline.Face {
		var f pipeline.Face
		skull.Face(&f, h)
		return &f
	}
	head := func(yaw, pitch float64) *pipeline.Face {
		return face(pipelinetest.Head{Pose: pipeline.Pose{Yaw: yaw, Pitch: pitch}})
	}
	sheet := func(yaw, pitch float64) *pipeline.Face {
		return face(pipelinetest.Head{Pose: pipeline.Pose{Yaw: yaw, Pitch: pitch}, Flat: true})
	}
	unsure := head(20, 0)
	unsure.Presence = 0.6
	broken := head(20, 0)
	broken.Points[4].X = float32(math.NaN())
	far := *head(20, 0) // the same from a camera of twice as many pixels
	for i := range far.Points {
		p := &far.Points[i]
		p.X, p.Y, p.Z = 2*p.X, 2*p.Y, 2*p.Z
	}
	far.Interocular *= 2
	const left, right, up, down = pipeline.Left, pipeline.Right, pipeline.Up, pipeline.Down
	for _, tt := range []struct {
		name    string
		a, b    *pipeline.Face
		checked bool
		deep    bool
		went    []pipeline.Direction // all of these together
		not     []pipeline.Direction // nor one of these
	}{
		{"left", head(0, 0), head(20, 0), true, true, []pipeline.Direction{left}, []pipeline.Direction{right, up, down}},
		{"right, from the left", head(10, 0), head(-10, 3), true, true, []pipeline.Direction{right}, []pipeline.Direction{left, up, down}},
		{"up", head(0, 0), head(2, 14), true, true, []pipeline.Direction{up}, []pipeline.Direction{left, right, down}},
		{"up and left", head(0, 0), head(14, 11), true, true, []pipeline.Direction{up, left}, []pipeline.Direction{right, down}},
		{"more left than up", head(0, 0), head(14, 11), true, true, []pipeline.Direction{left}, []pipeline.Direction{up}},
		{"of another size", head(0, 0), &far, true, true, []pipeline.Direction{left}, []pipeline.Direction{right}},
		{"a little", head(0, 0), head(6, 0), false, false, []pipeline.Direction{left}, []pipeline.Direction{right, up}},
		{"not at all", head(3, 3), head(3, 3), false, false, nil, []pipeline.Direction{left, right, up, down}},
		{"a sheet", sheet(0, 0), sheet(40, 0), true, false, []pipeline.Direction{left}, nil},
		{"not believed", head(0, 0), unsure, false, false, nil, []pipeline.Direction{left}},
		{"not a number", head(0, 0), broken, false, false, nil, []pipeline.Direction{left}},
		{"nobody", head(0, 0), &pipeline.Face{}, false, false, nil, []pipeline.Direction{left, right, up, down}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := motion.Compare(tt.a, tt.b)
			if p.Depth.Checked != tt.checked || (p.Depth.Value >= 0.5) != tt.deep || p.Depth.Checked != (len(p.Depth.Reasons) == 0 || p.Depth.Reasons[0] == pipeline.DepthFlat) {
				t.Errorf("%+v", p)
			}
			if tt.went != nil && !p.Went(tt.went...) {
				t.Errorf("did not go %v: %+v", tt.went, p)
			}
			for _, d := range tt.not {
				if p.Went(d) {
					t.Errorf("went %s: %+v", d, p)
				}
			}
			if p.Went() || p.Went("sideways") || p.Went(left, right) {
				t.Errorf("went nowhere, sideways, or both ways: %+v", p)
			}
		})
	}
}

func BenchmarkPair(b *testing.B) {
	skull := pipelinetest.NewSkull()
	var from, to pipeline.Face
	skull.Face(&from, pipelinetest.Head{})
	skull.Face(&to, pipelinetest.Head{Pose: pipeline.Pose{Yaw: 20}})
	b.ReportAllocs()
	for b.Loop() {
		motion.Compare(&from, &to)
	}
}
