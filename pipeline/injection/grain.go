package injection

import (
	"slices"

	"vivavoce/media"
)

// Blocks of 8×8 samples, spread over the picture, whose change from frame to frame is looked at.
const (
	blocksAcross, blocksDown = 20, 15
	blocks                   = blocksAcross * blocksDown
	side                     = 8
)

// grain compares each frame with the one before, block by block.
type grain struct {
	width, height int // of the picture before; 0 before the first
	before        [blocks * side * side]byte
	vars          [blocks]float32
}

// change is what became of a picture since the one before.
type change struct {
	ok    bool
	still float32 // share of the blocks that are the same to the bit
	quiet float32 // variance of the difference in the quietest quarter of the blocks that changed
	mean  float32 // mean absolute difference of all samples
	live  int     // blocks that changed
}

func (g *grain) see(f *media.Frame) (c change) {
	same := g.width == f.Width && g.height == f.Height
	g.width, g.height = f.Width, f.Height
	if f.Width < blocksAcross*side || f.Height < blocksDown*side {
		g.width = 0
		return c
	}
	still, total := 0, 0
	n := 0
	for b := range blocks {
		x := (b%blocksAcross)*f.Width/blocksAcross + (f.Width/blocksAcross-side)/2
		y := (b/blocksAcross)*f.Height/blocksDown + (f.Height/blocksDown-side)/2
		old := g.before[b*side*side:][:side*side]
		sum, square, abs := int32(0), int32(0), int32(0)
		for r := range side {
			row := f.Y[(y+r)*f.YStride+x:][:side]
			was := old[r*side:][:side]
			for i, v := range row {
				d := int32(v) - int32(was[i])
				sum += d
				square += d * d
				abs += max(d, -d)
			}
			copy(was, row)
		}
		total += int(abs)
		if abs == 0 {
			still++
			continue
		}
		const m = side * side
		g.vars[n] = float32(square)/m - float32(sum)*float32(sum)/(m*m)
		n++
	}
	if !same {
		return c
	}
	c.ok, c.still, c.mean, c.live = true, float32(still)/blocks, float32(total)/(blocks*side*side), n
	if n > 0 {
		v := g.vars[:n]
		slices.Sort(v)
		c.quiet = v[n/4]
	}
	return c
}
