package quality

import (
	"context"
	"math"
	"time"

	"vivavoce/pipeline"
)

const (
	// lightEvery is how often pixels are looked at: ten times a second, for frames at
	// 10, 20 or 30 a second.
	lightEvery = 95 * time.Millisecond
	// turnGrace is how long after a prompted turn the head may still be coming back.
	turnGrace = time.Second
)

// shared is what the guides of one New read and never write.
type shared struct {
	rules        []rule
	layout       [regions]quad
	studio, full *tone
}

func newShared(o Options) *shared {
	return &shared{rules: rules(o), layout: layout(), studio: newTone(false), full: newTone(true)}
}

// guide watches one session.
type guide struct {
	*shared

	sight sight
	gates []gate
	where []pipeline.Direction // shown last, by rule
	sign  sign

	rate  rate
	speed speed

	lightAt    time.Duration // when pixels were last looked at
	lit        bool          // they were, with the face there as now
	turnedAt   time.Duration // when a turn was last prompted
	turnedOnce bool

	scan   scan
	detail detail
	grid   backdrop
}

func newGuide(s *shared) *guide {
	return &guide{shared: s, gates: make([]gate, len(s.rules)), where: make([]pipeline.Direction, len(s.rules))}
}

// Measures implements [Measurer].
func (g *guide) Measures() Measures { return g.sight.m }

// Observe implements [pipeline.Guide].
func (g *guide) Observe(ctx context.Context, o pipeline.Observation) (pipeline.Hint, error) {
	if err := ctx.Err(); err != nil {
		return pipeline.Hint{}, err
	}
	pts := o.Face.Frame.PTS
	g.measure(o.Face)
	turning := g.turning(o.Prompt, pts)
	for i := range g.rules {
		g.update(i, pts, turning)
	}
	return g.sign.show(pts, g.due()), nil
}

// turning says that the head is asked to move or may still be moving for it.
func (g *guide) turning(p *pipeline.Prompt, pts time.Duration) bool {
	if p != nil && p.Step.Kind == pipeline.StepTurn {
		g.turnedAt, g.turnedOnce = pts, true
	}
	return g.turnedOnce && pts-g.turnedAt < turnGrace
}

// update judges rule i.
func (g *guide) update(i int, pts time.Duration, turning bool) {
	r, state := &g.rules[i], &g.gates[i]
	switch {
	case turning && !r.inTurn:
		state.clear()
		return
	case r.needFace && !g.sight.found:
		if g.gates[0].active { // no_face: what was wrong with the face is past
			*state, g.where[i] = gate{}, ""
		}
		return
	}
	bad, known := r.bad(&g.sight, state.active)
	if known {
		state.update(pts, bad)
	}
	if r.where != nil && (state.active || bad) {
		g.where[i] = r.where(&g.sight, g.where[i])
	}
}

// due gives the first hint whose rule is broken; the zero hint when none is.
func (g *guide) due() pipeline.Hint {
	for i := range g.rules {
		if g.gates[i].active {
			return g.hint(i)
		}
	}
	return pipeline.Hint{}
}

// Hints implements [Measurer].
func (g *guide) Hints() (all []pipeline.Hint) {
	for i := range g.rules {
		if g.gates[i].active {
			all = append(all, g.hint(i))
		}
	}
	return all
}

// hint is rule i's.
func (g *guide) hint(i int) pipeline.Hint {
	r := &g.rules[i]
	h := pipeline.Hint{Code: r.code, Blocking: r.blocking}
	if r.where != nil {
		h.Direction = g.where[i]
	}
	return h
}

// measure brings sight up to date with f.
func (g *guide) measure(f *pipeline.Face) {
	s := &g.sight
	pts := f.Frame.PTS
	if s.found != f.Found {
		g.lit = false
	}
	s.found, s.others = f.Found, f.Others
	s.m.FrameRate = g.rate.observe(pts, f.Frame.Seq)
	s.m.SingleFacePresent = read(boolean(f.Found && f.Others == 0))
	look := !g.lit || pts-g.lightAt >= lightEvery
	if look {
		g.lightAt, g.lit = pts, true
	}
	if !f.Found {
		s.m.forgetFace()
		g.speed.n = 0
	} else {
		g.place(f)
	}
	if look {
		g.light(f)
	}
}

// place measures what the landmarks tell.
func (g *guide) place(f *pipeline.Face) {
	m := &g.sight.m
	m.HeadSize = read(headSize(f))
	m.InterEyeDistance = read(f.Interocular)
	m.HeadPoseYaw, m.HeadPosePitch, m.HeadPoseRoll = read(f.Pose.Yaw), read(f.Pose.Pitch), read(f.Pose.Roll)
	x, y := offCentre(f)
	m.OffCentreX, m.OffCentreY = read(x), read(y)
	l, r, a, b := margins(f)
	m.LeftwardCrop, m.RightwardCrop, m.MarginAbove, m.MarginBelow = read(l), read(r), read(a), read(b)
	m.EyesOpen = read(max(f.RightEyeOpen, f.LeftEyeOpen))
	m.MouthClosed = read(min(max(1-f.MouthOpen, 0), 1))
	m.HeadSpeed = g.speed.observe(f)
}

// light measures what the pixels tell.
func (g *guide) light(f *pipeline.Face) {
	v := view{f.Frame, g.studio}
	if f.Frame.FullRange {
		v.t = g.full
	}
	m := &g.sight.m
	g.grid.take(v, f)
	m.PictureLuminance = read(g.grid.all.mean() / 255)
	m.PictureHighlights = read(g.grid.all.quantile(0.95) / 255)
	if !f.Found {
		return
	}
	g.scan.take(v, &f.Points, &g.layout)
	g.skin(f.Pose)
	m.EyesVisible, m.MouthOcclusionPrevention = Reading{}, Reading{}
	if frontal(f.Pose) {
		m.EyesVisible, m.MouthOcclusionPrevention = eyesVisible(&g.scan), mouthVisible(&g.scan)
	}
	m.Sharpness = Reading{}
	if f.Interocular >= sharpStep && g.detail.take(v, f) {
		m.Sharpness = read(g.detail.sharpness())
	}
}

// skin measures the light on the face.
func (g *guide) skin(p pipeline.Pose) {
	m, s := &g.sight.m, &g.scan
	var skin, bright stats
	s.sum(&skin, rightForehead, leftForehead, rightCheek, leftCheek, noseBridge)
	s.sum(&bright, rightForehead, leftForehead, rightCheek, leftCheek, noseBridge, rightLens, leftLens, rightEye, leftEye)
	m.LuminanceMean, m.LuminanceVariance, m.DynamicRange = Reading{}, Reading{}, Reading{}
	m.UnderExposurePrevention, m.OverExposurePrevention = Reading{}, Reading{}
	m.IlluminationUniformity, m.LightBalance = Reading{}, Reading{}
	m.Highlights, m.BackLight = Reading{}, Reading{}
	if !skin.seen(5) {
		return
	}
	mean, variance := lumaMoments(&skin)
	m.LuminanceMean, m.LuminanceVariance = read(mean), read(variance)
	m.DynamicRange = read(dynamicRange(&skin))
	m.UnderExposurePrevention = read(underExposurePrevention(&skin))
	m.OverExposurePrevention = read(overExposurePrevention(&skin))
	m.Highlights = read(bright.quantile(0.95) / 255)
	if g.grid.enough() {
		m.BackLight = read(backLight(&skin, &g.grid.behind, m.Highlights.Value))
	}
	right, left := &s[rightCheek], &s[leftCheek]
	if right.seen(1) && left.seen(1) && math.Abs(p.Yaw) <= 25 {
		m.IlluminationUniformity = read(uniformity(left, right))
		m.LightBalance = read(lightBalance(left, right, p.Yaw))
	}
}

func boolean(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
