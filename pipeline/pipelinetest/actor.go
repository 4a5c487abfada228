package pipelinetest

import (
	"context"
	"io"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"vivavoce/media"
	"vivavoce/pipeline"
)

// Actor sits in front of a made-up camera, hears prompts and answers by its script. It is
// the media.Source and the pipeline.Finder of one attempt; the same seed behaves
// the same. Give its Hear to the attempt as (part of) the report.
type Actor struct {
	// Paced makes Next take the time that the frames' PTS say, and Arrived be set, as
	// with a camera; otherwise frames come as fast as they are taken. For synctest.
	Paced bool
	// Ends is when the source gives io.EOF; 0 means after two minutes.
	Ends time.Duration
	// Ack, if set, is called for every prompt as soon as it is heard.
	Ack func(index int) error

	script Script
	skull  *Skull
	pool   media.Pool

	mu     sync.Mutex
	rng    *rand.Rand
	period time.Duration // between frames
	turns  []gesture
	digits []gesture
	pts    time.Duration
	seq    uint64
	began  time.Time
	face   pipeline.Face
	still  *pipeline.Face  // of a frozen actor
	reacts time.Duration   // how quick this person is
	shake  float64         // degrees of noise in the pose
	noise  [noises]float32 // of the points, in pixels; drawn from, as it is dear to make
}

// noises is how many values of noise an actor draws from.
const noises = 1024

// gesture is one answer.
type gesture struct {
	at         time.Duration // it begins
	rise, hold time.Duration
	fall       time.Duration
	yaw, pitch float64 // of a turn, at its height
	open, wide float64 // of a digit
	stays      bool
}

// NewActor casts an actor.
func NewActor(s Script, seed uint64) *Actor {
	rng := rand.New(rand.NewPCG(seed, 0x5eed))
	a := &Actor{
		script: s, skull: NewSkull(), rng: rng,
		period: time.Second / time.Duration(10+rng.IntN(21)),
		reacts: time.Duration(220+rng.IntN(350)) * time.Millisecond,
		shake:  0.2 + 0.4*rng.Float64(),
	}
	blur := eyePixels * (0.003 + 0.004*rng.Float64())
	for i := range a.noise {
		a.noise[i] = float32(blur * rng.NormFloat64())
	}
	return a
}

// Hear takes an event of the attempt; those that are not prompts are ignored.
func (a *Actor) Hear(e pipeline.Event) {
	p, ok := e.(pipeline.Prompted)
	if !ok {
		return
	}
	a.mu.Lock()
	at := p.Prompt.ShownAt + a.spread(a.reacts) + a.script.Behind
	if a.script.Ahead > 0 {
		at = p.Prompt.ShownAt + 100*time.Millisecond - a.script.Ahead
	}
	if p.Prompt.Step.Kind == pipeline.StepTurn {
		a.turns = append(a.turns, a.turn(at, p.Prompt.Step.Turn))
	} else {
		a.digits = append(a.digits, a.digit(at))
	}
	ack := a.Ack
	a.mu.Unlock()
	if ack != nil {
		_ = ack(p.Prompt.Index)
	}
}

// spread varies d by a fifth.
func (a *Actor) spread(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.8 + 0.4*a.rng.Float64()))
}

func (a *Actor) turn(at time.Duration, d pipeline.Direction) gesture {
	g := gesture{
		at: at, rise: a.spread(450 * time.Millisecond), hold: a.spread(400 * time.Millisecond),
		fall: a.spread(500 * time.Millisecond), stays: a.script.NoReturn,
	}
	size := 1 + a.rng.Float64()
	switch {
	case a.script.Idle:
		size = 0
	case a.script.Small:
		size = 0.45
	case a.script.Teleport:
		g.rise, g.fall = 0, 0
	}
	if a.script.WrongWay {
		size = -size
	}
	switch d {
	case pipeline.Left:
		g.yaw = 22 * size
	case pipeline.Right:
		g.yaw = -22 * size
	case pipeline.Up:
		g.pitch = 16 * size
	case pipeline.Down:
		g.pitch = -16 * size
	}
	return g
}

func (a *Actor) digit(at time.Duration) gesture {
	if a.script.Silent || a.script.Chews {
		return gesture{}
	}
	return gesture{
		at: at, rise: a.spread(140 * time.Millisecond), hold: a.spread(60 * time.Millisecond),
		fall: a.spread(180 * time.Millisecond),
		open: 0.15 + 0.2*a.rng.Float64(), wide: 0.15 * (a.rng.Float64() - 0.5),
	}
}

// part is how much of the gesture is made at t: 0 before and after, 1 at its height,
// in between by the curve of least jerk, as limbs and heads move (Flash and Hogan, 1985).
func (g gesture) part(t time.Duration) float64 {
	t -= g.at
	switch {
	case t < 0:
		return 0
	case t < g.rise:
		return ease(float64(t) / float64(g.rise))
	case t < g.rise+g.hold || g.stays:
		return 1
	case t < g.rise+g.hold+g.fall:
		return 1 - ease(float64(t-g.rise-g.hold)/float64(g.fall))
	}
	return 0
}

func ease(u float64) float64 { return u * u * u * (10 + u*(6*u-15)) }

// head is how the actor holds the head at t.
func (a *Actor) head(t time.Duration) Head {
	h := Head{Flat: a.script.Flat}
	h.Pose.Yaw = 1.5*math.Sin(t.Seconds()) + a.shake*a.rng.NormFloat64()
	h.Pose.Pitch = 1.2*math.Sin(0.7*t.Seconds()) + a.shake*a.rng.NormFloat64()
	for _, g := range a.turns {
		h.Pose.Yaw += g.yaw * g.part(t)
		h.Pose.Pitch += g.pitch * g.part(t)
	}
	for _, g := range a.digits {
		h.Open += g.open * g.part(t)
		h.Wide += g.wide * g.part(t)
	}
	if a.script.Chews {
		h.Open += 0.12 * (1 - math.Cos(2*math.Pi*1.6*t.Seconds()))
	}
	return h
}

// Next implements media.Source.
func (a *Actor) Next(ctx context.Context) (*media.Frame, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := a.wait(ctx); err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	ends := a.Ends
	if ends == 0 {
		ends = 2 * time.Minute
	}
	if a.pts >= ends {
		return nil, io.EOF
	}
	for _, g := range a.turns[:min(len(a.turns), a.script.Stutters)] {
		if a.pts >= g.at+g.rise/10 && a.pts < g.at+g.rise {
			a.pts = g.at + g.rise
		}
	}
	f := a.pool.Get(16, 12)
	f.Seq, f.PTS = a.seq, a.pts
	if a.Paced {
		f.Arrived = time.Now()
	}
	a.pose(f.PTS)
	a.seq++
	a.pts += a.period
	return f, nil
}

// wait sleeps until the next frame is due.
func (a *Actor) wait(ctx context.Context) error {
	if !a.Paced {
		return nil
	}
	if a.began.IsZero() {
		a.began = time.Now()
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Until(a.began.Add(a.Position()))):
		return nil
	}
}

// pose writes the face that is seen at t.
func (a *Actor) pose(t time.Duration) {
	s := a.script
	if s.Leaves > 0 && t >= s.Leaves && (s.LeavesFor == 0 || t < s.Leaves+s.LeavesFor) {
		a.face = pipeline.Face{}
		return
	}
	if a.still != nil {
		a.face = *a.still
		return
	}
	a.skull.Face(&a.face, a.head(t))
	for i := range a.face.Points {
		n := a.rng.Uint64()
		a.face.Points[i].X += a.noise[n%noises]
		a.face.Points[i].Y += a.noise[(n>>32)%noises]
	}
	if s.Second > 0 && t >= s.Second {
		a.face.Others = 1
	}
	if s.Frozen {
		still := a.face
		a.still = &still
	}
}

// Find implements pipeline.Finder: the face of the frame that Next gave last.
func (a *Actor) Find(_ context.Context, f *media.Frame) (*pipeline.Face, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.face.Frame = f
	return &a.face, nil
}

// Finder gives the actor as a judge wants it.
func (a *Actor) Finder() (pipeline.Finder, error) { return a, nil }

// Position is the PTS of the next frame.
func (a *Actor) Position() time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.pts
}
