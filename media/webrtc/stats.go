package webrtc

import (
	"sync/atomic"
	"time"

	"vivavoce/media/codec"
)

// Stats is what a peer has seen since it was made. Each number only grows but
// State, Codec, Width, Height and SenderSkew.
type Stats struct {
	State         State
	Codec         codec.Name // of the last frame decoded
	Width, Height int

	Packets      uint64 // RTP packets of the video track, retransmissions and padding included
	Bytes        uint64 // of them
	Recovered    uint64 // packets that were missing and came after all
	Lost         uint64 // packets that never came in time
	Nacks        uint64 // packets asked for again, each time counted
	PLIs         uint64 // key frames asked for
	KeyFrames    uint64 // decoded
	Frames       uint64 // decoded
	ClockClamps  uint64 // corrections of the sender's clock
	AudioPackets uint64 // RTP packets of sound, heard or not
	Reports      uint64 // RTCP sender reports of the video track
	// SenderSkew is by how much the sender's RTP clock ran ahead of its own wall
	// clock between its first and its last report.
	SenderSkew time.Duration
	Drops      Drops
	Sound      SoundStats // zero unless Options.Microphone
}

// Drops counts what was thrown away, by reason.
type Drops struct {
	Duplicate uint64 // packets: here already; frames: of a time that was shown already
	Late      uint64 // packets: after the reorder window gave up on them
	Foreign   uint64 // packets: a sequence number or payload type from nowhere
	OverRate  uint64 // packets: over the bitrate limit; frames: over that of frames or samples
	Corrupt   uint64 // packets that cannot be read, frames that cannot be decoded
	Gap       uint64 // frames: a packet of theirs was lost
	NoKey     uint64 // frames: they build on one that was lost
	Oversize  uint64 // frames: over the resolution or size limit
	Queue     uint64 // frames: the decoder did not keep up
	Replaced  uint64 // decoded frames: a newer one came before they were taken
}

// Each gives every counter with its name in snake_case, for a metrics registry:
// the names are fixed and carry no session.
func (s Stats) Each(f func(name string, n uint64)) {
	f("packets", s.Packets)
	f("bytes", s.Bytes)
	f("recovered", s.Recovered)
	f("lost", s.Lost)
	f("nacks", s.Nacks)
	f("plis", s.PLIs)
	f("key_frames", s.KeyFrames)
	f("frames", s.Frames)
	f("clock_clamps", s.ClockClamps)
	f("audio_packets", s.AudioPackets)
	f("sender_reports", s.Reports)
	f("drop_duplicate", s.Drops.Duplicate)
	f("drop_late", s.Drops.Late)
	f("drop_foreign", s.Drops.Foreign)
	f("drop_over_rate", s.Drops.OverRate)
	f("drop_corrupt", s.Drops.Corrupt)
	f("drop_gap", s.Drops.Gap)
	f("drop_no_key", s.Drops.NoKey)
	f("drop_oversize", s.Drops.Oversize)
	f("drop_queue", s.Drops.Queue)
	f("drop_replaced", s.Drops.Replaced)
	s.Sound.each(f)
}

// counters is what Stats is read from, safe for concurrent use.
type counters struct {
	packets, bytes, recovered, lost, nacks, plis atomic.Uint64
	keyFrames, frames, clockClamps, audio        atomic.Uint64
	duplicate, late, foreign, overRate, corrupt  atomic.Uint64
	gap, noKey, oversize, queue                  atomic.Uint64
	reports                                      atomic.Uint64
	skew                                         atomic.Int64
	picture                                      atomic.Pointer[picture]
}

type picture struct {
	codec         codec.Name
	width, height int
}

// saw notes what is being decoded, allocating only when it changes.
func (c *counters) saw(p picture) {
	if old := c.picture.Load(); old == nil || *old != p {
		c.picture.Store(&p)
	}
}

func (c *counters) stats() Stats {
	s := Stats{
		Packets: c.packets.Load(), Bytes: c.bytes.Load(),
		Recovered: c.recovered.Load(), Lost: c.lost.Load(),
		Nacks: c.nacks.Load(), PLIs: c.plis.Load(),
		KeyFrames: c.keyFrames.Load(), Frames: c.frames.Load(),
		ClockClamps: c.clockClamps.Load(), AudioPackets: c.audio.Load(),
		Reports: c.reports.Load(), SenderSkew: time.Duration(c.skew.Load()),
		Drops: Drops{
			Duplicate: c.duplicate.Load(), Late: c.late.Load(),
			Foreign: c.foreign.Load(), OverRate: c.overRate.Load(),
			Corrupt: c.corrupt.Load(), Gap: c.gap.Load(), NoKey: c.noKey.Load(),
			Oversize: c.oversize.Load(), Queue: c.queue.Load(),
		},
	}
	if p := c.picture.Load(); p != nil {
		s.Codec, s.Width, s.Height = p.codec, p.width, p.height
	}
	return s
}

// ByReason gives the counts under the names that metrics have.
func (d Drops) ByReason() map[string]uint64 {
	return map[string]uint64{
		"duplicate": d.Duplicate, "late": d.Late, "foreign": d.Foreign, "over_rate": d.OverRate, "corrupt": d.Corrupt,
		"gap": d.Gap, "no_key": d.NoKey, "oversize": d.Oversize, "queue": d.Queue, "replaced": d.Replaced,
	}
}
