package quality

import (
	"math/rand/v2"
	"testing"
	"time"

	"vivavoce/pipeline"
)

// TestGate plays conditions, one letter each 50 ms, and expects active after each.
func TestGate(t *testing.T) {
	for _, c := range []struct{ name, bad, want string }{
		{"first counts at once", "x", "x"},
		{"enters after 200 ms", ".xxxxxx", ".....xx"},
		{"a short spell does not enter", ".xxxx.xxxx.", "..........."},
		{"leaves after 300 ms", "x........", "xxxxxxx.."},
		{"a short pause does not leave", "x.....x.....x", "xxxxxxxxxxxxx"},
	} {
		var g gate
		for i := range c.bad {
			g.update(time.Duration(i)*50*time.Millisecond, c.bad[i] == 'x')
			if g.active != (c.want[i] == 'x') {
				t.Errorf("%s: after %q active = %v, want %v", c.name, c.bad[:i+1], g.active, !g.active)
			}
		}
	}
}

func TestSign(t *testing.T) {
	a, b, none := pipeline.Hint{Code: TooFar}, pipeline.Hint{Code: Blurred}, pipeline.Hint{Code: NoFace}
	var s sign
	for _, c := range []struct {
		at         time.Duration
		want, show pipeline.Hint
	}{
		{0, a, a},                                                   // the first at once
		{400 * time.Millisecond, b, a},                              // held
		{500 * time.Millisecond, b, b},                              // long enough
		{550 * time.Millisecond, none, none},                        // no face is urgent
		{700 * time.Millisecond, a, none},                           // and held too
		{1050 * time.Millisecond, pipeline.Hint{}, pipeline.Hint{}}, // nothing is a change like others
	} {
		if got := s.show(c.at, c.want); got != c.show {
			t.Errorf("at %v shows %q, want %q", c.at, got.Code, c.show.Code)
		}
	}
}

// TestNoFlicker shakes a head around a threshold as landmarks do.
func TestNoFlicker(t *testing.T) {
	for _, noise := range []float64{0.005, 0.02, 0.1} { // of the size
		rng := rand.New(rand.NewPCG(1, 2))
		g := guideOf(t, Options{})
		small := newPortrait()
		small.scale = 0.25 * 480 / faceHeight
		f := small.face()
		var last pipeline.Hint
		var changed time.Duration
		changes := 0
		for i := range 600 {
			p := small
			p.scale *= 1 + noise*(2*rng.Float64()-1)
			p.points(f)
			h := watch(t, g, f, nil, time.Duration(i)*time.Second/30, 1)[0]
			if h.Code != "" && h.Code != TooFar {
				t.Fatalf("noise %g: hint %q, want %q or none", noise, h.Code, TooFar)
			}
			if i > 0 && h != last {
				if gap := f.Frame.PTS - changed; changes > 0 && gap < holdFor {
					t.Errorf("noise %g: two changes within %v", noise, gap)
				}
				changed = f.Frame.PTS
				changes++
			}
			last = h
		}
		if changes > 2 {
			t.Errorf("noise %g: %d changes in 20 s, want 2 at most", noise, changes)
		}
	}
}

// TestFaceLost takes the face away for a moment and for good.
func TestFaceLost(t *testing.T) {
	g := guideOf(t, Options{})
	far := newPortrait()
	far.scale = 5
	there, gone := far.face(), newPortrait()
	gone.missing = true
	away := gone.face()
	watch(t, g, there, nil, 0, time.Second)
	if h := watch(t, g, away, nil, time.Second, tick)[0]; h.Code != TooFar {
		t.Errorf("one frame without a face: hint %q, want %q still", h.Code, TooFar)
	}
	hints := watch(t, g, away, nil, 1100*time.Millisecond, time.Second)
	if h := hints[2]; h.Code != NoFace {
		t.Errorf("300 ms without a face: hint %q, want %q", h.Code, NoFace)
	}
	m := g.(Measurer).Measures()
	if m.HeadSize.Known || m.LuminanceMean.Known || !m.PictureLuminance.Known || m.SingleFacePresent != read(0) {
		t.Errorf("without a face the measures are %s", measured(t, g))
	}
	near := newPortrait()
	hints = watch(t, g, near.face(), nil, 2100*time.Millisecond, time.Second)
	if h := hints[len(hints)-1]; h.Code != "" {
		t.Errorf("a second after a good face came: hint %q, want none (the old one was too far)", h.Code)
	}
}
