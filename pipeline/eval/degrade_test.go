package eval

import (
	"context"
	"errors"
	"io"
	"math"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/pipeline"
)

// reel gives n frames of width×height, even frame times apart; each is as bright as its number.
type reel struct {
	n, at, width, height int
	every                time.Duration
	pool                 media.Pool
}

func (r *reel) Next(context.Context) (*media.Frame, error) {
	if r.at == r.n {
		return nil, io.EOF
	}
	f := r.pool.Get(r.width, r.height)
	f.Seq, f.PTS = uint64(r.at), time.Duration(r.at)*r.every
	for i := range f.Y {
		f.Y[i] = byte(20 + 2*r.at + 40*(i%r.width*2/r.width))
	}
	for i := range f.Cb {
		f.Cb[i], f.Cr[i] = 100, 150
	}
	r.at++
	return f, nil
}

// all takes what comes, as copies of the pixel in the middle of each half.
func all(t *testing.T, src media.Source) (pts []time.Duration, left, right []int, size [2]int) {
	t.Helper()
	for {
		f, err := src.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return pts, left, right, size
		}
		if err != nil {
			t.Fatal(err)
		}
		row := f.Y[f.Height/2*f.YStride:]
		pts, left, right = append(pts, f.PTS), append(left, int(row[f.Width/4])), append(right, int(row[f.Width*3/4]))
		size = [2]int{f.Width, f.Height}
		f.Release()
	}
}

func TestDegrade(t *testing.T) {
	for _, c := range []struct {
		name   string
		d      Degrade
		frames int
		fps    float64
		size   [2]int
		within int // of brightness
	}{
		{"as they are", Degrade{}, 50, 25, [2]int{320, 240}, 0},
		{"10 fps", Degrade{FPS: 10}, 20, 10, [2]int{320, 240}, 0},
		{"30 fps", Degrade{FPS: 30}, 60, 30, [2]int{320, 240}, 0},
		{"120 lines", Degrade{Height: 120}, 50, 25, [2]int{160, 120}, 1},
		{"more lines than there are", Degrade{Height: 480}, 50, 25, [2]int{320, 240}, 0},
		{"VP8", Degrade{Kbps: 300}, 50, 25, [2]int{320, 240}, 12},
		{"all", Degrade{FPS: 15, Height: 120, Kbps: 100}, 30, 15, [2]int{160, 120}, 16},
	} {
		t.Run(c.name, func(t *testing.T) {
			src, free, err := c.d.source(&reel{n: 50, width: 320, height: 240, every: 40 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			defer free()
			pts, left, right, size := all(t, src)
			if d := len(pts) - c.frames; d < -1 || d > 1 || size != c.size {
				t.Fatalf("%d frames of %v, want %d of %v", len(pts), size, c.frames, c.size)
			}
			for i, at := range pts {
				if want := time.Duration(float64(i) / c.fps * 1e9); (at - want).Abs() > time.Millisecond {
					t.Fatalf("frame %d at %v, want %v", i, at, want)
				}
				// The newest frame of the reel at that time.
				want := 20 + 2*int(math.Floor(at.Seconds()*25+1e-6))
				if abs(left[i]-want) > c.within || abs(right[i]-want-40) > c.within {
					t.Fatalf("frame %d is %d and %d bright, want %d and %d", i, left[i], right[i], want, want+40)
				}
			}
		})
	}
}

func abs(v int) int { return max(v, -v) }

func TestDegradeRefuses(t *testing.T) {
	for _, d := range []Degrade{{FPS: -1}, {FPS: 1000}, {FPS: math.NaN()}, {Height: -2}, {Height: 33}, {Height: 8}, {Kbps: -1}, {Yaw: 90}, {Yaw: math.NaN()}} {
		if _, _, err := d.source(&reel{}); err == nil {
			t.Errorf("%+v was taken", d)
		}
	}
	src, free, err := Degrade{FPS: 10}.source(&reel{})
	if err != nil {
		t.Fatal(err)
	}
	defer free()
	if _, err := src.Next(t.Context()); !errors.Is(err, io.EOF) {
		t.Errorf("an empty reel: %v", err)
	}
}

func TestTurn(t *testing.T) {
	f := pipeline.Face{Found: true, Box: pipeline.Box{X0: 10}}
	f.Points[0] = pipeline.Point{X: 30, Y: 7}
	f.Points[1] = pipeline.Point{X: 10, Y: 9, Z: 10}
	Degrade{Yaw: 30}.turn(&f)
	for i, want := range []pipeline.Point{{X: 10 + 20*0.8660254, Y: 7, Z: -10}, {X: 15, Y: 9, Z: 8.660254}} {
		p := f.Points[i]
		if math.Abs(float64(p.X-want.X)) > 1e-4 || p.Y != want.Y || math.Abs(float64(p.Z-want.Z)) > 1e-4 {
			t.Errorf("point %d at %v, want %v", i, p, want)
		}
	}
}
