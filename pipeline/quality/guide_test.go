package quality

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"testing"
	"time"

	"vivavoce/pipeline"
)

// measured gives a guide's measures as JSON.
func measured(t testing.TB, g pipeline.Guide) string {
	t.Helper()
	b, err := json.Marshal(g.(Measurer).Measures())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestMeasuresJSON gives every field of Measures its own name, and null when it was
// not measured.
func TestMeasuresJSON(t *testing.T) {
	m := Measures{Sharpness: read(0), HeadPoseYaw: read(-12.345678)}
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]*float64
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	if n := reflect.TypeFor[Measures]().NumField(); len(got) != n {
		t.Errorf("%d names for %d fields", len(got), n)
	}
	if got["sharpness"] == nil || *got["sharpness"] != 0 {
		t.Errorf("sharpness = %v, want 0", got["sharpness"])
	}
	if got["head_pose_yaw"] == nil || *got["head_pose_yaw"] != -12.35 {
		t.Errorf("head_pose_yaw = %v, want -12.35", got["head_pose_yaw"])
	}
	if v, there := got["luminance_mean"]; v != nil || !there {
		t.Errorf("luminance_mean = %v, there %v, want null", v, there)
	}
}

// TestNothingReadWithoutFace fills a face that is not found with what must not be
// looked at.
func TestNothingReadWithoutFace(t *testing.T) {
	p := newPortrait()
	p.missing = true
	clean, dirty := p.face(), p.face()
	spoil(dirty)
	a, b := guideOf(t, Options{}), guideOf(t, Options{})
	if got, want := settled(t, b, dirty, nil), settled(t, a, clean, nil); got != want {
		t.Errorf("hint = %+v, want %+v", got, want)
	}
	if got, want := measured(t, b), measured(t, a); got != want {
		t.Errorf("measures = %s, want %s", got, want)
	}
}

func spoil(f *pipeline.Face) {
	nan := float32(math.NaN())
	for i := range f.Points {
		f.Points[i] = pipeline.Point{X: nan, Y: nan, Z: nan}
	}
	f.Box = pipeline.Box{X0: nan, Y0: nan, X1: nan, Y1: nan}
	f.Interocular, f.Pose.Yaw, f.Pose.Pitch, f.Pose.Roll = math.NaN(), math.NaN(), math.NaN(), math.NaN()
	f.MouthOpen, f.LeftEyeOpen, f.RightEyeOpen = math.NaN(), math.NaN(), math.NaN()
}

// TestWildFaces shows landmarks that no face has: nothing may be read outside the
// planes.
func TestWildFaces(t *testing.T) {
	for _, v := range []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), 1e30, -1e30, 0} {
		f := newPortrait().face()
		for i := range f.Points {
			if i%3 != 0 {
				f.Points[i].X = v
			}
			if i%5 != 0 {
				f.Points[i].Y = v
			}
		}
		f.Box = pipeline.Box{X0: v, Y0: v, X1: v, Y1: v}
		settled(t, guideOf(t, Options{}), f, nil)
		spoil(f)
		settled(t, guideOf(t, Options{}), f, nil)
	}
	for _, n := range [][2]int{{1, 1}, {2, 2}, {3, 1}, {1, 3}} {
		p := newPortrait()
		p.w, p.h, p.cx, p.cy, p.scale = n[0], n[1], 0.5, 0.5, 0.05
		settled(t, guideOf(t, Options{}), p.face(), nil)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := guideOf(t, Options{}).Observe(ctx, pipeline.Observation{Face: newPortrait().face()})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v, want context.Canceled", err)
	}
}

// TestReplay gives the same hints for the same faces, and sessions that do not know
// of each other.
func TestReplay(t *testing.T) {
	make, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	a, _ := make()
	b, _ := make()
	far := newPortrait()
	far.scale = 6
	f, other := far.face(), newPortrait().face()
	first := watch(t, a, f, nil, 0, time.Second)
	watch(t, b, other, nil, 0, time.Second)
	c, _ := make()
	if again := watch(t, c, f, nil, 0, time.Second); !reflect.DeepEqual(first, again) {
		t.Errorf("first %v, then %v", first, again)
	}
	if h := settled(t, b, other, nil); h.Code != "" {
		t.Errorf("another session's hint %q leaked", h.Code)
	}
}

// TestNoAllocation holds the steady state to nothing.
func TestNoAllocation(t *testing.T) {
	g := guideOf(t, Options{})
	f := newPortrait().face()
	settled(t, g, f, nil)
	n := testing.AllocsPerRun(100, func() {
		f.Frame.PTS += tick
		if _, err := g.Observe(t.Context(), pipeline.Observation{Face: f}); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%g allocations a frame, want 0", n)
	}
}

// BenchmarkObserve is a frame of 640×480 whose light is measured, and one of 30 a
// second, of which every third is.
func BenchmarkObserve(b *testing.B) {
	for _, c := range []struct {
		name  string
		every time.Duration
	}{{"lit", tick}, {"at30", time.Second / 30}} {
		b.Run(c.name, func(b *testing.B) {
			g := guideOf(b, Options{})
			f := newPortrait().face()
			o := pipeline.Observation{Face: f}
			b.ReportAllocs()
			for b.Loop() {
				f.Frame.PTS += c.every
				f.Frame.Seq++
				if _, err := g.Observe(b.Context(), o); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
