// Package media holds what is seen and heard: a [Frame] is one picture and its time,
// and carries the [Sound] that came with it; a [Source] gives frames, and [Latest]
// hands the newest one on.
//
// Sources live in the folders below: webrtc (a browser's camera track), file
// (uploaded and local video) and camera (a kiosk's own). codec turns bitstreams
// into frames. Nothing here knows what a face is.
package media

import (
	"context"
	"time"
)

// Frame is one decoded picture in I420 (4:2:0, three planes) and its time.
//
// A frame has one owner: whoever got it from [Source.Next] or [Pool.Get]. The owner
// calls [Frame.Release] once, or hands the frame on. Who is only lent a frame
// copies what it wants to keep.
type Frame struct {
	// Seq numbers the decoded frames of one source from 0. A gap says that
	// frames were dropped between the decoder and here.
	Seq uint64
	// PTS is the source's own time (RTP clock or container), from 0 at the
	// first frame, never falling. Stages read time from here only.
	PTS time.Duration
	// Arrived is the wall clock when the last packet of the frame was in our
	// hands. For cost and deadlines; a stage must not read it.
	Arrived time.Time
	Link    Link // how it came over the network; zero where it did not

	Width, Height int // luma samples
	// Y is Height rows of YStride bytes; Cb and Cr are (Height+1)/2 rows of
	// CStride bytes. BT.601; 16–235 unless FullRange.
	Y, Cb, Cr        []byte
	YStride, CStride int
	FullRange        bool // samples are 0–255 (JPEG), as webcams' MJPEG gives

	// Sound is what was heard since the frame before, nil without a microphone: the
	// second witness rides with the first, so that one stream of frames is all that
	// anything downstream is given, and replays the same. It belongs to the frame
	// only by riding on it: its own PTS say when it was heard, mostly a little
	// earlier or later than the picture.
	Sound []Sound

	pool *Pool
}

// Source gives frames in the order of their PTS.
type Source interface {
	// Next blocks until there is a frame and gives it to the caller, who must
	// Release it. It returns io.EOF when the source ended as it should, the
	// context's error when ctx is done, and otherwise what went wrong. After an
	// error every later call returns an error too. Not for concurrent use.
	Next(ctx context.Context) (*Frame, error)
}
