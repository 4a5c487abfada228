package codec

// IsKey tells whether an encoded picture can be decoded without earlier ones.
// data is what pion's depacketisers give: a VP8 or VP9 frame, an H.264 access unit
// in Annex B, an AV1 temporal unit whose OBUs carry their size. Garbage is not key.
func IsKey(n Name, data []byte) bool {
	switch n {
	case VP8:
		return isKeyVP8(data)
	case VP9:
		return isKeyVP9(data)
	case H264:
		return nalsOf(data).key
	case AV1:
		return isKeyAV1(data)
	}
	return false
}

// RFC 6386 §9.1: bit 0 of the frame tag is 0 for key frames, which then have a
// start code at byte 3.
func isKeyVP8(b []byte) bool {
	return len(b) >= 10 && b[0]&1 == 0 && b[3] == 0x9d && b[4] == 0x01 && b[5] == 0x2a
}

// VP9 bitstream specification 0.6 §6.2: frame_marker(2) = 2, profile low and high
// bit, a reserved bit in profile 3, show_existing_frame, frame_type (0 is key).
func isKeyVP9(b []byte) bool {
	if len(b) == 0 || b[0]>>6 != 2 {
		return false
	}
	bit := 3 // counted from the lowest: the one after the profile
	if b[0]>>4&3 == 3 {
		bit--
	}
	existing, kind := b[0]>>bit&1, b[0]>>(bit-1)&1
	return existing == 0 && kind == 0
}

// AV1 specification §7.20 (ordering): a temporal unit that starts a coded video
// sequence holds a sequence header (OBU type 1), and encoders for real-time send
// it with key frames only.
func isKeyAV1(b []byte) bool {
	for len(b) > 0 {
		head := b[0]
		if head>>3&15 == 1 {
			return true
		}
		skip := 1 + int(head>>2&1) // extension byte
		if head>>1&1 == 0 || len(b) <= skip {
			return false // no size: this OBU is the last
		}
		size, n := leb128(b[skip:])
		if n == 0 || size > len(b)-skip-n {
			return false
		}
		b = b[skip+n+size:]
	}
	return false
}

// leb128 reads AV1's little-endian number; n is 0 when it is cut or too long.
func leb128(b []byte) (value, n int) {
	for i := 0; i < len(b) && i < 4; i++ { // 28 bits: no OBU of ours is larger
		value |= int(b[i]&0x7f) << (7 * i)
		if b[i]&0x80 == 0 {
			return value, i + 1
		}
	}
	return 0, 0
}

// nals says what an H.264 access unit holds (ITU-T H.264 table 7-1).
type nals struct {
	key    bool // an IDR slice (5)
	slice  bool // any slice (1–5)
	params bool // a sequence or picture parameter set (7, 8)
	other  bool // delimiters, messages and the like
}

// nalsOf walks the start codes (00 00 01) of an Annex B byte stream.
func nalsOf(b []byte) (n nals) {
	for i := 3; i < len(b); i++ {
		if b[i-1] != 1 || b[i-2] != 0 || b[i-3] != 0 {
			continue
		}
		switch t := b[i] & 0x1f; {
		case t == 5:
			n.key, n.slice = true, true
		case t >= 1 && t <= 4:
			n.slice = true
		case t == 7 || t == 8:
			n.params = true
		default:
			n.other = true
		}
	}
	return n
}
