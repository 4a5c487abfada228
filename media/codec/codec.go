// Package codec turns video bitstreams into [media.Frame]s with FFmpeg: a
// [Decoder] for what comes over the network, a [Stream] for what comes out of a
// container, and an [Encoder] for test rigs and the puppet.
//
// C memory never leaves the package: decoded planes are copied into Go memory of
// a [media.Pool], and Close frees the rest.
package codec

import (
	"errors"
	"fmt"

	"github.com/asticode/go-astiav"
)

// Name is a codec by its SDP name (the part of the MIME type after "video/").
type Name string

// The codecs that browsers send.
const (
	VP8  Name = "VP8"
	VP9  Name = "VP9"
	H264 Name = "H264"
	AV1  Name = "AV1"
)

var (
	// ErrUnsupported says that FFmpeg here has no such codec or picture format.
	ErrUnsupported = errors.New("unsupported codec or picture format")
	// ErrLimit says that a picture is larger than [Limits] allow. Asking for
	// another key frame does not help.
	ErrLimit = errors.New("picture over the limit")
	// ErrCorrupt says that a packet could not be decoded as a whole. Nothing
	// was emitted for it; ask the sender for a key frame.
	ErrCorrupt = errors.New("corrupt packet")
	// ErrKeyNeeded says that a packet was dropped unread, because the pictures
	// it builds on were lost: a key frame must come first.
	ErrKeyNeeded = errors.New("key frame needed")
	// ErrClosed says that a decoder or encoder was used after Close.
	ErrClosed = errors.New("codec is closed")
)

// defaultSide bounds a picture's sides where Limits say nothing: Full HD, upright
// or lying, as phones send both.
const defaultSide = 1920

// maxPacket bounds one encoded picture, in bytes. A raw 1920×1920 I420 picture is
// 5.5 MB; the worst key frame seen from a browser at 1080p was below 0.5 MB.
const maxPacket = 4 << 20

// Limits bound the pictures a decoder accepts. FFmpeg asks us once it knows a
// stream's size and before it allocates pictures of it.
type Limits struct {
	MaxWidth, MaxHeight int // luma samples; 0 means 1920
}

func (l Limits) withDefaults() (Limits, error) {
	if l.MaxWidth < 0 || l.MaxHeight < 0 || l.MaxWidth > 1<<14 || l.MaxHeight > 1<<14 {
		return l, fmt.Errorf("limits %dx%d: want 0 to 16384 samples", l.MaxWidth, l.MaxHeight)
	}
	if l.MaxWidth == 0 {
		l.MaxWidth = defaultSide
	}
	if l.MaxHeight == 0 {
		l.MaxHeight = defaultSide
	}
	return l, nil
}

func (l Limits) allow(width, height int) bool {
	return width <= l.MaxWidth && height <= l.MaxHeight
}

// Quiet stops FFmpeg's own lines on stderr: with network input they are the
// sender's to write, without bound. The level is the process's, and setting it
// twice does no harm.
func Quiet() { astiav.SetLogLevel(astiav.LogLevelQuiet) }
