package recapture

import (
	"context"
	"math"
	"math/rand/v2"

	"vivavoce/media"
)

// warp is a still that software bends: lids come down, the chin drops, the head seems to turn. It is
// made of samples and sent as a file is: no camera sees it.
type warp struct {
	p      Parameters
	locate Locator
	line   *curve // samples stay samples
	still  *Face
	photo  light
	out    light
	grid   []Point // how far the photo is moved at every warpStep-th pixel
	pool   media.Pool
	mover  *mover
	phase  [4]float64
}

const warpStep = 4

func newWarp(p Parameters, locate Locator) *warp {
	w := &warp{p: p, locate: locate, line: newCurve(func(v float64) float64 { return v })}
	r := rand.New(rand.NewPCG(p.Seed, 0x3a49))
	for i := range w.phase {
		w.phase[i] = r.Float64()
	}
	return w
}

func (w *warp) frame(ctx context.Context, f *media.Frame) (*media.Frame, error) {
	if w.still == nil {
		face, err := w.locate(ctx, f)
		if err != nil {
			return nil, err
		}
		if face == nil {
			return nil, ErrNoFace
		}
		w.still = face
		w.photo.read(f, w.line)
		w.mover = newMover(Pose{Zoom: 1}, f.Width, f.Height, w.p.Seed)
	}
	w.bend(w.gestures(f.PTS.Seconds()))
	out := w.pool.Get(f.Width, f.Height)
	out.FullRange = f.FullRange
	w.out.write(out, w.line)
	return out, nil
}

// gesture is what the face pretends at a moment.
type gesture struct {
	lids     float64 // 1 shut
	open     float64 // of the mouth, pixels
	yaw, nod float64 // radians
	swayX    float64 // pixels
	swayY    float64
	flat     homography
}

func (w *warp) gestures(t float64) gesture {
	a := w.p.Animate
	_, height := size(w.still.Oval)
	speech := max(0, math.Sin(2*math.Pi*(a.Speech*t+w.phase[0]))) * (0.6 + 0.4*math.Sin(2*math.Pi*(0.37*a.Speech*t+w.phase[1])))
	g := gesture{
		lids: pulse(math.Mod(a.Blink*t+w.phase[2], 1) / a.Blink), open: a.Open * height * speech,
		yaw:   a.Turn * math.Pi / 180 * math.Sin(2*math.Pi*(a.TurnHz*t+w.phase[3])),
		nod:   a.Nod * math.Pi / 180 * math.Sin(2*math.Pi*(0.7*a.TurnHz*t+w.phase[1])),
		swayX: a.Sway * w.mover.wave(3, 0.3, t), swayY: a.Sway * w.mover.wave(5, 0.26, t),
	}
	if a.Flat {
		w.mover.pose.Yaw, w.mover.pose.Pitch = g.yaw*180/math.Pi, g.nod*180/math.Pi
		g.flat, g.yaw, g.nod = w.mover.plane(0), 0, 0
	}
	return g
}

// pulse is a blink of 0.24 s that begins at 0 s.
func pulse(t float64) float64 {
	if t >= 0.24 {
		return 0
	}
	return math.Sin(math.Pi * t / 0.24)
}

// bend makes the picture of a gesture: where each pixel comes from is worked out on a grid.
func (w *warp) bend(g gesture) {
	gw, gh := w.photo.w/warpStep+2, w.photo.h/warpStep+2
	w.grid = w.grid[:0]
	for y := range gh {
		for x := range gw {
			w.grid = append(w.grid, w.moved(g, Point{float64(x * warpStep), float64(y * warpStep)}))
		}
	}
	w.out.fit(w.photo.w, w.photo.h)
	mouth := middle(w.still.Mouth)
	for y := range w.out.h {
		for x := range w.out.w {
			u, v := between(w.grid, gw, x, y)
			o := w.out.pix[3*(y*w.out.w+x):][:3]
			dark := w.gap(g.open, float64(u)-mouth.X, float64(v)-mouth.Y)
			for c := range o {
				o[c] = dark * w.photo.mirrored(u-0.5, v-0.5, c)
			}
		}
	}
}

// between reads the grid at a pixel's middle.
func between(grid []Point, gw, x, y int) (u, v float32) {
	gx, gy := (float64(x)+0.5)/warpStep, (float64(y)+0.5)/warpStep
	i, j := int(gx), int(gy)
	fx, fy := gx-float64(i), gy-float64(j)
	a, b, c, d := grid[j*gw+i], grid[j*gw+i+1], grid[(j+1)*gw+i], grid[(j+1)*gw+i+1]
	mix := func(a, b, c, d float64) float32 {
		top, bottom := a+fx*(b-a), c+fx*(d-c)
		return float32(top + fy*(bottom-top))
	}
	return mix(a.X, b.X, c.X, d.X), mix(a.Y, b.Y, c.Y, d.Y)
}

// moved is where in the photo the pixel at p comes from.
func (w *warp) moved(g gesture, p Point) Point {
	q := Point{p.X - g.swayX, p.Y - g.swayY}
	if g.flat != (homography{}) {
		q.X, q.Y = g.flat.at(q.X, q.Y)
	}
	// A made-up depth: half an ellipsoid over the outline, soft at its edge.
	m := middle(w.still.Oval)
	ow, oh := size(w.still.Oval)
	rx, ry := (q.X-m.X)/(0.62*ow), (q.Y-m.Y)/(0.62*oh)
	depth := 0.45 * ow * math.Exp(-1.6*(rx*rx+ry*ry))
	q.X -= depth * math.Sin(g.yaw)
	q.Y += depth * math.Sin(g.nod)
	q.Y -= w.chin(g, q)
	for _, eye := range [][]Point{w.still.LeftEye, w.still.RightEye} {
		e := middle(eye)
		ew, _ := size(eye)
		dx, dy := (q.X-e.X)/(0.62*ew), (q.Y-e.Y+0.05*ew)/(0.42*ew)
		q.Y -= 0.42 * ew * g.lids * math.Exp(-dx*dx*dx*dx-dy*dy)
	}
	return q
}

// chin is how far the lower half of the mouth and all below it have dropped at q.
func (w *warp) chin(g gesture, q Point) float64 {
	if g.open == 0 {
		return 0
	}
	m := middle(w.still.Mouth)
	mw, _ := size(w.still.Mouth)
	_, oh := size(w.still.Oval)
	below := (q.Y - m.Y) / w.parting()
	if below <= 0 {
		return 0
	}
	dx := (q.X - m.X) / (0.7 * mw)
	away := max(0, (q.Y-m.Y)/oh-0.3) / 0.12 // the neck stays
	return g.open * min(1, below) * math.Exp(-dx*dx-away*away)
}

// parting is the height of the photo's strip between the lips that opens to the gap.
func (w *warp) parting() float64 {
	_, h := size(w.still.Oval)
	return 0.015 * h
}

// gap darkens what was the strip between the lips; dx and dy are from the mouth's middle, in the photo.
func (w *warp) gap(open, dx, dy float64) float32 {
	if open < 0.5 {
		return 1
	}
	width, _ := size(w.still.Mouth)
	x, y := dx/(0.36*width), 2*dy/w.parting()-1
	r := x*x + y*y
	return float32(1 - 0.85*min(1, 0.3*open)*math.Exp(-r*r))
}
