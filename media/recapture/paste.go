package recapture

import (
	"context"
	"errors"
	"io"
	"math"
	"math/rand/v2"

	"vivavoce/media"
)

// paste puts a part of another person's face over the clip's, as lip-sync networks and face swaps do: from
// few pixels, hence blurred, with a seam, its colours about matched. No camera sees it.
type paste struct {
	p      Parameters
	rig    Rig
	line   *curve
	random *rand.Rand
	donor  light // the donor's newest picture, blurred as the network leaves it
	theirs *Face // in it
	face   *Face // the clip's, where it was last
	out    light
	held   affine // where the part was laid last; zero before the first
	ended  bool
	pool   media.Pool
}

func newPaste(p Parameters, r Rig) *paste {
	if r.LocateDonor == nil {
		r.LocateDonor = r.Locate
	}
	return &paste{
		p: p, rig: r, line: newCurve(func(v float64) float64 { return v }), random: rand.New(rand.NewPCG(p.Seed, 0x9a57)),
	}
}

func (s *paste) frame(ctx context.Context, f *media.Frame) (*media.Frame, error) {
	face, err := s.rig.Locate(ctx, f)
	if err != nil {
		return nil, err
	}
	if face != nil {
		s.face = face
	}
	if err := s.lend(ctx); err != nil {
		return nil, err
	}
	if s.face == nil || s.theirs == nil {
		return nil, ErrNoFace
	}
	s.out.read(f, s.line)
	s.put()
	out := s.pool.Get(f.Width, f.Height)
	out.FullRange = f.FullRange
	s.out.write(out, s.line)
	return out, nil
}

// lend takes the donor's next picture.
func (s *paste) lend(ctx context.Context) error {
	if s.ended {
		return nil
	}
	f, err := s.rig.Donor.Next(ctx)
	if errors.Is(err, io.EOF) {
		s.ended = true
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Release()
	face, err := s.rig.LocateDonor(ctx, f)
	if err != nil || face == nil {
		return err
	}
	s.theirs = face
	s.donor.read(f, s.line)
	return nil
}

// region is an ellipse on the clip's face.
type region struct {
	middle   Point
	rx, ry   float64
	sin, cos float64 // of its long axis
}

// at is the place of p in the region: 1 is its edge.
func (r region) at(p Point) float64 {
	dx, dy := p.X-r.middle.X, p.Y-r.middle.Y
	return math.Hypot((dx*r.cos+dy*r.sin)/r.rx, (dy*r.cos-dx*r.sin)/r.ry)
}

// part is the region that is replaced, and the map from the clip's picture to the donor's.
func (s *paste) part() (region, affine, bool) {
	to, ok := carry(s.face, s.theirs)
	l, r := middle(s.face.RightEye), middle(s.face.LeftEye)
	d := math.Hypot(r.X-l.X, r.Y-l.Y)
	sin, cos := (r.Y-l.Y)/d, (r.X-l.X)/d
	ow, oh := size(s.face.Oval)
	if s.p.Species == Swap {
		eyes, mouth := Point{(l.X + r.X) / 2, (l.Y + r.Y) / 2}, middle(s.face.Mouth)
		m := Point{0.45*eyes.X + 0.55*mouth.X, 0.45*eyes.Y + 0.55*mouth.Y}
		return region{m, 0.46 * ow * s.p.Paste.Size, 0.42 * oh * s.p.Paste.Size, sin, cos}, to, ok
	}
	// The mouth alone: its middle and width decide, the head's place the rest.
	mine, theirs := middle(s.face.Mouth), middle(s.theirs.Mouth)
	scale := s.p.Paste.Size
	to[0], to[1], to[3], to[4] = to[0]/scale, to[1]/scale, to[3]/scale, to[4]/scale
	to[2], to[5] = theirs.X-to[0]*mine.X-to[1]*mine.Y, theirs.Y-to[3]*mine.X-to[4]*mine.Y
	return region{mine, 0.3 * ow, 0.19 * oh, sin, cos}, to, ok
}

func (s *paste) put() {
	where, to, ok := s.part()
	if !ok {
		return
	}
	jitter := s.p.Paste.Jitter
	to[2] += jitter * s.random.NormFloat64()
	to[5] += jitter * s.random.NormFloat64()
	if s.held != (affine{}) {
		for i := range to {
			to[i] += s.p.Paste.Steady * (s.held[i] - to[i])
		}
	}
	s.held = to
	from, patch := s.patch(where, to)
	s.match(where, from, patch)
	feather := s.p.Paste.Feather
	for y := range patch.h {
		for x := range patch.w {
			r := where.at(Point{float64(from[0]+x) + 0.5, float64(from[1]+y) + 0.5})
			cover := float32(min(max((1-r)/feather, 0), 1))
			if cover <= 0 {
				continue
			}
			o, p := s.out.pix[3*((from[1]+y)*s.out.w+from[0]+x):][:3], patch.pix[3*(y*patch.w+x):]
			for c := range o {
				o[c] += cover * (p[c] - o[c])
			}
		}
	}
}

// patch is the donor's part as it lies over the clip, from a top left pixel on.
func (s *paste) patch(where region, to affine) (from [2]int, patch *light) {
	reach := max(where.rx, where.ry) + 2
	x0, y0 := max(int(where.middle.X-reach), 0), max(int(where.middle.Y-reach), 0)
	x1, y1 := min(int(where.middle.X+reach), s.out.w), min(int(where.middle.Y+reach), s.out.h)
	patch = newLight(max(x1-x0, 0), max(y1-y0, 0))
	for y := range patch.h {
		for x := range patch.w {
			at := to.at(Point{float64(x0+x) + 0.5, float64(y0+y) + 0.5})
			for c := range 3 {
				patch.pix[3*(y*patch.w+x)+c] = s.donor.at(float32(at.X-0.5), float32(at.Y-0.5), c)
			}
		}
	}
	patch.blur(s.p.Paste.Blur)
	return [2]int{x0, y0}, patch
}

// match brings the patch's mean colour to the clip's at that place.
func (s *paste) match(where region, from [2]int, patch *light) {
	var mine, theirs [3]float64
	for y := range patch.h {
		for x := range patch.w {
			if where.at(Point{float64(from[0] + x), float64(from[1] + y)}) > 1 {
				continue
			}
			o := s.out.pix[3*((from[1]+y)*s.out.w+from[0]+x):]
			for c := range 3 {
				mine[c] += float64(o[c])
				theirs[c] += float64(patch.pix[3*(y*patch.w+x)+c])
			}
		}
	}
	var gain [3]float32
	for c := range gain {
		gain[c] = float32(1 + s.p.Paste.Match*(mine[c]/max(theirs[c], 1e-6)-1))
	}
	for i := range patch.pix {
		patch.pix[i] *= gain[i%3]
	}
}
