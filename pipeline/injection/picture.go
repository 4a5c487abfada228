package injection

import (
	"math"
	"time"

	"vivavoce/pipeline"
)

// A still has across × down cells: fine enough for a head's turn to change dozens of
// them, coarse enough that a codec's own noise averages out and that a second encoding at
// another size gives the same. It is no picture that a person could be known by.
const (
	across, down = 16, 12
	cells        = across * down
	// levels is what one step of luma counts: cells are means of hundreds of samples.
	levels = 16
	// marks are the landmarks kept: corners of the eyes and the mouth, lips, nose, chin,
	// forehead, cheeks, brows.
	marks = 15
	// grid is how finely they are kept: in parts of the picture's width.
	grid = 8192
)

func markPoints() [marks]int {
	return [marks]int{33, 133, 362, 263, 1, 61, 291, 13, 14, 152, 10, 234, 454, 105, 334}
}

// still is what is kept of one frame: where it is bright, and where the face is.
type still struct {
	cells [cells]int16     // mean luma × levels
	face  [2 * marks]int16 // x, y of the marks in 1/grid of the width
	found bool             // there is a face
}

// take fills s; false says that the picture is too small.
func (s *still) take(face *pipeline.Face) bool {
	f := face.Frame
	if f.Width < 2*across || f.Height < 2*down || f.YStride < f.Width || len(f.Y) < (f.Height-1)*f.YStride+f.Width {
		return false
	}
	// Every second sample of every second row, fewer of large pictures.
	step := min(2*max(1, f.Width*f.Height/500_000), f.Width/across, f.Height/down)
	for r := range down {
		y0, y1 := r*f.Height/down, (r+1)*f.Height/down
		var sums [across]int
		rows := 0
		for y := y0; y < y1; y += step {
			row := f.Y[y*f.YStride:][:f.Width]
			rows++
			for c := range across {
				part := row[c*f.Width/across : (c+1)*f.Width/across]
				sum := 0
				for x := 0; x < len(part); x += step {
					sum += int(part[x])
				}
				sums[c] += sum
			}
		}
		for c, sum := range sums {
			n := (c+1)*f.Width/across - c*f.Width/across
			s.cells[r*across+c] = int16(levels * sum / (rows * ((n + step - 1) / step)))
		}
	}
	s.mark(face)
	return true
}

// mark keeps the face's marks, if there is a face with sound numbers.
func (s *still) mark(face *pipeline.Face) {
	s.found = face.Found
	if !s.found {
		return
	}
	scale := grid / float64(face.Frame.Width)
	for i, n := range markPoints() {
		x, y := float64(face.Points[n].X)*scale, float64(face.Points[n].Y)*scale
		if !(math.Abs(x) < 1.5*grid && math.Abs(y) < 1.5*grid) {
			s.found = false
			return
		}
		s.face[2*i], s.face[2*i+1] = int16(x), int16(y)
	}
}

// difference is how far two stills are apart, or how much moved.
type difference struct {
	cells float32 // mean square, in squared steps of luma
	face  float32 // mean square, in squared thousandths of the picture's width
}

// farFace is the difference of a face from none, and farCells more than any two pictures'.
const farFace, farCells = 1e4, 1e5

// apart compares the cells and the marks. It stops where the cells are further apart than far:
// how much further does not matter then.
func (s *still) apart(o *still, far float32) (d difference) {
	total, most := int32(0), int32(min(far, 1e4)*cells*levels*levels/16)
	for r := 0; r < down && total <= most; r++ {
		a, b := s.cells[r*across:][:across], o.cells[r*across:][:across]
		for i, v := range a {
			x := int32(v) - int32(b[i])
			total += x * x >> 4 // 4080² × 192 >> 4 fits
		}
	}
	d.cells = float32(total) * 16 / (cells * levels * levels)
	if !s.found || !o.found {
		d.face = farFace
		return d
	}
	square := int32(0)
	for i, v := range s.face {
		x := int32(v) - int32(o.face[i])
		square += x * x >> 4
	}
	const thousandth = grid / 1000.
	d.face = float32(square) * 16 / (2 * marks * thousandth * thousandth)
	return d
}

// between is the least difference of a still from what lies on the straight way from one still to another: a and
// b are its differences from them, step theirs.
func between(a, b, step difference) difference {
	if step.cells <= 0 {
		return b
	}
	x := min(max((a.cells-b.cells+step.cells)/(2*step.cells), 0), 1)
	on := func(a, b, step float32) float32 { return max(0, (1-x)*a+x*b-x*(1-x)*step) }
	return difference{on(a.cells, b.cells, step.cells), on(a.face, b.face, step.face)}
}

func (d *difference) add(o difference, fade, dt float32) {
	d.cells = d.cells*fade + o.cells*dt
	d.face = d.face*fade + o.face*dt
}

// What must have moved; the part of it that two stretches which are the same may differ by; and what a second
// encoding of the same pictures differs by in any case.
const (
	leastCells, sameCells, noiseCells = 0.05, 0.03, 0.006
	leastFace, sameFace, noiseFace    = 0.5, 0.06, 0.1
)

// enough says that something moved, the face with it.
func (d difference) enough() bool { return d.cells >= leastCells && d.face >= leastFace }

// within says that sums over seen s differ by little of what moved.
func (d difference) within(moved difference, seen float32) bool {
	return d.cells <= sameCells*moved.cells+noiseCells*seen && d.face <= sameFace*moved.face+noiseFace*seen
}

// meanStill is the still of the last second, on average.
type meanStill struct {
	still still
	sums  [cells]float32
	face  [2 * marks]float32
}

// shift moves the mean towards s and returns how far s was from it.
func (m *meanStill) shift(s *still, dt time.Duration, first bool) difference {
	a := float32(1)
	if !first {
		a -= float32(math.Exp(-dt.Seconds()))
	}
	for i, v := range s.cells {
		m.sums[i] += a * (float32(v) - m.sums[i])
		m.still.cells[i] = int16(m.sums[i])
	}
	if s.found {
		if !m.still.found {
			a = 1
		}
		m.still.found = true
		for i, v := range s.face {
			m.face[i] += a * (float32(v) - m.face[i])
			m.still.face[i] = int16(m.face[i])
		}
	}
	d := s.apart(&m.still, farCells)
	if !s.found {
		d.face = 0
	}
	return d
}
