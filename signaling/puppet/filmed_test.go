package puppet_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/pipeline"
	"vivavoce/signaling/puppet"
)

// film writes uncompressed pictures of a scene: paint fills the i-th.
func film(t *testing.T, n int, paint func(f *media.Frame, i int)) string {
	t.Helper()
	out, err := os.Create(filepath.Join(t.TempDir(), "film.y4m"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	fmt.Fprint(out, "YUV4MPEG2 W640 H480 F25:1 C420\n")
	var pool media.Pool
	f := pool.Get(640, 480)
	for i := range n {
		paint(f, i)
		fmt.Fprint(out, "FRAME\n")
		for _, p := range []struct {
			b             []byte
			width, height int
			stride        int
		}{{f.Y, 640, 480, f.YStride}, {f.Cb, 320, 240, f.CStride}, {f.Cr, 320, 240, f.CStride}} {
			for y := range p.height {
				if _, err := out.Write(p.b[y*p.stride:][:p.width]); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return out.Name()
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
	wall := film(t, 3, func(f *media.Frame, _ int) {
		for i := range f.Y {
			f.Y[i] = 120
		}
		for i := range f.Cb {
			f.Cb[i], f.Cr[i] = 128, 128
		}
	})
	if finder, err = newFinder(); err != nil {
		t.Fatal(err)
	}
	if _, err := puppet.FilmedHead(t.Context(), library, finder, wall); !errors.Is(err, puppet.ErrNoSkin) {
		t.Errorf("a wall: %v, want ErrNoSkin", err)
	}
}
