// Package webrtc receives a browser's camera as a [media.Source] and is the only
// importer of pion.
//
// An [Engine] holds the process's two ports (one UDP, one TCP); a [Peer] is one
// browser's connection to it, always the answerer, always receiving:
//
//	SRTP ─► reorder window (NACK) ─► depacketise ─► queue ─► decoder ─► media.Latest
//	            late, lost               no key, corrupt  full    corrupt    replaced
//
// With Options.Microphone a sound track is heard as well, and rides on the next frame at the
// time it was taken ([media.Frame].Sound; microphone.go, lipsync.go).
//
// Before the decoder nothing is dropped but up to the next key frame, which is
// asked for by PLI; after it the newest frame wins. Every drop is counted by
// reason in [Stats]. A [Publisher] is the other side, for tests, the puppet, and
// the demo.
package webrtc

import (
	"errors"
	"time"

	"vivavoce/media"
)

// What can be wrong with a peer. Callers branch on these with errors.Is.
var (
	// ErrBadSDP: the offer is not SDP that can be answered.
	ErrBadSDP = errors.New("bad SDP")
	// ErrTooLarge: an SDP or candidate is over its size limit.
	ErrTooLarge = errors.New("too large")
	// ErrNoVideo: the offer sends no video.
	ErrNoVideo = errors.New("no video track")
	// ErrTooManyTracks: more than one video, one audio and one data section, or
	// more streams than were offered.
	ErrTooManyTracks = errors.New("too many tracks")
	// ErrNoCodec: none of VP8, H.264 constrained baseline and VP9 is offered.
	ErrNoCodec = errors.New("no common codec")
	// ErrTooMany: more candidates than a session may send.
	ErrTooMany = errors.New("too many candidates")
	// ErrBadCandidate: the candidate line cannot be read.
	ErrBadCandidate = errors.New("bad candidate")
	// ErrNoMedia: no RTP came in time, or it stopped.
	ErrNoMedia = errors.New("no media")
	// ErrFailed: ICE or DTLS failed and cannot come back without a new peer.
	ErrFailed = errors.New("peer connection failed")
	// ErrHungUp: the other side closed the connection.
	ErrHungUp = errors.New("peer hung up")
	// ErrOverRate: the sender stayed over the limit of bits, frames or samples.
	ErrOverRate = errors.New("over the rate limit")
	// ErrResolution: the sender stayed over the resolution limit.
	ErrResolution = errors.New("over the resolution limit")
	// ErrClosed: the peer or engine was closed already.
	ErrClosed = errors.New("closed")
)

// Candidate is one trickled ICE candidate, as the browser's toJSON gives it. The
// zero Candidate says that there will be no more.
type Candidate struct {
	Candidate     string // "candidate:…"
	SDPMid        string
	SDPMLineIndex int
}

// State is how the connection does, for the person and the log.
type State string

// The states of a peer. A peer goes from Connected to Stalled and back as RTP
// stops and comes, and to Disconnected when ICE has heard nothing for a while.
const (
	StateNew          State = "new"
	StateConnecting   State = "connecting"
	StateConnected    State = "connected"
	StateStalled      State = "stalled" // connected, but no RTP for Options.Stall: time for an ICE restart
	StateDisconnected State = "disconnected"
	StateFailed       State = "failed"
	StateClosed       State = "closed"
)

// Decoder turns the frames of one bitstream into pictures: [codec.Decoder], or a
// test's own. Not for concurrent use.
type Decoder interface {
	// Decode gives each picture that data completes to emit, which owns it.
	Decode(data []byte, pts time.Duration, emit func(*media.Frame)) error
	// NeedKey makes it refuse everything up to the next key frame with
	// codec.ErrKeyNeeded.
	NeedKey()
	Close()
}
