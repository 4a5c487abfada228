package webrtc

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"

	"vivavoce/media"
	"vivavoce/media/codec"
)

// benchPackets is a second of VP8 at 1 Mbit/s: 30 frames of 4 packets of 1,100
// bytes.
func benchPackets() [][]byte {
	var all [][]byte
	for f := range 30 {
		for i := range 4 {
			b := header(96, i == 3, uint16(len(all)), uint32(f*3000), 1)
			b = append(b, make([]byte, 1088)...)
			if b[12] = 0; i == 0 {
				b[12] = 0x10
			}
			all = append(all, b)
		}
	}
	return all
}

// BenchmarkIntake: reorder and depacketise, per packet.
func BenchmarkIntake(b *testing.B) {
	for _, test := range []struct {
		name string
		swap int // every how many packets two change places
	}{{"in order", 0}, {"swapped 1 in 10", 10}} {
		b.Run(test.name, func(b *testing.B) {
			var c counters
			in := newIntake(intakeOptions{
				codecs: map[uint8]codec.Name{96: codec.VP8}, bitrate: 1 << 40, counts: &c,
			})
			packets := benchPackets()
			if test.swap > 0 {
				for i := test.swap; i+1 < len(packets); i += test.swap {
					packets[i], packets[i+1] = packets[i+1], packets[i]
				}
			}
			b.ReportAllocs()
			b.SetBytes(int64(len(packets[0])))
			now, i, round := time.Now(), 0, uint16(0)
			base := make([]uint16, len(packets))
			for j, p := range packets {
				base[j] = binary.BigEndian.Uint16(p[2:])
			}
			for b.Loop() {
				p := packets[i]
				binary.BigEndian.PutUint16(p[2:], base[i]+round*uint16(len(packets)))
				in.push(p, now)
				if i++; i == len(packets) {
					i, round = 0, round+1
				}
				select {
				case u := <-in.frames.queue:
					in.frames.put(u)
				default:
				}
			}
			if d := c.stats().Drops; d != (Drops{}) {
				b.Errorf("drops = %+v", d)
			}
		})
	}
}

// TestIntakeAllocates: the path of a packet makes no garbage.
func TestIntakeAllocates(t *testing.T) {
	var c counters
	in := newIntake(intakeOptions{codecs: map[uint8]codec.Name{96: codec.VP8}, bitrate: 1 << 40, counts: &c})
	packets := benchPackets()
	now, seq := time.Now(), uint16(0)
	round := func() {
		for _, p := range packets {
			binary.BigEndian.PutUint16(p[2:], seq)
			seq++
			in.push(p, now)
			select {
			case u := <-in.frames.queue:
				in.frames.put(u)
			default:
			}
		}
	}
	round()
	if n := testing.AllocsPerRun(10, round); n > 0 {
		t.Errorf("%v allocations for %d packets, want none", n, len(packets))
	}
}

// BenchmarkDecrypt: why AES-GCM is asked for first.
func BenchmarkDecrypt(b *testing.B) {
	for _, test := range []struct {
		name      string
		profile   srtp.ProtectionProfile
		key, salt int
	}{
		{"AES-GCM-128", srtp.ProtectionProfileAeadAes128Gcm, 16, 12},
		{"AES-CTR-HMAC-SHA1-80", srtp.ProtectionProfileAes128CmHmacSha1_80, 16, 14},
	} {
		b.Run(test.name, func(b *testing.B) {
			// No replay window: the same packets come again and again.
			open := func() *srtp.Context {
				c, err := srtp.CreateContext(make([]byte, test.key), make([]byte, test.salt), test.profile, srtp.SRTPNoReplayProtection())
				if err != nil {
					b.Fatal(err)
				}
				return c
			}
			sender, receiver := open(), open()
			var sealed [][]byte
			for _, p := range benchPackets() {
				e, err := sender.EncryptRTP(nil, p, nil)
				if err != nil {
					b.Fatal(err)
				}
				sealed = append(sealed, e)
			}
			b.ReportAllocs()
			b.SetBytes(int64(len(sealed[0])))
			dst := make([]byte, 2000)
			var h rtp.Header
			i := 0
			for b.Loop() {
				if _, err := receiver.DecryptRTP(dst, sealed[i], &h); err != nil {
					b.Fatal(err)
				}
				i = (i + 1) % len(sealed)
			}
		})
	}
}

// BenchmarkReceive: a whole connection over loopback, per packet: socket, SRTP,
// pion, reorder, depacketise. The decoder does nothing, and both ends' work is in
// the figure.
func BenchmarkReceive(b *testing.B) {
	e := newEngine(b, func(o *Options) {
		o.MaxBitrate, o.MaxFrames = 1<<40, 1<<40
		o.NewDecoder = func(codec.Name) (Decoder, error) { return blind{}, nil }
	})
	c := newCall(b, e, PublisherOptions{})
	c.connect()
	frame := make([]byte, 4*1100)
	frame[0] = 1 // not a key frame: the decoder below does not mind
	b.ReportAllocs()
	start := c.peer.Stats().Packets
	sent := uint64(0)
	for b.Loop() {
		if err := c.pub.Write(frame, time.Second/30); err != nil {
			b.Fatal(err)
		}
		sent += 4
		for c.peer.Stats().Packets-start+64 < sent {
			time.Sleep(20 * time.Microsecond) // the socket's buffer is the limit
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(sent), "ns/packet")
}

// BenchmarkLastPacketToFrame: from the last packet of a frame in our hands to its
// picture at the consumer, 640×480 VP8 at 30 fps' worth of bits, decoded by FFmpeg.
func BenchmarkLastPacketToFrame(b *testing.B) {
	for _, name := range []codec.Name{codec.VP8, codec.H264, codec.VP9} {
		b.Run(string(name), func(b *testing.B) {
			movie := film(b, name, 640, 480, 60, first)
			c := newCall(b, newEngine(b, func(o *Options) { o.MaxBitrate, o.MaxFrames, o.MaxSamples = 1<<40, 1<<40, 1<<40 }), PublisherOptions{Codec: name})
			c.connect()
			var all latencies
			i := 0
			for b.Loop() {
				if err := c.pub.Write(movie[i%len(movie)], time.Second/30); err != nil {
					b.Fatal(err)
				}
				i++
				f := c.next()
				all = append(all, time.Since(f.Arrived))
				f.Release()
			}
			b.ReportMetric(all.at(0.50), "p50-ms")
			b.ReportMetric(all.at(0.95), "p95-ms")
		})
	}
}

// blind is a decoder that does nothing.
type blind struct{}

func (blind) Decode([]byte, time.Duration, func(*media.Frame)) error { return nil }
func (blind) NeedKey()                                               {}
func (blind) Close()                                                 {}

// latencies is a histogram without bins.
type latencies []time.Duration

// at gives a quantile in milliseconds.
func (l latencies) at(q float64) float64 {
	slices.Sort(l)
	return float64(l[int(q*float64(len(l)-1))]) / float64(time.Millisecond)
}
