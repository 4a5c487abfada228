package texture

import (
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"vivavoce/media"
	"vivavoce/pipeline"
)

// scene is a grey wall with a soft blob of skin in it, some noise, and edges that are not straight.
func scene(w, h int, seed uint64) *media.Frame {
	rng := rand.New(rand.NewPCG(seed, 1))
	cw, ch := (w+1)/2, (h+1)/2
	f := &media.Frame{Width: w, Height: h, YStride: w, CStride: cw, Y: make([]byte, w*h), Cb: make([]byte, cw*ch), Cr: make([]byte, cw*ch)}
	for y := range h {
		for x := range w {
			dx, dy := (float64(x)-float64(w)/2)/float64(h), (float64(y)-float64(h)/2)/float64(h)
			r := math.Hypot(dx*1.2, dy)
			skin := 1 / (1 + math.Exp((r-0.25)*60))
			v := 90 + 80*skin*(1-r) + 10*math.Sin(dx*9+dy*5) + 2*rng.NormFloat64()
			f.Y[y*w+x] = byte(min(max(v, 16), 235))
			if y%2 == 0 && x%2 == 0 {
				f.Cb[y/2*cw+x/2] = byte(126 - 18*skin + rng.NormFloat64())
				f.Cr[y/2*cw+x/2] = byte(129 + 24*skin + rng.NormFloat64())
			}
		}
	}
	return f
}

// faceIn is a face in the middle of f, side pixels large.
func faceIn(f *media.Frame, side float32) *pipeline.Face {
	x, y := float32(f.Width)/2, float32(f.Height)/2
	face := &pipeline.Face{Frame: f, Found: true, Box: pipeline.Box{X0: x - side/2, Y0: y - side/2, X1: x + side/2, Y1: y + side/2}}
	for i := range face.Points {
		face.Points[i] = pipeline.Point{X: x, Y: y}
	}
	return face
}

// add changes every luma sample.
func add(f *media.Frame, by func(x, y float64) float64) {
	for i, v := range f.Y {
		x, y := float64(i%f.YStride), float64(i/f.YStride)
		f.Y[i] = byte(min(max(float64(v)+by(x, y), 0), 255))
	}
}

func measured(t *testing.T, f *media.Frame, side float32) Evidence {
	t.Helper()
	p, ok := newPlace(faceIn(f, side))
	if !ok {
		t.Fatal("no place")
	}
	return newMeter().measure(p)
}

// TestEvidence: each attack's mark moves its own evidence, and marks of honest pictures (a codec's blocks, a
// door's edge, noise) do not.
func TestEvidence(t *testing.T) {
	wave := func(fx, fy, size float64) func(*media.Frame) {
		return func(f *media.Frame) {
			add(f, func(x, y float64) float64 { return size * math.Sin(2*math.Pi*(fx*x+fy*y)) })
		}
	}
	rect := func(r image.Rectangle, luma byte) func(*media.Frame) {
		return func(f *media.Frame) {
			for y := range f.Height {
				for x := range f.Width {
					if !image.Pt(x, y).In(r) {
						f.Y[y*f.YStride+x] = luma
					}
				}
			}
		}
	}
	for _, c := range []struct {
		name string
		do   func(*media.Frame)
		what int
		more float64 // by how much the evidence rises at least; below 0, how little it may change
	}{
		{"moiré", wave(0.21, 0.13, 3), evMoire, 1},
		{"moiré beside the face", wave(0.21, 0.13, 3), evMoireBeside, 1},
		{"halftone at 45 degrees", wave(0.3, 0.3, 4), evMoire, 1},
		{"upright grid", wave(0.33, 0, 3), evGrid, 1},
		{"blocks of eight", func(f *media.Frame) {
			add(f, func(x, y float64) float64 {
				v := 0.0
				if int(x)%8 == 0 {
					v += 4
				}
				if int(y)%8 == 0 {
					v += 4
				}
				return v
			})
		}, evMoire, -0.35},
		{"blocks of eight on the axes", func(f *media.Frame) {
			add(f, func(x, _ float64) float64 {
				if int(x)%8 == 0 {
					return 4
				}
				return 0
			})
		}, evGrid, -0.35},
		{"coloured moiré", func(f *media.Frame) {
			for i := range f.Cr {
				x, y := float64(i%f.CStride), float64(i/f.CStride)
				f.Cr[i] = byte(float64(f.Cr[i]) + 4*math.Sin(2*math.Pi*(0.27*x+0.22*y)))
			}
		}, evColour, 1},
		{"a dark bezel", rect(image.Rect(190, 60, 450, 400), 25), evFrame3, 0.3},
		{"a door", func(f *media.Frame) {
			for y := range f.Height {
				for x := range 150 {
					f.Y[y*f.YStride+x] = 200
				}
			}
		}, evFrame2, -0.1},
		{"noise", func(f *media.Frame) {
			rng := rand.New(rand.NewPCG(5, 5))
			add(f, func(_, _ float64) float64 { return 6 * rng.NormFloat64() })
		}, evMoire, -0.35},
		{"a lamp in the glass", func(f *media.Frame) {
			for y := 200; y < 240; y++ {
				for x := 300; x < 340; x++ {
					f.Y[y*f.YStride+x] = 240
					f.Cb[y/2*f.CStride+x/2], f.Cr[y/2*f.CStride+x/2] = 128, 128
				}
			}
		}, evGlare, 0.03},
		{"no black", func(f *media.Frame) { add(f, func(_, _ float64) float64 { return 40 }) }, evBlack, 0.1},
		{"pale colours", func(f *media.Frame) {
			for i := range f.Cr {
				f.Cb[i], f.Cr[i] = 128+(f.Cb[i]-128)/3, 128+(f.Cr[i]-128)/3
			}
		}, evSpread, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := measured(t, scene(640, 480, 3), 200)
			f := scene(640, 480, 3)
			c.do(f)
			after := measured(t, f, 200)
			change := after[c.what] - before[c.what]
			name := EvidenceNames()[c.what]
			if c.more > 0 && !(change >= c.more) {
				t.Errorf("%s rises by %.3f from %.3f, want %.2f or more", name, change, before[c.what], c.more)
			}
			if c.more < 0 && !(math.Abs(change) <= -c.more) {
				t.Errorf("%s changes by %.3f from %.3f, want at most %.2f", name, change, before[c.what], -c.more)
			}
		})
	}
}

// TestFocus: a background out of focus is told from one as sharp as the face, and a blurred face from a sharp one.
func TestFocus(t *testing.T) {
	face := image.Rect(200, 120, 440, 360)
	blurred := func(what func(p image.Point) bool) Evidence {
		f := scene(640, 480, 4)
		from := append([]byte(nil), f.Y...)
		for y := 1; y < 479; y++ {
			for x := 1; x < 639; x++ {
				if sum := 0; what(image.Pt(x, y)) {
					for dy := -1; dy <= 1; dy++ {
						for dx := -1; dx <= 1; dx++ {
							sum += int(from[(y+dy)*640+x+dx])
						}
					}
					f.Y[y*640+x] = byte(sum / 9)
				}
			}
		}
		return measured(t, f, 200)
	}
	sharp := blurred(func(image.Point) bool { return false })
	room := blurred(func(p image.Point) bool { return !p.In(face) })
	all := blurred(func(image.Point) bool { return true })
	if !(math.Abs(sharp[evFocus]) < 0.15 && math.Abs(all[evFocus]) < 0.15 && room[evFocus] > 0.3) {
		t.Errorf("focus is %.2f for a sharp picture, %.2f for a blurred one and %.2f for a blurred room, want 0, 0 and more",
			sharp[evFocus], all[evFocus], room[evFocus])
	}
	if !(all[evFine] < sharp[evFine]-0.3) {
		t.Errorf("a blurred face has %.2f of fine detail, a sharp one %.2f", all[evFine], sharp[evFine])
	}
}

// TestEvidenceAnywhere: faces at the edge, beyond it, tiny, of NaN and in tiny or odd frames are measured or left
// alone.
func TestEvidenceAnywhere(t *testing.T) {
	nan := float32(math.NaN())
	for name, c := range map[string]struct {
		w, h int
		box  pipeline.Box
		want bool
	}{
		"corner":      {320, 240, pipeline.Box{X0: -40, Y0: -40, X1: 60, Y1: 60}, true},
		"far corner":  {321, 241, pipeline.Box{X0: 280, Y0: 200, X1: 360, Y1: 280}, true},
		"larger":      {160, 120, pipeline.Box{X0: -500, Y0: -500, X1: 700, Y1: 700}, true},
		"outside":     {320, 240, pipeline.Box{X0: 400, Y0: 400, X1: 600, Y1: 600}, false},
		"tiny face":   {320, 240, pipeline.Box{X0: 100, Y0: 100, X1: 140, Y1: 140}, false},
		"tiny frame":  {40, 40, pipeline.Box{X0: 0, Y0: 0, X1: 80, Y1: 80}, false},
		"NaN":         {320, 240, pipeline.Box{X0: nan, Y0: nan, X1: nan, Y1: nan}, false},
		"just enough": {64, 64, pipeline.Box{X0: 0, Y0: 0, X1: 64, Y1: 64}, true},
	} {
		f := scene(c.w, c.h, 1)
		p, ok := newPlace(&pipeline.Face{Frame: f, Found: true, Box: c.box})
		if ok != c.want {
			t.Errorf("%s: place %v, want %v", name, ok, c.want)
		}
		if !ok {
			continue
		}
		for i, v := range newMeter().measure(p) {
			if math.IsInf(v, 0) || math.IsNaN(v) && i != evMoireBeside && i != evFocus {
				t.Errorf("%s: %s is %v", name, EvidenceNames()[i], v)
			}
		}
	}
}

func TestSpectrumAgainstSums(t *testing.T) {
	const n = 16
	s := newSpectrum(n)
	rng := rand.New(rand.NewPCG(2, 2))
	window := make([]float32, n*n)
	for i := range window {
		window[i] = rng.Float32()
	}
	other := make([]float32, n*n)
	for i := range other {
		other[i] = rng.Float32()
	}
	for _, w := range [][]float32{window, other, window} {
		s.add(w)
	}
	s.level()
	of := func(window []float32, u, v int) float64 { return direct(s, window, u, v) }
	for _, uv := range [][2]int{{0, 0}, {1, 0}, {3, 5}, {15, 9}} {
		want := math.Log10((2*of(window, uv[0], uv[1])+of(other, uv[0], uv[1]))/3 + s.floorPower())
		if got := s.at(uv[0], uv[1]); math.Abs(got-want) > 1e-4 {
			t.Errorf("level at %v is %g, want %g", uv, got, want)
		}
	}
}

// direct is the power at u, v by the transform's definition.
func direct(s *spectrum, window []float32, u, v int) float64 {
	n := s.side
	mean := 0.0
	for _, v := range window {
		mean += float64(v) / float64(len(window))
	}
	re, im := 0.0, 0.0
	for y := range n {
		for x := range n {
			value := (float64(window[y*n+x]) - mean) * s.hann[x] * s.hann[y]
			sin, cos := math.Sincos(-2 * math.Pi * float64(u*x+v*y) / float64(n))
			re, im = re+value*cos, im+value*sin
		}
	}
	return re*re + im*im
}

func TestBands(t *testing.T) {
	room := func(x, y float64) float64 { return 25*math.Sin(y/17+x/90) + 15*math.Sin(y/41-x/25) }
	// film changes a room in which nothing moves: light adds to it, shift moves the camera.
	film := func(light func(i int, x, y float64) float64, shift func(i int) float64) float64 {
		var b flicker
		for i := range 30 {
			f := scene(320, 240, uint64(i))
			add(f, func(x, y float64) float64 { return room(x, y+shift(i)) + light(i, x, y) })
			b.see(f)
		}
		return b.band()
	}
	still := func(int) float64 { return 0 }
	dark := func(int, float64, float64) float64 { return 0 }
	rolling := func(i int, _, y float64) float64 { return 6 * math.Sin(2*math.Pi*(y/240+0.13*float64(i))) }
	if got := film(rolling, still); !(got > 0.6) {
		t.Errorf("rolling bands give %.2f, want above 0.6", got)
	}
	onScreen := func(i int, x, y float64) float64 { // that is smaller than the picture
		if x < 50 || x > 270 || y < 30 || y > 210 {
			return 0
		}
		return rolling(i, x, y)
	}
	if got := film(onScreen, still); !(got > 0.45) {
		t.Errorf("rolling bands within a frame give %.2f, want above 0.45", got)
	}
	for name, got := range map[string]float64{
		"a still": film(dark, still),
		"a lamp":  film(func(i int, _, _ float64) float64 { return float64(i % 2 * 8) }, still),
		"a hand waved": film(func(i int, x, y float64) float64 {
			if x < 160 && math.Abs(y-120-30*math.Sin(float64(i))) < 40 {
				return 60
			}
			return 0
		}, still),
		"a shaken camera": film(dark, func(i int) float64 { return 3 * math.Sin(1.3*float64(i)) }),
	} {
		if !(got < 0.25) {
			t.Errorf("%s gives %.2f, want below 0.25", name, got)
		}
	}
}

func BenchmarkEvidence(b *testing.B) {
	f := scene(640, 480, 1)
	p, _ := newPlace(faceIn(f, 200))
	m := newMeter()
	b.ReportAllocs()
	for b.Loop() {
		m.measure(p)
	}
}

func BenchmarkBands(b *testing.B) {
	f := scene(640, 480, 1)
	var s flicker
	b.ReportAllocs()
	for b.Loop() {
		s.see(f)
	}
}
