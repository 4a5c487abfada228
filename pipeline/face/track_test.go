package face

import (
	"image"
	"image/draw"
	"math"
	"slices"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/pipeline"
	"vivavoce/pipeline/internal/cv"
)

// stage is a picture on which people are put in places; frames are cut from it.
type stage struct{ img *image.RGBA }

func newStage(width, height int) stage {
	s := stage{image.NewRGBA(image.Rect(0, 0, width, height))}
	draw.Draw(s.img, s.img.Bounds(), image.Black, image.Point{}, draw.Src)
	return s
}

// put draws a person with the middle of the face at x, y, in the sample's own size.
func (s stage) put(tb testing.TB, p person, x, y int) stage {
	src := alone(tb, p)
	mid := p.box.Min.Add(p.box.Max).Div(2)
	to := src.Bounds().Add(image.Pt(x, y).Sub(mid))
	draw.Draw(s.img, to, src, src.Bounds().Min, draw.Src)
	return s
}

func (s stage) frame(pts time.Duration) *media.Frame { return whole(s.img, 640, pts) }

// watch finds the face in copies of one frame, at 10 fps for the given time, and
// returns the last.
func watch(tb testing.TB, d *finder, f *media.Frame, from, to time.Duration) *pipeline.Face {
	tb.Helper()
	var face *pipeline.Face
	for at := from; at <= to; at += 100 * time.Millisecond {
		f.PTS = at
		face = find(tb, d, f)
	}
	return face
}

func TestOthers(t *testing.T) {
	p := people()
	tests := []struct {
		name string
		stage
		others int
	}{
		{"alone", newStage(1280, 960).put(t, p[0], 640, 480), 0},
		{"nobody", newStage(1280, 960), 0},
		{"two side by side", newStage(1280, 960).put(t, p[0], 320, 480).put(t, p[2], 960, 480), 1},
		{"three", newStage(1600, 1200).put(t, p[0], 300, 400).put(t, p[2], 800, 500).put(t, p[1], 1300, 400), 2},
	}
	for _, test := range tests {
		face := watch(t, finderOf(t), test.frame(0), 0, time.Second)
		overlay(t, "others "+test.name, face)
		if face.Others != test.others {
			t.Errorf("%s: %d others, want %d", test.name, face.Others, test.others)
		}
	}
}

func TestOthersComeAndGo(t *testing.T) {
	p := people()
	d := finderOf(t)
	one := newStage(1280, 960).put(t, p[0], 320, 480)
	both := newStage(1280, 960).put(t, p[0], 320, 480).put(t, p[2], 960, 480)
	if face := watch(t, d, one.frame(0), 0, 2*time.Second); face.Others != 0 {
		t.Fatalf("alone: %d others, want 0", face.Others)
	}
	x := d.face.Box.X0
	face := watch(t, d, both.frame(0), 2100*time.Millisecond, 3500*time.Millisecond)
	if face.Others != 1 || math.Abs(float64(face.Box.X0-x)) > 10 {
		t.Errorf("a second one came: %d others, box at %.0f, want 1 and at %.0f as before", face.Others, face.Box.X0, x)
	}
	if face = watch(t, d, one.frame(0), 3600*time.Millisecond, 5*time.Second); face.Others != 0 {
		t.Errorf("and left: %d others, want 0", face.Others)
	}
}

// TestStaysWithOne hides the followed face shortly; its neighbour, who is as large, must
// not take its place when it is back, and may when it stays away.
func TestStaysWithOne(t *testing.T) {
	p := people()
	d := finderOf(t)
	both := newStage(1280, 960).put(t, p[2], 960, 480).put(t, p[0], 320, 480)
	neighbour := newStage(1280, 960).put(t, p[2], 960, 480)
	first := newStage(1280, 960).put(t, p[0], 320, 480)
	watch(t, d, first.frame(0), 0, time.Second)
	left := func(f *pipeline.Face) bool { return f.Found && f.Box.X1 < 320 }
	if !left(watch(t, d, both.frame(0), 1100*time.Millisecond, 1500*time.Millisecond)) {
		t.Fatal("the first face is not followed when the second comes")
	}
	watch(t, d, newStage(1280, 960).frame(0), 1600*time.Millisecond, 1900*time.Millisecond)
	if !left(watch(t, d, both.frame(0), 2*time.Second, 2*time.Second)) {
		t.Error("after a short loss another face is followed")
	}
	if face := watch(t, d, neighbour.frame(0), 2100*time.Millisecond, 4*time.Second); !face.Found || left(face) {
		t.Error("the neighbour is not found after the first has left")
	}
}

func TestFollowsMovement(t *testing.T) {
	p := people()[0]
	for name, speed := range map[string]int{"slow": 6, "quick": 30} { // pixels of 640 a frame
		d := finderOf(t)
		for i, x := 0, 150; x < 500; i, x = i+1, x+speed {
			f := newStage(1280, 960).put(t, p, 2*x, 480).frame(time.Duration(i) * time.Second / 30)
			face := find(t, d, f)
			if mid := float64(face.Box.X0+face.Box.X1) / 2; !face.Found || math.Abs(mid-float64(x)) > 25 {
				t.Fatalf("%s: found %v at %.0f, want at %d", name, face.Found, mid, x)
			}
		}
		if d.crowd.last != 0 {
			t.Errorf("%s: %d others, want 0", name, d.crowd.last)
		}
	}
}

func TestFollowsResizedFrames(t *testing.T) {
	p := people()[0]
	d := finderOf(t)
	watch(t, d, shot(t, p, 640, 480, 0.35, 0.4, 0.5, 0), 0, 300*time.Millisecond)
	d.near, d.far = nil, nil // following alone must do
	d.crowd.next = time.Hour
	for i, size := range [][2]int{{320, 240}, {1280, 960}, {640, 480}} {
		f := shot(t, p, size[0], size[1], 0.35, 0.4, 0.5, time.Duration(400+i*33)*time.Millisecond)
		if face := find(t, d, f); !face.Found || math.Abs(float64(face.Box.X0+face.Box.X1)/2-0.4*float64(size[0])) > 0.1*float64(size[0]) {
			t.Errorf("at %v: found %v, box %v", size, face.Found, face.Box)
		}
	}
}

func TestStartsAnewWhenPTSFalls(t *testing.T) {
	d := finderOf(t)
	f := shot(t, people()[0], 640, 480, 0.35, 0.4, 0.5, 0)
	watch(t, d, f, 10*time.Second, 11*time.Second)
	face := watch(t, d, f, 0, 0)
	if !face.Found || d.track.seen != 0 || d.crowd.seen > 0 {
		t.Errorf("after PTS fell: found %v, track %v, crowd %v, want both begun anew", face.Found, d.track.seen, d.crowd.seen)
	}
}

func TestCrowdNeedsTwoSearches(t *testing.T) {
	tests := []struct {
		name         string
		counts, want []int
	}{
		{"appears", []int{0, 1, 1}, []int{0, 0, 1}},
		{"flickers in", []int{0, 1, 0, 0}, []int{0, 0, 0, 0}},
		{"flickers out", []int{1, 1, 0, 1}, []int{0, 1, 1, 1}},
		{"leaves", []int{1, 1, 0, 0}, []int{0, 1, 1, 0}},
		{"two, then three", []int{1, 1, 2, 2}, []int{0, 1, 1, 2}},
	}
	for _, test := range tests {
		var c crowd
		for i, n := range test.counts {
			now := time.Duration(i) * time.Second
			c.count(n, now, time.Second)
			if c.shown != test.want[i] {
				t.Errorf("%s: after search %d %d shown, want %d", test.name, i, c.shown, test.want[i])
			}
			if soon := c.due(now + confirm); soon != (i == 0 && n != 0 || i > 0 && n != test.counts[i-1]) {
				t.Errorf("%s: after search %d the next is due soon: %v", test.name, i, soon)
			}
		}
	}
}

func TestOthersSkipTheFaceAndTheBackground(t *testing.T) {
	var f pipeline.Face // its points reach from 100, 100 to 200, 220
	for i := range f.Points {
		f.Points[i] = pipeline.Point{X: 150, Y: 160}
	}
	f.Points[0], f.Points[1] = pipeline.Point{X: 100, Y: 100}, pipeline.Point{X: 200, Y: 220}
	tests := []struct {
		name  string
		found []detection
		want  int
	}{
		{"itself", []detection{{x0: 110, y0: 110, x1: 190, y1: 190}}, 0},
		{"itself, larger", []detection{{x0: 60, y0: 90, x1: 380, y1: 300}}, 0},
		{"beside", []detection{{x0: 300, y0: 110, x1: 380, y1: 190}}, 1},
		{"behind, a quarter as large", []detection{{x0: 300, y0: 110, x1: 331, y1: 141}}, 1},
		{"on a wall, smaller", []detection{{x0: 300, y0: 110, x1: 328, y1: 138}}, 0},
		{"two and itself", []detection{{x0: 110, y0: 110, x1: 190, y1: 190}, {x0: 300, y0: 0, x1: 380, y1: 80}, {x0: 0, y0: 0, x1: 60, y1: 60}}, 2},
	}
	for _, test := range tests {
		if got := others(test.found, &f); got != test.want {
			t.Errorf("%s: %d others, want %d", test.name, got, test.want)
		}
	}
}

func TestPrefersTheNearAndThenTheLarge(t *testing.T) {
	near := detection{x0: 90, y0: 90, x1: 110, y1: 110}
	nearer := detection{x0: 95, y0: 95, x1: 115, y1: 115}
	large := detection{x0: 300, y0: 100, x1: 400, y1: 200}
	larger := detection{x0: 500, y0: 100, x1: 620, y1: 220}
	was := track{region: cv.Region{CX: 106, CY: 106, Side: 60}, on: true, known: true, width: 640, height: 480}
	tests := []struct {
		name  string
		after time.Duration
		want  []detection
	}{
		{"soon", 300 * time.Millisecond, []detection{nearer, near, larger, large}},
		{"after a gap", 2 * time.Second, []detection{larger, large, near, nearer}},
	}
	for _, test := range tests {
		now := was
		now.meet(&media.Frame{Width: 640, Height: 480, PTS: test.after})
		got := []detection{large, near, larger, nearer}
		now.prefer(got)
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: preferred %v, want %v", test.name, got, test.want)
		}
	}
}
