package puppet

import (
	"vivavoce/media"
)

// surface is a piece of the scene: vertices with their place in the skin.
type surface struct {
	pos    []vec
	uv     []vec2
	tris   [][3]uint16
	follow []float32 // how far a vertex follows the head; nil is all the way
	opaque []float32 // 0 shows what is behind; nil is 1
	pulls  []pull    // how far a vertex follows the mouth; nil does not
}

// texture is a picture in Y'CbCr with chroma at half size, as frames have it.
type texture struct {
	w, h      int
	y, cb, cr []byte
	ys, cs    int
}

// textureOf shares the frame's planes; the frame must outlive it.
func textureOf(f *media.Frame) *texture {
	return &texture{w: f.Width, h: f.Height, y: f.Y, cb: f.Cb, cr: f.Cr, ys: f.YStride, cs: f.CStride}
}

// luma samples between four pixels, clamped to the edge.
func (t *texture) luma(x, y float32) float32 {
	x = min(max(x-0.5, 0), float32(t.w-2))
	y = min(max(y-0.5, 0), float32(t.h-2))
	ix, iy := int(x), int(y)
	fx, fy := x-float32(ix), y-float32(iy)
	a := t.y[iy*t.ys+ix:]
	b := t.y[(iy+1)*t.ys+ix:]
	top := float32(a[0]) + (float32(a[1])-float32(a[0]))*fx
	low := float32(b[0]) + (float32(b[1])-float32(b[0]))*fx
	return top + (low-top)*fy
}

// chroma takes the nearest sample.
func (t *texture) chroma(x, y float32) (cb, cr float32) {
	ix := min(max(int(x)/2, 0), (t.w+1)/2-1)
	iy := min(max(int(y)/2, 0), (t.h+1)/2-1)
	i := iy*t.cs + ix
	return float32(t.cb[i]), float32(t.cr[i])
}

// canvas is a frame being painted, with the depth of what is there.
type canvas struct {
	f     *media.Frame
	depth []float32
	// gain multiplies luma, left to right across the picture: light from one side.
	gainLeft, gainRight float32
}

func (c *canvas) clearDepth() {
	for i := range c.depth {
		c.depth[i] = 1e9
	}
}

// corner is a vertex on its way to the screen.
type corner struct {
	x, y, z, u, v, opaque float32
}

// draw paints a surface whose positions are screen pixels already. With test it
// keeps what is nearer.
func (c *canvas) draw(s *surface, skin *texture, test bool) {
	for _, t := range s.tris {
		var k [3]corner
		for i, j := range t {
			p := s.pos[j]
			k[i] = corner{x: p.x, y: p.y, z: p.z, opaque: 1}
			if s.uv != nil {
				k[i].u, k[i].v = s.uv[j].x, s.uv[j].y
			}
			if s.opaque != nil {
				k[i].opaque = s.opaque[j]
			}
		}
		c.triangle(k, skin, test)
	}
}

// triangle paints one triangle with barycentric weights, at pixel centres. A nil
// skin paints the dark inside of a mouth.
func (c *canvas) triangle(k [3]corner, skin *texture, test bool) {
	area := (k[1].x-k[0].x)*(k[2].y-k[0].y) - (k[2].x-k[0].x)*(k[1].y-k[0].y)
	if abs(area) < 1e-6 {
		return
	}
	inv := 1 / area
	x0 := max(int(min(k[0].x, k[1].x, k[2].x)-0.5), 0)
	x1 := min(int(max(k[0].x, k[1].x, k[2].x)+0.5), c.f.Width-1)
	y0 := max(int(min(k[0].y, k[1].y, k[2].y)-0.5), 0)
	y1 := min(int(max(k[0].y, k[1].y, k[2].y)+0.5), c.f.Height-1)
	for y := y0; y <= y1; y++ {
		py := float32(y) + 0.5
		for x := x0; x <= x1; x++ {
			px := float32(x) + 0.5
			w0 := ((k[1].x-px)*(k[2].y-py) - (k[2].x-px)*(k[1].y-py)) * inv
			w1 := ((k[2].x-px)*(k[0].y-py) - (k[0].x-px)*(k[2].y-py)) * inv
			w2 := 1 - w0 - w1
			if w0 < -1e-4 || w1 < -1e-4 || w2 < -1e-4 {
				continue
			}
			z := w0*k[0].z + w1*k[1].z + w2*k[2].z
			if test {
				if at := y*c.f.Width + x; z > c.depth[at] {
					continue
				} else {
					c.depth[at] = z
				}
			}
			c.paint(x, y, skin, w0*k[0].u+w1*k[1].u+w2*k[2].u, w0*k[0].v+w1*k[1].v+w2*k[2].v,
				w0*k[0].opaque+w1*k[1].opaque+w2*k[2].opaque)
		}
	}
}

// Inside a mouth: dark red.
const mouthY, mouthCb, mouthCr = 38, 122, 146

func (c *canvas) paint(x, y int, skin *texture, u, v, opaque float32) {
	luma := float32(mouthY)
	if skin != nil {
		luma = skin.luma(u, v)
	}
	at := y*c.f.YStride + x
	gain := c.gainLeft + (c.gainRight-c.gainLeft)*float32(x)/float32(c.f.Width)
	c.f.Y[at] = blend(c.f.Y[at], 16+(luma-16)*gain, opaque)
	if x&1 == 0 && y&1 == 0 {
		cb, cr := float32(mouthCb), float32(mouthCr)
		if skin != nil {
			cb, cr = skin.chroma(u, v)
		}
		at = y/2*c.f.CStride + x/2
		c.f.Cb[at] = blend(c.f.Cb[at], cb, opaque)
		c.f.Cr[at] = blend(c.f.Cr[at], cr, opaque)
	}
}

func blend(old byte, value, opaque float32) byte {
	return byte(min(max(float32(old)+(value-float32(old))*opaque, 0), 255))
}
