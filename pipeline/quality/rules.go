package quality

import (
	"math"

	"vivavoce/pipeline"
)

// sight is what the rules judge.
type sight struct {
	m      Measures
	found  bool
	others int
}

// rule says when a hint is due.
type rule struct {
	code     pipeline.HintCode
	blocking bool
	needFace bool // says nothing about a picture without a face
	inTurn   bool // also judged while the head is asked to move
	// bad takes whether the hint is due already, for the threshold to leave by.
	// It is not known while what it needs was not measured.
	bad func(s *sight, was bool) (bad, known bool)
	// where gives the hint's direction, given the one shown; nil for hints without.
	where func(s *sight, was pipeline.Direction) pipeline.Direction
}

// limit is a threshold with hysteresis: a hint comes beyond enter and goes on this side
// of leave. enter over leave means that high is bad.
type limit struct{ enter, leave float64 }

func (l limit) beyond(r Reading, was bool) (bad, known bool) {
	at := l.enter
	if was {
		at = l.leave
	}
	if l.enter > l.leave {
		return r.Value > at, r.Known
	}
	return r.Value < at, r.Known
}

// by makes a rule's condition from one measure and its limit.
func by(l limit, get func(m *Measures) Reading) func(*sight, bool) (bool, bool) {
	return func(s *sight, was bool) (bool, bool) { return l.beyond(get(&s.m), was) }
}

// rules gives the hints in the order of signaling/protocol.md §4: the first that is
// due is shown.
func rules(o Options) []rule {
	all := []rule{
		{code: NoFace, blocking: true, inTurn: true, bad: noFace},
		{code: SeveralFaces, blocking: true, inTurn: true, bad: severalFaces},
		{code: TooDark, blocking: true, inTurn: true, bad: tooDark},
		{code: TooBright, blocking: true, inTurn: true, bad: tooBright},
		{code: BackLit, blocking: true, needFace: true, inTurn: true,
			bad: by(backLitLimit(), func(m *Measures) Reading { return m.BackLight })},
	}
	all = append(all, placeRules(o)...)
	return append(all, imageRules()...)
}

func placeRules(o Options) []rule {
	far := limit{o.Size.Min, 1.1 * o.Size.Min}
	near := limit{o.Size.Max, 0.95 * o.Size.Max}
	offCentre := limit{o.OffCentre, 0.8 * o.OffCentre}
	size := func(m *Measures) Reading { return m.HeadSize }
	return []rule{
		{code: TooFar, blocking: true, needFace: true, inTurn: true, bad: by(far, size)},
		{code: TooNear, blocking: true, needFace: true, inTurn: true, bad: by(near, size)},
		{code: OffCentre, blocking: true, needFace: true, bad: by(offCentre, furthest), where: toCentre(offCentre)},
		{code: Cropped, blocking: true, needFace: true, inTurn: true, bad: by(limit{-0.03, 0}, leastMargin)},
		{code: TurnToCamera, blocking: true, needFace: true, bad: by(limit{1, 0.75}, turned)},
		{code: Tilted, blocking: true, needFace: true, bad: by(limit{20, 15}, tilt)},
		{code: EyesHidden, blocking: true, needFace: true, inTurn: true,
			bad: by(limit{0.44, 0.56}, func(m *Measures) Reading { return m.EyesVisible })},
		{code: MouthHidden, blocking: true, needFace: true, inTurn: true,
			bad: by(limit{0.4, 0.55}, func(m *Measures) Reading { return m.MouthOcclusionPrevention })},
	}
}

func imageRules() []rule {
	return []rule{
		{code: LightUneven, needFace: true, bad: by(limit{0.5, 0.38}, imbalance), where: toLight},
		{code: Blurred, needFace: true, bad: by(limit{0.17, 0.24}, func(m *Measures) Reading { return m.Sharpness })},
		{code: Moving, needFace: true, bad: by(limit{2, 1.2}, func(m *Measures) Reading { return m.HeadSpeed })},
		{code: LowResolution, needFace: true, inTurn: true,
			bad: by(limit{28, 31}, func(m *Measures) Reading { return m.InterEyeDistance })},
		{code: LowFrameRate, inTurn: true, bad: by(limit{12, 13.5}, func(m *Measures) Reading { return m.FrameRate })},
	}
}

// noFace leaves it to the light to explain an empty picture that nothing could be
// found in.
func noFace(s *sight, _ bool) (bad, known bool) {
	dark, _ := tooDark(s, false)
	bright, _ := tooBright(s, false)
	return !s.found && !dark && !bright, true
}

// backLitLimit is of BackLight; short of it a dark face is too dark.
func backLitLimit() limit { return limit{0.5, 0.25} }

func severalFaces(s *sight, _ bool) (bad, known bool) { return s.found && s.others > 0, true }

// Light limits: of the face's or the picture's highlights, and of the share burnt out.
func tooDark(s *sight, was bool) (bad, known bool) {
	if !s.found {
		return limit{0.16, 0.2}.beyond(s.m.PictureHighlights, was)
	}
	bad, known = limit{0.26, 0.3}.beyond(s.m.Highlights, was)
	if lit, _ := backLitLimit().beyond(s.m.BackLight, false); lit {
		bad = false // a lamp would not help: the light is behind
	}
	return bad, known
}

func tooBright(s *sight, was bool) (bad, known bool) {
	if !s.found {
		return limit{0.92, 0.88}.beyond(s.m.PictureLuminance, was)
	}
	return limit{0.6, 0.75}.beyond(s.m.OverExposurePrevention, was)
}

// furthest gives the larger of the two offsets from the centre.
func furthest(m *Measures) Reading {
	return Reading{max(math.Abs(m.OffCentreX.Value), math.Abs(m.OffCentreY.Value)), m.OffCentreX.Known}
}

// toCentre keeps the direction that is shown until there is no way left to go in it.
func toCentre(l limit) func(*sight, pipeline.Direction) pipeline.Direction {
	return func(s *sight, was pipeline.Direction) pipeline.Direction {
		x, y := s.m.OffCentreX.Value, s.m.OffCentreY.Value
		left := along(was, x, y)
		if was != "" && left > l.leave {
			return was
		}
		return moveTo(x, y)
	}
}

// along gives how far the face has to go in a direction; 0 for none.
func along(d pipeline.Direction, x, y float64) float64 {
	switch d {
	case pipeline.Left:
		return -x
	case pipeline.Right:
		return x
	case pipeline.Up:
		return y
	case pipeline.Down:
		return -y
	default:
		return 0
	}
}

func leastMargin(m *Measures) Reading {
	return Reading{min(m.LeftwardCrop.Value, m.RightwardCrop.Value, m.MarginAbove.Value, m.MarginBelow.Value), m.LeftwardCrop.Known}
}

// turned gives how far the face looks away, 1 at the limit: 20° of yaw, 25° of
// pitch, where laptops' cameras and people's noses differ more.
func turned(m *Measures) Reading {
	return Reading{max(math.Abs(m.HeadPoseYaw.Value)/20, math.Abs(m.HeadPosePitch.Value)/25), m.HeadPoseYaw.Known}
}

func tilt(m *Measures) Reading {
	return Reading{math.Abs(m.HeadPoseRoll.Value), m.HeadPoseRoll.Known}
}

func imbalance(m *Measures) Reading {
	return Reading{math.Abs(m.LightBalance.Value), m.LightBalance.Known}
}

func toLight(s *sight, _ pipeline.Direction) pipeline.Direction {
	if s.m.LightBalance.Value > 0 {
		return pipeline.Left
	}
	return pipeline.Right
}
