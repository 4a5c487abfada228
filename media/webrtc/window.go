package webrtc

import "time"

// windowSize is how many sequence numbers the reorder window spans. At 8 Mbit/s
// (1,000 packets/s) it is half a second, more than the time limit lets wait; a
// power of two, so that a slot is found by masking.
const windowSize = 512

// Times of the reorder window.
const (
	// A frame waits this long for a missing packet: two retransmissions at the
	// round trips of mobile networks (100 ms), and short enough that the key
	// frame asked for afterwards comes within half a second.
	gapWait = 300 * time.Millisecond
	// The second and later requests for one packet come this far apart, growing
	// by half of it each time. Chrome ignores requests within a round trip of the last.
	nackEvery = 40 * time.Millisecond
	// maxNacks bounds the requests for one packet within gapWait.
	maxNacks = 5
)

// packet is one RTP packet, its payload borrowed until the call returns.
type packet struct {
	seq     uint16
	ts      uint32 // 90 kHz
	pt      uint8
	marker  bool // last packet of a frame
	shed    bool // thrown away for its rate; keeps its place in the sequence
	payload []byte
	arrived time.Time
}

type slotState uint8

const (
	slotEmpty   slotState = iota
	slotMissing           // known to have been sent, not here yet
	slotHeld              // here, waiting for an earlier one
	slotDone              // delivered
)

type slot struct {
	seq    int64
	state  slotState
	p      packet
	buf    []byte // owns p.payload while held
	since  time.Time
	nackAt time.Time
	nacks  uint8
}

// arrival says what became of a pushed packet.
type arrival uint8

const (
	taken     arrival = iota // delivered, or held until earlier ones come
	recovered                // the same, and it had been missing
	duplicate                // was here already
	late                     // after the window had given up on it
	foreign                  // a sequence number from nowhere
)

// window puts packets back into order. A packet that comes in order passes
// without a copy; one that is early is copied and held until the gap before it
// closes, is too old, or the window is full. The zero window is ready.
type window struct {
	// deliver gets every packet in order; gap says that one or more before it
	// will never come.
	deliver func(p *packet, gap bool)

	slots   [windowSize]slot
	started bool
	next    int64 // the sequence number to deliver next, unwrapped
	highest int64 // the highest one seen
	skipped bool  // a gap was given up and nothing delivered since
	lost    uint64

	strange     bool // the last packet was foreign …
	strangeNext uint16
}

// waiting says whether a gap keeps packets back.
func (w *window) waiting() bool { return w.started && w.next <= w.highest }

func (w *window) slot(seq int64) *slot { return &w.slots[seq&(windowSize-1)] }

func (w *window) push(p *packet) arrival {
	if !w.started {
		w.restart(p.seq)
	}
	seq := w.next + int64(int16(p.seq-uint16(w.next)))
	if seq-w.next >= windowSize || w.next-seq > windowSize {
		return w.probe(p)
	}
	w.strange = false
	s := w.slot(seq)
	if seq < w.next {
		if s.seq == seq && s.state == slotDone {
			return duplicate
		}
		return late
	}
	what := taken
	if s.seq == seq {
		switch s.state {
		case slotHeld:
			return duplicate
		case slotMissing:
			what = recovered
		}
	}
	w.note(seq, p.arrived)
	if seq == w.next {
		s.seq, s.state = seq, slotDone
		w.hand(p)
	} else {
		s.hold(seq, p)
	}
	w.drain()
	return what
}

// probe handles a packet outside the window: noise, unless the one after it
// follows, which is how RFC 3550 A.1 tells a restarted sender from a stray.
func (w *window) probe(p *packet) arrival {
	follows := w.strange && p.seq == w.strangeNext
	w.strange, w.strangeNext = true, p.seq+1
	if !follows {
		return foreign
	}
	w.restart(p.seq)
	w.skipped = true
	return w.push(p)
}

func (w *window) restart(seq uint16) {
	for i := range w.slots {
		w.slots[i].state = slotEmpty
	}
	w.started, w.strange = true, false
	w.next = int64(seq) + 1<<16 // stays positive when older packets are looked up
	w.highest = w.next - 1
}

// note marks the sequence numbers between the highest so far and seq as missing.
func (w *window) note(seq int64, now time.Time) {
	for i := w.highest + 1; i < seq; i++ {
		s := w.slot(i)
		s.seq, s.state, s.since, s.nackAt, s.nacks = i, slotMissing, now, now, 0
	}
	w.highest = max(w.highest, seq)
}

func (s *slot) hold(seq int64, p *packet) {
	s.buf = append(s.buf[:0], p.payload...)
	s.seq, s.state, s.p = seq, slotHeld, *p
	s.p.payload = s.buf
}

func (w *window) hand(p *packet) {
	gap := w.skipped
	w.skipped = false
	w.next++
	w.deliver(p, gap)
}

func (w *window) drain() {
	for w.next <= w.highest {
		s := w.slot(w.next)
		if s.state != slotHeld {
			return
		}
		s.state = slotDone
		w.hand(&s.p)
	}
}

// expire gives up on the packets that are missing for longer than gapWait.
func (w *window) expire(now time.Time) {
	for w.waiting() {
		s := w.slot(w.next)
		if now.Sub(s.since) < gapWait {
			return
		}
		s.state = slotEmpty
		w.next++
		w.lost++
		w.skipped = true
		w.drain()
	}
}

// missing appends to dst the sequence numbers to ask for again now.
func (w *window) missing(now time.Time, dst []uint16) []uint16 {
	for i := w.next; i <= w.highest; i++ {
		s := w.slot(i)
		if s.state != slotMissing || s.nacks >= maxNacks || now.Before(s.nackAt) {
			continue
		}
		s.nackAt = now.Add(nackEvery + nackEvery/2*time.Duration(s.nacks))
		s.nacks++
		dst = append(dst, uint16(i))
	}
	return dst
}
