package webrtc

import (
	"time"

	"vivavoce/media/codec"
)

// queueSize is how many whole frames wait for the decoder: those that a gap kept
// back for gapWait come at once, 18 of them at 60 fps. More would be lag that a
// person feels.
const queueSize = 20

// maxUnit bounds one encoded frame. Chromium's 1080p key frames stay below 0.5 MB.
const maxUnit = 2 << 20

// unit is one encoded frame on its way to the decoder.
type unit struct {
	codec   codec.Name
	data    []byte
	ts      uint32
	arrived time.Time // of its last packet
	gap     bool      // frames before it were dropped
}

// assembler joins packets, in order, to frames. A frame ends with the marker
// bit, or where the next one begins.
type assembler struct {
	codecs  map[uint8]codec.Name // by payload type
	counts  *counters
	wantKey func()

	payload depacketizer
	pt      uint8
	unit    *unit // being filled, nil between frames
	arrived time.Time
	aligned bool // the next packet begins a frame
	gap     bool // something was dropped since the last unit

	queue chan *unit
	free  chan *unit
}

func newAssembler(codecs map[uint8]codec.Name, c *counters, wantKey func()) *assembler {
	return &assembler{
		codecs: codecs, counts: c, wantKey: wantKey, aligned: true,
		queue: make(chan *unit, queueSize),
		free:  make(chan *unit, queueSize+2), // one being filled, one being decoded
	}
}

// add takes the next packet; gap says that one or more before it are lost.
func (a *assembler) add(p *packet, gap bool) {
	if gap || p.shed {
		a.abandon(gap)
	}
	if p.shed || len(p.payload) == 0 { // padding: the bandwidth estimator's probes
		return
	}
	if (a.payload == nil || p.pt != a.pt) && !a.choose(p.pt) {
		return
	}
	if a.unit != nil && a.unit.ts != p.ts { // no marker: the frame ended all the same
		a.finish()
	}
	a.take(p)
}

// choose sets the format by payload type.
func (a *assembler) choose(pt uint8) bool {
	name, ok := a.codecs[pt]
	if !ok {
		a.counts.foreign.Add(1)
		a.abandon(false)
		return false
	}
	if a.payload != nil {
		a.abandon(false)
		a.aligned = true
	}
	a.payload, a.pt = newDepacketizer(name), pt
	return true
}

func (a *assembler) take(p *packet) {
	u := a.unit
	if u == nil {
		u = a.get(p)
	}
	data, first, err := a.payload.append(u.data, p.payload)
	u.data = data
	inside := a.unit != nil || a.aligned
	switch {
	case !inside && (!first || err != nil):
		a.put(u) // the rest of a frame whose beginning is lost
		a.payload.reset()
		a.aligned = p.marker
	case err != nil:
		a.counts.corrupt.Add(1)
		a.unit = u
		a.abandon(false)
	case len(data) > maxUnit:
		a.counts.oversize.Add(1)
		a.unit = u
		a.abandon(false)
	default:
		a.unit, a.aligned, a.arrived = u, false, p.arrived
		if p.marker {
			a.finish()
		}
	}
}

// abandon drops the frame being filled. A key frame must follow.
func (a *assembler) abandon(lost bool) {
	if a.unit != nil {
		a.put(a.unit)
		a.unit = nil
		if lost {
			a.counts.gap.Add(1)
		}
	}
	if a.payload != nil {
		a.payload.reset()
	}
	a.aligned, a.gap = false, true
	a.wantKey()
}

// finish hands the frame to the decoder.
func (a *assembler) finish() {
	u := a.unit
	u.arrived, u.gap = a.arrived, a.gap
	a.unit, a.aligned, a.gap = nil, true, false
	select {
	case a.queue <- u:
	default:
		a.put(u)
		a.counts.queue.Add(1)
		a.gap = true
		a.wantKey()
	}
}

func (a *assembler) get(p *packet) *unit {
	var u *unit
	select {
	case u = <-a.free:
	default:
		u = &unit{}
	}
	*u = unit{codec: a.codecs[p.pt], data: u.data[:0], ts: p.ts}
	return u
}

// put gives a unit's memory back. Any goroutine may.
func (a *assembler) put(u *unit) {
	select {
	case a.free <- u:
	default:
	}
}
