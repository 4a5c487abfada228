package media

import "time"

// SoundRate is the samples a second of every [Sound]: what a model of speech takes.
const SoundRate = 16000

// Sound is a run of samples and its time. Who was lent it copies what it wants to keep.
type Sound struct {
	// PTS is when the first sample was taken, on the clock of the frames' PTS; sound
	// from before the first frame is below zero. Blocks of one source come in the
	// order of PTS and do not overlap, but for a clock that was put right.
	PTS time.Duration
	// Samples are mono, -1 to 1. What was lost on the way is not filled in: the next
	// block's PTS tells.
	Samples []float32
}

// End is the time after the last sample.
func (s Sound) End() time.Duration { return s.PTS + SoundTime(len(s.Samples)) }

// SoundTime is how long n samples last.
func SoundTime(n int) time.Duration {
	return time.Duration(n) * (time.Second / SoundRate)
}
