package codec

// bits reads from the highest bit of each byte on.
type bits struct {
	b  []byte
	at int // bits read
}

func (r *bits) read(n int) (v int) {
	for range n {
		v <<= 1
		if i := r.at >> 3; i < len(r.b) {
			v |= int(r.b[i]>>(7-r.at&7)) & 1
		}
		r.at++
	}
	return v
}

func (r *bits) flag() bool { return r.read(1) == 1 }

func (r *bits) over() bool { return r.at > 8*len(r.b) }

// readVP9 follows uncompressed_header of the VP9 bitstream specification 0.6 §6.2 up to
// base_q_idx, for profile 0, which is all that we negotiate. A superframe gives its first frame's.
func (h *Header) readVP9(b []byte) {
	r := &bits{b: b}
	if r.read(2) != 2 || r.read(2) != 0 || r.flag() { // marker, profile, show_existing_frame
		return
	}
	inter, show, resilient := r.flag(), r.flag(), r.flag()
	intraOnly := inter && !show && r.flag()
	if inter && !resilient {
		r.read(2) // reset_frame_context
	}
	switch {
	case !inter:
		r.read(24) // sync code
		if r.read(3) == 7 {
			return // RGB: not in profile 0
		}
		r.read(1) // colour range
		r.size()
	case intraOnly:
		r.read(24 + 8) // sync code, refresh flags
		r.size()
	default:
		r.references()
	}
	if !resilient {
		r.read(2) // refresh_frame_context, frame_parallel_decoding_mode
	}
	r.read(2 + 6 + 3)                           // frame context, filter level, sharpness
	if deltas := r.flag(); deltas && r.flag() { // there are some, and they change
		for range 4 + 2 { // changes of the filter by reference and by mode
			if r.flag() {
				r.read(7)
			}
		}
	}
	if q := r.read(8); !r.over() {
		h.Quantizer = q
	}
}

// size skips frame_size and render_size.
func (r *bits) size() {
	r.read(32)
	r.renderSize()
}

func (r *bits) renderSize() {
	if r.flag() {
		r.read(32)
	}
}

// references skips what an inter frame says of the frames that it builds on.
func (r *bits) references() {
	r.read(8 + 3*4) // refresh flags; index and sign bias of three
	found := false
	for range 3 {
		if found = r.flag(); found {
			break
		}
	}
	if !found {
		r.read(32)
	}
	r.renderSize()
	r.read(1)      // high precision vectors
	if !r.flag() { // switchable interpolation
		r.read(2)
	}
}
