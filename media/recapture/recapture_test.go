package recapture

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"slices"
	"testing"
	"time"

	"vivavoce/media"
)

// drawn is a source of n frames with a bright face-like disc that moves.
type drawn struct {
	n, at, w, h int
	pool        media.Pool
}

func (d *drawn) Next(context.Context) (*media.Frame, error) {
	if d.at == d.n {
		return nil, io.EOF
	}
	f := d.pool.Get(d.w, d.h)
	f.Seq, f.PTS = uint64(d.at), time.Duration(d.at)*40*time.Millisecond
	for y := range d.h {
		for x := range d.w {
			r := math.Hypot(float64(x)-float64(d.w)/2-float64(d.at), float64(y)-float64(d.h)/2) / float64(d.h)
			f.Y[y*f.YStride+x] = byte(60 + 120*max(0, 1-2*r) + 10*math.Sin(float64(x)/3))
		}
	}
	for i := range f.Cb {
		f.Cb[i], f.Cr[i] = 110, 150
	}
	d.at++
	return f, nil
}

// all plays an attack to its end and returns copies of its planes.
func all(t *testing.T, p Parameters, r Rig, n, w, h int) []*media.Frame {
	t.Helper()
	a, err := New(&drawn{n: n, w: w, h: h}, p, r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	var out []*media.Frame
	for {
		f, err := a.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, f)
	}
}

// posed locates a face in the middle of w×h, which moves as drawn's disc does.
func posed(w, h int) Locator {
	return func(_ context.Context, f *media.Frame) (*Face, error) {
		m := Point{float64(w)/2 + float64(f.Seq), float64(h) / 2}
		s := float64(h) / 4
		return &Face{
			Oval:    ring(m, 0.8*s, s, 36),
			LeftEye: ring(Point{m.X + 0.35*s, m.Y - 0.3*s}, 0.15*s, 0.07*s, 16), RightEye: ring(Point{m.X - 0.35*s, m.Y - 0.3*s}, 0.15*s, 0.07*s, 16),
			Mouth: ring(Point{m.X, m.Y + 0.45*s}, 0.3*s, 0.12*s, 20), Nose: Point{m.X, m.Y + 0.1*s},
		}, nil
	}
}

// ring is an ellipse, from its top on.
func ring(m Point, rx, ry float64, n int) []Point {
	out := make([]Point, n)
	for i := range out {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(n))
		out[i] = Point{m.X + rx*sin, m.Y - ry*cos}
	}
	return out
}

// rigged is all that any species needs.
func rigged(w, h int) Rig {
	return Rig{Locate: posed(w, h), Donor: &drawn{n: 3, w: w, h: h}}
}

func TestSameParametersSamePictures(t *testing.T) {
	for _, s := range All() {
		t.Run(string(s), func(t *testing.T) {
			p := Draw(s, Train, 7)
			log, err := json.Marshal(p)
			if err != nil {
				t.Fatal(err)
			}
			var again Parameters
			if err := json.Unmarshal(log, &again); err != nil {
				t.Fatal(err)
			}
			a, b := all(t, p, rigged(160, 120), 5, 160, 120), all(t, again, rigged(160, 120), 5, 160, 120)
			if len(a) != 5 || len(b) != 5 {
				t.Fatalf("%d and %d frames, want 5", len(a), len(b))
			}
			for i := range a {
				if !bytes.Equal(a[i].Y, b[i].Y) || !bytes.Equal(a[i].Cb, b[i].Cb) || !bytes.Equal(a[i].Cr, b[i].Cr) {
					t.Errorf("frame %d differs from that of the parameters read back from JSON", i)
				}
				if a[i].Seq != uint64(i) || a[i].PTS != time.Duration(i)*40*time.Millisecond {
					t.Errorf("frame %d has Seq %d, PTS %v", i, a[i].Seq, a[i].PTS)
				}
			}
		})
	}
}

// luma is the mean of f's, and how much neighbours differ.
func luma(f *media.Frame) (mean, rough float64) {
	for y := range f.Height {
		row := f.Y[y*f.YStride:][:f.Width]
		for x, v := range row {
			mean += float64(v)
			if x > 0 {
				rough += math.Abs(float64(v) - float64(row[x-1]))
			}
		}
	}
	n := float64(f.Width * f.Height)
	return mean / n, rough / n
}

// difference is the mean absolute difference of two pictures' luma.
func difference(a, b *media.Frame) float64 {
	sum := 0.0
	for y := range a.Height {
		for x, v := range a.Y[y*a.YStride:][:a.Width] {
			sum += math.Abs(float64(v) - float64(b.Y[y*b.YStride+x]))
		}
	}
	return sum / float64(a.Width*a.Height)
}

func TestControlKeepsThePicture(t *testing.T) {
	p := Parameters{Species: Camera, Seed: 1, Lens: &Lens{Blur: 0.2, Exposure: 1, Red: 1, Blue: 1, Contrast: 1}}
	out := all(t, p, Rig{}, 2, 160, 120)
	was := all(t, Parameters{Species: Replay}, Rig{}, 2, 160, 120)
	for i := range out {
		if d := difference(out[i], was[i]); d > 1.5 {
			t.Errorf("frame %d differs by %v steps through a good camera, want 1.5 at most", i, d)
		}
		for k := range out[i].Cb {
			if dif := int(out[i].Cb[k]) - int(was[i].Cb[k]); dif < -3 || dif > 3 {
				t.Fatalf("frame %d: Cb %d, was %d", i, out[i].Cb[k], was[i].Cb[k])
			}
		}
	}
}

// A display whose stripes the camera can resolve shows them; one that the lens blurs shows a
// smooth picture.
func TestStripesFollowTheLens(t *testing.T) {
	p := Draw(Screen, Train, 1)
	p.Coding = Coding{}
	p.Pose = &Pose{Zoom: 1.2}
	p.Display = &Display{Pitch: 0.6, Stripe: 0.25, Row: 0.8, Gamma: 2.2, Red: 1, Blue: 1, Saturation: 1}
	p.Lens = &Lens{Exposure: 1, Red: 1, Blue: 1, Contrast: 1, Blur: 0.05}
	_, sharp := luma(all(t, p, Rig{}, 1, 160, 120)[0])
	p.Lens.Blur = 3
	_, soft := luma(all(t, p, Rig{}, 1, 160, 120)[0])
	if !(sharp > 3*soft) {
		t.Errorf("neighbours differ by %v sharp and %v soft, want three times as much sharp", sharp, soft)
	}
}

// The sub-pixels' pattern is redistribution of light: it must not change the mean.
func TestPatternKeepsTheLight(t *testing.T) {
	for _, species := range []Species{Screen, ScreenOLED} {
		p := Draw(species, Train, 5)
		l := newLit(p, 64, 48)
		for c := range 3 {
			sum := 0.0
			for _, v := range l.across[c] {
				sum += float64(v)
			}
			if m := sum / steps; math.Abs(m-1) > 1e-3 {
				t.Errorf("%s: mean light of channel %d is %v of the picture's", species, c, m)
			}
		}
	}
}

// A print is a still: what the living face does between the first and a later frame must not
// show but through holes. A still held without a shake stays the same but for the noise.
func TestPrintIsAStill(t *testing.T) {
	p := Draw(PrintPhoto, Train, 2)
	p.Coding, p.Lens.Noise = Coding{}, 0
	p.Pose.Shake, p.Pose.Drift, p.Pose.Sway, p.Page.Flex = 0, 0, 0, 0
	out := all(t, p, Rig{}, 3, 160, 120)
	if d := difference(out[0], out[2]); d != 0 {
		t.Errorf("the print moved by %v steps", d)
	}
}

// Halftone covers as much as the tone asks for, on average.
func TestHalftoneKeepsTone(t *testing.T) {
	for _, kind := range []string{"dots", "drops"} {
		for _, amount := range []float32{0.1, 0.3, 0.5, 0.8} {
			cover := halftone(&Page{Halftone: kind, Frequency: 0.5, Angle: 12}, 3, 1)
			sum := 0.0
			const side = 300
			for y := range side {
				for x := range side {
					sum += float64(cover(1, float32(x), float32(y), amount))
				}
			}
			if got := sum / side / side; math.Abs(got-float64(amount)) > 0.04 {
				t.Errorf("%s cover %v of the paper for a tone of %v", kind, got, amount)
			}
		}
	}
}

// No test value of the important parameters lies where training values lie.
func TestSplitsAreApart(t *testing.T) {
	values := map[Split][]float64{}
	for _, split := range []Split{Train, Test} {
		for seed := range uint64(400) {
			values[split] = append(values[split], Draw(Screen, split, seed).Display.Pitch)
		}
	}
	slices.Sort(values[Train])
	for _, v := range values[Test] {
		i, _ := slices.BinarySearch(values[Train], v)
		for _, k := range []int{i - 1, i} {
			if k >= 0 && k < len(values[Train]) && math.Abs(values[Train][k]-v) < 0.02 {
				t.Fatalf("test pitch %v is next to training's %v", v, values[Train][k])
			}
		}
	}
}

func TestRefused(t *testing.T) {
	none := func(context.Context, *media.Frame) (*Face, error) { return nil, nil }
	src := &drawn{n: 1, w: 16, h: 16}
	tests := []struct {
		name string
		p    Parameters
		r    Rig
	}{
		{"no locator", Draw(Mask, Test, 1), Rig{}},
		{"no donor", Draw(Swap, Test, 1), Rig{Locate: none}},
		{"unknown species", Parameters{Species: "projector"}, Rig{}},
		{"no parameters", Parameters{Species: Screen}, Rig{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if a, err := New(src, tt.p, tt.r); err == nil {
				a.Close()
				t.Error("taken")
			}
		})
	}
}

// A species that needs a face waits for one, sending the clip as it is, and then gives up.
func TestWaitsForAFace(t *testing.T) {
	p := Draw(Warp, Test, 1)
	p.Coding = Coding{}
	late := func(ctx context.Context, f *media.Frame) (*Face, error) {
		if f.Seq < 3 {
			return nil, nil
		}
		return posed(160, 120)(ctx, f)
	}
	out, was := all(t, p, Rig{Locate: late}, 5, 160, 120), all(t, Parameters{Species: Replay}, Rig{}, 5, 160, 120)
	if difference(out[2], was[2]) != 0 {
		t.Error("without a face the clip was changed")
	}
	never := func(context.Context, *media.Frame) (*Face, error) { return nil, nil }
	a, err := New(&drawn{n: patience + 1, w: 32, h: 32}, p, Rig{Locate: never})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	for range patience {
		f, err := a.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		f.Release()
	}
	if _, err := a.Next(t.Context()); !errors.Is(err, ErrNoFace) {
		t.Errorf("err = %v, want %v", err, ErrNoFace)
	}
}

// Outside of the pasted part the clip stays.
func TestPasteStaysInItsPart(t *testing.T) {
	for _, s := range []Species{Mouth, Swap} {
		p := Draw(s, Test, 3)
		p.Coding = Coding{}
		out, was := all(t, p, rigged(320, 240), 2, 320, 240), all(t, Parameters{Species: Replay}, Rig{}, 2, 320, 240)
		for x := range 320 {
			if d := int(out[1].Y[x]) - int(was[1].Y[x]); d < -1 || d > 1 {
				t.Fatalf("%s changed the top row by %d", s, d)
			}
		}
	}
}

func TestPasteIsSteadied(t *testing.T) {
	restless := func(steady float64) (sum float64) {
		p := Parameters{Species: Swap, Seed: 3, Paste: &Paste{Size: 1, Feather: 0.1, Match: 1, Jitter: 3, Steady: steady}}
		frames := all(t, p, rigged(160, 120), 12, 160, 120)
		for i := range frames[1:] {
			sum += difference(frames[i], frames[i+1])
		}
		return sum
	}
	if loose, steady := restless(0), restless(0.9); !(steady < 0.8*loose) {
		t.Errorf("pictures change by %.1f in all where the last place is kept, and by %.1f where it is not", steady, loose)
	}
}

func TestAffine(t *testing.T) {
	m := affine{1.1, 0.2, 5, -0.1, 0.9, -3}
	a := []Point{{0, 0}, {10, 0}, {0, 10}, {7, 9}}
	got, ok := fitAffine(a, m.all(a))
	if !ok {
		t.Fatal("no fit")
	}
	back := got.inverse()
	for _, p := range a {
		q := back.at(m.at(p))
		if math.Hypot(q.X-p.X, q.Y-p.Y) > 1e-9 {
			t.Errorf("%v came back as %v", p, q)
		}
	}
	if _, ok := fitAffine([]Point{{0, 0}, {1, 1}, {2, 2}}, a[:3]); ok {
		t.Error("fitted to a line")
	}
}

func TestPoseFacesTheCamera(t *testing.T) {
	h := newMover(Pose{Zoom: 2}, 100, 80, 1).plane(0)
	for _, p := range [][4]float64{{50, 40, 50, 40}, {60, 40, 55, 40}, {50, 20, 50, 30}} {
		u, v := h.at(p[0], p[1])
		if math.Hypot(u-p[2], v-p[3]) > 1e-9 {
			t.Errorf("%v is seen at %v %v, want %v %v", p[:2], u, v, p[2], p[3])
		}
	}
}
