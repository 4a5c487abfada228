package puppet

import (
	"math"
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
	// Yaw and Pitch are how far it turns, in degrees; 0 means 24 and 17.
	Yaw, Pitch float64

	moves []move
}

// move is a planned gesture from start on.
type move struct {
	start time.Duration
	step  pipeline.Step
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
	a.moves = append(a.moves, move{now + reaction, step})
}

// Look is how the head looks at now: the sum of its gestures, a little sway and a
// blink now and then.
func (a *Actor) Look(now time.Duration) Look {
	t := now.Seconds()
	look := Look{
		Pose:  pipeline.Pose{Yaw: 0.7 * math.Sin(1.3*t), Pitch: 0.5 * math.Sin(0.9*t+1), Roll: 0.4 * math.Sin(0.7*t)},
		Blink: blink(now),
	}
	for _, m := range a.moves {
		a.add(&look, m.step, now-m.start)
	}
	return look
}

// blink shuts the eyes for 160 ms every 3.1 s.
func blink(now time.Duration) float32 {
	phase := float32((now + time.Second) % (3100 * time.Millisecond))
	width := float32(80 * time.Millisecond)
	return max(0, 1-abs(phase-width)/width)
}

func (a *Actor) add(look *Look, step pipeline.Step, since time.Duration) {
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
	size := turnSize(since)
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
