package puppet

import (
	"errors"
	"fmt"
	"math"

	"vivavoce/models"
	"vivavoce/pipeline"
)

// Head is a person to render: the canonical face mesh in the shape of one face
// picture, with the picture as its skin, and rings around it for hair and neck.
// Lengths are in eye distances; x to the picture's right, y down, z away from the
// camera. A Head is read-only after New and safe to share.
type Head struct {
	skin  *texture
	face  surface
	rings []surface // outermost first
	mouth surface   // the cavity behind the lips
	jaw   []float32 // per face vertex, how far it follows the jaw, 0–1
	lips  []float32 // per face vertex, how far it follows the lips' width, 0–1
	// mouthX is the mouth's centre line and pivot the point the head turns about.
	mouthX float32
	pivot  vec
}

// ErrNoSkin means that the picture given for the skin holds no usable face.
var ErrNoSkin = errors.New("no face in the skin picture")

// NewHead shapes and skins a head from one face found in picture.
func NewHead(picture *texture, f *pipeline.Face, g *models.Geometry) (*Head, error) {
	if f == nil || !f.Found || !(f.Interocular > 20) {
		return nil, ErrNoSkin
	}
	if len(g.Triangles) == 0 {
		return nil, fmt.Errorf("skin a head: geometry without triangles")
	}
	h := &Head{skin: picture}
	h.face = faceSurface(f, g)
	h.weigh()
	h.surround()
	h.cavity()
	return h, nil
}

// faceSurface turns the found face upright and frontal, in eye distances.
func faceSurface(f *pipeline.Face, g *models.Geometry) surface {
	s := surface{pos: make([]vec, meshPoints), uv: make([]vec2, meshPoints)}
	unit := float32(1 / f.Interocular)
	var mid vec
	for _, i := range oval {
		p := f.Points[i]
		mid = mid.add(vec{p.X, p.Y, p.Z}.scale(1 / float32(len(oval))))
	}
	back := rotation(f.Pose.Yaw, f.Pose.Pitch, f.Pose.Roll).transposed()
	for i := range s.pos {
		p := f.Points[i]
		s.pos[i] = back.apply(vec{p.X, p.Y, p.Z}.sub(mid).scale(unit))
		s.uv[i] = vec2{p.X, p.Y}
	}
	inner := map[uint16]bool{}
	for _, i := range innerLips {
		inner[uint16(i)] = true
	}
	for _, t := range g.Triangles {
		if inner[t[0]] && inner[t[1]] && inner[t[2]] {
			continue // the lips' seam: closed by the cavity
		}
		s.tris = append(s.tris, t)
	}
	return s
}

// weigh finds how far each vertex follows the jaw and the lips.
func (h *Head) weigh() {
	p := h.face.pos
	h.jaw, h.lips = make([]float32, meshPoints), make([]float32, meshPoints)
	left, right := p[61], p[291]
	chin := p[152]
	h.mouthX = (left.x + right.x) / 2
	corner, half := (left.y+right.y)/2, (right.x-left.x)/2
	cheek := (p[454].x - p[234].x) / 2
	for i, v := range p {
		across := abs(v.x-h.mouthX) / cheek
		down := smooth((v.y - corner) / (chin.y - corner) / 0.6)
		h.jaw[i] = down * max(0, 1-across*across*across)
		dx, dy := (v.x-h.mouthX)/half, (v.y-corner)/half
		h.lips[i] = float32(math.Exp(float64(-(dx*dx + dy*dy) / 2)))
	}
	for _, row := range lowerLip {
		for _, i := range row {
			x := (p[i].x - h.mouthX) / half
			h.jaw[i] = float32(math.Sqrt(float64(max(0, 1-x*x))))
		}
	}
	for _, row := range upperLip {
		for _, i := range row {
			h.jaw[i] = 0
		}
	}
	h.pivot = vec{h.mouthX, p[1].y, p[234].z + 0.3}
}

// Rings around the face oval, as multiples of its radius: the last ones stay
// where they are and fade into the backdrop, so that a turning head leaves no hole.
var ringSizes = []struct{ size, follow, opaque float32 }{
	{1.18, 1, 1}, {1.45, 0.85, 1}, {1.75, 0.4, 0.9}, {2.1, 0, 0},
}

// surround adds the rings, from the picture around the face.
func (h *Head) surround() {
	n := len(oval)
	inner := make([]vec, n)
	innerUV := make([]vec2, n)
	var mid vec2
	for k, i := range oval {
		inner[k], innerUV[k] = h.face.pos[i], h.face.uv[i]
		mid.x += innerUV[k].x / float32(n)
		mid.y += innerUV[k].y / float32(n)
	}
	from := ringSizes[0]
	from.size, from.follow, from.opaque = 1, 1, 1
	for _, to := range ringSizes {
		var s surface
		for k := range n {
			for _, r := range []struct{ size, follow, opaque float32 }{from, to} {
				p := inner[k]
				s.pos = append(s.pos, vec{p.x * r.size, p.y * r.size, p.z + (r.size-1)*0.5})
				s.uv = append(s.uv, vec2{
					mid.x + (innerUV[k].x-mid.x)*r.size,
					mid.y + (innerUV[k].y-mid.y)*r.size,
				})
				s.follow = append(s.follow, r.follow)
				s.opaque = append(s.opaque, r.opaque)
			}
			a, b := uint16(2*k), uint16(2*((k+1)%n))
			s.tris = append(s.tris, [3]uint16{a, a + 1, b}, [3]uint16{b, a + 1, b + 1})
		}
		h.rings = append([]surface{s}, h.rings...)
		from = to
	}
}

// cavity makes the dark inside of the mouth: a fan over the inner lips, which
// takes its shape from them in every frame.
func (h *Head) cavity() {
	n := uint16(len(innerLips))
	h.mouth.pos = make([]vec, n)
	for k := uint16(1); k+1 < n; k++ {
		h.mouth.tris = append(h.mouth.tris, [3]uint16{0, k, k + 1})
	}
}
