package sound

import (
	"context"
	"math"
	"time"

	"vivavoce/media"
)

// longest is how much of a session is kept: sessions last some 20 s, a recording of
// more is judged by its first two minutes.
const longest = 2 * time.Minute

const frameTime = frameSamples * (time.Second / media.SoundRate)

// frame is 20 ms of what was heard.
type frame struct {
	power  [bands]float64
	known  bool    // power is
	speech float64 // probability; 0 where it was not asked
}

// heard is the sound of a session: frame i begins at PTS i·frameTime. Sound from before the
// first picture is not kept.
type heard struct {
	voice    Voice
	analyser *analyser
	frames   []frame
	any      bool

	run    []float32 // samples in one piece, the first at sample start of the session
	start  int
	next   int // the frame to be analysed next
	voiced int // the sample that the voice takes next

	past              []float32 // what the voice takes: before and new
	state, stateAfter []float32
}

func newHeard(v Voice) *heard {
	return &heard{
		voice: v, analyser: newAnalyser(), past: make([]float32, VoicePast+VoiceStep),
		state: make([]float32, VoiceState), stateAfter: make([]float32, VoiceState),
	}
}

// joined is by how many samples a block may miss the end of the one before and still follow
// it: 10 ms, which is how a clock is put right that drifts.
const joined = media.SoundRate / 100

// add takes the next block.
func (h *heard) add(ctx context.Context, s media.Sound) error {
	at := int(math.Round(s.PTS.Seconds() * media.SoundRate))
	if s.PTS >= longest || s.PTS < -longest {
		return nil
	}
	h.any = true
	if end := h.start + len(h.run); len(h.run) == 0 || at > end+joined || at < end-joined {
		h.begin(at)
	}
	h.run = append(h.run, s.Samples...)
	if err := h.listen(ctx); err != nil {
		return err
	}
	h.analyse()
	h.forget()
	return nil
}

// begin starts a new piece at a sample.
func (h *heard) begin(at int) {
	h.run, h.start = h.run[:0], at
	h.next = max(0, ceilDiv(at+window/2-frameSamples/2, frameSamples))
	h.voiced = at
	clear(h.past)
	clear(h.state)
}

// listen asks the voice about all whole steps.
func (h *heard) listen(ctx context.Context) error {
	for ; h.voiced+VoiceStep <= h.start+len(h.run); h.voiced += VoiceStep {
		copy(h.past, h.past[VoiceStep:])
		copy(h.past[VoicePast:], h.run[h.voiced-h.start:])
		p, err := h.voice.Hear(ctx, h.past, h.state, h.stateAfter)
		if err != nil {
			return err
		}
		h.state, h.stateAfter = h.stateAfter, h.state
		for i := max(0, ceilDiv(h.voiced-frameSamples/2, frameSamples)); centre(i) < h.voiced+VoiceStep; i++ {
			if f := h.frame(i); f != nil {
				f.speech = p
			}
		}
	}
	return nil
}

// analyse takes the spectrum of all frames whose window is whole.
func (h *heard) analyse() {
	for ; centre(h.next)+window/2 <= h.start+len(h.run); h.next++ {
		if f := h.frame(h.next); f != nil {
			f.power = h.analyser.power(h.run[centre(h.next)-window/2-h.start:])
			f.known = true
		}
	}
}

// forget drops samples that nothing needs any more.
func (h *heard) forget() {
	gone := min(h.voiced, centre(h.next)-window/2) - h.start
	if gone >= media.SoundRate {
		h.run = h.run[:copy(h.run, h.run[gone:])]
		h.start += gone
	}
}

// frame returns frame i, nil beyond longest.
func (h *heard) frame(i int) *frame {
	if i < 0 || i >= int(longest/frameTime) {
		return nil
	}
	for len(h.frames) <= i {
		h.frames = append(h.frames, frame{})
	}
	return &h.frames[i]
}

// centre is the sample in the middle of frame i.
func centre(i int) int { return i*frameSamples + frameSamples/2 }

func ceilDiv(a, b int) int { return int(math.Ceil(float64(a) / float64(b))) }
