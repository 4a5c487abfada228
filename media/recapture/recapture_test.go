package recapture

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"testing"
	"time"

	"vivavoce/media"
)

// drawn is a source of n frames with a bright face-like disc that moves.
type drawn struct {
	n, at, w, h int
	pool        media.Pool
}

func (d *drawn) Next(context.Context) (*media.Frame, error) {
	if d.at == d.n {
		return nil, io.EOF
	}
	f := d.pool.Get(d.w, d.h)
	f.Seq, f.PTS = uint64(d.at), time.Duration(d.at)*40*time.Millisecond
	for y := range d.h {
		for x := range d.w {
			r := math.Hypot(float64(x)-float64(d.w)/2-float64(d.at), float64(y)-float64(d.h)/2) / float64(d.h)
			f.Y[y*f.YStride+x] = byte(60 + 120*max(0, 1-2*r) + 10*math.Sin(float64(x)/3))
		}
	}
	for i := range f.Cb {
		f.Cb[i], f.Cr[i] = 110, 150
	}
	d.at++
	return f, nil
}

// all plays an attack to its end and returns copies of its planes.
func all(t *testing.T, p Parameters, r Rig, n, w, h int) []*media.Frame {
	t.Helper()
	a, err := New(&drawn{n: n, w: w, h: h}, p, r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	var out []*media.Frame
	for {
		f, err := a.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, f)
	}
}

// faceless are the species that can be made without a locator.
func faceless() []Species {
	var out []Species
	for _, s := range All() {
		if !s.NeedsFace() {
			out = append(out, s)
		}
	}
	return out
}

func TestSameParametersSamePictures(t *testing.T) {
	for _, s := range faceless() {
		t.Run(string(s), func(t *testing.T) {
			p := Draw(s, Train, 7)
			log, err := json.Marshal(p)
			if err != nil {
				t.Fatal(err)
			}
			var again Parameters
			if err := json.Unmarshal(log, &again); err != nil {
				t.Fatal(err)
			}
			a, b := all(t, p, Rig{}, 4, 160, 120), all(t, again, Rig{}, 4, 160, 120)
			if len(a) != 4 || len(b) != 4 {
				t.Fatalf("%d and %d frames, want 4", len(a), len(b))
			}
			for i := range a {
				if !bytes.Equal(a[i].Y, b[i].Y) || !bytes.Equal(a[i].Cb, b[i].Cb) || !bytes.Equal(a[i].Cr, b[i].Cr) {
					t.Errorf("frame %d differs from that of the parameters read back from JSON", i)
				}
				if a[i].Seq != uint64(i) || a[i].PTS != time.Duration(i)*40*time.Millisecond {
					t.Errorf("frame %d has Seq %d, PTS %v", i, a[i].Seq, a[i].PTS)
				}
			}
		})
	}
}
