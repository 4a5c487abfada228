package motion

import (
	"encoding/gob"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/models"
	"vivavoce/pipeline"
	"vivavoce/pipeline/face"
)

type Rec struct {
	PTS    time.Duration
	Found  bool
	Others int
	Pose   pipeline.Pose
	IOD    float64
	Mouth  float64
	Points [pipeline.Points]pipeline.Point
}

func readClip(path string, w, h int, fps float64, fn func(*media.Frame)) error {
	cmd := exec.Command("ffmpeg", "-v", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "yuv420p", "-")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	var pool media.Pool
	for i := 0; ; i++ {
		f := pool.Get(w, h)
		for _, p := range [][]byte{f.Y, f.Cb, f.Cr} {
			if _, err := io.ReadFull(out, p); err != nil {
				return cmd.Wait()
			}
		}
		f.Seq, f.PTS = uint64(i), time.Duration(float64(i)/fps*1e9)
		fn(f)
		f.Release()
	}
}

// warp shows src as a flat picture turned by yaw, pitch degrees around its centre
func warp(dst, src *media.Frame, yaw, pitch float64) {
	plane := func(d, s []byte, w, h int, bg byte) {
		sy, cy := math.Sincos(yaw * math.Pi / 180)
		sp, cp := math.Sincos(-pitch * math.Pi / 180)
		F := 2.5 * float64(w)
		D := 2.5 * float64(w) * 1.15
		for y := 0; y < h; y++ {
			for x := 0; x < w; x++ {
				u, v := float64(x)-float64(w)/2, float64(y)-float64(h)/2
				var X, Y float64
				if yaw != 0 {
					X = u * D / (F*cy - u*sy)
					Y = v * (D + X*sy) / F
				} else {
					Y = v * D / (F*cp - v*sp)
					X = u * (D + Y*sp) / F
				}
				X += float64(w) / 2
				Y += float64(h) / 2
				xi, yi := int(math.Floor(X)), int(math.Floor(Y))
				if xi < 0 || yi < 0 || xi >= w-1 || yi >= h-1 {
					d[y*w+x] = bg
					continue
				}
				fx, fy := X-float64(xi), Y-float64(yi)
				a := float64(s[yi*w+xi])*(1-fx) + float64(s[yi*w+xi+1])*fx
				b := float64(s[(yi+1)*w+xi])*(1-fx) + float64(s[(yi+1)*w+xi+1])*fx
				d[y*w+x] = byte(a*(1-fy) + b*fy + .5)
			}
		}
	}
	w, h := src.Width, src.Height
	plane(dst.Y, src.Y, w, h, 90)
	plane(dst.Cb, src.Cb, (w+1)/2, (h+1)/2, 128)
	plane(dst.Cr, src.Cr, (w+1)/2, (h+1)/2, 128)
	dst.Seq, dst.PTS = src.Seq, src.PTS
}

func finder(t *testing.T) func() (pipeline.Finder, error) {
	l, err := models.Open(models.Options{Dir: "/work/main/models/files"})
	if err != nil {
		t.Fatal(err)
	}
	mk, err := face.New(l, face.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return mk
}

func rec(f *pipeline.Face) Rec {
	return Rec{f.Frame.PTS, f.Found, f.Others, f.Pose, f.Interocular, f.MouthOpen, f.Points}
}

func save(name string, r []Rec) {
	f, err := os.Create("/tmp/faces/" + name + ".gob")
	if err != nil {
		panic(err)
	}
	if err := gob.NewEncoder(f).Encode(r); err != nil {
		panic(err)
	}
	f.Close()
}

func probe(path string) (w, h int, fps float64) {
	out, err := exec.Command("ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "stream=width,height,r_frame_rate", "-of", "csv=p=0", path).Output()
	if err != nil {
		panic(err)
	}
	var n, d int
	fmt.Sscanf(strings.TrimSpace(string(out)), "%d,%d,%d/%d", &w, &h, &n, &d)
	return w, h, float64(n) / float64(d)
}

func TestDump(t *testing.T) {
	mk := finder(t)
	data := "/work/shared/data/"
	run := func(path, name string, alter func(i int, dst, src *media.Frame) *media.Frame) {
		if _, err := os.Stat("/tmp/faces/" + name + ".gob"); err == nil {
			return
		}
		w, h, fps := probe(path)
		fd, err := mk()
		if err != nil {
			t.Fatal(err)
		}
		var out []Rec
		dst := new(media.Pool).Get(w, h)
		err = readClip(path, w, h, fps, func(f *media.Frame) {
			g := f
			if alter != nil {
				g = alter(int(f.Seq), dst, f)
			}
			fc, err := fd.Find(t.Context(), g)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, rec(fc))
		})
		if err != nil {
			t.Log(path, err)
		}
		save(name, out)
	}
	switch os.Getenv("DUMP") {
	case "head":
		paths, _ := filepath.Glob(data + "head/*.mp4")
		for _, p := range paths {
			run(p, "head_"+strings.TrimSuffix(filepath.Base(p), ".mp4"), nil)
		}
	case "grid":
		for _, s := range []string{"s1", "s2", "s3", "s5", "s30", "s31"} {
			paths, _ := filepath.Glob(data + "grid/" + s + "/*.mp4")
			for _, p := range paths[:min(20, len(paths))] {
				run(p, "grid_"+s+"_"+strings.TrimSuffix(filepath.Base(p), ".mp4"), nil)
			}
		}
	case "wave":
		for _, s := range []string{"s1", "s2", "s3", "s5", "s30", "s31"} {
			paths, _ := filepath.Glob(data + "grid/" + s + "/*.mp4")
			for k, p := range paths[:3] {
				still := new(media.Pool).Get(360, 288)
				run(p, fmt.Sprintf("wave_%s_%d", s, k), func(i int, dst, src *media.Frame) *media.Frame {
					if i == 0 {
						copy(still.Y, src.Y)
						copy(still.Cb, src.Cb)
						copy(still.Cr, src.Cr)
					}
					tt := float64(i) / 25
					still.Seq, still.PTS = src.Seq, src.PTS
					amp := []float64{12, 25, 35}[k]
					if i%2 == 0 || true {
						warp(dst, still, amp*math.Sin(2*math.Pi*0.7*tt), 0)
					}
					// sway
					dx := int(15 * math.Sin(2*math.Pi*1.1*tt))
					for y := 0; y < 288; y++ {
						row := dst.Y[y*360 : y*360+360]
						if dx > 0 {
							copy(row[dx:], row[:360-dx])
						} else {
							copy(row[:360+dx], row[-dx:])
						}
					}
					return dst
				})
			}
		}
	case "flat":
		for _, s := range []string{"s1", "s2", "s3", "s5", "s30", "s31"} {
			paths, _ := filepath.Glob(data + "grid/" + s + "/*.mp4")
			for k, p := range paths[:5] {
				angle := []float64{20, 30, 40, 50, 60}[k]
				for di, dir := range []string{"left", "up", "right", "down"} {
					if (k+di)%2 == 1 {
						continue
					}
					run(p, fmt.Sprintf("flat_%s_%s_%v_%d", s, dir, angle, k), func(i int, dst, src *media.Frame) *media.Frame {
						u := 0.0
						switch {
						case i < 15:
						case i < 30:
							u = ease(float64(i-15) / 15)
						case i < 40:
							u = 1
						case i < 55:
							u = 1 - ease(float64(i-40)/15)
						}
						var yaw, pitch float64
						switch dir {
						case "left":
							yaw = angle
						case "right":
							yaw = -angle
						case "up":
							pitch = angle
						case "down":
							pitch = -angle
						}
						warp(dst, src, yaw*u, pitch*u)
						return dst
					})
				}
			}
		}
	}
}

func ease(u float64) float64 { return u * u * u * (10 + u*(6*u-15)) }
