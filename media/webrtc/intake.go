package webrtc

import (
	"sync"
	"time"

	"vivavoce/media/codec"
)

// intake is a video track from its packets to whole frames. The track's own
// reader, the reader of retransmissions and the keeper (which gives up gaps)
// call it, so a lock holds it together.
type intake struct {
	keys   keyAsker
	counts *counters
	ssrc   uint32
	wake   chan struct{} // one token: a gap opened or a key frame is wanted

	mu        sync.Mutex
	window    window
	frames    *assembler
	rate      rateLimit
	last      time.Time // arrival of the last packet
	lastPT    uint8
	originals map[uint8]uint8 // payload type of a retransmission → of what it repeats
	nacks     []uint16
	packet    packet // the one in hand; a field, so that it is not allocated anew
}

type intakeOptions struct {
	ssrc      uint32
	codecs    map[uint8]codec.Name
	originals map[uint8]uint8
	bitrate   int // bit/s
	counts    *counters
}

func newIntake(o intakeOptions) *intake {
	in := &intake{
		counts: o.counts, ssrc: o.ssrc, originals: o.originals,
		rate: newRateLimit(float64(o.bitrate) / 8), wake: make(chan struct{}, 1),
	}
	in.frames = newAssembler(o.codecs, o.counts, in.wantKey)
	in.window.deliver = in.frames.add
	in.keys.wantSoon(time.Now())
	return in
}

func (in *intake) wantKey() {
	in.keys.want()
	in.signal()
}

func (in *intake) signal() {
	select {
	case in.wake <- struct{}{}:
	default:
	}
}

// push takes one RTP packet of the track, as it came.
func (in *intake) push(raw []byte, now time.Time) { in.receive(raw, now, false) }

// pushRTX takes one RTP packet of the track's retransmission stream.
func (in *intake) pushRTX(raw []byte, now time.Time) { in.receive(raw, now, true) }

func (in *intake) receive(raw []byte, now time.Time, rtx bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.counts.packets.Add(1)
	in.counts.bytes.Add(uint64(len(raw)))
	p := &in.packet
	*p = packet{arrived: now}
	if !parseRTP(raw, p) {
		in.counts.corrupt.Add(1)
		return
	}
	in.last = now
	if rtx {
		if !unwrapRTX(p, in.original(p.pt)) {
			return // a probe
		}
	} else {
		in.lastPT = p.pt
	}
	if !in.rate.allow(len(raw), now) {
		in.counts.overRate.Add(1)
		p.shed, p.payload = true, nil
	}
	in.count(in.window.push(p))
	if in.window.waiting() {
		in.signal()
	}
}

func (in *intake) original(rtx uint8) uint8 {
	if pt, ok := in.originals[rtx]; ok {
		return pt
	}
	return in.lastPT
}

func (in *intake) count(a arrival) {
	switch a {
	case recovered:
		in.counts.recovered.Add(1)
	case duplicate:
		in.counts.duplicate.Add(1)
	case late:
		in.counts.late.Add(1)
	case foreign:
		in.counts.foreign.Add(1)
	}
}

// tend gives up gaps that are too old and returns what to ask for again, valid
// until the next call, and whether a gap is still open.
func (in *intake) tend(now time.Time) (nacks []uint16, open bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	before := in.window.lost
	in.window.expire(now)
	in.counts.lost.Add(in.window.lost - before)
	in.nacks = in.window.missing(now, in.nacks[:0])
	in.counts.nacks.Add(uint64(len(in.nacks)))
	return in.nacks, in.window.waiting()
}

// quiet says for how long no packet came, and abused whether the sender is to be
// cut off for its rate.
func (in *intake) quiet(now time.Time) (since time.Time, abused bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.last, in.rate.abused(now)
}
