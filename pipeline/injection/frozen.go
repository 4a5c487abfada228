package injection

import (
	"math"
	"time"

	"vivavoce/media"
	"vivavoce/pipeline"
)

// Limits of a picture that stands still.
const (
	// frozenFor is how long it must. A camera that hangs sends no frames, or the same one for some tenths of a second.
	frozenFor = 2 * time.Second
	// frozenCells and frozenFace are how little it may change: an encoder goes on refining a
	// picture that stands still, and the marks with it, but nobody holds their face so still for so long.
	frozenCells, frozenFace = 0.02, 0.15
)

// frozen watches for a face that does not move at all.
type frozen struct {
	since   time.Duration
	last    time.Duration // PTS of the frame before
	on      bool
	longest time.Duration
}

func (z *frozen) see(moved difference, pts time.Duration, found bool) {
	gap := pts - z.last
	z.last = pts
	if gap > longestStep || !found || moved.cells > frozenCells || moved.face > frozenFace {
		z.on = false
		return
	}
	if !z.on {
		z.on, z.since = true, pts
	}
	z.longest = max(z.longest, pts-z.since)
}

// Limits of noise.
const (
	// noiseFrames is how many frames must have been seen with a quantizer fine enough to keep noise.
	noiseFrames = 90
	// finest quantizers: above, a codec throws away what a sensor adds. At 20–24 libx264 leaves 0.05–0.75 of the blocks of a scene
	// with two steps of noise as they were, which moves in a tenth of them, as libvpx does at 8–39 (2026-11-22; 300–4,000 kbit/s).
	finestVP8, finestVP9, finestH264 = 40, 100, 24
	// silent is the share of blocks, of the typical frame, that are the same to the bit as in the frame before.
	silent = 0.97
)

// noise watches how much of the picture changes when nothing moves.
type noise struct {
	frames int
	shares [101]int // of frames by their share of still blocks, in percent
	quiet  float64  // sum of what the quietest blocks that changed varied by
}

func (n *noise) see(c change, l media.Link, found bool) {
	finest := map[string]int{"VP8": finestVP8, "VP9": finestVP9, "H264": finestH264}[l.Codec]
	if !c.ok || !found || l.Quantizer == 0 || l.Quantizer > finest {
		return
	}
	n.frames++
	n.shares[int(100*c.still)]++
	n.quiet += float64(c.quiet)
}

// still is the median share of still blocks.
func (n *noise) still() float64 {
	sum := 0
	for share, count := range n.shares {
		if sum += count; 2*sum >= n.frames {
			return float64(share) / 100
		}
	}
	return 0
}

func (n *noise) part() part {
	if n.frames < noiseFrames {
		return part{}
	}
	p := part{checked: true}
	p.measure("still_share", n.still())
	p.measure("noise_sd", math.Sqrt(n.quiet/float64(n.frames)/2)) // of one picture, in steps of luma: a difference has two's variance
	if n.still() >= silent {
		p.hints = append(p.hints, pipeline.InjectionNoNoise)
	}
	return p
}

// Limits of a cut.
const (
	// cutStep is how often the change from one frame to the next must be that of the frames around
	// it, and leastCut the least change, in squared steps of luma.
	cutStep, leastCut = 20, 1.0
	// calm is added to the change around, so that noise is not divided by.
	calm = 0.05
	// cutGap is the longest time between two frames that can be called neighbours: in 100 ms a head that turns quickly is elsewhere.
	cutGap = 60 * time.Millisecond
)

// cuts looks for a step between two frames where the frames before and after hardly change:
// two recordings put together, or one that begins anew.
type cuts struct {
	before  still
	at      time.Duration
	n       int
	changes [5]float32 // of the last frames, the newest last
	found   bool
}

func (c *cuts) see(s *still, pts time.Duration) {
	if c.n > 0 && pts-c.at > cutGap {
		c.n = 0
	}
	if c.n > 0 {
		copy(c.changes[:], c.changes[1:])
		c.changes[4] = s.apart(&c.before, farCells).cells
	}
	c.before, c.at = *s, pts
	if c.n++; c.n <= len(c.changes) {
		return
	}
	e := c.changes
	if e[0] == 0 || e[1] == 0 {
		return // a camera that hung catches up in one step
	}
	if around := max(e[0], e[1], e[3], e[4]) + calm; e[2] >= leastCut && e[2] >= cutStep*around {
		c.found = true
	}
}
