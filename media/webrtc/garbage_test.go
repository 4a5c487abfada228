package webrtc

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pion/rtp"

	"vivavoce/media/codec"
)

// header makes an RTP header for a payload.
func header(pt uint8, marker bool, seq uint16, ts, ssrc uint32) []byte {
	b := make([]byte, 12)
	b[0], b[1] = 0x80, pt
	if marker {
		b[1] |= 0x80
	}
	binary.BigEndian.PutUint16(b[2:], seq)
	binary.BigEndian.PutUint32(b[4:], ts)
	binary.BigEndian.PutUint32(b[8:], ssrc)
	return b
}

// TestGarbage: packets that no browser sends, under good encryption and in
// sequence, cost nothing but their count: the picture goes on.
func TestGarbage(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	noise := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return b
	}
	for _, test := range []struct {
		name string
		make func(i int, pt uint8) *rtp.Packet
	}{
		{"wrong payload type", func(i int, _ uint8) *rtp.Packet {
			return &rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 45, Marker: true}, Payload: []byte{1, 2, 3}}
		}},
		{"empty payload", func(i int, pt uint8) *rtp.Packet {
			return &rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: pt, Marker: i%2 == 0, Timestamp: random.Uint32()}}
		}},
		{"noise for a payload", func(i int, pt uint8) *rtp.Packet {
			return &rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: pt, Marker: i%3 == 0, Timestamp: random.Uint32()}, Payload: noise(100)}
		}},
		{"noise for a key frame", func(i int, pt uint8) *rtp.Packet {
			key := append([]byte{0x10, 0, 0, 0, 0x9d, 1, 0x2a, 160, 0, 120, 0}, noise(50)...)
			return &rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: pt, Marker: true, Timestamp: random.Uint32()}, Payload: key}
		}},
		{"padding all through", func(i int, pt uint8) *rtp.Packet {
			return &rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: pt, Padding: true, PaddingSize: 200}, PaddingSize: 200}
		}},
		{"broken header extension", func(i int, pt uint8) *rtp.Packet {
			h := rtp.Header{Version: 2, PayloadType: pt, Extension: true, ExtensionProfile: 0x1234}
			_ = h.SetExtension(0, noise(8))
			return &rtp.Packet{Header: h, Payload: noise(10)}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			leaks(t)
			var cam *camera
			c := newCall(t, newEngine(t, nil), PublisherOptions{OnKeyRequest: func() { cam.keys.Store(true) }})
			cam = &camera{pub: c.pub, film: film(t, codec.VP8, 160, 120, 30, first), pace: time.Second / 50}
			c.connect()
			stop := cam.roll(t)
			defer stop()
			c.next().Release()
			for i := range 300 {
				if err := c.pub.link.insert(test.make(i, c.pub.PayloadType())); err != nil {
					t.Fatal(err)
				}
			}
			seen := c.peer.Stats().Frames
			for c.peer.Stats().Frames < seen+50 {
				c.next().Release()
			}
			t.Logf("%+v", c.peer.Stats())
		})
	}
}

// TestJumpingSequence: wild sequence numbers spoil the sender's own encryption
// (SRTP counts their wraps), so that the peer may fall silent. It ends then, and
// nothing stays.
func TestJumpingSequence(t *testing.T) {
	leaks(t)
	random := rand.New(rand.NewPCG(4, 4))
	e := newEngine(t, func(o *Options) { o.NoMedia = 500 * time.Millisecond })
	c := newCall(t, e, PublisherOptions{})
	c.connect()
	for range 1000 {
		b := header(c.pub.PayloadType(), true, uint16(random.Uint32()), random.Uint32(), c.pub.SSRC())
		if err := c.pub.WriteRTP(append(b, 0x10, 0, 0)); err != nil {
			break
		}
	}
	wantErr(t, c.wait(), ErrNoMedia)
	if s := c.peer.Stats(); s.Drops.Foreign == 0 || s.Frames != 0 {
		t.Errorf("stats = %+v, want foreign packets, no frames", s)
	}
}

// TestStreamFlood: a sender that makes ever more streams is cut off.
func TestStreamFlood(t *testing.T) {
	leaks(t)
	c := newCall(t, newEngine(t, nil), PublisherOptions{})
	c.connect()
	for i := range 100 {
		b := append(header(c.pub.PayloadType(), true, 1, 0, c.pub.SSRC()+uint32(i)), 0x10, 0, 0)
		if err := c.pub.WriteRTP(b); err != nil {
			break // the peer has gone, as it should
		}
	}
	wantErr(t, c.wait(), ErrTooManyTracks)
}

func TestParseRTP(t *testing.T) {
	long := append(header(96, true, 7, 9, 1), 1, 2, 3, 4)
	with := func(change func(b []byte) []byte) []byte { return change(append([]byte(nil), long...)) }
	for _, test := range []struct {
		name string
		b    []byte
		ok   bool
		want int // bytes of payload
	}{
		{"plain", long, true, 4},
		{"nothing", nil, false, 0},
		{"short", long[:11], false, 0},
		{"header alone", long[:12], true, 0},
		{"version 1", with(func(b []byte) []byte { b[0] = 0x40; return b }), false, 0},
		{"one source", with(func(b []byte) []byte { b[0] |= 1; return b }), true, 0},
		{"two sources", with(func(b []byte) []byte { b[0] |= 2; return b }), false, 0},
		{"extension cut", with(func(b []byte) []byte { b[0] |= 0x10; return b[:14] }), false, 0},
		{"extension too long", with(func(b []byte) []byte { b[0] |= 0x10; b[15] = 1; return b }), false, 0},
		{"extension", with(func(b []byte) []byte { b[0] |= 0x10; b[14], b[15] = 0, 0; return append(b, 5) }), true, 1},
		{"padding", with(func(b []byte) []byte { b[0] |= 0x20; b[15] = 3; return b }), true, 1},
		{"padding too long", with(func(b []byte) []byte { b[0] |= 0x20; b[15] = 5; return b }), false, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			var p packet
			ok := parseRTP(test.b, &p)
			if ok != test.ok || len(p.payload) != test.want {
				t.Fatalf("ok %v, payload %d bytes; want %v, %d", ok, len(p.payload), test.ok, test.want)
			}
			if ok && (p.seq != 7 || p.ts != 9 || p.pt != 96 || !p.marker) {
				t.Errorf("header = %+v", p)
			}
		})
	}
}

func TestUnwrapRTX(t *testing.T) {
	p := packet{seq: 1, pt: 97, payload: []byte{0x12, 0x34, 9}}
	if !unwrapRTX(&p, 96) || p.seq != 0x1234 || p.pt != 96 || len(p.payload) != 1 {
		t.Errorf("got %+v, want packet 0x1234 of type 96 with one byte", p)
	}
	p.payload = []byte{1}
	if unwrapRTX(&p, 96) {
		t.Error("a probe passed for a packet")
	}
}
