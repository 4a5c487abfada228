// Package recorded shows recorded people to the real face finder, for the tests that measure
// a stage on them. They skip where the recordings are absent.
package recorded

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/media/file"
	"vivavoce/models"
	"vivavoce/pipeline"
	"vivavoce/pipeline/face"
)

// Measure skips the test unless VIVAVOCE_MEASURE is set: a measurement takes minutes.
func Measure(t testing.TB) {
	t.Helper()
	if os.Getenv("VIVAVOCE_MEASURE") == "" {
		t.Skip("set VIVAVOCE_MEASURE=1 to measure")
	}
}

// above finds a path in a folder above the working directory.
func above(t testing.TB, path string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, path)); err == nil {
			return filepath.Join(dir, path)
		}
	}
	t.Skipf("no %s above the working directory", path)
	return ""
}

// Studio holds the models.
type Studio struct {
	Pixels  bool // frames keep their pixels: about half a megabyte each
	library *models.Library
	finder  func() (pipeline.Finder, error)
}

// NewStudio opens the models; it skips where they are absent.
func NewStudio(t testing.TB) *Studio {
	t.Helper()
	l, err := models.Open(models.Options{Dir: above(t, filepath.Join("models", "files"))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	f, err := face.New(l, face.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &Studio{library: l, finder: f}
}

// Library gives the models, for stages that take some.
func (s *Studio) Library() *models.Library { return s.library }

// Alter changes a frame before it is looked at; it may return another.
type Alter func(f *media.Frame) *media.Frame

// Watch returns what is seen in the clip, frame by frame, without prompts. The frames
// keep their number, time and sound only.
func (s *Studio) Watch(t testing.TB, clip string, alter Alter) []pipeline.Observation {
	t.Helper()
	src, err := file.Open(clip, file.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	finder, err := s.finder()
	if err != nil {
		t.Fatal(err)
	}
	var out []pipeline.Observation
	for {
		f, err := src.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("%s: %v", clip, err)
		}
		seen, err := s.look(t.Context(), finder, f, alter)
		f.Release()
		if err != nil {
			t.Fatalf("%s: %v", clip, err)
		}
		out = append(out, pipeline.Observation{Face: seen})
	}
}

// WatchAll returns what is seen in the clips, one after another with gap between them.
func (s *Studio) WatchAll(t testing.TB, gap time.Duration, alter Alter, clips ...string) []pipeline.Observation {
	t.Helper()
	var all []pipeline.Observation
	for _, clip := range clips {
		seen := s.Watch(t, clip, alter)
		if n := len(all); n > 0 {
			for i := range seen {
				seen[i].Face.Frame.PTS += all[n-1].Face.Frame.PTS + gap
			}
		}
		all = append(all, seen...)
	}
	return all
}

// look returns a copy of the face in f that outlives the frame.
func (s *Studio) look(ctx context.Context, finder pipeline.Finder, f *media.Frame, alter Alter) (*pipeline.Face, error) {
	shown := f
	if alter != nil {
		shown = alter(f)
	}
	found, err := finder.Find(ctx, shown)
	if err != nil {
		return nil, err
	}
	seen := *found
	seen.Frame = &media.Frame{Seq: f.Seq, PTS: f.PTS, Width: f.Width, Height: f.Height, Sound: f.Sound}
	if s.Pixels {
		seen.Frame.Y, seen.Frame.YStride = slices.Clone(shown.Y), shown.YStride
		seen.Frame.Cb, seen.Frame.Cr, seen.Frame.CStride = slices.Clone(shown.Cb), slices.Clone(shown.Cr), shown.CStride
		seen.Frame.FullRange = shown.FullRange
	}
	return &seen, nil
}
