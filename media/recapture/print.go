package recapture

import (
	"context"
	"math"

	"vivavoce/media"
)

// paper is a print of the clip's first picture with a face, held before the camera.
type paper struct {
	p      Parameters
	locate Locator
	sensor *sensor
	mover  *mover
	decode *curve
	sheet  sheet
	still  *Face
}

func newPrint(p Parameters, locate Locator) *paper {
	return &paper{p: p, locate: locate, sensor: newSensor(*p.Lens, p.Seed), decode: newCurve(srgbDecode)}
}

func (s *paper) frame(ctx context.Context, f *media.Frame) (*media.Frame, error) {
	if s.mover == nil {
		if err := s.print(ctx, f); err != nil {
			return nil, err
		}
	}
	if s.sheet.holes != nil {
		if err := s.wear(ctx, f); err != nil {
			return nil, err
		}
	}
	t := f.PTS.Seconds()
	s.sheet.plane = s.mover.plane(t)
	s.sheet.bend = float32(s.p.Page.Bend * (1 + s.p.Page.Flex*s.mover.wave(2, 0.4, t)))
	return s.sensor.shoot(&s.sheet, f), nil
}

func (s *paper) print(ctx context.Context, f *media.Frame) error {
	page := s.p.Page
	var holes *light
	if page.CutEyes || page.CutMouth {
		face, err := s.locate(ctx, f)
		if err != nil {
			return err
		}
		if face == nil {
			return ErrNoFace
		}
		s.still, holes = face, cut(f.Width, f.Height, page, face)
	}
	scale := 3
	if f.Width <= 400 {
		scale = 4
	}
	var picture light
	picture.read(f, s.decode)
	zoom := s.p.Pose.Zoom
	printed := printed(&picture, page, scale, zoom, s.p.Seed)
	printed.blur(s.p.Lens.Blur * float64(scale) / zoom)
	sin, cos := math.Sincos(page.BendAxis * math.Pi / 180)
	s.mover = newMover(*s.p.Pose, f.Width, f.Height, s.p.Seed)
	s.sheet = sheet{
		page: page, printed: printed, holes: holes, scale: float32(scale), w: float32(f.Width), h: float32(f.Height),
		axis: [2]float32{float32(cos), float32(sin)}, room: newRoom(s.p.Seed), veil: newVeil(0, page.Gloss, f.Width, f.Height),
	}
	return nil
}

// cut returns where the page has holes: 1 inside.
func cut(w, h int, p *Page, face *Face) *light {
	m := newLight(w, h)
	if p.CutEyes {
		m.fill(grown(face.LeftEye, p.Hole), 1)
		m.fill(grown(face.RightEye, p.Hole), 1)
	}
	if p.CutMouth {
		m.fill(grown(face.Mouth, p.Hole), 1)
	}
	m.blur(0.6)
	return m
}

// wear puts the living face behind the page, its middle where the still's is.
func (s *paper) wear(ctx context.Context, f *media.Frame) error {
	face, err := s.locate(ctx, f)
	if err != nil {
		return err
	}
	s.sheet.living.read(f, s.decode)
	if face != nil {
		was, is := middle(s.still.Oval), middle(face.Oval)
		s.sheet.offset = [2]float32{float32(is.X - was.X), float32(is.Y - was.Y)}
	}
	return nil
}

// sheet is the page as the camera sees it.
type sheet struct {
	page    *Page
	plane   homography
	printed *light
	living  light  // behind the holes
	holes   *light // nil where there are none
	offset  [2]float32
	scale   float32 // texels to a pixel of the clip
	w, h    float32
	bend    float32
	axis    [2]float32 // across which it bends
	room    *light
	veil    *veil
}

// line implements scene.
func (s *sheet) line(y float32, even, odd int, out []float32) {
	h := &s.plane
	x := 0.25
	u, v, w := h[0]*x+h[1]*float64(y)+h[2], h[3]*x+h[4]*float64(y)+h[5], h[6]*x+h[7]*float64(y)+h[8]
	du, dv, dw := 0.5*h[0], 0.5*h[3], 0.5*h[6]
	c, other := even, odd
	for i := range out {
		at := 1 / w
		cx := 0.25 + 0.5*float32(i)
		out[i] = s.light(float32(u*at), float32(v*at), cx, y, c)
		c, other = other, c
		u, v, w = u+du, v+dv, w+dw
	}
	s.veil.add(y, out)
}

// light is what comes from the page at u, v of its plane, seen at x, y of the picture.
func (s *sheet) light(u, v, x, y float32, c int) float32 {
	// A sheet on a cylinder: the further out, the more paper to a length of the view, and the less light.
	a := (u/s.w-0.5)*s.axis[0] + (v/s.h-0.5)*s.axis[1]
	more := s.bend * a * a
	u += more * a * s.axis[0] * s.w
	v += more * a * s.axis[1] * s.h
	lum := 1 + 2*float32(s.page.Shade)*a - 1.5*float32(math.Abs(float64(more)))
	border := float32(s.page.Border) * s.w
	switch {
	case u >= 0 && v >= 0 && u < s.w && v < s.h:
		lum *= s.printed.at(u*s.scale-0.5, v*s.scale-0.5, c)
		if s.holes != nil {
			// It is in the paper's shadow.
			if hole := s.holes.at(u-0.5, v-0.5, 0); hole > 0 {
				lum += hole * (0.55*s.living.at(u+s.offset[0]-0.5, v+s.offset[1]-0.5, c) - lum)
			}
		}
	case border == 0:
		lum *= s.printed.mirrored(u*s.scale-0.5, v*s.scale-0.5, c)
	case u >= -border && v >= -border && u < s.w+border && v < s.h+border:
		lum *= float32(s.page.White)
	default:
		return s.room.at(x/s.w*roomWidth-0.5, y/s.h*roomHeight-0.5, c)
	}
	return lum
}
