package identity

import (
	"context"
	"errors"
	"math"
	"testing"

	"vivavoce/media"
	"vivavoce/pipeline"
)

// seer keeps what the network was shown.
type seer struct {
	face []float32
	err  error
}

func (s *seer) Describe(_ context.Context, face, descriptor []float32) error {
	s.face = append(s.face[:0], face...)
	descriptor[0] = 3
	return s.err
}

// TestChip: both eyes of a tilted head lie where dlib's chips have them, but for a pixel: there the middle of the eyes is a pixel off the chip's.
func TestChip(t *testing.T) {
	f := &pipeline.Face{Frame: new(media.Pool).Get(640, 480)}
	for i := range f.Frame.Cb {
		f.Frame.Cb[i], f.Frame.Cr[i] = 128, 128
	}
	sin, cos := math.Sincos(20 * math.Pi / 180)
	for _, eye := range []struct {
		points [2]int
		side   float64
	}{{[2]int{33, 133}, -1}, {[2]int{263, 362}, 1}} {
		x, y := 300+60*eye.side*cos, 200+60*eye.side*sin
		for i, p := range eye.points {
			off := 20 * (float64(i) - 0.5)
			f.Points[p] = pipeline.Point{X: float32(x + off*cos), Y: float32(y + off*sin)}
		}
		for dy := -4; dy <= 4; dy++ {
			for dx := -4; dx <= 4; dx++ {
				f.Frame.Y[(int(y)+dy)*f.Frame.YStride+int(x)+dx] = 235
			}
		}
	}
	s := &seer{}
	var p Portrait
	if err := NewPainter(s).Portray(t.Context(), f, &p); err != nil || p[0] != 3 {
		t.Fatalf("%v, %v", err, p[0])
	}
	for half, want := range [2][2]float64{{48.7, 47.1}, {101.3, 47.1}} {
		var x, y, sum float64
		for row := range Side {
			for column := half * Side / 2; column < (half+1)*Side/2; column++ {
				v := float64(s.face[row*Side+column])
				x, y, sum = x+v*(float64(column)+0.5), y+v*(float64(row)+0.5), sum+v
			}
		}
		if x, y = x/sum, y/sum; math.Hypot(x-want[0], y-want[1]) > 1 {
			t.Errorf("an eye at %.1f, %.1f, want %v", x, y, want)
		}
	}
	s.err = errors.New("broken")
	if err := NewPainter(s).Portray(t.Context(), f, &p); !errors.Is(err, s.err) {
		t.Errorf("%v, want %v", err, s.err)
	}
}

func TestDistance(t *testing.T) {
	var a, b Portrait
	a[0], b[0], b[Numbers-1] = 1, 4, 4
	if d := a.Distance(&b); d != 5 || b.Distance(&a) != d || a.Distance(&a) != 0 {
		t.Errorf("%v and %v apart, %v from itself", d, b.Distance(&a), a.Distance(&a))
	}
}
