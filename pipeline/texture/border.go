package texture

import (
	"math"

	"vivavoce/media"
	"vivavoce/pipeline"
)

const (
	// borderSide is the longer side of the picture that borders are looked for in.
	borderSide = 160
	// borderTilt is how far, in degrees, a side may lie from upright or level, and borderStep how finely it is told.
	borderTilt, borderStep = 24, 1
	borderAngles           = 2*borderTilt/borderStep + 1
	borderRhos             = 3 * borderSide
	// borderEdge is the least change of luma over two samples that is an edge, of 255; and borderAcross how far its direction may be
	// from the line's, degrees.
	borderEdge, borderAcross, borderSpread = 10, 14, 6
	// borderLines is how many lines of each side of the face are tried.
	borderLines = 8
	// borderGap is how far from a line its edges may lie, in samples.
	borderGap = 1
)

// border looks for the edge of a screen or of a sheet that shows the face: four straight sides that meet around it, all there – below it
// too, where a person's chest would hide what stands behind. One of the others may lie outside of the picture: then those
// that it joins go on to the picture's own edge.
type border struct {
	w, h   int
	luma   []float32
	angle  []int8 // of each sample's edge by its normal, degrees from upright or from level; noEdge
	level  []bool // that edge lies rather than stands
	votes  [borderAngles * borderRhos]int32
	hits   [4][borderLines + 1][]int16 // edges along each line, from its start on
	lines  [4][]line
	sin    [borderAngles]float64
	cos    [borderAngles]float64
	sumRow []int
}

const noEdge = -128

// line is along·sin + across·cos = rho; along is y of lines that stand, x of those that lie.
type line struct {
	votes    int32
	rho      float64
	sin, cos float64
	angle    int
	outside  bool // of the picture, so not seen
}

func (l line) at(along float64) float64 { return (l.rho - along*l.sin) / l.cos }

func newBorder() *border {
	b := &border{}
	for i := range borderAngles {
		b.sin[i], b.cos[i] = math.Sincos(float64(i*borderStep-borderTilt) * math.Pi / 180)
	}
	return b
}

// find returns how much of the least complete side is there, 0–1, of the best four around the face.
func (b *border) find(f *pipeline.Face) float64 {
	if !b.shrink(f.Frame) {
		return 0
	}
	b.edges()
	scale := float64(b.w) / float64(f.Frame.Width)
	x0, y0, x1, y1 := float64(f.Box.X0)*scale, float64(f.Box.Y0)*scale, float64(f.Box.X1)*scale, float64(f.Box.Y1)*scale
	b.search(false, x0, x1, (y0+y1)/2)
	b.search(true, y0, y1, (x0+x1)/2)
	return b.best()
}

// shrink brings the picture to size, each sample the mean of its pixels.
func (b *border) shrink(f *media.Frame) bool {
	longer := max(f.Width, f.Height)
	w, h := f.Width*borderSide/longer, f.Height*borderSide/longer
	if longer < borderSide || w < 32 || h < 32 {
		return false
	}
	if b.w != w || b.h != h {
		b.w, b.h = w, h
		b.luma, b.angle, b.level = make([]float32, w*h), make([]int8, w*h), make([]bool, w*h)
		for side := range b.hits {
			for i := range b.hits[side] {
				b.hits[side][i] = make([]int16, max(w, h)+1)
			}
		}
		b.sumRow = make([]int, w)
	}
	for y := range h {
		y0, y1 := y*f.Height/h, (y+1)*f.Height/h
		clear(b.sumRow)
		for v := y0; v < y1; v++ {
			row := f.Y[v*f.YStride:]
			for x := range b.sumRow {
				sum := 0
				for _, p := range row[x*f.Width/w : (x+1)*f.Width/w] {
					sum += int(p)
				}
				b.sumRow[x] += sum
			}
		}
		for x, sum := range b.sumRow {
			b.luma[y*w+x] = float32(sum) / float32((y1-y0)*((x+1)*f.Width/w-x*f.Width/w))
		}
	}
	return true
}

// edges tells where the picture changes, and which way.
func (b *border) edges() {
	for i := range b.angle {
		b.angle[i] = noEdge
	}
	for y := 1; y < b.h-1; y++ {
		for x := 1; x < b.w-1; x++ {
			k := y*b.w + x
			p, q, r := b.luma[k-b.w-1:], b.luma[k-1:], b.luma[k+b.w-1:]
			dx := float64(p[2]-p[0]+2*(q[2]-q[0])+r[2]-r[0]) / 4
			dy := float64(r[0]-p[0]+2*(r[1]-p[1])+r[2]-p[2]) / 4
			if dx*dx+dy*dy < borderEdge*borderEdge {
				continue
			}
			b.level[k] = math.Abs(dy) > math.Abs(dx)
			if b.level[k] {
				dx, dy = dy, dx
			}
			b.angle[k] = int8(math.Round(math.Atan(dy/dx) * 180 / math.Pi))
		}
	}
}

// search finds the lines before and after the face, from from to to across them, that passes middle along them.
func (b *border) search(level bool, from, to, middle float64) {
	clear(b.votes[:])
	n, m, index := b.h, b.w, func(along, across int) int { return along*b.w + across }
	first := 0
	if level {
		n, m, index, first = b.w, b.h, func(along, across int) int { return across*b.w + along }, 2
	}
	for along := range n {
		for across := range m {
			k := index(along, across)
			if b.angle[k] == noEdge || b.level[k] != level {
				continue
			}
			a := (int(b.angle[k]) + borderTilt) / borderStep
			for i := max(a-borderSpread, 0); i <= min(a+borderSpread, borderAngles-1); i++ {
				if rho := int(math.Round(float64(across)*b.cos[i]+float64(along)*b.sin[i])) + borderSide; rho >= 0 && rho < borderRhos {
					b.votes[i*borderRhos+rho]++
				}
			}
		}
	}
	least := int32(n / 5)
	for side := first; side < first+2; side++ {
		b.lines[side] = b.lines[side][:0]
		for range borderLines {
			l, ok := b.strongest(least, func(at float64) bool { return side == first && at < from || side > first && at > to }, middle)
			if !ok {
				break
			}
			b.along(l, b.hits[side][len(b.lines[side])], n, m, level, index)
			b.lines[side] = append(b.lines[side], l)
		}
		if side < bottom {
			b.beyond(side, first, n, m)
		}
	}
}

// bottom is the last of the sides: left, right, top.
const bottom = 3

// beyond adds the side that lies just outside of the picture, as if it were all there.
func (b *border) beyond(side, first, n, m int) {
	l := line{rho: -1, cos: 1, outside: true}
	if side > first {
		l.rho = float64(m)
	}
	hits := b.hits[side][len(b.lines[side])]
	for i := range n + 1 {
		hits[i] = int16(i)
	}
	b.lines[side] = append(b.lines[side], l)
}

// strongest is the line with the most votes among those that cross the middle where it is allowed; its neighbours are forgotten.
func (b *border) strongest(least int32, allowed func(float64) bool, middle float64) (l line, ok bool) {
	l.votes = least
	for a := range borderAngles {
		for rho := range borderRhos {
			if v := b.votes[a*borderRhos+rho]; v > l.votes {
				c := line{v, float64(rho - borderSide), b.sin[a], b.cos[a], a, false}
				if allowed(c.at(middle)) {
					l, ok = c, true
				}
			}
		}
	}
	if ok {
		for a := max(l.angle-3, 0); a <= min(l.angle+3, borderAngles-1); a++ {
			c := line{0, 0, b.sin[a], b.cos[a], a, false}
			// Where the same place on the middle row has its rho.
			rho := int(math.Round(l.at(middle)*c.cos+middle*c.sin)) + borderSide
			for r := max(rho-2, 0); r <= min(rho+2, borderRhos-1); r++ {
				b.votes[a*borderRhos+r] = 0
			}
		}
	}
	return l, ok
}

// along counts the edges that lie on l and go its way, from its start on.
func (b *border) along(l line, hits []int16, n, m int, level bool, index func(along, across int) int) {
	hits[0] = 0
	for at := range n {
		hit := int16(0)
		across := int(math.Round(l.at(float64(at))))
		for c := max(across-borderGap, 0); c <= min(across+borderGap, m-1); c++ {
			if k := index(at, c); b.angle[k] != noEdge && b.level[k] == level && math.Abs(float64(int(b.angle[k])-(l.angle*borderStep-borderTilt))) <= borderAcross {
				hit = 1
			}
		}
		hits[at+1] = hits[at] + hit
	}
}

// best tries all fours.
func (b *border) best() (best float64) {
	for i, l := range b.lines[0] {
		for j, r := range b.lines[1] {
			for k, t := range b.lines[2] {
				if l.outside && r.outside || t.outside && (l.outside || r.outside) {
					continue
				}
				for m, u := range b.lines[3] {
					least := 1.0
					for _, s := range [...]struct {
						hits     []int16
						own      line
						from, to line
						n        int
					}{{b.hits[0][i], l, t, u, b.h}, {b.hits[1][j], r, t, u, b.h}, {b.hits[2][k], t, l, r, b.w}, {b.hits[3][m], u, l, r, b.w}} {
						least = min(least, covered(s.hits, meet(s.own, s.from), meet(s.own, s.to), s.n))
						if least <= best {
							break
						}
					}
					best = max(best, least)
				}
			}
		}
	}
	return best
}

// meet is where along own it meets a line of the other kind.
func meet(own, other line) float64 {
	// across = (rho − along·sin)/cos of own is along of other, whose across is along of own.
	return (other.rho - own.rho/own.cos*other.sin) / (other.cos - own.sin/own.cos*other.sin)
}

// covered is the share of a side that is there; what is outside of the picture does not count, but half must be inside.
func covered(hits []int16, from, to float64, n int) float64 {
	a, z := max(int(math.Round(from)), 0), min(int(math.Round(to)), n-1)
	if z-a < n/5 || float64(z-a) < (to-from)/2 {
		return 0
	}
	return float64(hits[z]-hits[a]) / float64(z-a)
}
