package motion

import (
	"math"
	"time"

	"vivavoce/pipeline"
	"vivavoce/pipeline/internal/cv"
)

// parallax watches what is around the head while it turns. Behind a person it stays, or moves
// as a whole with a camera held by hand; on a picture that is tilted it is carried along by
// the very homography that carries the face.
//
// On flat sheets of held-out speakers tilted by 35° or more it tells 38 of 60 carried, and 6 not (2026-11-22,
// TestMeasureSheets); plain walls and close-ups tell nothing.
type parallax struct {
	ref     thumb
	now     thumb
	points  flatView // of the face in ref, in ref's pixels
	patches []patch
	next    time.Duration // PTS of the next look
	carried
}

// carried is what looks at later frames told.
type carried struct {
	looks int
	lead  float64 // sum over looks: by how much more correlation the face's homography explains the surroundings
}

const (
	// leastContrast is a patch's standard deviation in raw luma steps, above a sensor's
	// noise in a thumb.
	leastContrast             = 6.0
	gridX, gridY              = 12, 9 // where patches are looked for
	leastPatches, mostPatches = 4, 12
	// leastCarried is how far, in the thumb's pixels, the homography must carry a patch otherwise
	// than a mere shift does, for the patch to tell the two apart.
	leastCarried = 3.0
	leastChanged = 1.0 // the thumb's pixels that the face's points must have moved against one another
	mostLooks    = 8   // of one turn
	lookEvery    = 80 * time.Millisecond
	leastLooks   = 3   // of a session
	leastLike    = 0.5 // of the better explanation
	farShift     = 5   // the thumb's pixels that a camera may have moved
	nearShift    = 2   // by which the homography may err so far from the face
	// A lead of evenLead scores 0.5, fullLead more 0 and fullLead less 1. Hair and shoulders that
	// go with the head may lead: of 47 stretches of data/head in which the surroundings told
	// something 9 have a lead, of one person all but one, and 2 more than evenLead, which was chosen by them.
	evenLead, fullLead = 0.15, 0.3
)

// begin takes the picture before the head moves.
func (p *parallax) begin(f *pipeline.Face) {
	p.ref.take(f.Frame)
	if p.ref.w == 0 {
		return
	}
	p.points = inThumb(f, p.ref.scale)
	b, s := f.Box, float32(p.ref.scale)
	w, h := (b.X1-b.X0)/s, (b.Y1-b.Y0)/s
	// Hair, ears and neck go with the head.
	x0, x1, y0, y1 := b.X0/s-0.4*w, b.X1/s+0.4*w, b.Y0/s-0.5*h, b.Y1/s+0.3*h
	for j := range gridY {
		y := patchHalf + (p.ref.h-2*patchHalf-1)*j/(gridY-1)
		for i := range gridX {
			x := patchHalf + (p.ref.w-2*patchHalf-1)*i/(gridX-1)
			if float32(x) > x0 && float32(x) < x1 && float32(y) > y0 && float32(y) < y1 {
				continue
			}
			var c patch
			c.cut(&p.ref, x, y)
			if c.length >= leastContrast*math.Sqrt(float64(len(c.pix))) {
				p.patches = append(p.patches, c)
			}
		}
	}
}

func inThumb(f *pipeline.Face, scale float64) (v flatView) {
	for i, n := range rigid {
		v[i] = cv.Point2{X: float64(f.Points[n].X) / scale, Y: float64(f.Points[n].Y) / scale}
	}
	return v
}

// look compares a later picture.
func (p *parallax) look(f *pipeline.Face) {
	if len(p.patches) < leastPatches || p.looks >= mostLooks {
		return
	}
	points := inThumb(f, p.ref.scale)
	if f.Frame.PTS < p.next || changed(&p.points, &points) < leastChanged {
		return
	}
	p.next = f.Frame.PTS + lookEvery
	h, ok := cv.Homography(p.points[:], points[:])
	if !ok {
		return
	}
	telling := p.telling(&h)
	if len(telling) < leastPatches {
		return
	}
	p.now.take(f.Frame)
	if p.now.w != p.ref.w || p.now.h != p.ref.h {
		return
	}
	stays := best(telling, &p.now, farShift, func(x, y float64) (float64, float64) { return x, y })
	goes := best(telling, &p.now, nearShift, h.Apply)
	if max(stays, goes) < leastLike {
		return
	}
	p.looks++
	p.lead += goes - stays
}

// changed is how far, root mean square, b's points are from a's but for a shift of all.
func changed(a, b *flatView) float64 {
	ca, cb := centroid(a[:]), centroid(b[:])
	sum := 0.0
	for i := range a {
		dx, dy := b[i].X-cb.X-(a[i].X-ca.X), b[i].Y-cb.Y-(a[i].Y-ca.Y)
		sum += dx*dx + dy*dy
	}
	return math.Sqrt(sum / float64(len(a)))
}

// telling are the patches that h carries elsewhere than any one shift does.
func (p *parallax) telling(h *cv.Plane) (out []*patch) {
	mx, my := 0.0, 0.0
	for i := range p.patches {
		c := &p.patches[i]
		x, y := h.Apply(float64(c.x), float64(c.y))
		mx += (x - float64(c.x)) / float64(len(p.patches))
		my += (y - float64(c.y)) / float64(len(p.patches))
	}
	for i := range p.patches {
		c := &p.patches[i]
		x, y := h.Apply(float64(c.x), float64(c.y))
		inside := x >= patchHalf && y >= patchHalf && x < float64(p.ref.w-patchHalf) && y < float64(p.ref.h-patchHalf)
		if inside && math.Hypot(x-float64(c.x)-mx, y-float64(c.y)-my) >= leastCarried {
			out = append(out, c)
		}
	}
	if len(out) > mostPatches {
		for i := range mostPatches {
			out[i] = out[i*len(out)/mostPatches]
		}
		out = out[:mostPatches]
	}
	return out
}

// best is how well the patches are found where to carries them, with one shift for all, at
// most so far, that suits them best: their mean correlation. Shifts are tried by twos, then
// around the best.
func best(patches []*patch, t *thumb, far int, to func(x, y float64) (float64, float64)) float64 {
	most, bx, by := 0.0, 0, 0
	try := func(dx, dy int) {
		sum := 0.0
		for _, p := range patches {
			sum += p.like(t, func(x, y float64) (float64, float64) {
				x, y = to(x, y)
				return x + float64(dx), y + float64(dy)
			})
		}
		if sum /= float64(len(patches)); sum > most {
			most, bx, by = sum, dx, dy
		}
	}
	for dy := -far; dy <= far; dy += 2 {
		for dx := -far; dx <= far; dx += 2 {
			try(dx, dy)
		}
	}
	mx, my := bx, by
	for dy := my - 1; dy <= my+1; dy++ {
		for dx := mx - 1; dx <= mx+1; dx++ {
			try(dx, dy)
		}
	}
	return most
}

// wholeParallax is the score of the session, over all looks of all turns.
func wholeParallax(turns []carried, settled bool) pipeline.Score {
	s := pipeline.Score{Name: pipeline.ScoreParallax, Step: pipeline.Whole, Settled: settled}
	looks, lead := 0, 0.0
	for _, t := range turns {
		looks, lead = looks+t.looks, lead+t.lead
	}
	if looks < leastLooks {
		s.Reasons = []pipeline.Reason{pipeline.ParallaxNotChecked}
		return s
	}
	s.Checked, s.Value = true, clamp(0.5-(lead/float64(looks)-evenLead)/fullLead/2)
	if s.Value < explained {
		s.Reasons = []pipeline.Reason{pipeline.ParallaxCarried}
	}
	return s
}
