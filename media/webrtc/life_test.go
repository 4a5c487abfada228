package webrtc

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"testing"
	"time"

	"vivavoce/media/codec"
)

// TestICERestart: a second offer with new credentials is answered, and pictures
// go on.
func TestICERestart(t *testing.T) {
	leaks(t)
	var cam *camera
	c := newCall(t, newEngine(t, nil), PublisherOptions{OnKeyRequest: func() { cam.keys.Store(true) }})
	cam = &camera{pub: c.pub, film: film(t, codec.VP8, 320, 240, 60, first), pace: time.Second / 60}
	c.connect()
	stop := cam.roll(t)
	defer stop()
	for range 10 {
		c.next().Release()
	}
	before := iceUfrag(t, c.peer)
	c.negotiate(true)
	if after := iceUfrag(t, c.peer); after == before {
		t.Error("ICE credentials are the same after a restart")
	}
	seen := c.peer.Stats().Packets
	for range 60 {
		c.next().Release()
	}
	if s := c.peer.Stats(); s.Packets <= seen || s.Drops.Foreign != 0 {
		t.Errorf("stats after restart = %+v, want more packets, none foreign", s)
	}
}

func iceUfrag(t *testing.T, p *Peer) string {
	t.Helper()
	d := p.pc.LocalDescription()
	parsed, err := d.Unmarshal()
	if err != nil {
		t.Fatal(err)
	}
	ufrag, _ := parsed.MediaDescriptions[0].Attribute("ice-ufrag")
	return ufrag
}

// TestTCPOnly: where no UDP gets through, media comes over the TCP port.
func TestTCPOnly(t *testing.T) {
	leaks(t)
	var cam *camera
	e := newEngine(t, func(o *Options) { o.UDPPort = -1 })
	if e.TCPPort() == 0 || e.UDPPort() != 0 {
		t.Fatalf("ports: TCP %d, UDP %d; want TCP alone", e.TCPPort(), e.UDPPort())
	}
	c := newCall(t, e, PublisherOptions{TCP: true, OnKeyRequest: func() { cam.keys.Store(true) }})
	cam = &camera{pub: c.pub, film: film(t, codec.VP8, 320, 240, 60, first), pace: time.Second / 60}
	c.connect()
	stop := cam.roll(t)
	defer stop()
	for range 20 {
		c.next().Release()
	}
}

// TestTrickle: candidates that come before the offer, and after the answer, work.
func TestTrickle(t *testing.T) {
	leaks(t)
	e := newEngine(t, nil)
	found := make(chan Candidate, 100)
	var cam *camera
	c := newCall(t, e, PublisherOptions{
		OnCandidate:  func(c Candidate) { found <- c },
		OnKeyRequest: func() { cam.keys.Store(true) },
	})
	cam = &camera{pub: c.pub, film: film(t, codec.VP8, 320, 240, 60, first), pace: time.Second / 60}
	offer, err := c.pub.Offer(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 { // one early; the answer will come in between
		cand := <-found
		if err := c.peer.AddCandidate(cand); err != nil {
			t.Fatal(err)
		}
		if i > 0 || cand == (Candidate{}) {
			continue
		}
		answer, err := c.peer.Answer(t.Context(), offer)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.pub.Accept(answer); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-c.pub.Connected():
	case <-time.After(patience):
		t.Fatal("no connection")
	}
	stop := cam.roll(t)
	defer stop()
	c.next().Release()
}

// TestSilence: a sender that stops is told as stalled, then ends the peer.
func TestSilence(t *testing.T) {
	leaks(t)
	var cam *camera
	e := newEngine(t, func(o *Options) { o.Stall, o.NoMedia = 100*time.Millisecond, 800*time.Millisecond })
	c := newCall(t, e, PublisherOptions{OnKeyRequest: func() { cam.keys.Store(true) }})
	cam = &camera{pub: c.pub, film: film(t, codec.VP8, 320, 240, 10, first), pace: time.Second / 60}
	c.connect()
	stop := cam.roll(t)
	c.next().Release()
	c.state(StateConnected)
	stop()
	c.state(StateStalled)
	stop = cam.roll(t)
	c.state(StateConnected)
	stop()
	wantErr(t, c.wait(), ErrNoMedia)
	for {
		f, err := c.peer.Next(t.Context())
		if err != nil {
			wantErr(t, err, ErrNoMedia)
			break
		}
		f.Release()
	}
}

// TestNeverConnected: a peer that is never offered anything, and one whose offer
// leads nowhere, end by themselves.
func TestNeverConnected(t *testing.T) {
	for _, offers := range []bool{false, true} {
		leaks(t)
		e := newEngine(t, func(o *Options) { o.Connect = 300 * time.Millisecond })
		c := newCall(t, e, PublisherOptions{})
		if offers {
			offer, err := c.pub.Offer(t.Context(), false)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.peer.Answer(t.Context(), offer); err != nil {
				t.Fatal(err)
			}
		}
		wantErr(t, c.wait(), ErrNoMedia)
	}
}

// TestFailed: when the other side is gone without a word, ICE fails and so does
// Run.
func TestFailed(t *testing.T) {
	leaks(t)
	var cam *camera
	e := newEngine(t, func(o *Options) {
		o.ICEDisconnected, o.ICEFailed, o.NoMedia = 300*time.Millisecond, 300*time.Millisecond, time.Minute
	})
	c := newCall(t, e, PublisherOptions{OnKeyRequest: func() { cam.keys.Store(true) }})
	cam = &camera{pub: c.pub, film: film(t, codec.VP8, 320, 240, 10, first), pace: time.Second / 60}
	c.connect()
	stop := cam.roll(t)
	c.next().Release()
	stop()
	// The transport dies under the publisher, so that no DTLS goodbye is sent.
	if err := c.pub.sender.Transport().ICETransport().Stop(); err != nil {
		t.Fatal(err)
	}
	c.state(StateDisconnected)
	c.state(StateFailed)
	wantErr(t, c.wait(), ErrFailed)
}

// TestHungUp: a browser that closes its connection says so.
func TestHungUp(t *testing.T) {
	leaks(t)
	c := newCall(t, newEngine(t, nil), PublisherOptions{})
	c.connect()
	c.state(StateConnected)
	if err := c.pub.Close(); err != nil {
		t.Fatal(err)
	}
	wantErr(t, c.wait(), ErrHungUp)
}

// TestClose: in every state a peer's life can be cut, and nothing stays behind
// (leaks looks).
func TestClose(t *testing.T) {
	states := []struct {
		name string
		get  func(*call)
	}{
		{"new", func(*call) {}},
		{"answered", func(c *call) {
			offer, err := c.pub.Offer(c.t.Context(), false)
			if err != nil {
				c.t.Fatal(err)
			}
			if _, err := c.peer.Answer(c.t.Context(), offer); err != nil {
				c.t.Fatal(err)
			}
		}},
		{"connecting", func(c *call) { c.negotiate(false) }},
		{"connected", func(c *call) { c.connect() }},
		{"media", func(c *call) {
			c.connect()
			for _, f := range film(c.t, codec.VP8, 160, 120, 3, first) {
				if err := c.pub.Write(f, time.Second/30); err != nil {
					c.t.Fatal(err)
				}
			}
			c.next().Release()
		}},
	}
	ways := []struct {
		name string
		cut  func(*call, *Engine)
		want error
	}{
		{"context", func(c *call, _ *Engine) { c.stop() }, nil},
		{"close", func(c *call, _ *Engine) { c.peer.Close(); c.peer.Close() }, ErrClosed},
		{"engine", func(c *call, e *Engine) { _ = e.Close() }, ErrClosed},
	}
	for _, s := range states {
		for _, w := range ways {
			t.Run(s.name+" by "+w.name, func(t *testing.T) {
				leaks(t)
				e := newEngine(t, nil)
				c := newCall(t, e, PublisherOptions{Audio: true})
				s.get(c)
				w.cut(c, e)
				if err := c.wait(); !errors.Is(err, w.want) {
					t.Errorf("Run = %v, want %v", err, w.want)
				}
				if _, err := c.peer.Answer(t.Context(), "v=0\r\n"); err == nil {
					t.Error("a closed peer answered")
				}
				wantErr(t, c.peer.AddCandidate(Candidate{Candidate: "x"}), ErrClosed)
				if s := c.peer.Stats().State; s != StateClosed {
					t.Errorf("state = %q, want closed", s)
				}
			})
		}
	}
}

// TestCloseWithoutRun: a peer that was never run leaves nothing either.
func TestCloseWithoutRun(t *testing.T) {
	leaks(t)
	p, err := newEngine(t, nil).NewPeer(PeerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	p.Close()
	_, err = p.Next(t.Context())
	wantErr(t, err, io.EOF)
	if err := p.Run(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("Run after Close = %v, want ErrClosed", err)
	}
	if err := p.Run(t.Context()); err == nil {
		t.Error("a peer ran twice")
	}
}

// TestEngineOptions: nonsense is refused, ports are told.
func TestEngineOptions(t *testing.T) {
	leaks(t)
	local := []netip.Addr{netip.MustParseAddr("127.0.0.1")}
	for _, test := range []struct {
		name string
		o    Options
	}{
		{"no port at all", Options{Addresses: local, UDPPort: -1, TCPPort: -1}},
		{"port too high", Options{Addresses: local, UDPPort: 65536}},
		{"sends more than it may", Options{Addresses: local, MaxBitrate: 1, SendBitrate: 2, StartBitrate: 1}},
		{"an address that is not ours", Options{Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1")}}},
		{"time runs back", Options{Addresses: local, NoMedia: -time.Second}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if e, err := NewEngine(test.o); err == nil {
				t.Errorf("NewEngine took it")
				_ = e.Close()
			}
		})
	}
	e := newEngine(t, nil)
	if _, err := NewEngine(Options{Addresses: local, UDPPort: e.UDPPort(), TCPPort: -1}); err == nil {
		t.Error("a second engine took the same port")
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	_, err := e.NewPeer(PeerOptions{})
	wantErr(t, err, ErrClosed)
}

// TestAllInterfaces: the engine as it is deployed, on every address.
func TestAllInterfaces(t *testing.T) {
	leaks(t)
	e, err := NewEngine(Options{Loopback: true, PublicIPs: []netip.Addr{netip.MustParseAddr("203.0.113.7")}})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	c := newCall(t, e, PublisherOptions{})
	c.connect()
	d := c.peer.pc.LocalDescription().SDP
	for _, ip := range []string{"127.0.0.1", "203.0.113.7"} {
		if !containsCandidate(d, ip) {
			t.Errorf("no candidate with %s in\n%s", ip, d)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.peer.Next(ctx)
	wantErr(t, err, context.Canceled)
}
