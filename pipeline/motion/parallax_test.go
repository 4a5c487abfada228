package motion_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/pipeline"
	"vivavoce/pipeline/internal/cv"
	"vivavoce/pipeline/motion"
	"vivavoce/pipeline/pipelinetest"
)

// room paints a frame of blocks of random brightness, 24 pixels wide.
func room(contrast int) *media.Frame {
	rng := rand.New(rand.NewPCG(3, 4))
	f := new(media.Pool).Get(640, 480)
	var tiles [20 * 27]byte
	for i := range tiles {
		tiles[i] = byte(128 + rng.IntN(2*contrast+1) - contrast)
	}
	for y := range f.Height {
		for x := range f.Width {
			f.Y[y*f.YStride+x] = tiles[y/24*27+x/24]
		}
	}
	return f
}

// warp fills dst with what src shows where to carries its pixels; grey outside.
func warp(dst, src *media.Frame, to func(x, y float64) (float64, float64)) {
	for y := range dst.Height {
		for x := range dst.Width {
			u, v := to(float64(x), float64(y))
			dst.Y[y*dst.YStride+x] = 128
			if u >= 0 && v >= 0 && u < float64(src.Width) && v < float64(src.Height) {
				dst.Y[y*dst.YStride+x] = src.Y[int(v)*src.YStride+int(u)]
			}
		}
	}
}

func view(f *pipeline.Face) (out []cv.Point2) {
	for _, p := range f.Points {
		out = append(out, cv.Point2{X: float64(p.X), Y: float64(p.Y)})
	}
	return out
}

// TestParallax turns a head, or a picture of one, in front of a room.
func TestParallax(t *testing.T) {
	for _, c := range []struct {
		name     string
		flat     bool // the room is on the picture
		sway     float64
		contrast int
		checked  bool
		low, top float64
	}{
		{"a person in a room", false, 0, 60, true, 0.8, 1},
		{"and the camera is held by hand", false, 12, 60, true, 0.8, 1},
		{"a picture of both", true, 0, 60, true, 0, 0.2},
		{"and the camera is held by hand", true, 12, 60, true, 0, 0.2},
		{"before a plain wall", false, 0, 2, false, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := around(t, before(room(c.contrast), c.flat, c.sway))
			if s.Checked != c.checked || s.Checked && !(s.Value >= c.low && s.Value <= c.top) {
				t.Errorf("parallax %+v, want checked %v, %v–%v", s, c.checked, c.low, c.top)
			}
			if carried := slices.Contains(s.Reasons, pipeline.ParallaxCarried); c.checked && carried != c.flat {
				t.Errorf("reasons %v, want carried %v", s.Reasons, c.flat)
			}
		})
	}
}

func TestStageWithPixels(t *testing.T) {
	pipelinetest.TestStage(t, motion.New(motion.Options{}), before(room(60), true, 0))
}

// around returns the parallax of what is seen.
func around(t *testing.T, seen []pipeline.Observation) pipeline.Score {
	t.Helper()
	for _, s := range pipelinetest.Play(t, motion.New(motion.Options{}), seen) {
		if s.Name == pipeline.ScoreParallax {
			return s
		}
	}
	t.Fatal("no parallax score")
	return pipeline.Score{}
}

// before is a turn by 30° to the left and back; sway is by how many pixels the camera moves
// meanwhile.
func before(room *media.Frame, flat bool, sway float64) (seen []pipeline.Observation) {
	skull := pipelinetest.NewSkull()
	var front pipeline.Face
	skull.Face(&front, pipelinetest.Head{Flat: flat})
	for i, g := range glide(40*time.Millisecond, 500*time.Millisecond, 500*time.Millisecond) {
		o := pipeline.Observation{Face: &pipeline.Face{}}
		skull.Face(o.Face, pipelinetest.Head{Flat: flat, Pose: pipeline.Pose{Yaw: g.yaw}})
		back := cv.Plane{1, 0, 0, 0, 1, 0, 0, 0, 1}
		if flat {
			back, _ = cv.Homography(view(o.Face), view(&front))
		}
		shift := sway * g.yaw / 30
		for n := range o.Face.Points {
			o.Face.Points[n].X += float32(shift)
		}
		frame := new(media.Pool).Get(640, 480)
		frame.PTS, frame.Seq = g.at, uint64(i)
		warp(frame, room, func(x, y float64) (float64, float64) { return back.Apply(x-shift, y) })
		o.Face.Frame = frame
		if g.at >= 1200*time.Millisecond {
			o.Prompt = &pipeline.Prompt{Step: pipeline.Step{Kind: pipeline.StepTurn, Turn: pipeline.Left}, ShownAt: 1200 * time.Millisecond}
		}
		seen = append(seen, o)
	}
	return seen
}
