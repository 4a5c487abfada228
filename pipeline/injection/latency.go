package injection

import (
	"math"
	"slices"
	"time"

	"vivavoce/pipeline"
)

// Limits of replies.
const (
	// soonest is the shortest time in which anybody starts to move on what they see: sprinters
	// react to the gun in 109 ms at best, eyes take 30 ms longer, and when a prompt was
	// seen is known to a frame or two.
	soonest = 100 * time.Millisecond
	// slowest: choosing between two takes people 300–500 ms (Harris et al. 2014,
	// doi.org/10.3389/fnhum.2014.00418); when even the quickest of several replies takes this
	// long, the stream is late or the person is.
	slowest = 1500 * time.Millisecond
	// replies is how many must have been timed.
	replies = 3
	// evenReplies and even: the standard deviation of one person's choices is a fifth of their
	// mean and more (same source), 60 ms and more; frames alone give 12 ms. Of five replies, people's
	// have less than even in about three sessions of a thousand (chi-squared, 4 degrees, 60 ms).
	evenReplies, even = 5, 12 * time.Millisecond
	// calmFor is how long the face must have rested before a prompt for its reply to be timed.
	calmFor = 250 * time.Millisecond
	// onsetTurn (°) and onsetMouth (of the eyes' distance) are what counts as moving: above
	// the noise of the pose and of the lips.
	onsetTurn, onsetMouth = 4.0, 0.06
)

// latency times from each prompt to the first movement of what was asked: the head's for a turn, the
// mouth's for the first digit of a phrase; later digits are read ahead and said in rhythm.
type latency struct {
	rest    pose // the newest from which nothing has moved
	calm    time.Duration
	resting bool

	index  int // of the prompt being timed; -1 before the first
	began  bool
	timing bool
	digit  bool // the prompt before was a digit
	kind   pipeline.StepKind
	from   pose
	times  []time.Duration
}

type pose struct{ yaw, pitch, mouth float64 }

func (a pose) moved(b pose, kind pipeline.StepKind) bool {
	if kind == pipeline.StepDigit {
		return math.Abs(a.mouth-b.mouth) > onsetMouth
	}
	return math.Abs(a.yaw-b.yaw) > onsetTurn || math.Abs(a.pitch-b.pitch) > onsetTurn
}

func (l *latency) see(o pipeline.Observation) {
	f := o.Face
	now := pose{f.Pose.Yaw, f.Pose.Pitch, f.MouthOpen}
	if !f.Found || math.IsNaN(now.yaw+now.pitch+now.mouth) {
		l.resting, l.timing = false, false
		return
	}
	pts := f.Frame.PTS
	l.prompt(o.Prompt, pts)
	if l.timing && now.moved(l.from, l.kind) {
		l.timing = false
		if after := pts - o.Prompt.ShownAt; len(l.times) < 64 {
			l.times = append(l.times, after)
		}
	}
	if !l.resting || now.moved(l.rest, pipeline.StepDigit) || now.moved(l.rest, pipeline.StepTurn) {
		l.resting, l.rest, l.calm = true, now, pts
	}
}

// prompt starts to time a prompt that is new, if the face rests.
func (l *latency) prompt(p *pipeline.Prompt, pts time.Duration) {
	if p == nil {
		l.timing, l.digit = false, false
		return
	}
	if l.began && p.Index == l.index {
		return
	}
	follows := l.digit && p.Step.Kind == pipeline.StepDigit
	l.began, l.index, l.digit = true, p.Index, p.Step.Kind == pipeline.StepDigit
	l.timing = !follows && l.resting && pts-l.calm >= calmFor
	l.kind, l.from = p.Step.Kind, l.rest
}

func (l *latency) part() part {
	if len(l.times) < replies {
		return part{}
	}
	p := part{checked: true}
	early, least := 0, slices.Min(l.times)
	for _, t := range l.times {
		if t < soonest {
			early++
		}
	}
	_, spread := lie(l.times)
	p.measure("fastest_ms", float64(least.Milliseconds()))
	p.measure("spread_ms", spread)
	switch {
	case 2*early >= len(l.times):
		p.hints = append(p.hints, pipeline.InjectionTooEarly)
	case least >= slowest:
		p.hints = append(p.hints, pipeline.InjectionDelayed)
	}
	if len(l.times) >= evenReplies && spread < ms(even) {
		p.hints = append(p.hints, pipeline.InjectionSameDelay)
	}
	return p
}

// lie gives the mean and the standard deviation of times, of which there are two or more, in milliseconds.
func lie(times []time.Duration) (mean, spread float64) {
	for _, t := range times {
		mean += ms(t) / float64(len(times))
	}
	squares := 0.0
	for _, t := range times {
		squares += (ms(t) - mean) * (ms(t) - mean)
	}
	return mean, math.Sqrt(squares / float64(len(times)-1))
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
