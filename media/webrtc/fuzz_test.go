package webrtc

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pion/sdp/v3"

	"vivavoce/media/codec"
)

// offers reads the offers of real browsers under testdata.
func offers(t testing.TB) map[string]string {
	t.Helper()
	names, err := filepath.Glob("testdata/offers/*.sdp")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(name)] = string(b)
	}
	return all
}

// FuzzOffer: whatever is offered is refused with one of our errors, or comes out
// within the limits.
func FuzzOffer(f *testing.F) {
	f.Add(sessionSection + section(0))
	f.Add(sessionSection + section(0) + section(1))
	f.Add("")
	for _, offer := range offers(f) {
		f.Add(offer)
	}
	known := []error{ErrBadSDP, ErrTooLarge, ErrNoVideo, ErrTooManyTracks, ErrTooMany, ErrNoCodec}
	f.Fuzz(func(t *testing.T, offer string) {
		cleaned, n, err := checkOffer(offer, Options{}.mayName)
		if err != nil {
			for _, k := range known {
				if errors.Is(err, k) {
					return
				}
			}
			t.Fatalf("err = %v, none of ours", err)
		}
		if n > maxCandidates {
			t.Fatalf("%d candidates passed", n)
		}
		var d sdp.SessionDescription
		if err := d.UnmarshalString(cleaned); err != nil {
			t.Fatalf("cleaned offer %q: %v", cleaned, err)
		}
		if err := checkMedia(d.MediaDescriptions); err != nil {
			t.Fatalf("cleaned offer %q: %v", cleaned, err)
		}
		for _, m := range d.MediaDescriptions {
			if countAttributes(m.Attributes, "simulcast")+countAttributes(m.Attributes, "rid") > 0 {
				t.Fatalf("simulcast passed: %q", cleaned)
			}
		}
	})
}

// FuzzIntake feeds packets, each as: time in ms (1 byte), flags (bit 0: a
// retransmission), length (2 bytes), bytes. Whatever comes, frames are bounded,
// arrive in order of sequence, and all packets are accounted for.
func FuzzIntake(f *testing.F) {
	seed := func(packets ...[]byte) []byte {
		var b []byte
		for _, p := range packets {
			b = append(b, 5, 0)
			b = binary.BigEndian.AppendUint16(b, uint16(len(p)))
			b = append(b, p...)
		}
		return b
	}
	f.Add(seed(
		append(header(96, false, 1, 0, 1), 0x10, 1, 2), append(header(96, true, 2, 0, 1), 0, 3),
		append(header(96, true, 4, 3000, 1), 0x10, 4), append(header(96, true, 3, 3000, 1), 0x10, 4)))
	f.Add(seed(
		append(header(102, false, 9, 0, 1), 24, 0, 1, 0x67), append(header(102, false, 10, 0, 1), 0x7c, 0x85, 2),
		append(header(102, true, 11, 0, 1), 0x7c, 0x45, 2)))
	f.Add(seed(append(header(98, true, 1, 0, 1), 0x9a, 0x80, 1, 0x18, 1, 2, 3)))
	f.Fuzz(func(t *testing.T, data []byte) {
		var c counters
		in := newIntake(intakeOptions{
			codecs:    map[uint8]codec.Name{96: codec.VP8, 98: codec.VP9, 102: codec.H264},
			originals: map[uint8]uint8{97: 96}, bitrate: 8_000_000, counts: &c,
		})
		now := time.Now()
		var pushed uint64
		for len(data) >= 4 {
			now = now.Add(time.Duration(data[0]) * time.Millisecond)
			rtx, n := data[1]&1 == 1, int(binary.BigEndian.Uint16(data[2:]))
			data = data[4:]
			n = min(n, len(data))
			in.receive(data[:n], now, rtx)
			data = data[n:]
			pushed++
			nacks, open := in.tend(now)
			if len(nacks) >= windowSize || (len(nacks) > 0 && !open) {
				t.Fatalf("asks for %d packets, gap open %v", len(nacks), open)
			}
		}
		last := now
		for len(in.frames.queue) > 0 {
			u := <-in.frames.queue
			if len(u.data) > maxUnit || u.arrived.After(last) {
				t.Fatalf("frame of %d bytes arrived %v after the end", len(u.data), u.arrived.Sub(last))
			}
		}
		if got := c.packets.Load(); got != pushed {
			t.Fatalf("counted %d packets of %d", got, pushed)
		}
		if _, open := in.tend(now.Add(time.Minute)); open {
			t.Fatal("a gap is open after a minute")
		}
	})
}
