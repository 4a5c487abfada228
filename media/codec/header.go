package codec

// Header is what an encoded frame tells about its encoder, as far as that is read
// without decoding it. Numbers that are not read are 0: all of them for AV1.
type Header struct {
	Key        bool
	Quantizer  int // VP8 y_ac_qi 0–127, VP9 base_q_idx 0–255, H.264 QP of the first slice 1–51
	Partitions int // VP8's token partitions: 1, 2, 4 or 8
}

// HeaderReader reads the headers of one stream: H.264's parameter sets come with some frames only. The zero value is ready.
type HeaderReader struct{ h264 h264 }

// Read reads what it can of one encoded frame, in the form that [IsKey] takes. A frame
// that is cut or no frame at all gives no numbers.
func (r *HeaderReader) Read(n Name, data []byte) Header {
	h := Header{Key: IsKey(n, data)}
	switch n {
	case VP8:
		h.readVP8(data)
	case VP9:
		h.readVP9(data)
	case H264:
		h.Quantizer = r.h264.read(data)
	}
	return h
}

// readVP8 follows RFC 6386 §9.2–9.6 and §19.2 up to y_ac_qi.
func (h *Header) readVP8(b []byte) {
	start := 3
	if h.Key {
		start = 10
	}
	if len(b) < start+2 || !h.Key && b[0]&1 == 0 {
		return
	}
	d := newBoolDecoder(b[start:])
	if h.Key {
		d.literal(2) // colour space, clamping type
	}
	if d.flag() {
		d.segmentation()
	}
	d.literal(1 + 6 + 3)                        // filter type, level, sharpness
	if deltas := d.flag(); deltas && d.flag() { // there are some, and they change
		for range 8 { // changes of the filter by reference and by mode
			if d.flag() {
				d.literal(7)
			}
		}
	}
	partitions, quantizer := 1<<d.literal(2), d.literal(7)
	if d.over() {
		return
	}
	h.Partitions, h.Quantizer = partitions, quantizer
}

// boolDecoder is RFC 6386 §7.3's, for bits that are as likely 0 as 1, which is all
// that the header before the probabilities has.
type boolDecoder struct {
	b     []byte
	at    int
	value uint32 // two bytes
	span  uint32 // 128–255
	shift int
}

func newBoolDecoder(b []byte) *boolDecoder {
	return &boolDecoder{b: b, at: 2, value: uint32(b[0])<<8 | uint32(b[1]), span: 255}
}

func (d *boolDecoder) flag() bool {
	split := 1 + (d.span-1)*128>>8
	bit := d.value >= split<<8
	if bit {
		d.span -= split
		d.value -= split << 8
	} else {
		d.span = split
	}
	for d.span < 128 {
		d.value <<= 1
		d.span <<= 1
		if d.shift++; d.shift == 8 {
			d.shift = 0
			if d.at < len(d.b) {
				d.value |= uint32(d.b[d.at])
			}
			d.at++
		}
	}
	return bit
}

func (d *boolDecoder) literal(n int) (v int) {
	for range n {
		v <<= 1
		if d.flag() {
			v |= 1
		}
	}
	return v
}

// over says that bits were read that are not there.
func (d *boolDecoder) over() bool { return d.at > len(d.b) }

// segmentation skips update_segmentation (§9.3).
func (d *boolDecoder) segmentation() {
	updateMap, updateData := d.flag(), d.flag()
	if updateData {
		d.flag() // absolute or relative
		for _, bits := range [8]int{7, 7, 7, 7, 6, 6, 6, 6} {
			if d.flag() {
				d.literal(bits + 1) // and its sign
			}
		}
	}
	for range 3 {
		if updateMap && d.flag() {
			d.literal(8)
		}
	}
}
