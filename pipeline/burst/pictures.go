package burst

import (
	"bytes"
	"math"
	"slices"

	"vivavoce/media"
	"vivavoce/pipeline"
	"vivavoce/pipeline/injection"
)

// Cells are means of luma over a grid: what is left of a picture after another size and another encoding.
const (
	across, down = 32, 24
	cells        = across * down
)

type grid [cells]float32

// gridOf gives the means; ok is false for a picture that is too small. Cells end within samples, which count in part: otherwise
// two sizes of one picture would have edges in different cells.
func gridOf(f *media.Frame) (g grid, ok bool) {
	if f == nil || f.Width < 2*across || f.Height < 2*down {
		return g, false
	}
	cols, rows := spans(f.Width, across), spans(f.Height, down)
	line := make([]float32, across)
	for r, rs := range rows {
		for y := rs.first; y <= rs.last; y++ {
			row := f.Y[y*f.YStride:][:f.Width]
			for c, cs := range cols {
				line[c] = cs.mean(row)
			}
			w := rs.weight(y)
			for c, v := range line {
				g[r*across+c] += w * v
			}
		}
		for c := range across {
			g[r*across+c] /= rs.length
		}
	}
	return g, true
}

// span is where a cell lies along one side: from within sample first to within sample last.
type span struct {
	first, last int
	head, tail  float32 // parts of these two that are the cell's
	length      float32 // samples
}

// spans cuts n samples into equal cells, of more than one each.
func spans(n, cells int) []span {
	all := make([]span, cells)
	size := float64(n) / float64(cells)
	for i := range all {
		from, to := float64(i)*size, float64(i+1)*size
		s := span{first: int(from), last: min(int(to), n-1), length: float32(size)}
		s.head, s.tail = float32(float64(s.first+1)-from), float32(to-float64(s.last))
		all[i] = s
	}
	return all
}

// weight is what part of sample i is the cell's.
func (s span) weight(i int) float32 {
	switch i {
	case s.first:
		return s.head
	case s.last:
		return s.tail
	}
	return 1
}

// mean is that of the cell's samples of a row.
func (s span) mean(row []byte) float32 {
	sum := 0
	for _, v := range row[s.first+1 : s.last] {
		sum += int(v)
	}
	return (float32(sum) + s.head*float32(row[s.first]) + s.tail*float32(row[s.last])) / s.length
}

// apart is the mean square of what two grids differ by, and the worst of its patches of 4×4 cells: a face that was put
// into the picture is in few of them. Both are in squared steps of luma.
func (g *grid) apart(o *grid) (mean, worst float64) {
	const patch = 4
	for r := 0; r < down; r += patch {
		for c := 0; c < across; c += patch {
			sum := 0.0
			for y := range patch {
				for x := range patch {
					d := float64(g[(r+y)*across+c+x] - o[(r+y)*across+c+x])
					sum += d * d
				}
			}
			mean += sum
			worst = max(worst, sum/(patch*patch))
		}
	}
	return mean / cells, worst
}

// Limits of the photo and its shot, which are the same frame at two sizes and two qualities: of 178 captures (TestMeasure,
// 2026-11-22) none was further apart than 0.06, or 0.4 in its worst patch. Other ways to make a picture small blur otherwise.
const farMean, farPatch = 1.5, 10

// Apart says that two pictures, of whatever size and quality, are not of one frame.
func Apart(a, b *media.Frame) bool {
	x, ok := gridOf(a)
	y, also := gridOf(b)
	mean, worst := x.apart(&y)
	return !ok || !also || !(mean <= farMean && worst <= farPatch)
}

// Limits of what changes.
const (
	// side of the blocks in which a sensor's noise is looked for.
	side = 8
	// silent is the share of blocks of the typical pair of neighbours that are the same to the bit.
	silent = 0.97
)

// pictures looks at what is in them.
func (c *Capture) pictures(s *pipeline.Score) (alone, hints []pipeline.Reason) {
	if !c.sizes() {
		return []pipeline.Reason{Differs}, nil
	}
	if c.frozen() {
		alone = append(alone, Frozen)
	} else if c.repeats() {
		alone = append(alone, Repeats)
	}
	photo, ok := gridOf(c.Photo)
	if c.Of < 0 || c.Of >= len(c.Burst) || !ok {
		return append(alone, Differs), hints
	}
	shot, ok := gridOf(c.Burst[c.Of].Frame)
	mean, worst := photo.apart(&shot)
	s.Measures = append(s.Measures, pipeline.Measure{Name: "photo_apart_luma2", Value: mean}, pipeline.Measure{Name: "photo_patch_luma2", Value: worst})
	if !ok || !(mean <= farMean && worst <= farPatch) {
		alone = append(alone, Differs)
	}
	still := c.still()
	s.Measures = append(s.Measures, pipeline.Measure{Name: "still_share", Value: still})
	if len(c.Burst) > 1 && still >= silent {
		hints = append(hints, NoNoise)
	}
	return alone, hints
}

// sizes says that all pictures of the burst have one size and the photo's shape.
func (c *Capture) sizes() bool {
	for _, s := range c.Burst {
		a, b := s.Frame, c.Burst[0].Frame
		if a == nil || a.Width != b.Width || a.Height != b.Height {
			return false
		}
		shape := float64(a.Width) * float64(c.Photo.Height) / (float64(a.Height) * float64(c.Photo.Width))
		if math.Abs(shape-1) > 0.03 {
			return false
		}
	}
	return true
}

// same says that two pictures are one, to the bit.
func same(a, b *media.Frame) bool {
	for y := range a.Height {
		if !bytes.Equal(a.Y[y*a.YStride:][:a.Width], b.Y[y*b.YStride:][:b.Width]) {
			return false
		}
	}
	return true
}

// frozen says that half of the pictures are the one before. A camera that hangs gives one again.
func (c *Capture) frozen() bool {
	equal := 0
	for i := 1; i < len(c.Burst); i++ {
		if same(c.Burst[i-1].Frame, c.Burst[i].Frame) {
			equal++
		}
	}
	return len(c.Burst) > 1 && 2*equal >= len(c.Burst)-1
}

// repeats says that a picture comes again after another one.
func (c *Capture) repeats() bool {
	for i := range c.Burst {
		for j := i + 2; j < len(c.Burst); j++ {
			a, b := c.Burst[i].Frame, c.Burst[j].Frame
			if same(a, b) && !same(a, c.Burst[i+1].Frame) {
				return true
			}
		}
	}
	return false
}

// still is the share of blocks that are the same to the bit in a picture as in the one before, of the typical pair.
func (c *Capture) still() float64 {
	var shares []float64
	for i := 1; i < len(c.Burst); i++ {
		shares = append(shares, stillShare(c.Burst[i-1].Frame, c.Burst[i].Frame))
	}
	if len(shares) == 0 {
		return 0
	}
	slices.Sort(shares)
	return shares[len(shares)/2]
}

func stillShare(a, b *media.Frame) float64 {
	still, all := 0, 0
	for y := 0; y+side <= a.Height; y += side {
		for x := 0; x+side <= a.Width; x += side {
			all++
			equal := true
			for r := range side {
				at, to := (y+r)*a.YStride+x, (y+r)*b.YStride+x
				equal = equal && bytes.Equal(a.Y[at:at+side], b.Y[to:to+side])
			}
			if equal {
				still++
			}
		}
	}
	return float64(still) / float64(max(1, all))
}

func virtual(label string) bool { return injection.VirtualCamera(label) }
