package texture

// peaks says by how much the strongest lonely frequencies of a spectrum stand out of their
// surroundings, in powers of ten of power.
type peaks struct {
	oblique float64 // off the axes: moiré, turned grids, halftone
	grid    float64 // on the axes and no harmonic of a codec's blocks: pixel grids, rolling lines
}

// Reach of the surroundings with which a frequency is compared, in cycles a window: nearer ones
// belong to the same peak (a Hann window is four wide), further ones are another texture.
const near, far = 2, 5

// find looks for peaks at frequencies from lowest cycles a window up; level comes first.
//
// Skin, hair and cloth have energy in directions and bands, which are wide; only what repeats
// has a narrow one. Edges of things lie on the axes more than elsewhere, and a codec's blocks of
// 4 and 8 samples have all their harmonics there, so the axes are judged along
// themselves and without those.
func (s *spectrum) find(lowest int) peaks {
	var p peaks
	half := s.side / 2
	for v := -half + 1; v < half; v++ {
		for u := 0; u < half; u++ {
			if r := u*u + v*v; r < lowest*lowest || r > (half-1)*(half-1) {
				continue
			}
			onAxis := u <= 1 || v >= -1 && v <= 1
			switch {
			case !onAxis:
				p.oblique = max(p.oblique, s.at(u, v)-s.around(u, v))
			case u == 0 && v > 0 && !s.block(v):
				p.grid = max(p.grid, s.at(0, v)-s.along(0, v))
			case v == 0 && !s.block(u):
				p.grid = max(p.grid, s.at(u, 0)-s.along(u, 0))
			}
		}
	}
	return p
}

// block reports whether f is a harmonic of blocks of 8 samples, or next to one.
func (s *spectrum) block(f int) bool {
	step := max(s.side/8, 1)
	off := f % step
	return off == 0 || step > 4 && (off == 1 || off == step-1)
}

// around is the mean level near u, v.
func (s *spectrum) around(u, v int) float64 {
	sum, n := 0.0, 0
	for dv := -far; dv <= far; dv++ {
		for du := -far; du <= far; du++ {
			d := du*du + dv*dv
			if d <= near*near || d > far*far || u+du == 0 || v+dv == 0 {
				continue
			}
			sum += s.at(u+du, v+dv)
			n++
		}
	}
	return sum / float64(n)
}

// along is the mean level near u, v on its axis.
func (s *spectrum) along(u, v int) float64 {
	sum, n := 0.0, 0
	for d := -far - 1; d <= far+1; d++ {
		if d >= -near && d <= near {
			continue
		}
		du, dv := d, 0
		if u == 0 {
			du, dv = 0, d
		}
		if s.block(abs(u + v + d)) {
			continue
		}
		sum += s.at(u+du, v+dv)
		n++
	}
	return sum / float64(max(n, 1))
}

func abs(v int) int {
	if v < 0 {
		return -v
	}
	return v
}
