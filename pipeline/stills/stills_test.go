package stills

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/jpeg"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"vivavoce/models"
	"vivavoce/pipeline"
	"vivavoce/pipeline/identity"
	"vivavoce/pipeline/quality"
)

const (
	modelFiles = "../../models/files"
	samples    = "../../models/node_modules/@vladmandic/face-api/demo"
)

// library opens the models once for all tests: they live as long as the process.
var library = sync.OnceValues(func() (*models.Library, error) { return models.Open(models.Options{Dir: modelFiles}) })

func newStudio(t testing.TB, o Options) *Studio {
	t.Helper()
	if _, err := os.Stat(modelFiles); err != nil {
		t.Skip("no models: run `make models`")
	}
	l, err := library()
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(l, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func enter(t testing.TB, s *Studio) *Visit {
	t.Helper()
	v, err := s.Enter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Leave)
	return v
}

// sample is a photograph out of an npm package that models/package-lock.json pins.
func sample(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(samples, name))
	if err != nil {
		t.Skipf("no sample photograph: %v", err)
	}
	return data
}

// alone is where sample6.jpg shows one face from the front.
var alone = image.Rect(1330, 110, 1830, 760)

// portrait is that part.
func portrait(t testing.TB) *image.YCbCr {
	t.Helper()
	m, err := jpeg.Decode(bytes.NewReader(sample(t, "sample6.jpg")))
	if err != nil {
		t.Fatal(err)
	}
	return m.(*image.YCbCr).SubImage(alone).(*image.YCbCr)
}

func look(t testing.TB, v *Visit, data []byte) Look {
	t.Helper()
	p, err := v.Decode(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	l, err := v.Look(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func apart(a, b pipeline.Point) float64 {
	return math.Hypot(float64(a.X-b.X), float64(a.Y-b.Y))
}

func TestLookAtOne(t *testing.T) {
	v := enter(t, newStudio(t, Options{AtOnce: 1}))
	l := look(t, v, asJPEG(t, portrait(t)))
	if len(l.Faces) != 1 || l.Rotated != 0 || l.Scaled || l.Width != 500 || l.Height != 650 || len(l.Hints) != 0 {
		t.Fatalf("%d faces, rotated %d, scaled %v, %d×%d", len(l.Faces), l.Rotated, l.Scaled, l.Width, l.Height)
	}
	f := l.Faces[0]
	if f.Frame != nil || !f.Found || f.Others != 0 || !f.Texture.Checked || !(f.Texture.Value > 0 && f.Texture.Value <= 1) || !f.Quality.HeadSize.Known {
		t.Errorf("frame %v, found %v, texture %+v", f.Frame, f.Found, f.Texture)
	}
	if !(f.RightEye.X < f.LeftEye.X) || f.Box.X0 > f.RightEye.X || f.Box.X1 < f.LeftEye.X || math.Abs(apart(f.RightEye, f.LeftEye)-f.Interocular) > 0.15*f.Interocular {
		t.Errorf("eyes at %v and %v in %v, %v apart", f.RightEye, f.LeftEye, f.Box, f.Interocular)
	}

	// All of the picture is looked at smaller; the face is where it was.
	all := look(t, v, sample(t, "sample6.jpg"))
	if !all.Scaled || len(all.Faces) < 3 || all.Faces[0].Others != len(all.Faces)-1 {
		t.Fatalf("scaled %v, %d faces", all.Scaled, len(all.Faces))
	}
	at := pipeline.Point{X: f.RightEye.X + float32(alone.Min.X), Y: f.RightEye.Y + float32(alone.Min.Y)}
	if !slices.ContainsFunc(all.Faces, func(o Face) bool {
		return apart(o.RightEye, at) < 4 && math.Abs(o.Interocular-f.Interocular) < 8
	}) {
		t.Errorf("no face has its right eye at %v", at)
	}
}

// TestTurnedPictures turns the pixels, which the look finds out, and says so in EXIF, which decoding mends.
func TestTurnedPictures(t *testing.T) {
	v := enter(t, newStudio(t, Options{AtOnce: 1}))
	data := asJPEG(t, portrait(t))
	want := look(t, v, data).Faces[0]
	for _, tt := range []struct{ back, degrees int }{{8, 90}, {3, 180}, {6, 270}} {
		p, err := v.Decode(t.Context(), data)
		if err != nil {
			t.Fatal(err)
		}
		p.Frame = turned(p.Frame, tt.back)
		p.Width, p.Height = p.Frame.Width, p.Frame.Height
		l, err := v.Look(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		if l.Rotated != tt.degrees || len(l.Faces) != 1 || l.Width != 500 || l.Height != 650 {
			t.Errorf("orientation %d: rotated %d, want %d; %d faces in %d×%d", tt.back, l.Rotated, tt.degrees, len(l.Faces), l.Width, l.Height)
			continue
		}
		if off := apart(l.Faces[0].RightEye, want.RightEye); off > 1 {
			t.Errorf("rotated %d: right eye %v pixels off", l.Rotated, off)
		}
	}
	l := look(t, v, withEXIF(data, binary.LittleEndian, "II*\x00", 3)) // upside down now
	if l.Rotated != 180 || len(l.Faces) != 1 {
		t.Errorf("EXIF: rotated %d, %d faces", l.Rotated, len(l.Faces))
	}
}

func TestLookAtNobody(t *testing.T) {
	v := enter(t, newStudio(t, Options{AtOnce: 1}))
	l := look(t, v, asPNG(t, quarters(image.NewRGBA(image.Rect(0, 0, 320, 240)))))
	if len(l.Faces) != 0 || l.Rotated != 0 || len(l.Hints) == 0 || l.Hints[0].Code != quality.NoFace {
		t.Errorf("%d faces, rotated %d, hints %v", len(l.Faces), l.Rotated, l.Hints)
	}
}

// TestLooksAreAlike looks twice: a studio keeps nothing of who was there before.
func TestLooksAreAlike(t *testing.T) {
	v := enter(t, newStudio(t, Options{AtOnce: 1}))
	data := asJPEG(t, portrait(t))
	first := look(t, v, data).Faces[0]
	look(t, v, sample(t, "sample3.jpg"))
	again := look(t, v, data).Faces[0]
	if first.Points != again.Points || first.Texture.Value != again.Texture.Value || first.Quality != again.Quality {
		t.Errorf("texture %v and %v", first.Texture.Value, again.Texture.Value)
	}
	p := Compare(&first, &again)
	if !p.Known || p.Moved() || p.Depth.Checked || p.Went(pipeline.Left) {
		t.Errorf("of itself: %+v", p)
	}
}

func TestStudioBoundsVisits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Studio{free: make(chan *Visit, 1), most: 1}
		s.free <- &Visit{studio: s}
		ctx, cancel := context.WithCancel(t.Context())
		first, err := s.Enter(ctx)
		if err != nil {
			t.Fatal(err)
		}
		waited := make(chan error, 1)
		go func() {
			v, err := s.Enter(ctx)
			if err == nil {
				v.Leave()
			}
			waited <- err
		}()
		synctest.Wait()
		if _, err := s.Enter(ctx); !errors.Is(err, ErrFull) {
			t.Errorf("third: %v, want ErrFull", err)
		}
		first.Leave()
		if err := <-waited; err != nil {
			t.Errorf("second: %v", err)
		}
		first, err = s.Enter(ctx)
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		if _, err := s.Enter(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
		first.Leave()
	})
}

func TestStudioRefusesOptions(t *testing.T) {
	for _, o := range []Options{{AtOnce: -1}, {Waiting: -1}, {Limits: Limits{Bytes: -1}}, {Limits: Limits{Pixels: -1}}, {Limits: Limits{Memory: -1}}, {Quality: quality.Options{OffCentre: 2}}} {
		l, err := library()
		if err != nil {
			t.Skip("no models: run `make models`")
		}
		if _, err := New(l, o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}

func BenchmarkLook(b *testing.B) {
	v := enter(b, newStudio(b, Options{AtOnce: 1}))
	p, err := v.Decode(b.Context(), asJPEG(b, portrait(b)))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Look(b.Context(), p); err != nil {
			b.Fatal(err)
		}
	}
}

// TestPortraits: a face is near itself, smaller and in other light, and far from everybody else's.
func TestPortraits(t *testing.T) {
	v := enter(t, newStudio(t, Options{AtOnce: 1}))
	all := look(t, v, sample(t, "sample6.jpg")).Faces
	m := portrait(t)
	for i := range m.Y {
		m.Y[i] = byte(float64(m.Y[i]) * 0.6)
	}
	one := look(t, v, asJPEG(t, m)).Faces
	if len(one) != 1 || len(all) < 3 {
		t.Fatalf("%d faces and %d", len(one), len(all))
	}
	near := 0
	for i := range all {
		if !all[i].Texture.Checked {
			continue
		}
		if d := one[0].Portrait.Distance(&all[i].Portrait); d < 0.4 {
			near++
		} else if d <= identity.Same {
			t.Errorf("face %d is %.2f away", i, d)
		}
	}
	if near != 1 {
		t.Errorf("near %d of %d faces, want one", near, len(all))
	}
}
