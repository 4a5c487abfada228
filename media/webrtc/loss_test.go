package webrtc

import (
	"testing"
	"time"

	"vivavoce/media/codec"
)

// TestLoss: what is lost on the way is asked for and comes; what comes out of
// order is put back.
func TestLoss(t *testing.T) {
	for _, test := range []struct {
		name       string
		codec      codec.Name
		loss, swap float64
	}{
		{"VP8 loses one in twenty", codec.VP8, 0.05, 0},
		{"H264 loses one in ten and swaps", codec.H264, 0.10, 0.10},
		{"VP9 swaps one in five", codec.VP9, 0, 0.20},
	} {
		t.Run(test.name, func(t *testing.T) {
			leaks(t)
			var cam *camera
			c := newCall(t, newEngine(t, nil), PublisherOptions{
				Codec: test.codec, Loss: test.loss, Swap: test.swap, Seed: 7,
				OnKeyRequest: func() { cam.keys.Store(true) },
			})
			cam = &camera{pub: c.pub, film: film(t, test.codec, 320, 240, 90, first), pace: time.Second / 60}
			c.connect()
			stop := cam.roll(t)
			defer stop()
			for range 90 {
				c.next().Release()
			}
			s, sent := c.peer.Stats(), c.pub.Stats()
			t.Logf("%+v, publisher %+v", s, sent)
			if test.loss > 0 && (s.Recovered == 0 || sent.Nacked == 0 || sent.Thrown == 0) {
				t.Errorf("recovered %d, nacked %d, thrown %d: want all above 0", s.Recovered, sent.Nacked, sent.Thrown)
			}
			if test.swap > 0 && s.Recovered == 0 {
				t.Error("recovered = 0, want the swapped packets")
			}
			if s.Drops.Corrupt > 0 {
				t.Errorf("%d frames corrupt: a frame with a hole reached the decoder", s.Drops.Corrupt)
			}
			// Retransmissions are lost at the same rate, and each packet is asked
			// for five times: one in 10^5 stays lost.
			if s.Drops.Gap > 1 {
				t.Errorf("%d frames dropped for a gap, want at most 1", s.Drops.Gap)
			}
		})
	}
}

// TestTotalLossAsksForKey: a burst that retransmission cannot bring back ends in
// one PLI and a picture again.
func TestTotalLossAsksForKey(t *testing.T) {
	leaks(t)
	var cam *camera
	c := newCall(t, newEngine(t, nil), PublisherOptions{OnKeyRequest: func() { cam.keys.Store(true) }})
	cam = &camera{pub: c.pub, film: film(t, codec.VP8, 320, 240, 90, first), pace: time.Second / 60}
	c.connect()
	stop := cam.roll(t)
	defer stop()
	for range 10 {
		c.next().Release()
	}
	before := c.peer.Stats()
	c.pub.link.setLoss(1)
	for c.pub.Stats().Thrown < 30 {
		c.pause()
	}
	c.pub.link.setLoss(0)
	c.pub.link.forgetful.Store(true) // and nothing is sent again
	for c.peer.Stats().KeyFrames == before.KeyFrames {
		c.next().Release()
	}
	s := c.peer.Stats()
	t.Logf("%+v", s)
	if s.Lost == 0 || s.PLIs <= before.PLIs {
		t.Errorf("lost %d, PLIs %d after %d: want both to grow", s.Lost, s.PLIs, before.PLIs)
	}
	if s.Drops.NoKey == 0 {
		t.Error("no frame dropped for want of a key frame: ruins were shown")
	}
}

// TestWindow: order, gaps, strays and a sender that begins again.
func TestWindow(t *testing.T) {
	now := time.Now()
	at := func(ms int) time.Time { return now.Add(time.Duration(ms) * time.Millisecond) }
	type in struct {
		seq  uint16
		ms   int
		want arrival
	}
	for _, test := range []struct {
		name string
		in   []in
		want []uint16 // in order of delivery
		gaps int
		lost uint64
	}{
		{"in order", []in{{5, 0, taken}, {6, 0, taken}, {7, 0, taken}}, []uint16{5, 6, 7}, 0, 0},
		{"over the wrap", []in{{65534, 0, taken}, {0, 0, taken}, {65535, 0, recovered}, {1, 0, taken}}, []uint16{65534, 65535, 0, 1}, 0, 0},
		{"swapped", []in{{5, 0, taken}, {7, 0, taken}, {6, 0, recovered}}, []uint16{5, 6, 7}, 0, 0},
		{"twice", []in{{5, 0, taken}, {5, 0, duplicate}, {7, 0, taken}, {7, 0, duplicate}, {6, 0, recovered}}, []uint16{5, 6, 7}, 0, 0},
		{"lost", []in{{5, 0, taken}, {7, 0, taken}, {8, 400, taken}}, []uint16{5, 7, 8}, 1, 1},
		{"late", []in{{5, 0, taken}, {7, 0, taken}, {8, 400, taken}, {6, 401, late}}, []uint16{5, 7, 8}, 1, 1},
		{"not lost yet", []in{{5, 0, taken}, {7, 0, taken}, {8, 200, taken}}, []uint16{5}, 0, 0},
		{"a stray", []in{{5, 0, taken}, {30005, 0, foreign}, {6, 0, taken}}, []uint16{5, 6}, 0, 0},
		{"two strays", []in{{5, 0, taken}, {30005, 0, foreign}, {20005, 0, foreign}, {6, 0, taken}}, []uint16{5, 6}, 0, 0},
		{"a new start", []in{{5, 0, taken}, {30005, 0, foreign}, {30006, 0, taken}, {30007, 0, taken}}, []uint16{5, 30006, 30007}, 1, 0},
		{"before the first", []in{{5, 0, taken}, {4, 0, late}, {6, 0, taken}}, []uint16{5, 6}, 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []uint16
			gaps := 0
			w := &window{deliver: func(p *packet, gap bool) {
				got = append(got, p.seq)
				if gap {
					gaps++
				}
			}}
			for _, i := range test.in {
				if what := w.push(&packet{seq: i.seq, arrived: at(i.ms)}); what != i.want {
					t.Errorf("push %d = %d, want %d", i.seq, what, i.want)
				}
				w.expire(at(i.ms))
			}
			if len(got) != len(test.want) {
				t.Fatalf("delivered %v, want %v", got, test.want)
			}
			for i := range got {
				if got[i] != test.want[i] {
					t.Fatalf("delivered %v, want %v", got, test.want)
				}
			}
			if gaps != test.gaps || w.lost != test.lost {
				t.Errorf("%d gaps, %d lost; want %d and %d", gaps, w.lost, test.gaps, test.lost)
			}
		})
	}
}

// TestNacks: a missing packet is asked for at once, then ever less often, and no
// more than maxNacks times.
func TestNacks(t *testing.T) {
	w := &window{deliver: func(*packet, bool) {}}
	now := time.Now()
	w.push(&packet{seq: 1, arrived: now})
	w.push(&packet{seq: 4, arrived: now})
	if got := w.missing(now, nil); len(got) != 2 || got[0] != 2 || got[1] != 3 {
		t.Fatalf("asked for %v, want [2 3]", got)
	}
	if got := w.missing(now.Add(nackEvery/2), nil); len(got) != 0 {
		t.Errorf("asked for %v again within %v", got, nackEvery)
	}
	w.push(&packet{seq: 2, arrived: now})
	total := 1
	for at := now; at.Before(now.Add(time.Minute)); at = at.Add(time.Millisecond) {
		for _, seq := range w.missing(at, nil) {
			if seq != 3 {
				t.Fatalf("asked for %d, want 3", seq)
			}
			total++
		}
	}
	if total != maxNacks {
		t.Errorf("asked %d times, want %d", total, maxNacks)
	}
}
