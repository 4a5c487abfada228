package face

import (
	"context"
	"errors"
	"image"
	"math"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/pipeline"
)

// person is the face of someone in a sample picture.
type person struct {
	name, sample string
	box          image.Rectangle
}

func people() []person {
	return []person{
		{"lowers her head", "6", image.Rect(1157, 337, 1403, 582)},
		{"turned to her own left", "6", image.Rect(245, 519, 483, 757)},
		{"head tilted", "3", image.Rect(1039, 250, 1294, 505)},
		{"looks down", "2", image.Rect(1422, 189, 1630, 397)},
	}
}

// alone is the person's picture without the neighbours.
func alone(tb testing.TB, p person) *image.RGBA {
	tb.Helper()
	around := p.box.Inset(-p.box.Dx() * 2 / 5)
	return sample(tb, p.sample).SubImage(around).(*image.RGBA)
}

// shot frames a person so that the box is the given share of the frame's width, its
// centre at cx, cy (0–1) of the frame.
func shot(tb testing.TB, p person, width, height int, share, cx, cy float64, pts time.Duration) *media.Frame {
	w := float64(p.box.Dx()) / share
	h := w * float64(height) / float64(width)
	x := float64(p.box.Min.X+p.box.Max.X)/2 - w*cx
	y := float64(p.box.Min.Y+p.box.Max.Y)/2 - h*cy
	r := image.Rect(int(x), int(y), int(x+w), int(y+h))
	return at(alone(tb, p), r, width, height, pts)
}

func TestFindsFaces(t *testing.T) {
	tests := []struct {
		name          string
		width, height int
		share, cx, cy float64
	}{
		{"in the middle", 640, 480, 0.35, 0.5, 0.5},
		{"odd size", 321, 243, 0.35, 0.5, 0.5},
		{"upright picture", 360, 640, 0.5, 0.5, 0.45},
		{"720p", 1280, 720, 0.25, 0.4, 0.5},
		{"far away", 640, 480, 0.08, 0.5, 0.5},
		{"very near", 640, 480, 0.7, 0.5, 0.55},
		{"at the border", 640, 480, 0.3, 0.15, 0.4},
		{"small picture", 96, 96, 0.4, 0.5, 0.5},
	}
	for _, test := range tests {
		for _, p := range people() {
			f := shot(t, p, test.width, test.height, test.share, test.cx, test.cy, 0)
			face := find(t, finderOf(t), f)
			overlay(t, test.name+", "+p.name, face)
			if !face.Found {
				t.Errorf("%s, %s: no face", test.name, p.name)
				continue
			}
			cx, cy := float64(face.Box.X0+face.Box.X1)/2, float64(face.Box.Y0+face.Box.Y1)/2
			off := math.Hypot(cx-test.cx*float64(test.width), cy-test.cy*float64(test.height))
			side := test.share * float64(test.width)
			if got := float64(face.Box.Y1 - face.Box.Y0); off > 0.25*side || got < 0.7*side || got > 1.5*side {
				t.Errorf("%s, %s: box %v is %.0f pixels off and %.0f high, want about 0 and %.0f", test.name, p.name, face.Box, off, got, side)
			}
		}
	}
}

func TestFindsNoFace(t *testing.T) {
	for name, value := range map[string]func(x, y int) byte{
		"black":   func(int, int) byte { return 16 },
		"checker": func(x, y int) byte { return byte(200 * ((x/16 + y/16) % 2)) },
		"slope":   func(x, y int) byte { return byte(x + y) },
	} {
		d := finderOf(t)
		for i := range 7 { // both detectors have their turn
			f := new(media.Pool).Get(320, 240)
			f.PTS = time.Duration(i) * time.Second / 30
			for k := range f.Y {
				f.Y[k] = value(k%320, k/320)
			}
			for k := range f.Cb {
				f.Cb[k], f.Cr[k] = 128, 128
			}
			if face := find(t, d, f); face.Found {
				t.Fatalf("%s: a face, presence %.2f", name, face.Presence)
			}
		}
	}
}

// TestOddFrames must not crash on sizes that no camera sends, before and while a face is followed.
func TestOddFrames(t *testing.T) {
	d := finderOf(t)
	p := people()[0]
	pts := time.Duration(0)
	for _, size := range [][2]int{{1, 1}, {2, 1}, {1, 2}, {16, 16}, {17, 3}, {4096, 16}, {4096, 2160}, {1, 3000}, {99, 101}} {
		for _, f := range []*media.Frame{new(media.Pool).Get(size[0], size[1]), shot(t, p, 160, 120, 0.35, 0.5, 0.5, 0)} {
			pts += time.Second / 30
			f.PTS = pts
			find(t, d, f)
		}
	}
	find(t, d, &media.Frame{PTS: pts})
}

func TestPresenceAndParts(t *testing.T) {
	face := find(t, finderOf(t), shot(t, people()[0], 640, 480, 0.35, 0.5, 0.5, 0))
	if face.Presence < 0.9 || face.Presence > 1 {
		t.Errorf("presence = %g, want about 1", face.Presence)
	}
	if face.RightEyeOpen < 0.2 || face.LeftEyeOpen < 0.2 || face.RightEyeOpen > 0.5 || face.LeftEyeOpen > 0.5 {
		t.Errorf("eyes = %.2f, %.2f, want about 0.3: they are open", face.RightEyeOpen, face.LeftEyeOpen)
	}
	if face.MouthOpen < 0 || face.MouthOpen > 0.05 {
		t.Errorf("mouth = %.3f, want about 0: it is shut", face.MouthOpen)
	}
	down := find(t, finderOf(t), shot(t, people()[3], 640, 480, 0.35, 0.5, 0.5, 0))
	if down.RightEyeOpen > 0.15 || down.LeftEyeOpen > 0.15 {
		t.Errorf("eyes = %.2f, %.2f, want below 0.15: she looks down", down.RightEyeOpen, down.LeftEyeOpen)
	}
	right, left := face.Points[468], face.Points[473] // irises
	if eyes := gap(right, left); math.Abs(eyes/face.Interocular-1) > 0.15 || right.X > left.X {
		t.Errorf("irises at %v and %v, %.0f apart, want the right one left of the left one, %.0f apart", right, left, eyes, face.Interocular)
	}
}

// TestMirror holds the sign of yaw and roll against the same picture mirrored.
func TestMirror(t *testing.T) {
	for _, p := range people() {
		f := shot(t, p, 640, 480, 0.35, 0.5, 0.5, 0)
		a := *find(t, finderOf(t), f)
		b := *find(t, finderOf(t), mirrored(f))
		if math.Abs(a.Pose.Yaw+b.Pose.Yaw) > 4 || math.Abs(a.Pose.Roll+b.Pose.Roll) > 3 || math.Abs(a.Pose.Pitch-b.Pose.Pitch) > 4 {
			t.Errorf("%s: pose %+.1f, mirrored %+.1f, want yaw and roll negated", p.name, a.Pose, b.Pose)
		}
	}
}

// mirrored swaps left and right; the width is even.
func mirrored(f *media.Frame) *media.Frame {
	m := new(media.Pool).Get(f.Width, f.Height)
	m.FullRange, m.PTS = f.FullRange, f.PTS
	flip := func(to, from []byte, stride int) {
		for i := range from {
			row := i / stride * stride
			to[i] = from[row+stride-1-(i-row)]
		}
	}
	flip(m.Y, f.Y, f.YStride)
	flip(m.Cb, f.Cb, f.CStride)
	flip(m.Cr, f.Cr, f.CStride)
	return m
}

// TestPoseOfKnownHeads holds the poses against what a person sees in the samples.
func TestPoseOfKnownHeads(t *testing.T) {
	tests := []struct {
		person
		yaw, pitch, roll [2]float64
	}{
		{people()[0], [2]float64{-5, 15}, [2]float64{-30, -10}, [2]float64{-5, 5}},
		{people()[1], [2]float64{5, 25}, [2]float64{-25, -5}, [2]float64{-25, -8}},
		{people()[2], [2]float64{-30, -10}, [2]float64{-10, 8}, [2]float64{8, 20}},
		{people()[3], [2]float64{-35, -10}, [2]float64{-35, -10}, [2]float64{-25, -8}},
	}
	for _, test := range tests {
		p := find(t, finderOf(t), shot(t, test.person, 640, 480, 0.35, 0.5, 0.5, 0)).Pose
		in := func(v float64, r [2]float64) bool { return v >= r[0] && v <= r[1] }
		if !in(p.Yaw, test.yaw) || !in(p.Pitch, test.pitch) || !in(p.Roll, test.roll) {
			t.Errorf("%s: pose %+.1f, want within yaw %v pitch %v roll %v", test.name, p, test.yaw, test.pitch, test.roll)
		}
	}
}

func TestFindSaysWhichFrameFailed(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f := shot(t, people()[0], 160, 120, 0.35, 0.5, 0.5, 0)
	face, err := finderOf(t).Find(ctx, f)
	if face != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("Find after the end = %v, %v, want nil and context.Canceled", face, err)
	}
}

func TestFindAllocatesLittle(t *testing.T) {
	d := finderOf(t)
	f := shot(t, people()[0], 640, 480, 0.35, 0.5, 0.5, 0)
	ctx := t.Context()
	next := func() {
		f.PTS += time.Microsecond // never due for a search
		if _, err := d.Find(ctx, f); err != nil {
			t.Fatal(err)
		}
	}
	for range 5 {
		next()
	}
	if n := testing.AllocsPerRun(20, next); n > 4 {
		t.Errorf("Find allocates %g times a frame, want at most 4", n)
	}
}

func BenchmarkFind(b *testing.B) {
	f := shot(b, people()[0], 640, 480, 0.35, 0.5, 0.5, 0)
	d := finderOf(b)
	b.ReportAllocs()
	for b.Loop() {
		f.PTS += time.Second / 30
		if _, err := d.Find(b.Context(), f); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParts(b *testing.B) {
	f := shot(b, people()[0], 640, 480, 0.35, 0.5, 0.5, 0)
	d := finderOf(b)
	var points [pipeline.Points]pipeline.Point
	r := find(b, d, f).Box
	region := (&detection{x0: float64(r.X0), y0: float64(r.Y0), x1: float64(r.X1), y1: float64(r.Y1), leftX: 1}).region()
	for name, run := range map[string]func() error{
		"near": func() error { _, err := d.near.detect(b.Context(), f); return err },
		"far":  func() error { _, err := d.far.detect(b.Context(), f); return err },
		"mesh": func() error { _, err := d.mesh.look(b.Context(), f, region, &points); return err },
		"pose": func() error { d.canon.pose(&d.face.Points, d.canonical); return nil },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
