package webrtc

import (
	"encoding/binary"
	"errors"

	"github.com/pion/rtp/codecs"

	"vivavoce/media/codec"
)

var errPayload = errors.New("malformed RTP payload")

// depacketizer appends the bitstream in one payload to dst. Payloads of one
// frame come in order, with none missing; reset forgets a frame cut short. first
// says that the payload certainly begins a frame.
type depacketizer interface {
	append(dst, payload []byte) (frame []byte, first bool, err error)
	reset()
}

func newDepacketizer(c codec.Name) depacketizer {
	switch c {
	case codec.VP8:
		return &vp8Payload{}
	case codec.VP9:
		return &vp9Payload{}
	default:
		return &h264Payload{}
	}
}

// vp8Payload reads RFC 7741.
type vp8Payload struct{ p codecs.VP8Packet }

func (v *vp8Payload) reset() {}

func (v *vp8Payload) append(dst, payload []byte) ([]byte, bool, error) {
	data, err := v.p.Unmarshal(payload)
	if err != nil {
		return dst, false, err
	}
	return append(dst, data...), v.p.S == 1 && v.p.PID == 0, nil
}

// vp9Payload reads RFC 9628. Spatial layers of one picture share a timestamp and
// are joined; the browser sends one unless a page asks for more.
type vp9Payload struct{ p codecs.VP9Packet }

func (v *vp9Payload) reset() {}

func (v *vp9Payload) append(dst, payload []byte) ([]byte, bool, error) {
	// pion appends to these without emptying them, and refuses the fourth.
	v.p.PDiff, v.p.PGTID, v.p.PGU = v.p.PDiff[:0], v.p.PGTID[:0], v.p.PGU[:0]
	v.p.SID = 0
	data, err := v.p.Unmarshal(payload)
	if err != nil {
		return dst, false, err
	}
	return append(dst, data...), v.p.B && v.p.SID == 0, nil
}

// NAL unit types of H.264 (table 7-1) and of RFC 6184 §5.2.
const (
	nalSPS   = 7
	nalAUD   = 9
	nalSTAPA = 24
	nalFUA   = 28
)

// h264Payload reads RFC 6184, packetization mode 1, into Annex B. pion's reader
// copies each fragment twice and keeps fragments whose end never comes.
type h264Payload struct{ inUnit bool }

func (h *h264Payload) reset() { h.inUnit = false }

func (h *h264Payload) append(dst, payload []byte) ([]byte, bool, error) {
	if len(payload) == 0 {
		return dst, false, errPayload
	}
	switch t := payload[0] & 0x1f; {
	case t > 0 && t < nalSTAPA:
		return appendNAL(dst, payload), begins(t), nil
	case t == nalSTAPA:
		return appendSTAPA(dst, payload[1:])
	case t == nalFUA:
		return h.appendFUA(dst, payload)
	default:
		return dst, false, errPayload
	}
}

func appendNAL(dst, nal []byte) []byte {
	return append(append(dst, 0, 0, 0, 1), nal...)
}

// begins: a delimiter or a sequence parameter set opens an access unit, and
// senders put parameter sets before every IDR picture.
func begins(nal byte) bool { return nal == nalSPS || nal == nalAUD }

func appendSTAPA(dst, b []byte) (frame []byte, first bool, err error) {
	for i := 0; len(b) > 0; i++ {
		if len(b) < 2 {
			return dst, first, errPayload
		}
		n := int(binary.BigEndian.Uint16(b))
		if n == 0 || len(b) < 2+n {
			return dst, first, errPayload
		}
		first = first || (i == 0 && begins(b[2]&0x1f))
		dst = appendNAL(dst, b[2:2+n])
		b = b[2+n:]
	}
	return dst, first, nil
}

func (h *h264Payload) appendFUA(dst, b []byte) (frame []byte, first bool, err error) {
	if len(b) < 3 {
		return dst, false, errPayload
	}
	start, end, t := b[1]&0x80 != 0, b[1]&0x40 != 0, b[1]&0x1f
	if start == h.inUnit { // a second start, or a middle without one
		h.inUnit = false
		return dst, false, errPayload
	}
	if start {
		dst = append(dst, 0, 0, 0, 1, b[0]&0xe0|t)
	}
	h.inUnit = !end
	return append(dst, b[2:]...), start && begins(t), nil
}
