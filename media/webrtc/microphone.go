package webrtc

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"vivavoce/media"
	"vivavoce/media/codec"
)

// Limits of one peer's sound.
const (
	// maxSoundRate is how much faster than time sound may come, and maxSoundPackets how
	// many packets a second: those of 2.5 ms, and some.
	maxSoundRate    = 1.25
	maxSoundPackets = 500
	// maxWaiting bounds the sound that waits to be placed and taken: more than it waits
	// for reports, 512 KiB.
	maxWaiting = 8 * media.SoundRate // samples
)

// microphone turns a sound track's packets into sound on the frames' clock:
//
//	SRTP ─► reorder window ─► Opus ─► queue ─► the next frame
//	        late, lost        corrupt  full
//
// What is lost is not asked for again and leaves a hole.
type microphone struct {
	counts soundCounters

	mu      sync.Mutex
	ear     *codec.Ear
	pt      uint8
	window  window
	packets rateLimit
	rate    rateLimit
	clock   soundClock
	packet  packet // in hand; a field, so that it is not allocated anew
	waiting []heldSound
	samples int // that wait
}

// heldSound is a packet's sound before its PTS is known.
type heldSound struct {
	samples []float32
	ts      uint32
	at      time.Duration // on the sound's own clock
	arrived time.Time
}

// soundCounters is what Stats.Sound is read from.
type soundCounters struct {
	packets, decoded, lost, reports, clamps           atomic.Uint64
	duplicate, late, foreign, overRate, corrupt, full atomic.Uint64
}

// newMicrophone waits for a track.
func newMicrophone() *microphone {
	m := &microphone{packets: newRateLimit(maxSoundPackets), rate: newRateLimit(maxSoundRate * media.SoundRate)}
	m.window.deliver = m.decode
	return m
}

// open readies m for a track of that payload type; only the first track is heard.
func (m *microphone) open(pt uint8) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ear != nil {
		return false, nil
	}
	ear, err := codec.NewEar()
	if err != nil {
		return false, err
	}
	m.ear, m.pt = ear, pt
	return true, nil
}

// close frees the decoder; no packet may follow. What waits can still be taken.
func (m *microphone) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ear.Close()
}

// push takes one RTP packet of the track, as it came.
func (m *microphone) push(raw []byte, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := &m.counts
	c.packets.Add(1)
	p := &m.packet
	*p = packet{arrived: now}
	switch {
	case !parseRTP(raw, p):
		c.corrupt.Add(1)
		return
	case p.pt != m.pt:
		c.foreign.Add(1)
		return
	case !m.packets.allow(1, now):
		c.overRate.Add(1)
		return
	}
	switch m.window.push(p) {
	case duplicate:
		c.duplicate.Add(1)
	case late:
		c.late.Add(1)
	case foreign:
		c.foreign.Add(1)
	}
	before := m.window.lost
	m.window.expire(now)
	c.lost.Add(m.window.lost - before)
}

// decode takes the next packet in order.
func (m *microphone) decode(p *packet, gap bool) {
	c := &m.counts
	if gap {
		m.ear.Gap()
	}
	if len(p.payload) == 0 {
		return // a probe
	}
	lasts, err := codec.OpusTime(p.payload)
	if err != nil {
		c.corrupt.Add(1)
		return
	}
	if !m.rate.allow(int(lasts*media.SoundRate/time.Second), p.arrived) {
		c.overRate.Add(1)
		m.ear.Gap()
		return
	}
	at := m.clock.read(p.ts, p.arrived, lasts)
	err = m.ear.Decode(p.payload, at, func(s media.Sound) {
		m.hold(heldSound{slices.Clone(s.Samples), p.ts, s.PTS, p.arrived})
	})
	c.clamps.Store(m.clock.clamped)
	if err != nil {
		c.corrupt.Add(1)
		return
	}
	c.decoded.Add(1)
}

// hold queues sound; the oldest goes where there is too much.
func (m *microphone) hold(s heldSound) {
	m.waiting = append(m.waiting, s)
	m.samples += len(s.samples)
	for m.samples > maxWaiting {
		m.samples -= len(m.waiting[0].samples)
		m.waiting = m.waiting[1:]
		m.counts.full.Add(1)
	}
}

// take gives the sound whose place is known, nil without any.
func (m *microphone) take(now time.Time) (heard []media.Sound) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(m.waiting) > 0 {
		s := m.waiting[0]
		pts, ok := m.clock.place(s.ts, s.at, s.arrived, now)
		if !ok {
			break
		}
		heard = append(heard, media.Sound{PTS: pts, Samples: s.samples})
		m.samples -= len(s.samples)
		m.waiting = m.waiting[1:]
	}
	m.counts.clamps.Store(m.clock.clamped)
	return heard
}

// saw tells the clock of the newest frame.
func (m *microphone) saw(a frameAnchor) {
	m.mu.Lock()
	m.clock.frame = a
	m.mu.Unlock()
}

// told tells the clock of a sender report.
func (m *microphone) told(track int, ntp uint64, rtp uint32) {
	m.mu.Lock()
	m.clock.reports[track] = tie{true, ntp, rtp}
	m.mu.Unlock()
	if track == ofSound {
		m.counts.reports.Add(1)
	}
}

// SoundStats is what a peer has heard since it was made.
type SoundStats struct {
	Packets uint64 // RTP packets of the sound track
	Decoded uint64 // packets that became sound
	Lost    uint64 // packets that never came in time: holes
	Reports uint64 // RTCP sender reports of the track
	Clamps  uint64 // corrections of the sender's clock
	Drops   SoundDrops
}

// SoundDrops counts packets that were thrown away, by reason.
type SoundDrops struct {
	Duplicate uint64 // here already
	Late      uint64 // after the reorder window gave up on them
	Foreign   uint64 // a sequence number or payload type from nowhere
	OverRate  uint64 // more packets or sound than time
	Corrupt   uint64 // cannot be read or decoded
	Queue     uint64 // sound: nobody took it
}

func (c *soundCounters) stats() SoundStats {
	return SoundStats{
		Packets: c.packets.Load(), Decoded: c.decoded.Load(), Lost: c.lost.Load(),
		Reports: c.reports.Load(), Clamps: c.clamps.Load(),
		Drops: SoundDrops{
			Duplicate: c.duplicate.Load(), Late: c.late.Load(), Foreign: c.foreign.Load(),
			OverRate: c.overRate.Load(), Corrupt: c.corrupt.Load(), Queue: c.full.Load(),
		},
	}
}

// each gives every counter with its name.
func (s SoundStats) each(f func(name string, n uint64)) {
	f("audio_decoded", s.Decoded)
	f("audio_lost", s.Lost)
	f("audio_sender_reports", s.Reports)
	f("audio_clock_clamps", s.Clamps)
	f("audio_drop_duplicate", s.Drops.Duplicate)
	f("audio_drop_late", s.Drops.Late)
	f("audio_drop_foreign", s.Drops.Foreign)
	f("audio_drop_over_rate", s.Drops.OverRate)
	f("audio_drop_corrupt", s.Drops.Corrupt)
	f("audio_drop_queue", s.Drops.Queue)
}
