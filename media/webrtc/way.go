package webrtc

import (
	"time"

	"vivavoce/media"
	"vivavoce/media/codec"
)

// way keeps what is told of each frame's way: media.Link.
type way struct {
	started bool
	ts      uint32    // of the last frame
	first   time.Time // arrival of the first frame
	link    media.Link
}

// tell notes the frame that goes to the decoder. asked says that a key frame is wanted.
func (w *way) tell(u *unit, h codec.Header, asked bool, rtt time.Duration) {
	if !w.started {
		w.started, w.ts, w.first = true, u.ts, u.arrived
	}
	ticks := w.link.Ticks + int64(int32(u.ts-w.ts))
	w.ts = u.ts
	w.link = media.Link{
		Codec: string(u.codec), Ticks: ticks, Arrived: u.arrived.Sub(w.first), RTT: rtt, Bytes: len(u.data),
		Quantizer: h.Quantizer, Partitions: h.Partitions, Key: h.Key, Asked: h.Key && asked,
	}
}
