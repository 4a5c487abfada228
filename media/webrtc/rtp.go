package webrtc

import "encoding/binary"

// parseRTP reads the header of RFC 3550 §5.1 without allocating and points the
// packet's payload into b, without padding. It reports false for anything that
// is not a whole RTP packet.
func parseRTP(b []byte, p *packet) bool {
	const fixed = 12
	if len(b) < fixed || b[0]>>6 != 2 {
		return false
	}
	start := fixed + 4*int(b[0]&0x0f)
	if b[0]&0x10 != 0 { // header extension: 16 bits profile, 16 bits words
		if len(b) < start+4 {
			return false
		}
		start += 4 + 4*int(binary.BigEndian.Uint16(b[start+2:]))
	}
	end := len(b)
	if b[0]&0x20 != 0 { // padding: the last byte says how much, itself included
		end -= int(b[end-1])
	}
	if start > end {
		return false
	}
	p.marker = b[1]&0x80 != 0
	p.pt = b[1] & 0x7f
	p.seq = binary.BigEndian.Uint16(b[2:])
	p.ts = binary.BigEndian.Uint32(b[4:])
	p.payload = b[start:end]
	return true
}

// unwrapRTX turns a retransmission (RFC 4588 §4) back into the packet that it
// repeats: the first two bytes of the payload are the original sequence number.
// Probes have no payload at all.
func unwrapRTX(p *packet, original uint8) bool {
	if len(p.payload) < 2 {
		return false
	}
	p.seq = binary.BigEndian.Uint16(p.payload)
	p.payload = p.payload[2:]
	p.pt = original
	return true
}
