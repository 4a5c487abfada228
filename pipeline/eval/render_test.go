package eval

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/media/file/filetest"
	"vivavoce/media/recapture"
)

// What is rendered is what the lab would have shown.
func TestRender(t *testing.T) {
	dir := t.TempDir()
	clip := filepath.Join(dir, "clip.mp4")
	if err := filetest.Write(clip, filetest.Clip{Frames: 12, Width: 96, Height: 80}); err != nil {
		t.Fatal(err)
	}
	plain := Presentation{Clip: clip, Label: BonaFide, Subject: "s"}
	attack := Presentation{Clip: clip, Label: Attack, Species: "screen", Subject: "s", Recapture: &Recapture{Species: recapture.Screen, Seed: 3}}
	lab := Lab{Length: 400 * time.Millisecond}
	out, err := lab.Render(t.Context(), []Presentation{plain, attack}, dir)
	if err != nil {
		t.Fatal(err)
	}
	if out[0].Clip != clip || out[1].Clip == clip || out[1].Recapture != nil || out[1].Species != "screen" {
		t.Fatalf("rendered %+v", out)
	}
	shown, free, err := lab.stage(attack)
	if err != nil {
		t.Fatal(err)
	}
	defer free()
	read, close, err := open(out[1].Clip)
	if err != nil {
		t.Fatal(err)
	}
	defer close()
	if n := same(t, shown, read); n != 11 {
		t.Errorf("%d frames, want 11: 400 ms at 25", n)
	}
	before, err := os.Stat(out[1].Clip)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lab.Render(t.Context(), []Presentation{attack}, dir); err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(out[1].Clip); err != nil || !os.SameFile(before, after) {
		t.Errorf("a file that was there was made anew (%v)", err)
	}
}

// same compares two sources to their ends and returns how many frames they have.
func same(t *testing.T, a, b media.Source) int {
	t.Helper()
	for n := 0; ; n++ {
		f, errF := a.Next(t.Context())
		g, errG := b.Next(t.Context())
		if errors.Is(errF, io.EOF) && errors.Is(errG, io.EOF) {
			return n
		}
		if errF != nil || errG != nil {
			t.Fatalf("frame %d: %v, %v", n, errF, errG)
		}
		if !bytes.Equal(f.Y, g.Y) || !bytes.Equal(f.Cb, g.Cb) || !bytes.Equal(f.Cr, g.Cr) || f.FullRange != g.FullRange {
			t.Errorf("frame %d differs", n)
		}
		if d := f.PTS - g.PTS; d > time.Microsecond || d < -time.Microsecond {
			t.Errorf("frame %d at %v and %v", n, f.PTS, g.PTS)
		}
	}
}
