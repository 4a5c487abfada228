package puppet

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"vivavoce/media"
	"vivavoce/pipeline"
)

// Kind names what stands in front of the puppet's camera: one bona fide person, and
// the presentation attacks and accidents that must not pass.
type Kind string

// The kinds.
const (
	Person    Kind = "person"
	WrongWay  Kind = "wrong-way"    // turns the other way
	Still     Kind = "still"        // a person who does nothing
	Mute      Kind = "mute"         // turns, and keeps the mouth shut
	Misspoken Kind = "other-digits" // turns, and says digits that were not asked
	Frozen    Kind = "frozen"       // one picture, repeated
	FlatPhoto Kind = "flat-photo"   // a print, tilted as asked
	Late      Kind = "late"         // answers two seconds late
	Empty     Kind = "empty"        // nobody
	TwoFaces  Kind = "two-faces"    // somebody beside the person
	Recorded  Kind = "recorded"     // a recording of a session that asked something else
	Looped    Kind = "looped"       // some seconds of it, over and over
)

// Kinds lists all of them.
func Kinds() []Kind {
	return []Kind{Person, WrongWay, Still, Mute, Misspoken, Frozen, FlatPhoto, Late, Empty, TwoFaces, Recorded, Looped}
}

// ErrDark says that nothing more is to be seen.
var ErrDark = errors.New("the camera has gone dark")

// Performance is what happens in front of a puppet's camera. It is for one goroutine;
// times are on the puppet's own clock.
type Performance interface {
	// Size is that of every picture, in pixels.
	Size() (width, height int)
	// Hear tells of a prompt at now.
	Hear(step pipeline.Step, now time.Duration)
	// Paint fills f, which has the size, with the picture at now. An error ends
	// the call, but for ErrDark, after which no picture follows and the call goes on.
	Paint(f *media.Frame, now time.Duration) error
}

// Scene performs one kind with a rendered head.
type Scene struct {
	kind   Kind
	cam    Camera
	actor  Actor
	live   *Renderer
	photo  *texture // FlatPhoto's print, Frozen's picture
	second *Renderer
	seed   uint64
}

// NewScene makes a scene with a head; seed makes the sensor noise and the wrong digits.
func NewScene(kind Kind, head *Head, cam Camera, seed uint64) (*Scene, error) {
	s := &Scene{kind: kind, cam: cam, seed: seed, actor: Actor{Seed: seed}}
	switch kind {
	case Person:
	case WrongWay:
		s.actor.Mirrored = true
	case Still:
		s.actor.Still, s.actor.Mute = true, true
	case Mute:
		s.actor.Mute = true
	case Misspoken:
		s.actor.Says = OtherDigits(seed)
	case Late:
		s.actor.Reaction = 2 * time.Second
	case Frozen, FlatPhoto:
		s.photo = print(head, cam)
	case Empty:
		head = nil
	case TwoFaces:
		small := cam
		small.Eyes = float32(cam.Height) * 0.11
		s.second = NewRenderer(head, small, seed+1)
		cam.X, cam.Eyes = 0.33, float32(cam.Height)*0.125
	case Recorded, Looped:
		if err := s.actor.rehearse(seed); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("scene %q: no such kind", kind)
	}
	s.live = NewRenderer(head, cam, seed)
	return s, nil
}

// print is the head as a picture, eyes open and mouth shut.
func print(head *Head, cam Camera) *texture {
	var pool media.Pool
	f := pool.Get(cam.Width, cam.Height)
	cam.Noise = 0
	NewRenderer(head, cam, 0).Render(f, Look{})
	return textureOf(f)
}

// Size implements Performance.
func (s *Scene) Size() (width, height int) { return s.cam.Width, s.cam.Height }

// Hear implements Performance.
func (s *Scene) Hear(step pipeline.Step, now time.Duration) {
	if !s.canned() {
		s.actor.Hear(step, now)
	}
}

// canned says that what is shown was filmed before.
func (s *Scene) canned() bool { return s.kind == Recorded || s.kind == Looped }

// rewind gives the time that a recording shows at now, and sets its noise to what it was.
func (s *Scene) rewind(now time.Duration) time.Duration {
	if s.kind == Looped {
		now = (now + loopLength/2) % loopLength
	}
	i := now * recordedFPS / time.Second
	s.live.noise = rand.New(rand.NewPCG(s.seed, uint64(i)))
	return i * time.Second / recordedFPS
}

// Paint implements Performance.
func (s *Scene) Paint(f *media.Frame, now time.Duration) error {
	if s.canned() {
		now = s.rewind(now)
	}
	look := s.actor.Look(now)
	switch s.kind {
	case Frozen:
		copyTexture(f, s.photo) // byte for byte: not even noise
	case FlatPhoto:
		s.live.room(f)
		s.tilt(f, look.Pose)
		s.live.grain(f)
	case TwoFaces:
		s.live.room(f)
		s.live.Head(f, look, s.live.cam.X, s.live.cam.Y)
		s.second.Head(f, Look{Pose: pipeline.Pose{Yaw: 4}}, 0.76, 0.5)
		s.live.grain(f)
	default:
		s.live.Render(f, look)
	}
	return nil
}

func copyTexture(f *media.Frame, t *texture) {
	copy(f.Y, t.y)
	copy(f.Cb, t.cb)
	copy(f.Cr, t.cr)
}

// tilt paints the print as a sheet held where the head would be, turned by pose
// about its middle, in perspective.
func (s *Scene) tilt(f *media.Frame, pose pipeline.Pose) {
	const cells = 24
	r := s.live
	r.canvas.f = f
	turn := rotation(pose.Yaw, pose.Pitch, pose.Roll)
	w, h := float32(f.Width)/r.cam.Eyes, float32(f.Height)/r.cam.Eyes
	sheet := surface{}
	for j := range cells + 1 {
		for i := range cells + 1 {
			u, v := float32(i)/cells, float32(j)/cells
			// 0.94: the sheet's edges are in the picture's
			p := turn.apply(vec{(u - 0.5) * w * 0.94, (v - 0.5) * h * 0.94, 0})
			scale := r.cam.Eyes * distance / (distance + p.z)
			sheet.pos = append(sheet.pos, vec{
				float32(f.Width)/2 + p.x*scale, float32(f.Height)/2 + p.y*scale, p.z,
			})
			sheet.uv = append(sheet.uv, vec2{u * float32(s.photo.w), v * float32(s.photo.h)})
			if i < cells && j < cells {
				a := uint16(j*(cells+1) + i)
				b := a + cells + 1
				sheet.tris = append(sheet.tris, [3]uint16{a, a + 1, b}, [3]uint16{b, a + 1, b + 1})
			}
		}
	}
	r.canvas.draw(&sheet, s.photo, false)
}
