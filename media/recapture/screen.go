package recapture

import (
	"context"
	"math"

	"vivavoce/media"
)

// screen is a display that plays the clip before the camera.
type screen struct {
	p       Parameters
	sensor  *sensor
	mover   *mover
	decode  *curve
	before  light // the picture shown last, after the display's response
	display lit
}

func newScreen(p Parameters) *screen {
	d := p.Display
	return &screen{
		p: p, sensor: newSensor(*p.Lens, p.Seed),
		decode: newCurve(func(v float64) float64 { return d.Black + (1-d.Black)*math.Pow(v, d.Gamma) }),
	}
}

func (s *screen) frame(_ context.Context, f *media.Frame) (*media.Frame, error) {
	if s.mover == nil {
		s.mover = newMover(*s.p.Pose, f.Width, f.Height, s.p.Seed)
		s.display = newLit(s.p, f.Width, f.Height)
	}
	s.show(f)
	t := f.PTS.Seconds()
	s.display.plane = s.mover.plane(t)
	s.display.rolled = 2 * math.Pi * s.p.Display.BandHz * t
	return s.sensor.shoot(&s.display, f), nil
}

// show brings the frame onto the display: its curve, colours and slow pixels, and the
// blur of the lens, which the content suffers before it is sampled.
func (s *screen) show(f *media.Frame) {
	d, l := s.p.Display, &s.display.content
	l.read(f, s.decode)
	sat, red, blue, lag := float32(d.Saturation), float32(d.Red), float32(d.Blue), float32(d.Response)
	first := s.before.w != l.w || s.before.h != l.h
	s.before.fit(l.w, l.h)
	if first {
		lag = 0
	}
	for i := 0; i < len(l.pix); i += 3 {
		p, q := l.pix[i:i+3:i+3], s.before.pix[i:i+3:i+3]
		grey := 0.2126*p[0] + 0.7152*p[1] + 0.0722*p[2]
		r, g, b := red*max(grey+sat*(p[0]-grey), 0), max(grey+sat*(p[1]-grey), 0), blue*max(grey+sat*(p[2]-grey), 0)
		p[0], p[1], p[2] = r+lag*(q[0]-r), g+lag*(q[1]-g), b+lag*(q[2]-b)
	}
	copy(s.before.pix, l.pix)
	l.blur(s.p.Lens.Blur / s.p.Pose.Zoom)
}

// steps is how finely a period of the sub-pixels' pattern is cut.
const steps = 1024

// lit is the display as the camera sees it.
type lit struct {
	look    *Display
	oled    bool
	plane   homography // from the picture to the clip
	content light
	w, h    float32
	pixels  float32 // the display's, to one of the clip
	across  [3][steps]float32
	down    [steps]float32
	veil    *veil
	room    *light
	rolled  float64 // phase of the bands
}

func newLit(p Parameters, w, h int) lit {
	d := p.Display
	l := lit{
		look: d, oled: p.Species == ScreenOLED, w: float32(w), h: float32(h), pixels: float32(d.Pitch * p.Pose.Zoom),
		veil: newVeil(d.Veil, d.Glare, w, h), room: newRoom(p.Seed),
	}
	l.pattern(p.Lens.Blur)
	return l
}

// transfer is how much of a pattern of f periods a pixel is left by the lens and by the place of the
// sensor that is half a pixel wide. The exponential falls as measured lenses do, slower
// than a Gaussian: 0.4 at 0.5 and 0.16 at 1 period a sensor place for a spot of 0.43 of it.
func transfer(f, spot float64) float64 { return math.Exp(-4.3*spot*f) * sinc(0.5*f) }

// sinc is sin(πx)/(πx): the share that is left of a wave, averaged over x of its period.
func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// pattern fills the tables of light over one display pixel: the Fourier series of its lit stripes,
// each wave as the lens leaves it. Stripes lie red, green, blue; the mean is 1. An OLED's reds
// and blues lie on every other pixel, as a chessboard does (PenTile), greens on each.
func (l *lit) pattern(spot float64) {
	d := l.look
	for i := range steps {
		at := float64(i) / steps
		for c := range 3 {
			x := at - (0.5+float64(c))/3
			v := 1.0
			for k := 1.0; k <= 3; k++ {
				v += 2 * sinc(k*d.Stripe) * transfer(k*d.Pitch, spot) * math.Cos(2*math.Pi*k*x)
			}
			if l.oled {
				v = 1 + 1.3*transfer(d.Pitch, spot)*math.Cos(2*math.Pi*at)
				if c != 1 { // along the diagonals, of half the frequency in x and in y
					v = 1 + 1.1*transfer(d.Pitch/math.Sqrt2, spot)*math.Cos(2*math.Pi*at+math.Pi*float64(c/2))
				}
			}
			l.across[c][i] = float32(v)
		}
		v := 1.0
		for k := 1.0; k <= 2; k++ {
			v += 2 * sinc(k*d.Row) * transfer(k*d.Pitch, spot) * math.Cos(2*math.Pi*k*at)
		}
		l.down[i] = float32(v)
	}
}

// line implements scene.
func (l *lit) line(y float32, even, odd int, out []float32) {
	h := &l.plane
	x := 0.25
	u, v, w := h[0]*x+h[1]*float64(y)+h[2], h[3]*x+h[4]*float64(y)+h[5], h[6]*x+h[7]*float64(y)+h[8]
	du, dv, dw := 0.5*h[0], 0.5*h[3], 0.5*h[6]
	band := l.band(y)
	c, other := even, odd
	for i := range out {
		at := 1 / w
		cu, cv := float32(u*at), float32(v*at)
		cx := 0.25 + 0.5*float32(i)
		var lum float32
		if cu >= 0 && cv >= 0 && cu < l.w && cv < l.h {
			lum = l.content.at(cu-0.5, cv-0.5, c) * l.grain(cu, cv, c) * band * l.falloff(cu, cv)
		} else {
			lum = l.around(cu, cv, cx, y, c)
		}
		out[i] = lum
		c, other = other, c
		u, v, w = u+du, v+dv, w+dw
	}
	l.veil.add(y, out)
}

func (l *lit) band(y float32) float32 {
	d := l.look
	if d.Band == 0 {
		return 1
	}
	return 1 + float32(d.Band*math.Cos(2*math.Pi*float64(y)/(d.BandRows*float64(l.h))+l.rolled))
}

// grain is the light of the display's pixel at that very point over its mean.
func (l *lit) grain(u, v float32, c int) float32 {
	x, y := u*l.pixels, v*l.pixels
	if !l.oled {
		return l.across[c][phase(x)] * l.down[phase(y)]
	}
	if c == 1 {
		return l.across[1][phase(x)] * l.across[1][phase(y)]
	}
	return l.across[c][phase((x+y)/2)] * l.across[c][phase((x-y)/2+8192)]
}

// phase is the place in a table of a positive x's fraction.
func phase(x float32) int { return int(x*steps) & (steps - 1) }

func (l *lit) falloff(u, v float32) float32 {
	x, y := u/l.w-0.5, v/l.h-0.5
	return 1 - 2*float32(l.look.Falloff)*(x*x+y*y)
}

// around is what is beside the lit area: the bezel, then the room.
func (l *lit) around(u, v, x, y float32, c int) float32 {
	b := float32(l.look.Bezel) * l.w
	switch {
	case b == 0: // out of view: a corner now and then is made up
		return l.content.mirrored(u-0.5, v-0.5, c)
	case u >= -b && v >= -b && u < l.w+b && v < l.h+b:
		return float32(l.look.BezelGrey)
	default:
		return l.room.at(x/l.w*roomWidth-0.5, y/l.h*roomHeight-0.5, c)
	}
}
