package puppet_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/media/file/filetest"
	"vivavoce/pipeline"
	"vivavoce/signaling/puppet"
)

// film writes n uncompressed pictures of a scene: paint fills the i-th.
func film(t *testing.T, n int, paint func(f *media.Frame, i int)) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "film.y4m")
	if err := filetest.Write(path, filetest.Clip{Width: 640, Height: 480, Frames: n, Draw: paint}); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestFilmedHead: the head of a film of a head is one that the finder finds; a film of a wall has none.
func TestFilmedHead(t *testing.T) {
	library, newFinder := stage(t)
	first, _ := head(t, 0)
	cam := puppet.Camera{Width: 640, Height: 480, Noise: 2}
	renderer := puppet.NewRenderer(first, cam, 1)
	turning := film(t, 30, func(f *media.Frame, i int) {
		look := puppet.Look{Pose: pipeline.Pose{Yaw: 25 - float64(i)}} // straight at 25
		if i < 20 {
			look.Mouth = puppet.Saying(9, 300*time.Millisecond)
		}
		renderer.Render(f, look)
	})
	finder, err := newFinder()
	if err != nil {
		t.Fatal(err)
	}
	h, err := puppet.FilmedHead(t.Context(), library, finder, turning)
	if err != nil {
		t.Fatal(err)
	}
	var pool media.Pool
	f := pool.Get(640, 480)
	again := puppet.NewRenderer(h, cam, 1)
	if finder, err = newFinder(); err != nil {
		t.Fatal(err)
	}
	var seen *pipeline.Face
	for range 4 { // the finder's tracking settles
		again.Render(f, puppet.Look{})
		if seen, err = finder.Find(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	if !seen.Found || seen.MouthOpen > 0.1 || max(seen.Pose.Yaw, -seen.Pose.Yaw) > 6 {
		t.Errorf("found %v, yaw %.1f°, mouth %.2f: want a straight face with its mouth shut", seen.Found, seen.Pose.Yaw, seen.MouthOpen)
	}
	wall := film(t, 3, filetest.Pattern)
	if finder, err = newFinder(); err != nil {
		t.Fatal(err)
	}
	if _, err := puppet.FilmedHead(t.Context(), library, finder, wall); !errors.Is(err, puppet.ErrNoSkin) {
		t.Errorf("a wall: %v, want ErrNoSkin", err)
	}
}
