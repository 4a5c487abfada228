package injection

import (
	"math"

	"vivavoce/media"
	"vivavoce/pipeline"
)

// Limits of the clock.
const (
	// clockSteps is how many steps from one frame to the next must have been seen.
	clockSteps = 120
	// regular is the share of steps of one and the same length, to the tick, from which on a
	// clock is none that was read when a picture was taken.
	regular = 0.98
	// repeatEvery bounds the cadence of repeated frames that is looked for: a video of 25 frames
	// a second shown at 30 has every sixth twice, one of 24 every fifth.
	repeatLeast, repeatMost = 0.10, 0.45
)

// clock watches when frames were taken, as the sender says, and whether they are new.
//
// How regular a browser's timestamps are says little: they are in whole milliseconds, and those of
// a camera at 30 frames a second, which alternate between 33 and 34, look like those of a timer. Only what no
// reading of a clock gives is a hint: the very same step, to 1/90,000 s, for seconds.
type clock struct {
	last    int64 // ticks of the frame before
	seq     uint64
	started bool
	steps   int
	lengths map[int64]int

	means   [3]float32 // change of the last frames, the newest last
	frames  int
	doubled int
}

func (c *clock) see(f *media.Frame) {
	if f.Link.Codec == "" {
		return
	}
	step, next := f.Link.Ticks-c.last, c.started && f.Seq == c.seq+1
	c.started, c.last, c.seq = true, f.Link.Ticks, f.Seq
	if !next {
		return
	}
	if c.lengths == nil {
		c.lengths = map[int64]int{}
	}
	c.steps++
	if _, known := c.lengths[step]; known || len(c.lengths) < 1000 {
		c.lengths[step]++
	}
}

// repeated counts frames that hardly differ from the one before while the frames around them do.
func (c *clock) repeated(d change) {
	if !d.ok {
		return
	}
	c.means[0], c.means[1], c.means[2] = c.means[1], c.means[2], d.mean
	if c.frames++; c.frames >= 3 && c.means[1] < 0.35*(min(c.means[0], c.means[2])+0.02) {
		c.doubled++
	}
}

func (c *clock) part() part {
	if c.steps < clockSteps {
		return part{}
	}
	p := part{checked: true}
	most := 0
	for _, n := range c.lengths {
		most = max(most, n)
	}
	same := float64(most) / float64(c.steps)
	p.measure("same_step_share", same)
	if same >= regular {
		p.hints = append(p.hints, pipeline.InjectionTooRegular)
	}
	share := float64(c.doubled) / float64(max(1, c.frames))
	p.measure("repeated_share", share)
	if share >= repeatLeast && share <= repeatMost {
		p.hints = append(p.hints, pipeline.InjectionRepeatedFrames)
	}
	return p
}

// Limits of the sender.
const (
	// senderFrames is how many frames must have been seen.
	senderFrames = 120
	// ticksPerMS: browsers count RTP time in whole milliseconds (libwebrtc,
	// video_stream_encoder.cc, kMsToRtpTimestamp), so every step is a multiple of it.
	ticksPerMS = 90
	// offClock is the share of steps that may be others: packets of a restarted sender.
	offClock = 0.02
	// unasked is how many key frames of an unchanged size a browser's encoder may give that nobody
	// asked for: libwebrtc makes one every 3000 frames (keyFrameInterval), libvpx where the scene changes.
	unasked = 3
	// coarse is the quantizer up to which an encoder may rest: libwebrtc's finest is 2 of 63. What a telephone's own
	// H.264 encoder rests at is not known here; where noise is left, bits are in plenty.
	coarse, coarseH264 = 12, finestH264
)

// sender watches what the encoder and the RTP stream show of the program that made them. Whoever knows
// what is looked at can send the same; it finds clients that were not made to deceive it.
type sender struct {
	last          int64
	started       bool
	frames        int
	off           int // steps that are no whole milliseconds
	parts         int // frames with more than one token partition
	keys          int // key frames of the same size that nobody asked for
	width, height int
	codec         string // of the last frame
	quantizers    map[int]int
	inter         int // frames with a quantizer, key frames left out
	resized       int // changes of the size
	bits, samples int // of all frames
}

func (s *sender) see(f *media.Frame) {
	l := f.Link
	if l.Codec == "" {
		return
	}
	if s.started && (l.Ticks-s.last)%ticksPerMS != 0 {
		s.off++
	}
	if l.Partitions > 1 {
		s.parts++
	}
	if l.Key && !l.Asked && s.started && f.Width == s.width && f.Height == s.height {
		s.keys++
	}
	if !l.Key && l.Quantizer > 0 {
		if s.quantizers == nil {
			s.quantizers = map[int]int{}
		}
		s.inter++
		s.quantizers[l.Quantizer]++
	}
	if s.started && (f.Width != s.width || f.Height != s.height) {
		s.resized++
	}
	s.bits, s.samples = s.bits+8*l.Bytes, s.samples+f.Width*f.Height
	s.started, s.last, s.width, s.height, s.codec = true, l.Ticks, f.Width, f.Height, l.Codec
	s.frames++
}

func (s *sender) part() part {
	if s.frames < senderFrames {
		return part{}
	}
	p := part{checked: true}
	foreign := float64(s.off) > offClock*float64(s.frames) || s.parts > 0 || s.keys > unasked
	rests := coarse
	if s.codec == "H264" {
		rests = coarseH264
	}
	for q, n := range s.quantizers {
		// A rate control changes it all the time, but for pictures so simple that it rests at its finest.
		foreign = foreign || q > rests && n >= senderFrames && float64(n) > regular*float64(s.inter)
	}
	if foreign {
		p.hints = append(p.hints, pipeline.InjectionNotBrowser)
	}
	s.history(&p)
	return p
}

// history adds how the encoder fared: figures for whoever looks into a session.
func (s *sender) history(p *part) {
	p.measure("size_changes", float64(s.resized))
	p.measure("bits_per_pixel", float64(s.bits)/float64(max(s.samples, 1)))
	if s.inter == 0 {
		return
	}
	sum, squares := 0.0, 0.0
	for q, n := range s.quantizers {
		sum += float64(q * n)
		squares += float64(q * q * n)
	}
	mean := sum / float64(s.inter)
	p.measure("quantizer_mean", mean)
	p.measure("quantizer_sd", math.Sqrt(max(squares/float64(s.inter)-mean*mean, 0)))
}
