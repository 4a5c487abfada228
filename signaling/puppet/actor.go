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
	// Yaw and Pitch are how far it turns, in degrees; 0 means 24 and 17.
	Yaw, Pitch float64

	moves []move
}

// move is a planned gesture from start on.
type move struct {
	start time.Duration
	step  pipeline.Step
}

// How long a turn takes one way, how long it rests there, and a digit.
const (
	turnTime  = 450 * time.Millisecond
	turnRest  = 250 * time.Millisecond
	digitTime = 600 * time.Millisecond
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
	if since < 0 {
		return
	}
	if step.Kind == pipeline.StepDigit {
		if !a.Mute {
			v := visemeAt(step.Digit, float64(since)/float64(digitTime))
			look.Open += v.open
			look.Width += v.width
		}
		return
	}
	if a.Still {
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

// viseme is a mouth shape.
type viseme struct{ open, width float32 }

// digits are rough mouth shapes over the time of an English digit: enough to move
// as a speaking mouth does, not enough to be read.
var digits = [10][]viseme{
	{{.2, .5}, {.35, .5}, {.25, .2}, {.5, -.6}, {.3, -.9}}, // z ih r ow
	{{.2, -.9}, {.6, 0}, {.45, .1}, {.2, .2}},              // w ah n
	{{.2, .2}, {.25, -.8}, {.3, -1}, {.2, -.7}},            // t uw
	{{.15, .1}, {.25, -.3}, {.4, .7}, {.35, .8}},           // th r iy
	{{.05, .2}, {.15, .1}, {.6, -.7}, {.35, -.4}},          // f ao r
	{{.05, .2}, {.7, .2}, {.5, .5}, {.1, .2}},              // f ay v
	{{.15, .4}, {.35, .4}, {.2, .3}, {.15, .4}},            // s ih k s
	{{.15, .4}, {.5, .4}, {.1, .2}, {.35, .2}, {.2, .2}},   // s eh v ah n
	{{.5, .6}, {.4, .7}, {.15, .3}},                        // ey t
	{{.2, .2}, {.7, .2}, {.45, .6}, {.2, .3}},              // n ay n
}

// visemeAt blends the shapes of a digit at phase 0–1, from and to a shut mouth.
func visemeAt(digit int, phase float64) viseme {
	if phase < 0 || phase > 1 || digit < 0 || digit > 9 {
		return viseme{}
	}
	shapes := digits[digit]
	at := func(i int) viseme {
		if i < 0 || i >= len(shapes) {
			return viseme{}
		}
		return shapes[i]
	}
	x := phase*float64(len(shapes)+1) - 1
	i := int(math.Floor(x))
	w := smooth(float32(x - float64(i)))
	a, b := at(i), at(i+1)
	return viseme{a.open + (b.open-a.open)*w, a.width + (b.width-a.width)*w}
}
