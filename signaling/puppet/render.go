package puppet

import (
	"math/rand/v2"
	"slices"

	"vivavoce/media"
	"vivavoce/pipeline"
)

// Look is how the head looks in one frame.
type Look struct {
	Pose  pipeline.Pose // degrees
	Mouth Mouth         // how far it is from resting shut
	Blink float32       // 0 open – 1 shut
}

// Camera is where the head is in the picture and in what light.
type Camera struct {
	Width, Height int
	Eyes          float32 // pixels between the eyes; 0 means a ninth of the picture's height × 1.6
	X, Y          float32 // centre of the face as a share of the picture; 0 means 0.5
	Gain          float32 // of light; 0 means 1
	Uneven        float32 // -1 … 1: how much brighter the picture's left (-) or right side is
	Noise         int     // half-range of sensor noise in luma steps
}

// Renderer paints one head into frames. It is for one goroutine.
type Renderer struct {
	head    *Head
	cam     Camera
	canvas  canvas
	scratch surface
	noise   *rand.Rand
	empty   *texture // the room
}

// distance of the camera from the head, in eye distances: about 60 cm.
const distance = 9.5

// NewRenderer makes a renderer; head may be nil for an empty room.
func NewRenderer(head *Head, cam Camera, seed uint64) *Renderer {
	if cam.Eyes == 0 {
		cam.Eyes = float32(cam.Height) * 0.155
	}
	if cam.X == 0 {
		cam.X = 0.5
	}
	if cam.Y == 0 {
		cam.Y = 0.5
	}
	if cam.Gain == 0 {
		cam.Gain = 1
	}
	return &Renderer{
		head: head, cam: cam, noise: rand.New(rand.NewPCG(seed, 1)),
		canvas: canvas{
			depth:    make([]float32, cam.Width*cam.Height),
			gainLeft: cam.Gain * (1 - cam.Uneven*0.6), gainRight: cam.Gain * (1 + cam.Uneven*0.6),
		},
	}
}

// Render paints the room, the head and the sensor's noise into f, which has the
// camera's size.
func (r *Renderer) Render(f *media.Frame, look Look) {
	r.room(f)
	if r.head != nil {
		r.Head(f, look, r.cam.X, r.cam.Y)
	}
	r.grain(f)
}

// Head paints the head over what is there, its face's centre at (x, y) as shares of
// the picture.
func (r *Renderer) Head(f *media.Frame, look Look, x, y float32) {
	r.canvas.f = f
	r.canvas.clearDepth()
	turn := rotation(look.Pose.Yaw, look.Pose.Pitch, look.Pose.Roll)
	at := vec2{x * float32(f.Width), y * float32(f.Height)}
	for i := range r.head.rings {
		r.place(&r.head.rings[i], turn, at, look)
		r.canvas.draw(&r.scratch, r.head.skin, false)
	}
	r.place(&r.head.face, turn, at, look)
	r.canvas.draw(r.cavity(), nil, false)
	r.canvas.draw(&r.scratch, r.head.skin, true)
}

// place puts a surface's vertices on the screen, into r.scratch.
func (r *Renderer) place(s *surface, turn matrix, at vec2, look Look) {
	r.scratch.uv, r.scratch.tris, r.scratch.opaque = s.uv, s.tris, s.opaque
	r.scratch.pos = append(r.scratch.pos[:0], s.pos...)
	p := r.scratch.pos
	for i := range s.pulls {
		x, y := s.pulls[i].move(&look.Mouth)
		p[i].x, p[i].y = p[i].x+x, p[i].y+y
	}
	if s == &r.head.face {
		for _, l := range lids {
			p[l[0]] = p[l[0]].to(p[l[1]], look.Blink)
		}
	}
	pivot := r.head.pivot
	for i, v := range p {
		turned := turn.apply(v.sub(pivot)).add(pivot)
		if s.follow != nil {
			turned = v.to(turned, s.follow[i])
		}
		scale := r.cam.Eyes * distance / (distance + turned.z)
		p[i] = vec{at.x + turned.x*scale, at.y + turned.y*scale, turned.z}
	}
}

// cavity takes the shape of the inner lips as they lie in r.scratch.
func (r *Renderer) cavity() *surface {
	m := &surface{pos: make([]vec, len(innerLips)), tris: r.head.mouth.tris}
	for k, i := range innerLips {
		m.pos[k] = r.scratch.pos[i]
	}
	return m
}

// room copies the empty room into f, painted once.
func (r *Renderer) room(f *media.Frame) {
	if r.empty == nil {
		r.paintRoom(f)
		r.empty = &texture{y: slices.Clone(f.Y), cb: slices.Clone(f.Cb), cr: slices.Clone(f.Cr)}
		return
	}
	copyTexture(f, r.empty)
}

// paintRoom paints a wall with a soft gradient and a darker floor line, so that there
// is something to encode and nothing like a face.
func (r *Renderer) paintRoom(f *media.Frame) {
	for y := range f.Height {
		row := f.Y[y*f.YStride : y*f.YStride+f.Width]
		base := 150 - 50*y/f.Height
		if y > f.Height*4/5 {
			base -= 35
		}
		for x := range row {
			v := float32(base + 20*x/f.Width - 16 + 8*(x/(f.Width/6+1)%2))
			gain := r.canvas.gainLeft + (r.canvas.gainRight-r.canvas.gainLeft)*float32(x)/float32(f.Width)
			row[x] = byte(min(max(16+v*gain, 0), 255))
		}
	}
	for y := range (f.Height + 1) / 2 {
		for x := range (f.Width + 1) / 2 {
			f.Cb[y*f.CStride+x], f.Cr[y*f.CStride+x] = 122, 131
		}
	}
}

func (r *Renderer) grain(f *media.Frame) {
	n := r.cam.Noise
	if n == 0 {
		return
	}
	span := uint64(2*n + 1)
	for y := range f.Height {
		row := f.Y[y*f.YStride : y*f.YStride+f.Width]
		for x := 0; x < len(row); x += 8 {
			bits := r.noise.Uint64()
			for k := x; k < min(x+8, len(row)); k++ {
				row[k] = byte(min(max(int(row[k])+int(bits&0xff*span>>8)-n, 0), 255))
				bits >>= 8
			}
		}
	}
}
