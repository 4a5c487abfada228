package webrtc

import (
	"log/slog"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/media/codec"
)

// still is a decoder that shows a picture of one size for every unit, some of them
// several, and counts what it was given.
type still struct {
	pool          media.Pool
	width, height int
	shows         int
	decoded, keys int
}

func (s *still) Decode(_ []byte, pts time.Duration, emit func(*media.Frame)) error {
	s.decoded++
	for range s.shows {
		f := s.pool.Get(s.width, s.height)
		f.PTS = pts
		emit(f)
	}
	return nil
}
func (s *still) NeedKey() { s.keys++ }
func (s *still) Close()   {}

// newDecoding makes a decoder's side of a peer, without a connection.
func newDecoding(t *testing.T, s *still) *decoding {
	t.Helper()
	o, err := Options{NewDecoder: func(codec.Name) (Decoder, error) { return s, nil }}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	p := &Peer{engine: &Engine{options: o}, log: slog.New(slog.DiscardHandler), latest: media.NewLatest()}
	in := newIntake(intakeOptions{bitrate: o.MaxBitrate, counts: &p.counts})
	return &decoding{peer: p, intake: in, limit: newDecodeLimit(o)}
}

// TestDecodeTimesGrow: one picture for each time, however often a unit or a decoder
// gives it.
func TestDecodeTimesGrow(t *testing.T) {
	for _, test := range []struct {
		name                      string
		shows                     int
		ts                        []uint32
		decoded, frames, repeated int
	}{
		{"each its own", 1, []uint32{0, 3000, 6000}, 3, 3, 0},
		{"twice the same", 1, []uint32{0, 3000, 3000, 3000, 6000}, 3, 3, 2},
		{"the first twice", 1, []uint32{0, 0, 3000}, 2, 2, 1},
		{"parameters before their picture", 0, []uint32{0, 0, 3000}, 3, 0, 0},
		{"two pictures in one unit", 2, []uint32{0, 3000}, 2, 2, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := &still{width: 16, height: 16, shows: test.shows}
			d := newDecoding(t, s)
			last, now := time.Duration(-1), time.Now()
			emit := func(f *media.Frame) {
				n := d.seq
				if d.emit(f); d.seq > n {
					if d.shownAt <= last {
						t.Errorf("PTS %v after %v", d.shownAt, last)
					}
					last = d.shownAt
				}
			}
			for i, ts := range test.ts {
				d.unit = &unit{codec: codec.VP8, ts: ts, arrived: now.Add(time.Duration(i) * time.Second / 30)}
				if err := d.decode(emit); err != nil {
					t.Fatal(err)
				}
			}
			c := d.peer.counts.stats()
			if s.decoded != test.decoded || c.Frames != uint64(test.frames) || c.Drops.Duplicate != uint64(test.repeated) {
				t.Errorf("decoded %d, frames %d, repeated %d; want %d, %d, %d", s.decoded, c.Frames, c.Drops.Duplicate, test.decoded, test.frames, test.repeated)
			}
			if dropped := len(test.ts) - test.decoded; s.keys != dropped {
				t.Errorf("key frame needed %d times for %d units dropped", s.keys, dropped)
			}
		})
	}
}

// TestDecodeOverRate: small frames and large pictures are bounded by what they cost
// to decode, and a sender who goes on is cut off.
func TestDecodeOverRate(t *testing.T) {
	for _, test := range []struct {
		name          string
		width, height int
		fps           int
		shows         int
		dropped       bool
	}{
		{"a phone, upright", 720, 1280, 30, 1, false},
		{"a phone, 4:3", 1280, 960, 30, 1, false},
		{"60 fps", 640, 480, 60, 1, false},
		{"75 fps of nothing", 16, 16, 75, 1, true},
		{"1000 fps of nothing", 16, 16, 1000, 1, true},
		{"the largest at 60 fps", 1280, 1280, 60, 1, true},
		{"never shown", 1280, 1280, 60, 0, true},
		{"four in each unit", 1280, 720, 30, 4, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := &still{width: test.width, height: test.height, shows: test.shows}
			d := newDecoding(t, s)
			now := time.Now()
			var err error
			seconds := 20
			for i := 0; i < seconds*test.fps && err == nil; i++ {
				at := time.Duration(i) * time.Second / time.Duration(test.fps)
				d.unit = &unit{codec: codec.VP8, ts: uint32(i*90_000/test.fps) + 1, arrived: now.Add(at)}
				err = d.decode(d.emit)
			}
			drops := d.peer.counts.stats().Drops
			if !test.dropped {
				if err != nil || drops != (Drops{}) {
					t.Errorf("err %v, drops %+v, want neither", err, drops)
				}
				return
			}
			wantErr(t, err, ErrOverRate)
			if drops.OverRate == 0 || s.keys == 0 || s.decoded > (seconds+1)*60 {
				t.Errorf("drops %+v, %d key frames needed, %d decoded", drops, s.keys, s.decoded)
			}
		})
	}
}

// TestDecodeTellsTheWay: each picture says how it came, with the sender's own time where
// PTS is bounded, and across the timestamp's wrap.
func TestDecodeTellsTheWay(t *testing.T) {
	frames := film(t, codec.VP8, 160, 120, 3, first)
	d := newDecoding(t, nil)
	d.peer.engine.options.NewDecoder = func(n codec.Name) (Decoder, error) { return codec.NewDecoder(n, codec.Limits{}) }
	d.peer.rtt.Store(int64(30 * time.Millisecond))
	d.intake.wantKey()
	defer func() { d.decoder.Close() }()
	now := time.Now()
	for i, test := range []struct {
		ts  uint32
		key bool
	}{{1<<32 - 16, true}, {3000 - 16, false}, {900_000 - 16, false}} {
		d.unit = &unit{codec: codec.VP8, data: frames[i], ts: test.ts, arrived: now.Add(time.Duration(i) * 33 * time.Millisecond)}
		if err := d.decode(d.emit); err != nil {
			t.Fatal(err)
		}
		f, err := d.peer.latest.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got := f.Link
		want := media.Link{
			Codec: "VP8", Ticks: []int64{0, 3000, 900_000}[i], Arrived: time.Duration(i) * 33 * time.Millisecond,
			RTT: 30 * time.Millisecond, Bytes: len(frames[i]), Quantizer: got.Quantizer, Partitions: 1, Key: test.key, Asked: test.key,
		}
		if got != want || got.Quantizer == 0 {
			t.Errorf("frame %d: link %+v, want %+v", i, got, want)
		}
		f.Release()
	}
}
