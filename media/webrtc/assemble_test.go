package webrtc

import (
	"bytes"
	"testing"
	"time"

	"vivavoce/media/codec"
)

// frames reads what an assembler has finished.
func frames(a *assembler) (all []string, gaps []bool) {
	for {
		select {
		case u := <-a.queue:
			all, gaps = append(all, string(u.data)), append(gaps, u.gap)
			a.put(u)
		default:
			return all, gaps
		}
	}
}

func vp8Part(ts uint32, start, marker bool, data string) *packet {
	b := byte(0)
	if start {
		b = 0x10
	}
	return &packet{pt: 96, ts: ts, marker: marker, payload: append([]byte{b}, data...)}
}

func TestAssemble(t *testing.T) {
	type in struct {
		p   *packet
		gap bool
	}
	for _, test := range []struct {
		name string
		in   []in
		want []string
		gaps []bool
		drop func(Drops) bool
	}{
		{"two frames", []in{
			{vp8Part(1, true, false, "a"), false}, {vp8Part(1, false, true, "b"), false}, {vp8Part(2, true, true, "c"), false},
		}, []string{"ab", "c"}, []bool{false, false}, func(d Drops) bool { return d == Drops{} }},
		{"no marker", []in{
			{vp8Part(1, true, false, "a"), false}, {vp8Part(2, true, true, "b"), false},
		}, []string{"a", "b"}, []bool{false, false}, func(d Drops) bool { return d == Drops{} }},
		{"a hole in a frame", []in{
			{vp8Part(1, true, false, "a"), false}, {vp8Part(1, false, true, "c"), true}, {vp8Part(2, true, true, "d"), false},
		}, []string{"d"}, []bool{true}, func(d Drops) bool { return d.Gap == 1 && d.Corrupt == 0 }},
		{"a beginning lost", []in{
			{vp8Part(1, true, true, "a"), false}, {vp8Part(2, false, false, "c"), true}, {vp8Part(2, false, true, "d"), false}, {vp8Part(3, true, true, "e"), false},
		}, []string{"a", "e"}, []bool{false, true}, func(d Drops) bool { return d.Corrupt == 0 }},
		{"whole frames lost", []in{
			{vp8Part(1, true, true, "a"), false}, {vp8Part(5, true, true, "e"), true},
		}, []string{"a", "e"}, []bool{false, true}, func(d Drops) bool { return d == Drops{} }},
		{"padding between", []in{
			{vp8Part(1, true, false, "a"), false}, {&packet{pt: 96, ts: 1}, false}, {vp8Part(1, false, true, "b"), false},
		}, []string{"ab"}, []bool{false}, func(d Drops) bool { return d == Drops{} }},
		{"shed", []in{
			{vp8Part(1, true, false, "a"), false}, {&packet{pt: 96, ts: 1, shed: true}, false}, {vp8Part(1, false, true, "b"), false}, {vp8Part(2, true, true, "c"), false},
		}, []string{"c"}, []bool{true}, func(d Drops) bool { return d.Corrupt == 0 }},
		{"unknown type", []in{
			{&packet{pt: 5, ts: 1, payload: []byte{0x10, 1}}, false}, {vp8Part(2, true, true, "c"), false},
		}, []string{"c"}, []bool{true}, func(d Drops) bool { return d.Foreign == 1 }},
		{"broken payload", []in{
			{&packet{pt: 96, ts: 1, payload: []byte{0x80}}, false}, {vp8Part(2, true, true, "c"), false},
		}, []string{"c"}, []bool{true}, func(d Drops) bool { return d.Corrupt == 1 }},
		{"another codec", []in{
			{vp8Part(1, true, true, "a"), false}, {&packet{pt: 102, ts: 2, marker: true, payload: []byte{0x65, 'x'}}, false},
		}, []string{"a", "\x00\x00\x00\x01ex"}, []bool{false, true}, func(d Drops) bool { return d == Drops{} }},
	} {
		t.Run(test.name, func(t *testing.T) {
			var c counters
			wanted := 0
			a := newAssembler(map[uint8]codec.Name{96: codec.VP8, 102: codec.H264}, &c, func() { wanted++ })
			for _, i := range test.in {
				a.add(i.p, i.gap)
			}
			got, gaps := frames(a)
			if len(got) != len(test.want) {
				t.Fatalf("frames %q, want %q", got, test.want)
			}
			anyGap := false
			for i := range got {
				if got[i] != test.want[i] || gaps[i] != test.gaps[i] {
					t.Errorf("frame %d = %q gap %v, want %q gap %v", i, got[i], gaps[i], test.want[i], test.gaps[i])
				}
				anyGap = anyGap || gaps[i]
			}
			if anyGap != (wanted > 0) {
				t.Errorf("key frame wanted %d times, gap %v", wanted, anyGap)
			}
			if d := c.stats().Drops; !test.drop(d) {
				t.Errorf("drops = %+v", d)
			}
		})
	}
}

// TestAssembleBounds: a frame without end and a decoder that stands still keep
// no more than their bounds.
func TestAssembleBounds(t *testing.T) {
	var c counters
	a := newAssembler(map[uint8]codec.Name{96: codec.VP8}, &c, func() {})
	big := string(make([]byte, 60_000))
	for i := range 100 { // 6 MB of one frame
		a.add(vp8Part(1, i == 0, false, big), false)
	}
	if d := c.stats().Drops; d.Oversize != 1 {
		t.Errorf("oversize = %d, want 1", d.Oversize)
	}
	a.add(vp8Part(1, false, true, "end"), false)
	for i := range 50 {
		a.add(vp8Part(uint32(i+2), true, true, "x"), false)
	}
	got, _ := frames(a)
	if d := c.stats().Drops; len(got) != queueSize || d.Queue != 50-queueSize {
		t.Errorf("%d frames waited, %d dropped; want %d and %d", len(got), d.Queue, queueSize, 50-queueSize)
	}
	a.add(vp8Part(100, true, true, "y"), false)
	if _, gaps := frames(a); len(gaps) != 1 || !gaps[0] {
		t.Error("the frame after a full queue does not tell of the gap")
	}
}

func TestH264Payload(t *testing.T) {
	for _, test := range []struct {
		name  string
		in    [][]byte
		want  []byte
		first bool // of the first payload
		fails bool // the last payload
	}{
		{"one unit", [][]byte{{0x61, 1, 2}}, []byte{0, 0, 0, 1, 0x61, 1, 2}, false, false},
		{"SPS and PPS in one", [][]byte{{24, 0, 2, 0x67, 1, 0, 2, 0x68, 2}}, []byte{0, 0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x68, 2}, true, false},
		{"fragments", [][]byte{{0x7c, 0x85, 1}, {0x7c, 0x05, 2}, {0x7c, 0x45, 3}}, []byte{0, 0, 0, 1, 0x65, 1, 2, 3}, false, false},
		{"a middle without a start", [][]byte{{0x7c, 0x05, 2}}, nil, false, true},
		{"two starts", [][]byte{{0x7c, 0x85, 1}, {0x7c, 0x85, 1}}, nil, false, true},
		{"fragment too short", [][]byte{{0x7c, 0x85}}, nil, false, true},
		{"aggregate cut", [][]byte{{24, 0, 5, 0x67, 1}}, nil, false, true},
		{"aggregate of nothing", [][]byte{{24, 0, 0}}, nil, false, true},
		{"interleaved mode", [][]byte{{25, 0, 0}}, nil, false, true},
		{"empty", [][]byte{{}}, nil, false, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			var h h264Payload
			var got []byte
			for i, payload := range test.in {
				var first bool
				var err error
				got, first, err = h.append(got, payload)
				if i == 0 && first != test.first {
					t.Errorf("first = %v, want %v", first, test.first)
				}
				if fails := test.fails && i == len(test.in)-1; fails != (err != nil) {
					t.Fatalf("payload %d: err = %v, want one: %v", i, err, fails)
				}
			}
			if !test.fails && !bytes.Equal(got, test.want) {
				t.Errorf("got % x, want % x", got, test.want)
			}
		})
	}
}

// TestVP9References: pion's reader gathers reference indices over packets and
// would refuse the fourth frame.
func TestVP9References(t *testing.T) {
	var v vp9Payload
	inter := []byte{0x40 | 0x10 | 0x08, 1<<1 | 1, 2<<1 | 1, 3 << 1, 0xaa} // P, F, B; three references
	for i := range 10 {
		got, first, err := v.append(nil, inter)
		if err != nil || !first || len(got) != 1 {
			t.Fatalf("frame %d: %x, first %v, err %v", i, got, first, err)
		}
	}
}

func TestSenderClock(t *testing.T) {
	const ms = time.Millisecond
	type in struct {
		ts      int64 // in ms of the sender's clock
		arrived time.Duration
		want    time.Duration
	}
	for _, test := range []struct {
		name  string
		in    []in
		clamp uint64
	}{
		{"steady", []in{{0, 0, 0}, {40, 40 * ms, 40 * ms}, {80, 95 * ms, 80 * ms}}, 0},
		{"a late first frame", []in{{0, 0, 0}, {1500, 10 * ms, 1500 * ms}, {1540, 20 * ms, 1540 * ms}}, 0},
		{"a pause of both", []in{{0, 0, 0}, {9000, 9010 * ms, 9000 * ms}}, 0},
		{"leaps ahead", []in{{0, 0, 0}, {40, 40 * ms, 40 * ms}, {60040, 80 * ms, 2230 * ms}, {60080, 120 * ms, 2270 * ms}}, 1},
		{"leaps ahead once settled", []in{{0, 0, 0}, {4000, 4000 * ms, 4000 * ms}, {64000, 4040 * ms, 4190*ms + 408*time.Microsecond}, {64040, 4080 * ms, 4230*ms + 408*time.Microsecond}}, 1},
		{"falls back", []in{{0, 0, 0}, {1000, 1000 * ms, 1000 * ms}, {500, 1040 * ms, 1040 * ms}, {540, 1080 * ms, 1080 * ms}}, 1},
		{"says the same again", []in{{0, 0, 0}, {40, 40 * ms, 40 * ms}, {40, 1000 * ms, 40 * ms}, {1040, 1041 * ms, 1040 * ms}}, 0},
		{"stands still", []in{{0, 0, 0}, {1, 1000 * ms, ms}, {2, 2003 * ms, 3 * ms}, {3, 2103 * ms, 103 * ms}}, 2},
		{"back while ahead", []in{{0, 0, 0}, {1500, 10 * ms, 1500 * ms}, {1000, 20 * ms, 1510 * ms}, {1010, 30 * ms, 1520 * ms}}, 1},
		{"a queue, caught up", []in{{0, 0, 0}, {4000, 4000 * ms, 4000 * ms}, {4040, 6000 * ms, 4040 * ms}, {4080, 6000 * ms, 4080 * ms}, {4280, 6001 * ms, 4280 * ms}}, 0},
		{"a lag, jumped over", []in{{0, 0, 0}, {4000, 4000 * ms, 4000 * ms}, {4010, 5900 * ms, 4010 * ms}, {5900, 5900 * ms, 4260 * ms}, {5901, 5901 * ms, 4511 * ms}}, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			var c senderClock
			start := time.Now()
			for i, in := range test.in {
				// Begins near the wrap of 32 bits.
				if got := c.pts(uint32(1<<32-100+in.ts*90), start.Add(in.arrived)); got != in.want {
					t.Errorf("frame %d: PTS = %v, want %v", i, got, in.want)
				}
			}
			if c.clamped != test.clamp {
				t.Errorf("clamped = %d, want %d", c.clamped, test.clamp)
			}
		})
	}
}

func TestKeyAsker(t *testing.T) {
	var k keyAsker
	now := time.Now()
	if k.due(now) {
		t.Error("asked though nobody wants one")
	}
	k.want()
	var asked []time.Duration
	for at := now; at.Before(now.Add(10 * time.Second)); at = at.Add(10 * time.Millisecond) {
		if k.due(at) {
			asked = append(asked, at.Sub(now))
		}
	}
	want := []time.Duration{0, 300, 900, 2100, 4500, 7500}
	if len(asked) != len(want) {
		t.Fatalf("asked at %v, want about %v ms", asked, want)
	}
	for i := range want {
		if d := asked[i] - want[i]*time.Millisecond; d < 0 || d > 50*time.Millisecond {
			t.Errorf("asked at %v, want %v ms", asked[i], int(want[i]))
		}
	}
	k.got()
	if k.waiting() || k.due(now.Add(time.Minute)) {
		t.Error("asked after it came")
	}
}
