package recapture

import (
	"context"
	"math"

	"vivavoce/media"
)

// mask is a rigid face, made from the clip's first picture of it, worn by the person in the clip: it
// follows the head as one piece, and only what its holes show lives.
type mask struct {
	p      Parameters
	locate Locator
	sensor *sensor
	decode *curve
	still  *Face
	worn   *light // its material, colour and cover: where red is below 0 there is none
	cover  *light // 1 where the mask covers
	rim    *light // its holes' dark edges, 1 is no darkness
	place  affine // from the picture at hand to the still
	scene  view
	live   light
}

func newMask(p Parameters, locate Locator) *mask {
	return &mask{p: p, locate: locate, sensor: newSensor(*p.Lens, p.Seed), decode: newCurve(srgbDecode)}
}

func (m *mask) frame(ctx context.Context, f *media.Frame) (*media.Frame, error) {
	face, err := m.locate(ctx, f)
	if err != nil {
		return nil, err
	}
	m.live.read(f, m.decode)
	switch {
	case m.still == nil && face == nil:
		return nil, ErrNoFace
	case m.still == nil:
		m.form(face)
	case face != nil:
		m.follow(face)
	}
	m.wear()
	m.scene.blur(m.p.Lens.Blur)
	return m.sensor.shoot(&m.scene, f), nil
}

// form makes the mask from the picture at hand.
func (m *mask) form(face *Face) {
	d := m.p.Disguise
	m.still, m.place = face, affine{1, 0, 0, 0, 1, 0}
	width, _ := size(face.Oval)
	m.worn = newLight(m.live.w, m.live.h)
	copy(m.worn.pix, m.live.pix)
	m.worn.blur(d.Smooth * width)
	chroma := float32(d.Chroma)
	for i := 0; i < len(m.worn.pix); i += 3 {
		p := m.worn.pix[i : i+3]
		grey := 0.2126*p[0] + 0.7152*p[1] + 0.0722*p[2]
		for c := range p {
			p[c] = max(grey+chroma*(p[c]-grey), 0)
		}
	}
	m.cover, m.rim = newLight(m.live.w, m.live.h), newLight(m.live.w, m.live.h)
	m.cover.fill(face.Oval, 1)
	for i := range m.rim.pix {
		m.rim.pix[i] = 1
	}
	holes := [][]Point{face.LeftEye, face.RightEye}
	if d.Mouth {
		holes = append(holes, face.Mouth)
	}
	for _, h := range holes {
		m.rim.fill(grown(h, d.Hole*1.12), float32(1-d.Rim))
		m.cover.fill(grown(h, d.Hole), 0)
	}
	m.cover.blur(0.7)
	m.rim.blur(0.008 * width)
}

// follow moves the mask with the head, a little late.
func (m *mask) follow(face *Face) {
	if place, ok := carry(face, m.still); ok {
		m.place = m.place.mixed(place, 1/(1+m.p.Disguise.Stiff))
	}
}

// wear puts the mask over the living picture.
func (m *mask) wear() {
	m.scene.fit(m.live.w, m.live.h)
	copy(m.scene.pix, m.live.pix)
	nose := m.place.inverse().at(m.still.Nose)
	width, height := size(m.still.Oval)
	for y := range m.live.h {
		for x := range m.live.w {
			at := m.place.at(Point{float64(x) + 0.5, float64(y) + 0.5})
			u, v := float32(at.X-0.5), float32(at.Y-0.5)
			if u < 0 || v < 0 || u > float32(m.live.w-1) || v > float32(m.live.h-1) {
				continue
			}
			cover := m.cover.at(u, v, 0)
			if cover <= 0 {
				continue
			}
			// Gloss stays with the lamp: above the nose as it is now, by a little of the move.
			dx, dy := (float64(x)-0.5*nose.X-0.5*m.still.Nose.X)/(0.16*width), (float64(y)-nose.Y+0.2*height)/(0.14*height)
			gloss := float32(m.p.Disguise.Gloss * math.Exp(-dx*dx-dy*dy))
			rim := m.rim.at(u, v, 0)
			o := m.scene.pix[3*(y*m.live.w+x):][:3]
			for c := range o {
				o[c] += cover * (rim*m.worn.at(u, v, c) + gloss - o[c])
			}
		}
	}
}
