package codec

import "bytes"

// h264 reads slice headers of one stream. Libraries that do so allocate what the bytes ask for (mp4ff 0.47: a slice of
// num_ref_frames_in_pic_order_cnt_cycle numbers); this one takes nothing on trust.
type h264 struct {
	sequences [32]sequenceSet
	pictures  [256]pictureSet
	nal       [256]byte // a NAL unit's start, without its emulation prevention
}

// sequenceSet and pictureSet are what slice headers need of the parameter sets (ITU-T H.264 §7.3.2.1, §7.3.2.2).
type sequenceSet struct {
	read        bool
	numberBits  int // of frame_num
	orderType   int // pic_order_cnt_type
	orderBits   int // of pic_order_cnt_lsb
	orderFixed  bool
	framesOnly  bool
	monochrome  bool
	colourPlane bool
}

type pictureSet struct {
	read                            bool
	sequence                        int
	arithmetic, bottomOrder, repeat bool // entropy_coding_mode_flag, bottom_field_pic_order…, redundant_pic_cnt_present_flag
	weighted                        bool
	bothWeighted                    int
	references                      [2]int
	quantizer                       int
}

// read takes the parameter sets of an access unit in Annex B, and gives the luma quantizer of its first slice, 1–51 (what is
// 0 counts as 1); 0 where none can be read.
func (h *h264) read(b []byte) (quantizer int) {
	for len(b) > 0 {
		i := bytes.Index(b, []byte{0, 0, 1})
		if i < 0 || i+3 >= len(b) {
			return quantizer
		}
		b = b[i+3:]
		switch t := b[0] & 0x1f; {
		case t == 7:
			h.sequence(h.payload(b))
		case t == 8:
			h.picture(h.payload(b))
		case (t == 1 || t == 5) && quantizer == 0:
			quantizer = h.slice(h.payload(b), t == 5, b[0]>>5&3 != 0)
		}
	}
	return quantizer
}

// payload is what follows the first byte of the NAL unit at b, as far as the headers can reach.
func (h *h264) payload(b []byte) *golomb {
	n, zeros := 0, 0
	for _, v := range b[1:] {
		if zeros >= 2 && v <= 3 {
			if v < 3 {
				break // the next start code
			}
			zeros = 0
			continue // §7.4.1.1
		}
		if v == 0 {
			zeros++
		} else {
			zeros = 0
		}
		if h.nal[n] = v; n+1 == len(h.nal) {
			break
		}
		n++
	}
	return &golomb{bits{b: h.nal[:n]}}
}

// golomb reads the codes of §9.1 too.
type golomb struct{ bits }

func (r *golomb) unsigned() int {
	zeros := 0
	for !r.flag() {
		if zeros++; zeros > 31 || r.over() {
			r.at = 8*len(r.b) + 1
			return 0
		}
	}
	return 1<<zeros - 1 + r.bits.read(zeros)
}

func (r *golomb) signed() int {
	v := r.unsigned()
	if v&1 == 1 {
		return (v + 1) / 2
	}
	return -v / 2
}

func (h *h264) sequence(r *golomb) {
	profile := r.bits.read(8)
	r.bits.read(8 + 8) // constraints, level
	id := r.unsigned()
	if id >= len(h.sequences) {
		return
	}
	var s sequenceSet
	switch profile {
	case 100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135:
		chroma := r.unsigned()
		s.monochrome = chroma == 0
		if chroma == 3 {
			s.colourPlane = r.flag()
		}
		r.unsigned() // bit depths
		r.unsigned()
		r.flag() // lossless
		if r.flag() {
			lists := 8
			if chroma == 3 {
				lists = 12
			}
			for i := range lists {
				if r.flag() {
					r.scaling(i)
				}
			}
		}
	}
	s.numberBits = 4 + r.unsigned()
	switch s.orderType = r.unsigned(); s.orderType {
	case 0:
		s.orderBits = 4 + r.unsigned()
	case 1:
		s.orderFixed = r.flag()
		r.signed()
		r.signed()
		for n := r.unsigned(); n > 0 && !r.over(); n-- {
			r.signed()
		}
	}
	r.unsigned() // reference frames
	r.flag()
	r.unsigned() // width, height
	r.unsigned()
	s.framesOnly = r.flag()
	s.read = !r.over() && s.numberBits <= 16 && s.orderBits <= 16 && s.orderType <= 2
	h.sequences[id] = s
}

// scaling skips the i-th scaling list (§7.3.2.1.1.1).
func (r *golomb) scaling(i int) {
	size := 16
	if i >= 6 {
		size = 64
	}
	for last, next := 8, 8; size > 0 && next != 0; size-- {
		if next = (last + r.signed()) & 255; next != 0 {
			last = next
		}
	}
}

func (h *h264) picture(r *golomb) {
	id := r.unsigned()
	if id >= len(h.pictures) {
		return
	}
	p := pictureSet{sequence: r.unsigned()}
	p.arithmetic, p.bottomOrder = r.flag(), r.flag()
	groups := r.unsigned()
	p.references = [2]int{r.unsigned(), r.unsigned()}
	p.weighted, p.bothWeighted = r.flag(), r.bits.read(2)
	p.quantizer = 26 + r.signed()
	r.signed() // of switching slices, of chroma
	r.signed()
	r.bits.read(2) // deblocking control, constrained intra prediction
	p.repeat = r.flag()
	p.read = !r.over() && groups == 0 && p.sequence < len(h.sequences) // slice groups, of no browser, are not read
	h.pictures[id] = p
}

// mostReferences is that of a field (§7.4.3); more are no header.
const mostReferences = 32

// slice reads §7.3.3 up to slice_qp_delta.
func (h *h264) slice(r *golomb, idr, reference bool) (quantizer int) {
	r.unsigned() // first macroblock
	kind, id := r.unsigned()%5, r.unsigned()
	if id >= len(h.pictures) || !h.pictures[id].read {
		return 0
	}
	p := &h.pictures[id]
	s := &h.sequences[p.sequence]
	if !s.read {
		return 0
	}
	const both, intra = 1, 2
	if kind > intra {
		return 0 // switching slices, of no browser
	}
	if s.colourPlane {
		r.bits.read(2)
	}
	r.bits.read(s.numberBits)
	field := !s.framesOnly && r.flag()
	if field {
		r.flag() // the bottom one
	}
	if idr {
		r.unsigned()
	}
	switch {
	case s.orderType == 0:
		r.bits.read(s.orderBits)
		if p.bottomOrder && !field {
			r.signed()
		}
	case s.orderType == 1 && !s.orderFixed:
		r.signed()
		if p.bottomOrder && !field {
			r.signed()
		}
	}
	if p.repeat {
		r.unsigned()
	}
	if kind != intra {
		h.predictions(r, p, s, kind == both)
	}
	if reference {
		r.marking(idr)
	}
	if p.arithmetic && kind != intra {
		r.unsigned()
	}
	q := p.quantizer + r.signed()
	if r.over() || q < 0 || q > 51 {
		return 0
	}
	return max(q, 1)
}

// predictions skips what a predicted slice says of the frames that it builds on (§7.3.3.1, §7.3.3.2).
func (h *h264) predictions(r *golomb, p *pictureSet, s *sequenceSet, both bool) {
	references, lists := p.references, 1
	if both {
		r.flag() // direct prediction
		lists = 2
	}
	if r.flag() {
		for i := range lists {
			references[i] = r.unsigned()
		}
	}
	for range lists {
		if r.flag() {
			for r.unsigned() != 3 && !r.over() {
				r.unsigned()
			}
		}
	}
	if both && p.bothWeighted != 1 || !both && !p.weighted {
		return
	}
	r.unsigned() // denominators
	parts := [2]int{1, 2}
	if s.monochrome || s.colourPlane {
		parts[1] = 0
	} else {
		r.unsigned()
	}
	for i := range lists {
		for range min(references[i]+1, mostReferences) {
			for _, n := range parts {
				if n > 0 && r.flag() {
					for range 2 * n { // weight and offset
						r.signed()
					}
				}
			}
		}
	}
}

// marking skips §7.3.3.3.
func (r *golomb) marking(idr bool) {
	if idr {
		r.bits.read(2)
		return
	}
	if !r.flag() {
		return
	}
	for !r.over() {
		switch r.unsigned() {
		case 0:
			return
		case 3:
			r.unsigned()
			r.unsigned()
		case 5:
		default:
			r.unsigned()
		}
	}
}
