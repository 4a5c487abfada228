package recapture

import (
	"math"
	"math/rand/v2"
)

// mover carries a Pose through time.
type mover struct {
	pose   Pose
	w, h   float64
	phases [8]float64
}

func newMover(p Pose, w, h int, seed uint64) *mover {
	m := &mover{pose: p, w: float64(w), h: float64(h)}
	r := rand.New(rand.NewPCG(seed, 0x90e))
	for i := range m.phases {
		m.phases[i] = 2 * math.Pi * r.Float64()
	}
	return m
}

// wave is a sum of two sinusoids of about hz, within ±1.
func (m *mover) wave(i int, hz, t float64) float64 {
	w := 2 * math.Pi * hz * t
	return 0.6*math.Sin(w+m.phases[i]) + 0.4*math.Sin(1.73*w+m.phases[(i+3)%len(m.phases)])
}

// plane returns the homography from the picture (pixels) to the instrument's plane, in pixels of the
// clip from its top left corner, t seconds in.
func (m *mover) plane(t float64) homography {
	p := m.pose
	deg := math.Pi / 180
	yaw := deg * (p.Yaw + p.Sway*m.wave(0, 0.35, t))
	pitch := deg * (p.Pitch + p.Sway*m.wave(1, 0.27, t))
	roll := deg * (p.Roll + 0.4*p.Sway*m.wave(2, 0.21, t))
	x := p.X*m.w + p.Drift*m.w*m.wave(3, 0.23, t) + p.Shake*m.wave(4, 5.3, t)
	y := p.Y*m.w + p.Drift*m.w*m.wave(5, 0.19, t) + p.Shake*m.wave(6, 6.1, t)
	zoom := p.Zoom * (1 + 0.5*p.Drift*m.wave(7, 0.17, t))
	f := 1.2 * max(m.w, m.h) // a webcam's focal length: 45 degrees across
	sy, cy := math.Sincos(yaw)
	sp, cp := math.Sincos(pitch)
	sr, cr := math.Sincos(roll)
	// R = Rz(roll) Rx(pitch) Ry(yaw), its first two columns: the plane's own axes.
	r := [3][2]float64{
		{cr*cy - sr*sp*sy, -sr * cp},
		{sr*cy + cr*sp*sy, cr * cp},
		{-cp * sy, sp},
	}
	to := homography{
		f * zoom * r[0][0], f * zoom * r[0][1], f * x,
		f * zoom * r[1][0], f * zoom * r[1][1], f * y,
		zoom * r[2][0], zoom * r[2][1], f,
	}
	return shift(m.w/2, m.h/2).times(to.inverse()).times(shift(-m.w/2, -m.h/2))
}

// homography is a 3×3 matrix in row order.
type homography [9]float64

func shift(x, y float64) homography { return homography{1, 0, x, 0, 1, y, 0, 0, 1} }

func (a homography) times(b homography) homography {
	var c homography
	for i := range 3 {
		for j := range 3 {
			for k := range 3 {
				c[3*i+j] += a[3*i+k] * b[3*k+j]
			}
		}
	}
	return c
}

// inverse returns the adjugate: a homography's scale means nothing.
func (a homography) inverse() homography {
	return homography{
		a[4]*a[8] - a[5]*a[7], a[2]*a[7] - a[1]*a[8], a[1]*a[5] - a[2]*a[4],
		a[5]*a[6] - a[3]*a[8], a[0]*a[8] - a[2]*a[6], a[2]*a[3] - a[0]*a[5],
		a[3]*a[7] - a[4]*a[6], a[1]*a[6] - a[0]*a[7], a[0]*a[4] - a[1]*a[3],
	}
}

func (a homography) at(x, y float64) (u, v float64) {
	w := a[6]*x + a[7]*y + a[8]
	return (a[0]*x + a[1]*y + a[2]) / w, (a[3]*x + a[4]*y + a[5]) / w
}
