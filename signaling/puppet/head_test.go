package puppet_test

import (
	"context"
	"fmt"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/models"
	"vivavoce/pipeline"
	"vivavoce/pipeline/face"
	"vivavoce/signaling/puppet"
)

const root = "../.."

// stage gives a checked library and a maker of finders.
func stage(t testing.TB) (*models.Library, func() (pipeline.Finder, error)) {
	t.Helper()
	library, err := models.Open(models.Options{Dir: filepath.Join(root, "models/files")})
	if err != nil {
		t.Fatalf("open models (make models): %v", err)
	}
	t.Cleanup(func() { library.Close() })
	newFinder, err := face.New(library, face.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return library, newFinder
}

func head(t testing.TB, i int) (*puppet.Head, func() (pipeline.Finder, error)) {
	t.Helper()
	library, newFinder := stage(t)
	finder, err := newFinder()
	if err != nil {
		t.Fatal(err)
	}
	h, err := puppet.LoadHead(context.Background(), library, finder, filepath.Join(root, "models/node_modules"), i)
	if err != nil {
		t.Fatal(err)
	}
	return h, newFinder
}

func TestFinderTracksTheHeadInEveryChallengePose(t *testing.T) {
	for i := range 2 {
		t.Run(fmt.Sprint("head ", i), func(t *testing.T) { testTracking(t, i) })
	}
}

func testTracking(t *testing.T, i int) {
	h, newFinder := head(t, i)
	finder, err := newFinder()
	if err != nil {
		t.Fatal(err)
	}
	r := puppet.NewRenderer(h, puppet.Camera{Width: 640, Height: 480, Noise: 2}, 1)
	var pool media.Pool
	var pts time.Duration
	neutral := pipeline.Pose{}
	for n, look := range sweep() {
		f := pool.Get(640, 480)
		f.PTS, f.Seq = pts, uint64(n)
		pts += 33 * time.Millisecond
		r.Render(f, look)
		found, err := finder.Find(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		snap(t, fmt.Sprintf("head%d-%02d", i, n), f)
		if !found.Found {
			t.Errorf("pose %+v: no face", look.Pose)
			continue
		}
		if n == 0 {
			neutral = found.Pose
		}
		t.Logf("asked %5.1f %5.1f %5.1f: found %5.1f %5.1f %5.1f open %.2f eyes %.2f others %d presence %.2f", look.Pose.Yaw, look.Pose.Pitch, look.Pose.Roll,
			found.Pose.Yaw, found.Pose.Pitch, found.Pose.Roll, found.MouthOpen, found.LeftEyeOpen, found.Others, found.Presence)
		for _, axis := range []struct {
			name      string
			want, got float64
		}{
			{"yaw", look.Pose.Yaw, found.Pose.Yaw - neutral.Yaw},
			{"pitch", look.Pose.Pitch, found.Pose.Pitch - neutral.Pitch},
			{"roll", look.Pose.Roll, found.Pose.Roll - neutral.Roll},
		} {
			if math.Abs(axis.got-axis.want) > 6+0.3*math.Abs(axis.want) {
				t.Errorf("pose %+v: %s = %.1f, want about %.1f", look.Pose, axis.name, axis.got, axis.want)
			}
		}
		f.Release()
	}
}

// sweep goes out and back on each axis, as a person does, then speaks.
func sweep() (looks []puppet.Look) {
	for _, axis := range []func(float64) pipeline.Pose{
		func(v float64) pipeline.Pose { return pipeline.Pose{Yaw: v} },
		func(v float64) pipeline.Pose { return pipeline.Pose{Pitch: v * 2 / 3} },
		func(v float64) pipeline.Pose { return pipeline.Pose{Roll: v * 2 / 3} },
	} {
		for _, side := range []float64{1, -1} {
			for _, v := range []float64{0, 10, 20, 30, 20, 10} {
				looks = append(looks, puppet.Look{Pose: axis(side * v)})
			}
		}
	}
	for d := range 10 {
		looks = append(looks, puppet.Look{Mouth: puppet.Saying(d, 200*time.Millisecond)})
	}
	return append(looks, puppet.Look{Blink: 1})
}

// snap writes the frame into $VIVAVOCE_SNAPS, to be looked at.
func snap(t *testing.T, name string, f *media.Frame) {
	dir := os.Getenv("VIVAVOCE_SNAPS")
	if dir == "" {
		return
	}
	picture := &image.YCbCr{
		Y: f.Y, Cb: f.Cb, Cr: f.Cr, YStride: f.YStride, CStride: f.CStride,
		SubsampleRatio: image.YCbCrSubsampleRatio420, Rect: image.Rect(0, 0, f.Width, f.Height),
	}
	file, err := os.Create(filepath.Join(dir, name+".png"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := png.Encode(file, picture); err != nil {
		t.Fatal(err)
	}
}
