package media

import "time"

// Link is what a network told of how a frame came, for evidence about the sender. It is
// the sender's claim, but for Arrived and RTT. The zero Link says that the frame
// came over none: a file, or a camera of this machine.
type Link struct {
	Codec string // by its SDP name: "VP8", "H264", "VP9"; empty for the zero Link
	// Ticks is the RTP timestamp as it was written, in 1/90,000 s since the first frame,
	// unwrapped. Frame.PTS is the same time bounded against arrival.
	Ticks int64
	// Arrived is when the last packet of the frame came, since the first frame's did.
	Arrived time.Duration
	RTT     time.Duration // the round trip that ICE measured last; 0 when not yet
	Bytes   int           // of the encoded frame
	// Quantizer is the frame's own: 1–127 for VP8, 1–255 for VP9, 1–51 for H.264, larger is coarser; 0 when
	// it was not read.
	Quantizer  int
	Partitions int  // token partitions of a VP8 frame, 1–8; 0 when not read
	Key        bool // decodes without earlier frames
	Asked      bool // a key frame that was asked for; the first of a session is
}
