package burst

import (
	"context"
	"image"
	"math"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/image/draw"

	"vivavoce/media"
	"vivavoce/media/file"
	"vivavoce/media/file/filetest"
	"vivavoce/pipeline"
	"vivavoce/pipeline/pipelinetest/recorded"
)

// TestMeasure makes captures of clips as the element would: the photo is the frame, the burst the same 320 wide, both
// as JPEG. What is not known is a real camera: GRID is studio video, coded at some 300 kbit/s.
func TestMeasure(t *testing.T) {
	recorded.Measure(t)
	data := filetest.Recordings(t)
	for _, group := range []string{"grid/s1", "grid/s2", "grid/s3", "grid/s5", "grid/s30", "grid/s31", "head"} {
		clips, _ := filepath.Glob(filepath.Join(data, group, "*.mp4"))
		clips = clips[:min(len(clips), 60)]
		found := map[pipeline.Reason]int{}
		n, moving, again, mean, worst, still := 0, 0, 0, 0.0, 0.0, 0.0
		far := 0.0
		j := New()
		var old []film
		for _, clip := range clips {
			for _, c := range captures(t, clip) {
				n++
				f := filmOf(c.Burst)
				if f.moves() {
					moving++
				}
				s, err := j.Judge(c)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range s.Reasons {
					found[r]++
				}
				for _, m := range s.Measures {
					switch m.Name {
					case "photo_apart_luma2":
						mean = max(mean, m.Value)
					case "photo_patch_luma2":
						worst = max(worst, m.Value)
					case "still_share":
						still = max(still, m.Value)
					}
				}
				for i := range c.Burst {
					c.Burst[i].Frame = coded(t, c.Burst[i].Frame, 60)
				}
				anew := filmOf(c.Burst)
				if anew.shows(f) {
					again++
				}
				far = max(far, anew.distance(f))
				old = append(old, f)
			}
		}
		// The nearest that a whole burst comes to another one.
		nearest := math.Inf(1)
		for i, f := range old {
			for k, o := range old {
				if i != k && f.moves() {
					nearest = min(nearest, f.distance(o))
				}
			}
		}
		t.Logf("%s: %d captures of %d clips, %d move; found %v; photo apart at most %.2f, a patch %.2f; still at most %.2f; %d known after JPEG 60, apart at most %.3f; nearest other %.2f",
			group, n, len(clips), moving, found, mean, worst, still, again, far, nearest)
	}
}

// distance is the least alike with which f would show o.
func (f film) distance(o film) float64 {
	first, second := 0.0, 0.0
	for i := range f {
		nearest := math.Inf(1)
		for j := range o {
			mean, _ := f[i].apart(&o[j])
			nearest = min(nearest, mean)
		}
		if nearest > first {
			first, second = nearest, first
		} else {
			second = max(second, nearest)
		}
	}
	return second // one picture may be missing
}

// narrow makes a picture 320 samples wide, by interpolation between two samples as the plainest browser may.
func narrow(f *media.Frame) *media.Frame {
	from := &image.Gray{Pix: f.Y, Stride: f.YStride, Rect: image.Rect(0, 0, f.Width, f.Height)}
	to := new(media.Pool).Get(320, 320*f.Height/f.Width&^1)
	draw.ApproxBiLinear.Scale(&image.Gray{Pix: to.Y, Stride: to.YStride, Rect: image.Rect(0, 0, to.Width, to.Height)}, image.Rect(0, 0, to.Width, to.Height), from, from.Rect, draw.Src, nil)
	for i := range to.Cb {
		to.Cb[i], to.Cr[i] = 128, 128
	}
	return to
}

// captures takes one second in every three of a clip.
func captures(t *testing.T, clip string) (all []Capture) {
	t.Helper()
	src, err := file.Open(clip, file.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	var c Capture
	for n := 0; ; n++ {
		f, err := src.Next(context.Background())
		if err != nil {
			return all
		}
		if at := n % 75; at < 32 && at%4 == 0 {
			if at == 0 {
				c = Capture{Of: 4, Device: pipeline.Device{Label: "a clip", Width: f.Width, Height: f.Height, FrameRate: 25}}
			}
			c.Burst = append(c.Burst, Shot{Frame: coded(t, narrow(f), 90), At: f.PTS + time.Duration(n*n%7)*time.Millisecond, Media: f.PTS, Number: n + 1})
			if at == 16 {
				c.Photo = coded(t, f, 95)
			}
			if at == 28 {
				all = append(all, c)
			}
		}
		f.Release()
	}
}
