package quality

import (
	"math"
	"testing"
	"time"

	"vivavoce/pipeline"
)

func hint(c pipeline.HintCode, d pipeline.Direction) pipeline.Hint {
	blocking := true
	switch c {
	case "", LightUneven, Blurred, Moving, LowResolution, LowFrameRate:
		blocking = false
	}
	return pipeline.Hint{Code: c, Direction: d, Blocking: blocking}
}

// TestHints has for each hint that one look can tell a face that gets it and one,
// not far off, that gets none.
func TestHints(t *testing.T) {
	type change func(p *portrait)
	shade := func(right, left float64) change {
		return func(p *portrait) {
			p.moreSkin = func(x, _ float64) float64 { return right + (left-right)/(1+math.Exp(-x)) }
		}
	}
	skin := func(r, g, b float64) change { return func(p *portrait) { p.skin = [3]float64{r, g, b} } }
	size := func(share float64) change {
		return func(p *portrait) { p.scale = share * 480 / faceHeight }
	}
	moved := func(x, y float64) change { return func(p *portrait) { p.cx, p.cy = x, y } }
	posed := func(yaw, pitch, roll float64) change {
		return func(p *portrait) { p.pose = pipeline.Pose{Yaw: yaw, Pitch: pitch, Roll: roll} }
	}
	all := func(cs ...change) change {
		return func(p *portrait) {
			for _, c := range cs {
				c(p)
			}
		}
	}
	for _, c := range []struct {
		name   string
		change change
		want   pipeline.Hint
	}{
		{"a good picture", func(*portrait) {}, hint("", "")},
		{"nobody", func(p *portrait) { p.missing = true }, hint(NoFace, "")},
		{"one more", func(p *portrait) { p.others = 1 }, hint(SeveralFaces, "")},

		{"dark room", all(skin(0.2, 0.15, 0.12), func(p *portrait) { p.wall = 0.1 },
			func(p *portrait) { p.lens = 0.05 }), hint(TooDark, "")},
		{"dark skin", skin(0.3, 0.2, 0.16), hint("", "")},
		{"dark skin, white wall", all(skin(0.3, 0.2, 0.16), func(p *portrait) { p.wall = 0.85 }), hint("", "")},
		{"lens cap", func(p *portrait) { p.missing, p.wall = true, 0.02 }, hint(TooDark, "")},
		{"sun on the face", skin(1, 0.98, 0.96), hint(TooBright, "")},
		{"light skin, well lit", skin(0.95, 0.82, 0.75), hint("", "")},
		{"lamp into the lens", func(p *portrait) { p.missing, p.wall = true, 1 }, hint(TooBright, "")},
		{"window behind", func(p *portrait) {
			p.scene = func(f *pipeline.Face) func(x, y int) float64 { return backLightOf(f, 0.12, 4) }
		}, hint(BackLit, "")},
		{"lamp behind", func(p *portrait) {
			p.scene = func(f *pipeline.Face) func(x, y int) float64 { return backLightOf(f, 0.6, 4) }
		}, hint("", "")},
		{"white wall behind", func(p *portrait) { p.wall = 0.9 }, hint("", "")},
		{"light from their left", shade(0.15, 1), hint(LightUneven, pipeline.Left)},
		{"light from their right", shade(1, 0.15), hint(LightUneven, pipeline.Right)},
		{"a little more light from their left", shade(0.5, 1), hint("", "")},

		{"far", size(0.22), hint(TooFar, "")},
		{"not too far", size(0.27), hint("", "")},
		{"near", size(0.9), hint(TooNear, "")},
		{"not too near", size(0.8), hint("", "")},

		{"at the picture's left", moved(170, 240), hint(OffCentre, pipeline.Left)},
		{"at the picture's right", moved(470, 240), hint(OffCentre, pipeline.Right)},
		{"high", all(size(0.3), moved(320, 100)), hint(OffCentre, pipeline.Down)},
		{"low", all(size(0.3), moved(320, 380)), hint(OffCentre, pipeline.Up)},
		{"a little left", moved(220, 240), hint("", "")},
		{"a little low", all(size(0.3), moved(320, 310)), hint("", "")},
		{"forehead cut off", all(size(0.8), moved(320, 175)), hint(Cropped, "")},
		{"forehead at the edge", all(size(0.8), moved(320, 195)), hint("", "")},

		{"turned left", posed(26, 0, 0), hint(TurnToCamera, "")},
		{"turned right", posed(-26, 0, 0), hint(TurnToCamera, "")},
		{"camera far above", posed(0, 30, 0), hint(TurnToCamera, "")},
		{"camera far below", posed(0, -30, 0), hint(TurnToCamera, "")},
		{"a little turned", posed(14, 8, 0), hint("", "")},
		{"tilted left", posed(0, 0, 24), hint(Tilted, "")},
		{"tilted right", posed(0, 0, -24), hint(Tilted, "")},
		{"a little tilted", posed(0, 0, 12), hint("", "")},

		{"dark glasses", func(p *portrait) { p.lens = 0.08 }, hint(EyesHidden, "")},
		{"clear glasses", func(p *portrait) { p.lens = 0.8 }, hint("", "")},
		{"dark glasses, dark skin", all(skin(0.4, 0.28, 0.22), func(p *portrait) { p.lens = 0.08 }), hint(EyesHidden, "")},
		{"blue mask", func(p *portrait) { p.mask = [3]float64{0.5, 0.65, 0.8} }, hint(MouthHidden, "")},
		{"white mask", func(p *portrait) { p.mask = [3]float64{0.9, 0.9, 0.9} }, hint(MouthHidden, "")},
		{"black mask", func(p *portrait) { p.mask = [3]float64{0.1, 0.1, 0.1} }, hint(MouthHidden, "")},
		{"hand over the mouth", func(p *portrait) { p.hand = true }, hint(MouthHidden, "")},
		{"lips of an infra-red camera", func(p *portrait) { p.grey = true }, hint("", "")},
		{"hand before an infra-red camera", func(p *portrait) { p.grey, p.hand = true, true }, hint(MouthHidden, "")},

		{"few pixels", all(size(0.5), func(p *portrait) { p.w, p.h, p.cx, p.cy, p.scale = 160, 120, 80, 60, 4 }), hint(LowResolution, "")},
		{"enough pixels", func(p *portrait) { p.w, p.h, p.cx, p.cy, p.scale = 240, 180, 120, 90, 6 }, hint("", "")},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPortrait()
			c.change(&p)
			g := guideOf(t, Options{})
			if got := settled(t, g, p.face(), nil); got != c.want {
				t.Errorf("hint = %+v, want %+v; measures %s", got, c.want, measured(t, g))
			}
		})
	}
}

// TestHintsInAnyFormat shows that neither range, nor odd sizes, nor strides change
// what is said.
func TestHintsInAnyFormat(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(p *portrait)
		want   pipeline.HintCode
	}{
		{"good", func(*portrait) {}, ""},
		{"dark", func(p *portrait) { p.skin, p.wall, p.lens = [3]float64{0.2, 0.15, 0.12}, 0.1, 0.05 }, TooDark},
		{"bright", func(p *portrait) { p.skin = [3]float64{1, 0.98, 0.96} }, TooBright},
		{"masked", func(p *portrait) { p.mask = [3]float64{0.9, 0.9, 0.9} }, MouthHidden},
	} {
		for _, full := range []bool{false, true} {
			for _, odd := range []int{0, 1} {
				p := newPortrait()
				p.full, p.w, p.h = full, 640-odd, 480-odd
				c.change(&p)
				if got := settled(t, guideOf(t, Options{}), p.face(), nil); got.Code != c.want {
					t.Errorf("%s, full range %v, %dx%d: hint %q, want %q", c.name, full, p.w, p.h, got.Code, c.want)
				}
			}
		}
	}
}

func TestBlurred(t *testing.T) {
	for _, c := range []struct {
		blur float64 // standard deviation over the distance between the eyes
		want pipeline.HintCode
	}{{0, ""}, {0.01, ""}, {0.1, Blurred}, {0.15, Blurred}} {
		f := newPortrait().face()
		blur(f.Frame, c.blur*f.Interocular)
		g := guideOf(t, Options{})
		if got := settled(t, g, f, nil); got.Code != c.want {
			t.Errorf("blurred by %g of the distance between the eyes: hint %q, want %q; sharpness %v",
				c.blur, got.Code, c.want, g.(Measurer).Measures().Sharpness)
		}
	}
}

// TestMoving sways the head sideways by so many eye distances each second.
func TestMoving(t *testing.T) {
	for _, c := range []struct {
		speed float64
		want  pipeline.HintCode
	}{{0, ""}, {1, ""}, {3, Moving}} {
		g := guideOf(t, Options{})
		p := newPortrait()
		p.cx = 250
		f := p.face()
		var last pipeline.Hint
		for pts := time.Duration(0); pts < 600*time.Millisecond; pts += tick / 3 {
			q := p
			q.cx += c.speed * f.Interocular * pts.Seconds()
			q.points(f)
			last = watch(t, g, f, nil, pts, 1)[0]
		}
		if last.Code != c.want {
			t.Errorf("%g eye distances a second: hint %q, want %q", c.speed, last.Code, c.want)
		}
	}
}

// TestLowFrameRate counts what the camera gave and not what was looked at.
func TestLowFrameRate(t *testing.T) {
	for _, c := range []struct {
		name  string
		every time.Duration
		seq   uint64 // step
		want  pipeline.HintCode
	}{
		{"30 a second", time.Second / 30, 1, ""},
		{"30 a second, every third looked at", time.Second / 10, 3, ""},
		{"15 a second", time.Second / 15, 1, ""},
		{"10 a second", time.Second / 10, 1, LowFrameRate},
		{"8 a second, every second looked at", time.Second / 4, 2, LowFrameRate},
	} {
		g := guideOf(t, Options{})
		f := newPortrait().face()
		var h pipeline.Hint
		for pts := time.Duration(0); pts < 2*time.Second; pts += c.every {
			f.Frame.PTS = pts
			h, _ = g.Observe(t.Context(), pipeline.Observation{Face: f})
			f.Frame.Seq += c.seq
		}
		if h.Code != c.want {
			t.Errorf("%s: hint %q, want %q", c.name, h.Code, c.want)
		}
	}
}

// TestBreak shows that a lost connection is not a slow camera.
func TestBreak(t *testing.T) {
	g := guideOf(t, Options{})
	f := newPortrait().face()
	watch(t, g, f, nil, 0, 2*time.Second)
	for i, h := range watch(t, g, f, nil, 9*time.Second, 3*time.Second) {
		if h != (pipeline.Hint{}) {
			t.Fatalf("frame %d after a break of seven seconds: hint %+v, want none", i, h)
		}
	}
}

// TestTurns shows that a person who does what a turn asks is not told to stop.
func TestTurns(t *testing.T) {
	turned := newPortrait()
	turned.pose = pipeline.Pose{Yaw: 35, Pitch: 20, Roll: 22}
	turned.cx = 480
	f := turned.face()
	turn := &pipeline.Prompt{Step: pipeline.Step{Kind: pipeline.StepTurn, Turn: pipeline.Left}}
	digit := &pipeline.Prompt{Step: pipeline.Step{Kind: pipeline.StepDigit}}
	for _, c := range []struct {
		name   string
		prompt *pipeline.Prompt
		want   pipeline.HintCode
	}{{"no prompt", nil, OffCentre}, {"digit", digit, OffCentre}, {"turn", turn, ""}} {
		if got := settled(t, guideOf(t, Options{}), f, c.prompt); got.Code != c.want {
			t.Errorf("%s: hint %q, want %q", c.name, got.Code, c.want)
		}
	}
	g := guideOf(t, Options{})
	watch(t, g, f, turn, 0, time.Second)
	for i, h := range watch(t, g, f, digit, time.Second, 2*time.Second) {
		after := time.Duration(i) * tick
		if h.Code != "" && after < turnGrace {
			t.Errorf("%v after the turn: hint %q, want none yet", after, h.Code)
		}
		if h.Code != OffCentre && after > turnGrace+2*enterAfter {
			t.Errorf("%v after the turn: hint %q, want %q", after, h.Code, OffCentre)
		}
	}
	two := newPortrait()
	two.others = 1
	if got := settled(t, guideOf(t, Options{}), two.face(), turn); got.Code != SeveralFaces {
		t.Errorf("two faces during a turn: hint %q, want %q", got.Code, SeveralFaces)
	}
}
