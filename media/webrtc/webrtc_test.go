package webrtc

import (
	"fmt"
	"testing"
	"time"

	"vivavoce/media/codec"
)

func TestEndToEnd(t *testing.T) {
	for _, name := range []codec.Name{codec.VP8, codec.H264, codec.VP9} {
		t.Run(string(name), func(t *testing.T) {
			leaks(t)
			var cam *camera
			c := newCall(t, newEngine(t, nil), PublisherOptions{
				Codec: name, Audio: true, OnKeyRequest: func() { cam.keys.Store(true) },
			})
			cam = &camera{pub: c.pub, film: film(t, name, 320, 240, 60, first), pace: time.Second / 60}
			c.connect()
			stop := cam.roll(t)
			defer stop()
			last := c.next()
			if last.Seq == 0 && last.PTS != 0 {
				t.Errorf("first PTS = %v, want 0", last.PTS)
			}
			var steps []string
			for range 40 {
				f := c.next()
				if f.Width != 320 || f.Height != 240 {
					t.Fatalf("frame is %dx%d, want 320x240", f.Width, f.Height)
				}
				n := time.Duration(f.Seq - last.Seq)
				want := n * time.Second / 30
				if d := f.PTS - last.PTS; d < want-time.Millisecond || d > want+time.Millisecond {
					steps = append(steps, fmt.Sprintf("PTS step = %v over %d frames, want %v", d, n, want))
				}
				if f.Arrived.Before(last.Arrived) {
					t.Errorf("frame %d arrived before frame %d", f.Seq, last.Seq)
				}
				last.Release()
				last = f
			}
			s := c.peer.Stats()
			if s.Codec != name || s.Frames < 41 || s.Drops.Corrupt+s.Drops.Gap != 0 {
				t.Errorf("stats = %+v, want %s, 41 frames, none corrupt", s, name)
			}
			if s.ClockClamps == 0 { // a machine that stands still for two seconds is a clock run off
				for _, wrong := range steps {
					t.Error(wrong)
				}
			}
			t.Logf("%+v", s)
		})
	}
}
