package puppet

import (
	"math"
	"math/rand/v2"
	"time"

	"vivavoce/pipeline"
)

// Actor moves a head in time: it answers prompts as a person would. It is
// deterministic and for one goroutine. Times are on the puppet's own clock.
type Actor struct {
	// Reaction is the time from hearing a prompt to moving; 0 means 350 ms.
	Reaction time.Duration
	// Mirrored turns the wrong way; Mute keeps the mouth shut; Still never turns.
	Mirrored, Mute, Still bool
	// Says is what it says when asked; nil says that.
	Says Answer
	// Yaw and Pitch are how far it turns, in degrees, about; 0 means 24 and 17.
	Yaw, Pitch float64
	// Seed draws how it sways and blinks, and how far and fast it turns each time: two people, or one at two
	// times, do not move alike.
	Seed uint64

	moves []move
}

// move is a planned gesture from start on.
type move struct {
	start     time.Duration
	step      pipeline.Step
	far, slow float64 // how far and how slow a turn is, about 1
}

// How long a turn takes one way, and how long it rests there.
const (
	turnTime = 450 * time.Millisecond
	turnRest = 250 * time.Millisecond
)

// Hear plans the answer to a step prompted at now.
func (a *Actor) Hear(step pipeline.Step, now time.Duration) {
	reaction := a.Reaction
	if reaction == 0 {
		reaction = 350 * time.Millisecond
		if step.Kind == pipeline.StepDigit {
			reaction = 200 * time.Millisecond // the phrase is known beforehand
		}
	}
	if step.Kind == pipeline.StepDigit {
		step.Digit = a.Says.to(step.Digit)
	}
	rng := rand.New(rand.NewPCG(a.Seed, 100+uint64(len(a.moves))))
	a.moves = append(a.moves, move{
		start: now + reaction + time.Duration(rng.Float64()*float64(100*time.Millisecond)),
		step:  step, far: 0.9 + 0.3*rng.Float64(), slow: 0.95 + 0.4*rng.Float64(),
	})
}

// Look is how the head looks at now: the sum of its gestures, a little sway and a
// blink now and then.
func (a *Actor) Look(now time.Duration) Look {
	rng := rand.New(rand.NewPCG(a.Seed, 9))
	sway := func(degrees float64) float64 {
		return degrees * math.Sin((0.7+0.7*rng.Float64())*now.Seconds()+2*math.Pi*rng.Float64())
	}
	look := Look{
		Pose:  pipeline.Pose{Yaw: sway(0.7), Pitch: sway(0.5), Roll: sway(0.4)},
		Blink: blink(now+time.Duration(rng.Float64()*float64(time.Second)), time.Duration((2.6+rng.Float64())*float64(time.Second))),
	}
	for _, m := range a.moves {
		a.add(&look, m, now-m.start)
	}
	return look
}

// blink shuts the eyes for 160 ms in every so much time.
func blink(now, every time.Duration) float32 {
	phase := float32((now + time.Second) % every)
	width := float32(80 * time.Millisecond)
	return max(0, 1-abs(phase-width)/width)
}

func (a *Actor) add(look *Look, m move, since time.Duration) {
	step := m.step
	if step.Kind == pipeline.StepDigit {
		if !a.Mute {
			look.Mouth.add(Saying(step.Digit, since))
		}
		return
	}
	if a.Still || since < 0 {
		return
	}
	yaw, pitch := a.Yaw, a.Pitch
	if yaw == 0 {
		yaw = 24
	}
	if pitch == 0 {
		pitch = 17
	}
	if a.Mirrored {
		yaw, pitch = -yaw, -pitch
	}
	size := m.far * turnSize(time.Duration(float64(since)/m.slow))
	switch step.Turn {
	case pipeline.Left:
		look.Pose.Yaw += yaw * size
	case pipeline.Right:
		look.Pose.Yaw -= yaw * size
	case pipeline.Up:
		look.Pose.Pitch += pitch * size
	case pipeline.Down:
		look.Pose.Pitch -= pitch * size
	}
}

// turnSize is how far a turn has gone, 0–1: there, a rest, and back, each way with
// the least jerk (Flash and Hogan 1985), as people move.
func turnSize(since time.Duration) float64 {
	switch back := since - turnTime - turnRest; {
	case since < turnTime:
		return leastJerk(float64(since) / float64(turnTime))
	case back < 0:
		return 1
	case back < turnTime:
		return 1 - leastJerk(float64(back)/float64(turnTime))
	default:
		return 0
	}
}

func leastJerk(x float64) float64 { return x * x * x * (10 - 15*x + 6*x*x) }
