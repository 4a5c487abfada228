package webrtc

import "time"

const (
	// reportPatience is how long sound waits for sender reports of both tracks before it is
	// placed by arrival: Chromium sends the first of a sound track within 5 s.
	reportPatience = 6 * time.Second
	// reportBound is how far reports may place sound from where its arrival does: queues
	// hold video back, never sound by as much.
	reportBound = time.Second
	// soundLate and soundEarly are how far a packet of sound may be behind and before the
	// fastest one until its clock counts as set anew.
	soundLate, soundEarly = 2 * time.Second, 250 * time.Millisecond
	// soundHold is by how much the placing may change without being followed: reports are
	// a few milliseconds off each other, and a step is a hole or an overlap.
	soundHold = 15 * time.Millisecond
)

// soundClock gives sound the PTS of the frames that were taken at the same time. The rule:
//
//   - the sender's reports tie each track's timestamps to one wall clock of the sender (RFC
//     3550 §6.4.1); once both have one, sound is placed by them, over the newest frame;
//   - before, sound waits for reportPatience and is then placed by arrival: its fastest
//     packet is taken to have come as quickly as the fastest frame, which it mostly beat by
//     the 10 to 50 ms that a camera and its encoder take;
//   - reports that place it more than reportBound from there are not believed;
//   - a placing is kept until another one is soundHold away from it. clamped counts jumps
//     of the sender's clock and reports that were not believed.
//
// Times are of the sound's own clock, from 0 at its first packet, unless they are PTS.
type soundClock struct {
	started bool
	base    time.Time // arrival of the first packet
	lastTS  uint32
	last    time.Duration
	fastest time.Duration // smallest arrival after base − end of its packet

	frame   frameAnchor
	reports [2]tie // of video, of sound

	placed  bool
	shift   time.Duration // PTS − time, as last placed
	clamped uint64
}

// frameAnchor is the newest frame, for what its clock says of others.
type frameAnchor struct {
	known bool
	ts    uint32        // 90 kHz
	pts   time.Duration // by the sender's clock
	first time.Time     // arrival of PTS 0
	path  time.Duration // smallest arrival after first − PTS
}

// tie is the newest sender report of a track: what its timestamps are on the sender's wall
// clock.
type tie struct {
	known bool
	ntp   uint64
	rtp   uint32
}

// Places in soundClock.reports.
const (
	ofVideo = iota
	ofSound
)

// read takes the next packet, in order, and gives the time of its first sample.
func (c *soundClock) read(ts uint32, arrived time.Time, lasts time.Duration) time.Duration {
	if !c.started {
		c.started, c.base, c.lastTS, c.fastest = true, arrived, ts, -lasts
		return 0
	}
	c.last += ticks48k(ts - c.lastTS)
	c.lastTS = ts
	way := arrived.Sub(c.base) - c.last - lasts
	if way > c.fastest+soundLate || way < c.fastest-soundEarly {
		c.clamped++
		c.fastest, c.placed = way, false
	}
	c.fastest = min(c.fastest, way)
	return c.last
}

// place gives the PTS of a packet that read gave a time to; false while its reports may
// still come.
func (c *soundClock) place(ts uint32, at time.Duration, arrived, now time.Time) (time.Duration, bool) {
	if !c.frame.known {
		return 0, false
	}
	fastest := c.fastest
	// Where the clock jumped after this packet, its own arrival tells.
	if way := arrived.Sub(c.base) - at; fastest > way || fastest < way-soundLate {
		fastest = way
	}
	shift := c.base.Sub(c.frame.first) + fastest - c.frame.path
	switch reported, ok := c.reported(ts, at); {
	case ok && (reported-shift).Abs() <= reportBound:
		shift = reported
	case ok:
		c.clamped++
	case now.Sub(arrived) < reportPatience:
		return 0, false
	}
	if !c.placed || (shift-c.shift).Abs() > soundHold {
		c.placed, c.shift = true, shift
	}
	return at + c.shift, true
}

// reported is PTS − time as the reports have it.
func (c *soundClock) reported(ts uint32, at time.Duration) (time.Duration, bool) {
	video, sound := c.reports[ofVideo], c.reports[ofSound]
	if !video.known || !sound.known {
		return 0, false
	}
	after := ntpSpan(sound.ntp-video.ntp) + ticks48k(ts-sound.rtp)
	return c.frame.pts + ticks90k(int64(int32(video.rtp-c.frame.ts))) + after - at, true
}

// ticks48k converts a difference of timestamps of 1/48,000 s, signed.
func ticks48k(n uint32) time.Duration { return time.Duration(int64(int32(n)) * 62_500 / 3) }

// anchor tells what the clock says of the newest frame, of timestamp ts.
func (c *senderClock) anchor() frameAnchor {
	return frameAnchor{known: true, ts: c.lastTS, pts: c.raw, first: c.first, path: c.path}
}
