package puppet

import (
	"errors"
	"fmt"

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
	pivot vec       // the head turns about it
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
	p := h.face.pos
	h.face.pulls = pulls(p)
	h.pivot = vec{(p[78].x + p[308].x) / 2, p[1].y, p[234].z + 0.3}
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

// Rings around the face oval, as multiples of its radius: the last ones stay
// where they are and fade into the backdrop, so that a turning head leaves no hole.
// The skin below the chin moves with it, less and less.
var ringSizes = []ring{
	{1.18, 1, 1, 0.8}, {1.45, 0.85, 1, 0.3}, {1.75, 0.4, 0.9, 0}, {2.1, 0, 0, 0},
}

// ring is a closed line around the face: how large, how far it follows the head and how opaque
// it is, and how far it follows the mouth.
type ring struct{ size, follow, opaque, mouth float32 }

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
	from := ring{1, 1, 1, 1}
	for _, to := range ringSizes {
		var s surface
		for k := range n {
			for _, r := range []ring{from, to} {
				p := inner[k]
				s.pos = append(s.pos, vec{p.x * r.size, p.y * r.size, p.z + (r.size-1)*0.5})
				s.uv = append(s.uv, vec2{
					mid.x + (innerUV[k].x-mid.x)*r.size,
					mid.y + (innerUV[k].y-mid.y)*r.size,
				})
				s.follow = append(s.follow, r.follow)
				s.opaque = append(s.opaque, r.opaque)
				s.pulls = append(s.pulls, h.face.pulls[oval[k]].scaled(r.mouth))
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
