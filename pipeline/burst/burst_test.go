package burst

import (
	"bytes"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/pipeline"
)

// scene is a picture of somebody who sways: a bright blob on a structured ground, with a sensor's noise.
func scene(r *rand.Rand, width, height int, sway, noise float64) *media.Frame {
	f := new(media.Pool).Get(width, height)
	f.FullRange = true
	for y := range height {
		for x := range width {
			u, v := float64(x)/float64(width)-0.5-sway, float64(y)/float64(height)-0.5
			l := 90 + 30*math.Sin(9*float64(x)/float64(width))
			if u*u/0.04+v*v/0.09 < 1 {
				l = 160 + 40*math.Sin(40*u)*math.Cos(30*v)
			}
			f.Y[y*width+x] = byte(min(max(l+noise*r.NormFloat64(), 0), 255))
		}
	}
	for i := range f.Cb {
		f.Cb[i], f.Cr[i] = 118, 140
	}
	return f
}

// reduced halves a picture, as the element does for its burst.
func reduced(f *media.Frame) *media.Frame {
	to := new(media.Pool).Get(f.Width/2, f.Height/2)
	to.FullRange = f.FullRange
	for y := range to.Height {
		for x := range to.Width {
			at := 2*y*f.YStride + 2*x
			to.Y[y*to.YStride+x] = byte((int(f.Y[at]) + int(f.Y[at+1]) + int(f.Y[at+f.YStride]) + int(f.Y[at+f.YStride+1]) + 2) / 4)
		}
	}
	for i := range to.Cb {
		to.Cb[i], to.Cr[i] = 128, 128
	}
	return to
}

// coded is what is left of a picture after JPEG.
func coded(t testing.TB, f *media.Frame, quality int) *media.Frame {
	t.Helper()
	m := &image.YCbCr{Y: f.Y, Cb: f.Cb, Cr: f.Cr, YStride: f.YStride, CStride: f.CStride,
		SubsampleRatio: image.YCbCrSubsampleRatio420, Rect: image.Rect(0, 0, f.Width, f.Height)}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	read, err := jpeg.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	got := read.(*image.YCbCr)
	return &media.Frame{Width: f.Width, Height: f.Height, Y: got.Y, Cb: got.Cb, Cr: got.Cr, YStride: got.YStride, CStride: got.CStride, FullRange: true}
}

// person is a capture as the element makes it.
func person(t testing.TB, seed uint64) Capture {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	c := Capture{Of: 4, Since: 1500 * time.Millisecond, Device: pipeline.Device{Label: "Integrated Camera", Width: 320, Height: 240, FrameRate: 30}}
	at, start := time.Second, r.Float64()
	for i := range 8 {
		f := scene(r, 320, 240, 0.06*math.Sin(start*9+0.4*float64(i)), 2)
		if i == c.Of {
			c.Photo = coded(t, f, 95)
		}
		at += 133*time.Millisecond + time.Duration(r.IntN(9_000_000))
		c.Burst = append(c.Burst, Shot{Frame: coded(t, reduced(f), 90), At: at, Media: time.Duration(i) * 133 * time.Millisecond, Number: 4*i + 1})
	}
	return c
}

func TestWhatAFindingCosts(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	for _, tt := range []struct {
		name    string
		change  func(c *Capture)
		reasons []pipeline.Reason
		passes  bool
	}{
		{"a person", func(*Capture) {}, nil, true},
		{"time not known", func(c *Capture) { c.Since = 0 }, nil, true},
		{"a phone held upright, its camera's sides as they lie", func(c *Capture) { c.Device.Width, c.Device.Height = 240, 320 }, nil, true},
		{"a photo smaller than the camera's picture", func(c *Capture) { c.Device.Width, c.Device.Height = 640, 480 }, nil, true},
		{"no burst", func(c *Capture) { c.Burst, c.Of = nil, 0 }, []pipeline.Reason{NoBurst, Differs}, false},
		{"five pictures", func(c *Capture) { c.Burst = c.Burst[:5] }, []pipeline.Reason{NoBurst}, false},
		{"within a tenth of a second", func(c *Capture) {
			for i := range c.Burst {
				c.Burst[i].At, c.Burst[i].Media = time.Duration(i)*12345*time.Microsecond+time.Duration(i*i), time.Duration(i)*12*time.Millisecond
			}
		}, []pipeline.Reason{NoBurst}, false},
		{"longer than there was time", func(c *Capture) { c.Since = 700 * time.Millisecond }, []pipeline.Reason{Timing}, false},
		{"times that go back", func(c *Capture) { c.Burst[3].At = c.Burst[1].At }, []pipeline.Reason{Timing}, false},
		{"the stream's time stands still", func(c *Capture) { c.Burst[3].Media = c.Burst[2].Media }, []pipeline.Reason{Timing}, false},
		{"the stream runs at double speed", func(c *Capture) {
			for i := range c.Burst {
				c.Burst[i].Media *= 2
			}
		}, []pipeline.Reason{Timing}, false},
		{"frames are not counted on", func(c *Capture) { c.Burst[5].Number = c.Burst[4].Number }, []pipeline.Reason{Timing}, false},
		{"more frames than a camera gives", func(c *Capture) { c.Burst[7].Number += 1000 }, []pipeline.Reason{Timing}, false},
		{"spread over a minute", func(c *Capture) {
			c.Since = time.Hour
			for i := range c.Burst {
				c.Burst[i].At *= 60
				c.Burst[i].Media *= 60
			}
		}, []pipeline.Reason{Timing}, false},
		{"one picture eight times", func(c *Capture) {
			for i := range c.Burst {
				c.Burst[i].Frame = c.Burst[c.Of].Frame
			}
		}, []pipeline.Reason{Frozen, NoNoise}, false},
		{"a still with noise of its own, in the photo's place, too", func(c *Capture) {
			for i := range c.Burst {
				c.Burst[i].Frame = coded(t, reduced(scene(r, 320, 240, 0, 2)), 90)
			}
			c.Photo = coded(t, scene(r, 320, 240, 0, 2), 95)
		}, nil, true}, // only texture stands against it
		{"a camera that hung once", func(c *Capture) { c.Burst[3].Frame = c.Burst[2].Frame }, nil, true},
		{"to and fro", func(c *Capture) {
			for i := range 3 {
				c.Burst[7-i].Frame = c.Burst[i].Frame
			}
		}, []pipeline.Reason{Repeats}, false},
		{"another photo", func(c *Capture) { c.Photo = coded(t, scene(r, 320, 240, 0.25, 2), 95) }, []pipeline.Reason{Differs}, false},
		{"another face in the photo", func(c *Capture) {
			for y := 80; y < 160; y++ {
				for x := 130; x < 190; x++ {
					c.Photo.Y[y*c.Photo.YStride+x] = byte(100 + (x*y)%60)
				}
			}
		}, []pipeline.Reason{Differs}, false},
		{"another mouth in the photo", func(c *Capture) {
			for y := 128; y < 144; y++ {
				for x := 128; x < 152; x++ {
					c.Photo.Y[y*c.Photo.YStride+x] += 10
				}
			}
		}, []pipeline.Reason{Differs}, false},
		{"a photo of no shot", func(c *Capture) { c.Of = 99 }, []pipeline.Reason{Differs}, false},
		{"a photo of another shape", func(c *Capture) { c.Photo = coded(t, scene(r, 320, 320, 0, 2), 95) }, []pipeline.Reason{Differs, Settings}, false},
		{"pictures of two sizes", func(c *Capture) { c.Burst[2].Frame = c.Photo }, []pipeline.Reason{Differs}, false},
		{"a photo larger than the camera", func(c *Capture) { c.Device.Width, c.Device.Height = 160, 120 }, []pipeline.Reason{Settings}, true},
		{"a virtual camera", func(c *Capture) { c.Device.Label = "OBS Virtual Camera" }, []pipeline.Reason{VirtualCamera}, true},
		{"a test that drives a browser with a fake camera", func(c *Capture) { c.Device.Label, c.Driven = "fake_device_0", true }, []pipeline.Reason{VirtualCamera, Driven}, true},
		{"a driven browser with a fake camera whose functions are replaced", func(c *Capture) { c.Device.Label, c.Driven, c.Altered = "fake", true, true },
			[]pipeline.Reason{VirtualCamera, Driven, Altered}, false},
		{"as even as a clock", func(c *Capture) {
			for i := range c.Burst {
				c.Burst[i].At = time.Duration(i) * 133 * time.Millisecond
			}
		}, []pipeline.Reason{TooEven}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := person(t, 1)
			tt.change(&c)
			s, err := New().Judge(c)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(s.Reasons, tt.reasons) || (s.Value >= Threshold) != tt.passes {
				t.Errorf("%v %.3f %v, want %v, passes %v", s.Reasons, s.Value, s.Measures, tt.reasons, tt.passes)
			}
		})
	}
	if _, err := New().Judge(Capture{}); err == nil {
		t.Error("no photo, but a score")
	}
}

func TestKnownAgain(t *testing.T) {
	j := New()
	judged := func(c Capture) bool {
		t.Helper()
		s, err := j.Judge(c)
		if err != nil {
			t.Fatal(err)
		}
		return slices.Contains(s.Reasons, Replayed)
	}
	c := person(t, 2)
	if judged(c) {
		t.Error("the first capture was there before")
	}
	if judged(person(t, 3)) {
		t.Error("another capture was there before")
	}
	again := c
	again.Burst = slices.Clone(c.Burst)
	for i := range again.Burst {
		again.Burst[i].Frame = coded(t, c.Burst[i].Frame, 70)
	}
	again.Photo = coded(t, c.Photo, 70)
	if !judged(again) {
		t.Error("encoded anew it is not known again")
	}
	still := person(t, 4)
	for i := range still.Burst {
		still.Burst[i].Frame = still.Burst[still.Of].Frame
	}
	for range 2 {
		if judged(still) {
			t.Error("a burst in which nothing moves is known again") // it is frozen
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	var m memory
	for range films + 10 {
		f := make(film, leastShots)
		for i := range f {
			f[i][0] = float32(1000 * i)
		}
		m.knows(f)
	}
	if len(m.old) != films {
		t.Errorf("%d films, want %d", len(m.old), films)
	}
}

func BenchmarkJudge(b *testing.B) {
	c := person(b, 5)
	j := New()
	for range 64 { // a usual number of captures in the memory
		j.memory.exchange(filmOf(person(b, 6).Burst))
	}
	full := slices.Clone(j.memory.old)
	b.ReportAllocs()
	for b.Loop() {
		j.memory.old = full
		if _, err := j.Judge(c); err != nil {
			b.Fatal(err)
		}
	}
}
