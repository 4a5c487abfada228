package webrtc

import (
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"vivavoce/media/codec"
)

func TestSenderReports(t *testing.T) {
	const second = 1 << 32
	for _, test := range []struct {
		name    string
		reports []rtcp.SenderReport
		want    time.Duration
	}{
		{"one", []rtcp.SenderReport{{NTPTime: 5 * second, RTPTime: 7}}, 0},
		{"true", []rtcp.SenderReport{{NTPTime: 5 * second, RTPTime: 0}, {NTPTime: 15 * second, RTPTime: 900_000}}, 0},
		{"over the wrap", []rtcp.SenderReport{{NTPTime: 5 * second, RTPTime: 1<<32 - 90_000}, {NTPTime: 7*second + second/2, RTPTime: 135_000}}, 0},
		{"twice as fast", []rtcp.SenderReport{{NTPTime: 5 * second, RTPTime: 0}, {NTPTime: 6 * second, RTPTime: 180_000}}, time.Second},
		{"wall clock set back", []rtcp.SenderReport{{NTPTime: 5 * second, RTPTime: 0}, {NTPTime: 4 * second, RTPTime: 0}}, time.Second},
		{"of another stream", []rtcp.SenderReport{{NTPTime: 5 * second, RTPTime: 0}, {SSRC: 9, NTPTime: 5 * second, RTPTime: 90_000}}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			var c counters
			s := senderReports{counts: &c}
			for _, r := range test.reports {
				s.take(&r)
			}
			if got := c.stats().SenderSkew; got != test.want {
				t.Errorf("skew = %v, want %v", got, test.want)
			}
		})
	}
}

// TestCount: what Options.Count was told adds up to Stats.
func TestCount(t *testing.T) {
	leaks(t)
	var mu sync.Mutex
	told := map[string]uint64{}
	var cam *camera
	e := newEngine(t, func(o *Options) {
		o.Count = func(name string, n uint64) {
			mu.Lock()
			told[name] += n
			mu.Unlock()
		}
	})
	c := newCall(t, e, PublisherOptions{OnKeyRequest: func() { cam.keys.Store(true) }})
	cam = &camera{pub: c.pub, film: film(t, codec.VP8, 160, 120, 30, first), pace: time.Second / 60}
	c.connect()
	stop := cam.roll(t)
	defer stop()
	for range 90 { // more than a second: told while it runs, too
		c.next().Release()
	}
	c.stop()
	if err := c.wait(); err != nil {
		t.Errorf("Run = %v after it was told to stop", err)
	}
	want := map[string]uint64{}
	c.peer.Stats().Each(func(name string, n uint64) {
		if n > 0 {
			want[name] = n
		}
	})
	mu.Lock()
	defer mu.Unlock()
	if !maps.Equal(told, want) || want["frames"] < 90 {
		t.Errorf("told %v, want %v", told, want)
	}
}

// TestKeyAtStart: a sender that begins in the middle is asked for a key frame, and
// nothing is shown before it.
func TestKeyAtStart(t *testing.T) {
	leaks(t)
	var cam *camera
	c := newCall(t, newEngine(t, nil), PublisherOptions{OnKeyRequest: func() { cam.keys.Store(true) }})
	cam = &camera{pub: c.pub, film: film(t, codec.VP8, 160, 120, 60, first), pace: time.Second / 60, at: 1}
	c.connect()
	stop := cam.roll(t)
	defer stop()
	c.next().Release()
	s := c.peer.Stats()
	if s.PLIs == 0 || s.Drops.NoKey == 0 || c.pub.Stats().PLIs == 0 {
		t.Errorf("PLIs %d, NoKey %d: want both above 0", s.PLIs, s.Drops.NoKey)
	}
}

// TestBrowserOffers: what browsers were seen to offer is answered, VP8 first where
// they have it.
func TestBrowserOffers(t *testing.T) {
	leaks(t)
	e := newEngine(t, nil)
	all := offers(t)
	if len(all) == 0 {
		t.Fatal("no offers under testdata")
	}
	for name, offer := range all {
		t.Run(name, func(t *testing.T) {
			p, err := e.NewPeer(PeerOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			answer, err := p.Answer(t.Context(), offer)
			if err != nil {
				t.Fatal(err)
			}
			want := "VP8"
			if i := strings.Index(name, "prefer-"); i > 0 {
				want = strings.TrimSuffix(name[i+len("prefer-"):], ".sdp")
			}
			_, video, _ := strings.Cut(answer, "m=video ")
			pt := strings.Fields(video)[2]
			if !strings.Contains(video, "a=rtpmap:"+pt+" "+want+"/90000") {
				t.Errorf("first payload type %s is not %s in\n%s", pt, want, answer)
			}
		})
	}
}

func TestPublisherOptions(t *testing.T) {
	leaks(t)
	for _, o := range []PublisherOptions{{Codec: "MPEG2"}, {Loss: 1.1}, {Swap: -1}} {
		if p, err := NewPublisher(o); err == nil {
			t.Errorf("NewPublisher took %+v", o)
			_ = p.Close()
		}
	}
}
