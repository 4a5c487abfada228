package quality

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"vivavoce/media/file"
	"vivavoce/media/file/filetest"
	"vivavoce/pipeline"
)

// clipsEach is how many clips of each speaker are watched. They are the last ones by
// name: thresholds were set on the first four.
const clipsEach = 2

// TestGoodVideo watches people who sit well lit before a camera and speak: they are
// told nothing, but for a moment. GRID is 360×288 at 25 frames a second.
func TestGoodVideo(t *testing.T) {
	speakers, err := filepath.Glob(filepath.Join(filetest.Recordings(t), "grid", "s*"))
	if err != nil || len(speakers) == 0 {
		t.Fatalf("no speakers (%v)", err)
	}
	frames, hinted := 0, 0
	for _, s := range speakers {
		clips, err := filepath.Glob(filepath.Join(s, "*.mp4"))
		if err != nil || len(clips) < 2*clipsEach {
			t.Fatalf("%s: %d clips (%v)", s, len(clips), err)
		}
		for _, c := range clips[len(clips)-clipsEach:] {
			shares := hintsOf(t, c)
			frames += shares.frames
			hinted += shares.frames - shares.by[""]
			if n := shares.frames - shares.by[""]; n > 0 {
				t.Logf("%s/%s: %v", filepath.Base(s), filepath.Base(c), shares)
			}
		}
	}
	t.Logf("%d of %d frames with a hint", hinted, frames)
	if 50*hinted > frames {
		t.Errorf("%d of %d frames of good video have a hint, want 2%% at most", hinted, frames)
	}
}

type shares struct {
	frames int
	by     map[pipeline.HintCode]int
}

func (s shares) String() string {
	var out []string
	for code, n := range s.by {
		out = append(out, fmt.Sprintf("%q %d%%", code, 100*n/max(s.frames, 1)))
	}
	sort.Strings(out)
	return strings.Join(out, ", ")
}

// hintsOf watches a clip with the real finder.
func hintsOf(t *testing.T, path string) shares {
	t.Helper()
	source, err := file.Open(path, file.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	finder, g := finderOf(t), guideOf(t, Options{})
	s := shares{by: map[pipeline.HintCode]int{}}
	for {
		f, err := source.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return s
		}
		if err != nil {
			t.Fatal(err)
		}
		found, err := finder.Find(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		h, err := g.Observe(t.Context(), pipeline.Observation{Face: found})
		if err != nil {
			t.Fatal(err)
		}
		s.frames++
		s.by[h.Code]++
		f.Release()
	}
}
