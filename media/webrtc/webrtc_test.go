package webrtc

import (
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
			if last.PTS != 0 {
				t.Errorf("first PTS = %v, want 0", last.PTS)
			}
			for range 40 {
				f := c.next()
				if f.Width != 320 || f.Height != 240 {
					t.Fatalf("frame is %dx%d, want 320x240", f.Width, f.Height)
				}
				steps := time.Duration(f.Seq - last.Seq)
				want := steps * time.Second / 30
				if d := f.PTS - last.PTS; d < want-time.Millisecond || d > want+time.Millisecond {
					t.Errorf("PTS step = %v over %d frames, want %v", d, steps, want)
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
			t.Logf("%+v", s)
		})
	}
}
