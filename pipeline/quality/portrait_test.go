package quality

import (
	"math"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/pipeline"
)

// portrait draws a face by numbers: an ellipse of skin with hair, brows, eyes, a
// nose and lips, in front of a plain wall. The zero fields are filled by newPortrait.
type portrait struct {
	w, h     int
	full     bool    // samples are 0–255
	scale    float64 // pixels a centimetre
	cx, cy   float64 // where the middle between forehead and chin is, in pixels
	pose     pipeline.Pose
	skin     [3]float64 // red, green, blue, 0–1, gamma-coded
	wall     float64    // 0–1, grey
	lens     float64    // how much light glasses let through; 1 is none
	mask     [3]float64 // over nose and mouth; zero is none
	hand     bool       // over the mouth: skin of the cheeks
	grey     bool       // an infra-red camera
	others   int
	missing  bool
	moreSkin func(x, y float64) float64                    // gain of the skin's light at x, y in centimetres
	scene    func(f *pipeline.Face) func(x, y int) float64 // gain of all light, by pixel
}

func newPortrait() portrait {
	return portrait{
		w: 640, h: 480, scale: 12, cx: 320, cy: 240, lens: 1,
		skin: [3]float64{0.78, 0.58, 0.48}, wall: 0.5,
	}
}

// face draws the picture and puts the landmarks on it.
func (p portrait) face() *pipeline.Face {
	f := &pipeline.Face{Frame: p.frame(), Found: !p.missing, Presence: 1, Others: p.others, Pose: p.pose}
	if p.missing {
		return f
	}
	f.RightEyeOpen, f.LeftEyeOpen = 0.3, 0.3
	p.points(f)
	if p.scene != nil {
		relight(f.Frame, p.scene(f))
	}
	return f
}

func (p portrait) points(f *pipeline.Face) {
	nose := p.place([3]float64{0, 0, 6})
	for i := range f.Points {
		f.Points[i] = nose
	}
	for i, c := range canonical() {
		f.Points[i] = p.place(c)
	}
	b := pipeline.Box{X0: math.MaxFloat32, Y0: math.MaxFloat32, X1: -math.MaxFloat32, Y1: -math.MaxFloat32}
	for _, q := range f.Points {
		b = pipeline.Box{X0: min(b.X0, q.X), Y0: min(b.Y0, q.Y), X1: max(b.X1, q.X), Y1: max(b.Y1, q.Y)}
	}
	f.Box = b
	r, l := eyeCentres(f)
	f.Interocular = math.Hypot(float64(l.X-r.X), float64(l.Y-r.Y))
}

// middle is between forehead (8.26) and chin (−9.40).
const middle = -0.57

// place turns a point of the canonical face by the pose and projects it.
func (p portrait) place(c [3]float64) pipeline.Point {
	x, y, z := c[0], c[1]-middle, c[2]
	sin, cos := math.Sincos(p.pose.Pitch * math.Pi / 180) // up: the nose goes up
	y, z = y*cos+z*sin, z*cos-y*sin
	sin, cos = math.Sincos(p.pose.Yaw * math.Pi / 180) // left: the nose goes to the picture's right
	x, z = x*cos+z*sin, z*cos-x*sin
	sin, cos = math.Sincos(p.pose.Roll * math.Pi / 180) // left: clockwise in the picture
	x, y = x*cos+y*sin, y*cos-x*sin
	return pipeline.Point{X: float32(p.cx + p.scale*x), Y: float32(p.cy - p.scale*y), Z: float32(-p.scale * z)}
}

func (p portrait) frame() *media.Frame {
	cw, ch, stride := (p.w+1)/2, (p.h+1)/2, p.w+13 // a stride that is not the width
	f := &media.Frame{
		Width: p.w, Height: p.h, YStride: stride, CStride: cw + 5, FullRange: p.full,
		Y: make([]byte, stride*p.h), Cb: make([]byte, (cw+5)*ch), Cr: make([]byte, (cw+5)*ch),
	}
	lo, ySpan, cSpan := 16.0, 219.0, 224.0
	if p.full {
		lo, ySpan, cSpan = 0, 255, 255
	}
	for y := range p.h {
		for x := range p.w {
			c := p.colour(float64(x), float64(y))
			l := 0.299*c[0] + 0.587*c[1] + 0.114*c[2]
			f.Y[y*stride+x] = clip(lo + ySpan*l)
			if x%2 == 0 && y%2 == 0 && !p.grey {
				f.Cb[y/2*f.CStride+x/2] = clip(128 + cSpan*(c[2]-l)/1.772)
				f.Cr[y/2*f.CStride+x/2] = clip(128 + cSpan*(c[0]-l)/1.402)
			}
		}
	}
	if p.grey {
		for i := range f.Cb {
			f.Cb[i], f.Cr[i] = 128, 128
		}
	}
	return f
}

func oval(x, y, cx, cy, rx, ry float64) bool {
	return (x-cx)*(x-cx)/(rx*rx)+(y-cy)*(y-cy)/(ry*ry) < 1
}

// colour gives a pixel's red, green and blue. Heads are drawn upright and from the front:
// poses only move the landmarks.
func (p portrait) colour(px, py float64) [3]float64 {
	wall := [3]float64{p.wall, p.wall, p.wall}
	if p.missing {
		return wall
	}
	x, y := (px-p.cx)/p.scale, (p.cy-py)/p.scale+middle
	side := math.Abs(x)
	hair := [3]float64{0.12, 0.1, 0.08}
	switch {
	case !oval(x, y, 0, 0, 8.2, 11):
		return wall
	case y > 7.6:
		return hair
	case p.mask != [3]float64{} && y < -1 && side < 6.5:
		return p.mask
	case p.hand && y < -3 && side < 5:
		return p.lit(p.skin, x, y)
	case p.lens < 1 && oval(side, y, 3.2, 2.4, 3, 2.4):
		c := p.bare(side, y, hair)
		return [3]float64{expose(c[0], p.lens), expose(c[1], p.lens), expose(c[2], p.lens)}
	}
	return p.lit(p.bare(side, y, hair), x, y)
}

// bare gives the colour of the uncovered face.
func (p portrait) bare(side, y float64, hair [3]float64) [3]float64 {
	switch {
	case oval(side, y, 3.4, 5, 2.1, 0.45): // brow
		return hair
	case oval(side, y, 3.15, 2.6, 0.6, 0.45): // iris
		return [3]float64{0.15, 0.1, 0.08}
	case oval(side, y, 3.15, 2.6, 1.3, 0.5): // white of the eye
		return [3]float64{0.8, 0.8, 0.8}
	case oval(side, y, 0.8, -2.6, 0.4, 0.25): // nostril
		return [3]float64{0.2, 0.12, 0.1}
	case oval(side, y, 0, -4.4, 2, 0.1): // between the lips
		return [3]float64{0.2, 0.08, 0.08}
	case oval(side, y, 0, -4.4, 2.5, 1):
		return [3]float64{0.82 * p.skin[0], 0.6 * p.skin[1], 0.68 * p.skin[2]}
	}
	return p.skin
}

func (p portrait) lit(c [3]float64, x, y float64) [3]float64 {
	if p.moreSkin == nil {
		return c
	}
	g := p.moreSkin(x, y)
	return [3]float64{expose(c[0], g), expose(c[1], g), expose(c[2], g)}
}

// guideOf makes a guide.
func guideOf(t testing.TB, o Options) pipeline.Guide {
	t.Helper()
	make, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	g, err := make()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// tick is how often tests look: every third frame of a camera of 30.
const tick = 100 * time.Millisecond

// watch shows g the same face for so long, from pts on, and returns the hints.
func watch(t testing.TB, g pipeline.Guide, f *pipeline.Face, p *pipeline.Prompt, from, long time.Duration) []pipeline.Hint {
	t.Helper()
	var hints []pipeline.Hint
	for pts := from; pts < from+long; pts += tick {
		f.Frame.PTS, f.Frame.Seq = pts, uint64(3*pts/tick)
		h, err := g.Observe(t.Context(), pipeline.Observation{Face: f, Prompt: p})
		if err != nil {
			t.Fatal(err)
		}
		hints = append(hints, h)
	}
	return hints
}

// settled shows g a face for a second and returns the last hint.
func settled(t testing.TB, g pipeline.Guide, f *pipeline.Face, p *pipeline.Prompt) pipeline.Hint {
	t.Helper()
	h := watch(t, g, f, p, 0, time.Second)
	return h[len(h)-1]
}
