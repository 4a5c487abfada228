package face

import (
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"vivavoce/media/file"
	"vivavoce/media/file/filetest"
)

// recorded lists the turning heads, and a clip of each GRID speaker.
func recorded(t *testing.T) []string {
	t.Helper()
	dir := filetest.Recordings(t)
	clips, err := filepath.Glob(filepath.Join(dir, "head", "*.mp4"))
	if err != nil {
		t.Fatal(err)
	}
	speakers, err := filepath.Glob(filepath.Join(dir, "grid", "s*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range speakers {
		all, err := filepath.Glob(filepath.Join(s, "*.mp4"))
		if err != nil || len(all) == 0 {
			t.Fatalf("%s holds no clips (%v)", s, err)
		}
		clips = append(clips, all[0])
	}
	return clips
}

// TestRecordedClips finds the one face in nearly every frame of real people's videos.
// Only the first frames of each are read; -short reads fewer.
func TestRecordedClips(t *testing.T) {
	frames := 60
	if testing.Short() {
		frames = 15
	}
	for _, path := range recorded(t) {
		r := read(t, path, frames)
		name := filepath.Join(filepath.Base(filepath.Dir(path)), filepath.Base(path))
		t.Log(name, r)
		if share := float64(r.found) / float64(r.frames); !(share >= 0.98) {
			t.Errorf("%s: a face in %.0f %% of %d frames, want 98", name, 100*share, r.frames)
		}
		if r.others > 0 {
			t.Errorf("%s: further faces in %d frames, want 0", name, r.others)
		}
	}
}

// reading is what was found in a clip.
type reading struct {
	frames, found, others int
	yaw, pitch            []float64
	cost                  []time.Duration
}

// String gives a line of a table; the time is the median of a frame.
func (r reading) String() string {
	slices.Sort(r.cost)
	return fmt.Sprintf("frames %d found %d yaw %.0f to %.0f pitch %.0f to %.0f time %.1f ms", r.frames, r.found,
		slices.Min(r.yaw), slices.Max(r.yaw), slices.Min(r.pitch), slices.Max(r.pitch), r.cost[len(r.cost)/2].Seconds()*1e3)
}

func read(t *testing.T, path string, frames int) reading {
	t.Helper()
	src, err := file.Open(path, file.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	d := finderOf(t)
	var r reading
	for r.frames < frames {
		f, err := src.Next(t.Context())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		face := find(t, d, f)
		r.cost = append(r.cost, time.Since(begun))
		r.frames++
		if face.Found {
			r.found++
			r.yaw, r.pitch = append(r.yaw, face.Pose.Yaw), append(r.pitch, face.Pose.Pitch)
		}
		if face.Others > 0 {
			r.others++
		}
		f.Release()
	}
	if r.found == 0 {
		r.yaw, r.pitch = []float64{math.NaN()}, []float64{math.NaN()}
	}
	return r
}
