package quality

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/models"
	"vivavoce/pipeline"
	"vivavoce/pipeline/face"
)

// library opens the models once for all tests: they live as long as the process.
var library = sync.OnceValues(func() (*models.Library, error) {
	return models.Open(models.Options{Dir: filepath.Join("..", "..", "models", "files")})
})

// finderOf makes a finder over the real networks.
func finderOf(tb testing.TB) pipeline.Finder {
	tb.Helper()
	l, err := library()
	if err != nil {
		tb.Fatalf("models (make models): %v", err)
	}
	make, err := face.New(l, face.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	f, err := make()
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

// sample reads a picture of people in the pinned package @vladmandic/face-api.
func sample(tb testing.TB, n string) image.Image {
	tb.Helper()
	f, err := os.Open(filepath.Join("..", "..", "models/node_modules/@vladmandic/face-api/demo/sample"+n+".jpg"))
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	img, err := jpeg.Decode(f)
	if err != nil {
		tb.Fatal(err)
	}
	return img
}

// closeUp shows the face at box as a webcam would: 240 pixels high, half of them face.
func closeUp(src image.Image, box image.Rectangle) *media.Frame {
	const w, h = 320, 240
	k := float64(box.Dy()) / (0.5 * h)
	x0 := float64(box.Min.X+box.Max.X)/2 - k*w/2
	y0 := float64(box.Min.Y+box.Max.Y)/2 - k*h/2
	f := &media.Frame{Width: w, Height: h, YStride: w, CStride: w / 2, FullRange: true,
		Y: make([]byte, w*h), Cb: make([]byte, w*h/4), Cr: make([]byte, w*h/4)}
	for y := range h {
		for x := range w {
			// Black outside of the picture.
			r, g, b, _ := src.At(int(x0+k*float64(x)), int(y0+k*float64(y))).RGBA()
			l, cb, cr := color.RGBToYCbCr(uint8(r>>8), uint8(g>>8), uint8(b>>8))
			f.Y[y*w+x] = l
			f.Cb[y/2*w/2+x/2], f.Cr[y/2*w/2+x/2] = cb, cr
		}
	}
	return f
}

// people are the faces of those pictures that look at the camera, within 18° or so.
// No threshold was set by them.
func people() []person {
	return []person{
		{"3", image.Rect(592, 352, 802, 601), nil},
		{"3", image.Rect(1073, 248, 1300, 507), nil},
		{"3", image.Rect(1473, 330, 1691, 576), nil},
		{"5", image.Rect(779, 129, 950, 331), nil},
		{"5", image.Rect(1113, 232, 1293, 433), nil},
		{"5", image.Rect(349, 902, 584, 1160), nil},
		{"6", image.Rect(1168, 347, 1374, 586), nil},
		{"6", image.Rect(1483, 296, 1703, 556), nil},
		{"6", image.Rect(250, 520, 472, 760), nil},
	}
}

type person struct {
	picture string
	box     image.Rectangle
	face    *pipeline.Face
}

// portraits reads and finds all people.
func portraits(t *testing.T) []person {
	t.Helper()
	pictures := map[string]image.Image{}
	all := people()
	for i := range all {
		p := &all[i]
		if pictures[p.picture] == nil {
			pictures[p.picture] = sample(t, p.picture)
		}
		f, err := finderOf(t).Find(t.Context(), closeUp(pictures[p.picture], p.box))
		if err != nil || !f.Found {
			t.Fatalf("picture %s, %v: no face (%v)", p.picture, p.box, err)
		}
		p.face = f
	}
	return all
}

// copy gives the person's face with a frame of its own.
func (p person) copy() *pipeline.Face {
	f := *p.face
	frame := *f.Frame
	frame.Y, frame.Cb, frame.Cr = bytes.Clone(frame.Y), bytes.Clone(frame.Cb), bytes.Clone(frame.Cr)
	f.Frame = &frame
	return &f
}

// look shows a picture for 0.3 s to a new finder and a new guide.
func look(t *testing.T, f *media.Frame) (pipeline.Hint, *guide) {
	t.Helper()
	finder, g := finderOf(t), guideOf(t, Options{})
	var h pipeline.Hint
	for pts := time.Duration(0); pts <= 300*time.Millisecond; pts += tick {
		f.PTS, f.Seq = pts, uint64(3*pts/tick)
		face, err := finder.Find(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		if h, err = g.Observe(t.Context(), pipeline.Observation{Face: face}); err != nil {
			t.Fatal(err)
		}
	}
	return h, g.(*guide)
}

// TestRealFaces spoils pictures of nine people in one way each and counts for how
// many of them the rule holds. (Light does fall on one of them from her right.)
func TestRealFaces(t *testing.T) {
	light := func(gain func(f *pipeline.Face) func(x, y int) float64) func(*pipeline.Face) {
		return func(f *pipeline.Face) { relight(f.Frame, gain(f)) }
	}
	all := func(g float64) func(*pipeline.Face) {
		return light(func(*pipeline.Face) func(x, y int) float64 { return even(g) })
	}
	side := func(left bool) func(*pipeline.Face) {
		return light(func(f *pipeline.Face) func(x, y int) float64 { return fromSide(f, left, 0.15) })
	}
	soft := func(sigma float64) func(*pipeline.Face) {
		return func(f *pipeline.Face) { blur(f.Frame, sigma*f.Interocular) }
	}
	people := portraits(t)
	skin := light(func(f *pipeline.Face) func(x, y int) float64 { return withSkin(f, 0.25) })
	for _, c := range []struct {
		name     string
		spoil    func(f *pipeline.Face)
		code     pipeline.HintCode // of the rule
		where    pipeline.Direction
		min, max int // people of nine
	}{
		{"as they are", func(*pipeline.Face) {}, "", "", 8, 9},
		{"1/16 of the light", all(1. / 16), TooDark, "", 9, 9},
		{"1/3 of the light", all(1. / 3), TooDark, "", 0, 0},
		{"dark skin", skin, TooDark, "", 0, 1},
		{"6 times the light", all(6), TooBright, "", 8, 9},
		{"1.5 times the light", all(1.5), TooBright, "", 0, 1},
		{"before a window", light(func(f *pipeline.Face) func(x, y int) float64 { return backLightOf(f, 0.1, 5) }), BackLit, "", 7, 9},
		{"dark skin, not before a window", skin, BackLit, "", 0, 1},
		{"light from the picture's left", side(true), LightUneven, pipeline.Right, 8, 9},
		{"light from the picture's right", side(false), LightUneven, pipeline.Left, 7, 9},
		{"blurred by 0.06 eye distances", soft(0.06), Blurred, "", 9, 9},
		{"blurred by 0.01 eye distances", soft(0.01), Blurred, "", 0, 0},
		{"dark glasses", light(func(f *pipeline.Face) func(x, y int) float64 { return lenses(f, 0.05) }), EyesHidden, "", 8, 9},
		{"tinted glasses", light(func(f *pipeline.Face) func(x, y int) float64 { return lenses(f, 0.6) }), EyesHidden, "", 0, 0},
		{"a grey card over the mouth", func(f *pipeline.Face) { cover(f, 120, 128, 128) }, MouthHidden, "", 8, 9},
		{"a blue card over the mouth", func(f *pipeline.Face) { cover(f, 140, 150, 110) }, MouthHidden, "", 8, 9},
		{"a skin-coloured card over the mouth", func(f *pipeline.Face) { cover(f, 150, 112, 150) }, MouthHidden, "", 8, 9},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := 0
			var missed []string
			for _, p := range people {
				f := p.copy()
				c.spoil(f)
				h, g := look(t, f.Frame)
				if g.holds(c.code, c.where) {
					n++
				} else {
					missed = append(missed, fmt.Sprintf("picture %s at %v: shown %q, face found %v, measures %s", p.picture, p.box.Min, h.Code, g.sight.found, measured(t, g)))
				}
			}
			t.Logf("%d of %d", n, len(people))
			if n < c.min || n > c.max {
				t.Errorf("%q holds for %d of %d people, want %d to %d; not for\n%s",
					c.code, n, len(people), c.min, c.max, strings.Join(missed, "\n"))
			}
		})
	}
}

// holds says that a rule is broken; of the empty code, that none is.
func (g *guide) holds(c pipeline.HintCode, where pipeline.Direction) bool {
	for i := range g.rules {
		if g.gates[i].active && (c == "" || g.rules[i].code == c) {
			return c != "" && g.where[i] == where
		}
	}
	return c == ""
}

// lenses lets so much light through before each eye.
func lenses(f *pipeline.Face, through float64) func(x, y int) float64 {
	right, left := eyeCentres(f)
	return func(x, y int) float64 {
		for _, e := range [...]pipeline.Point{right, left} {
			dx, dy := (float64(x)-float64(e.X))/(0.42*f.Interocular), (float64(y)-float64(e.Y))/(0.3*f.Interocular)
			if dx*dx+dy*dy < 1 {
				return through
			}
		}
		return 1
	}
}

// cover paints a rectangle from below the nose to the chin.
func cover(f *pipeline.Face, y, cb, cr uint8) {
	m := midpoint(f.Points[13], f.Points[14])
	w, h := int(0.65*f.Interocular), int(0.5*f.Interocular)
	for py := max(int(m.Y)-h, 0); py < min(int(m.Y)+h, f.Frame.Height); py++ {
		for px := max(int(m.X)-w, 0); px < min(int(m.X)+w, f.Frame.Width); px++ {
			f.Frame.Y[py*f.Frame.YStride+px] = y
			f.Frame.Cb[py/2*f.Frame.CStride+px/2], f.Frame.Cr[py/2*f.Frame.CStride+px/2] = cb, cr
		}
	}
}
