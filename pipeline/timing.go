package pipeline

import (
	"fmt"
	"time"
)

// Timing holds every deadline of an attempt. The zero value of a field means its
// default; all are watched, so no state lasts for ever.
//
// Steps, steadiness and losses run on the frames' own time (PTS). The deadlines of
// the states run on the wall clock as well, so that a source that stops, or whose
// time stands still, ends.
type Timing struct {
	Framing time.Duration // to find a face that can be judged; 60 s
	Steady  time.Duration // good face without a break before the challenge starts; 600 ms

	Turn      time.Duration // a turn of the head and back, at most; 6 s
	Digit     time.Duration // from one digit to the next; 900 ms
	DigitTail time.Duration // added to the last digit of a phrase, for those who are slow; 600 ms
	Pause     time.Duration // nothing on the screen before each turn and phrase; 300 ms
	Front     time.Duration // for the head to come back before a turn is asked, at most; 1.5 s

	Light time.Duration // each colour of the screen, at least LeastLight; 1.4 s

	Deciding time.Duration // for the stages to finish, on a busy machine, too; 3 s
	// Whole is for the attempt from Run to verdict, at least Framing; 90 s, or what
	// framing and the challenge at hand take at most if that is longer.
	Whole time.Duration

	MediaGap  time.Duration // without a frame: the challenge pauses, the person is told; 2 s
	MediaLost time.Duration // without a frame, or in gaps of a challenge in all: the attempt ends; 5 s
	FaceGrace time.Duration // without a face before the challenge pauses; 1 s
	FaceLost  time.Duration // paused for a lost face, in all: the attempt ends; 3 s
	Several   time.Duration // several faces without a break: the attempt ends; 500 ms

	AckBound time.Duration // a later acknowledgement of a prompt counts as this late; 1 s
}

// filled returns t with defaults in place of zeros.
func (t Timing) filled() (Timing, error) {
	framing := time.Minute
	if t.Whole > 0 {
		framing = min(framing, t.Whole)
	}
	for _, f := range []struct {
		name  string
		value *time.Duration
		zero  time.Duration
	}{
		{"Framing", &t.Framing, framing},
		{"Steady", &t.Steady, 600 * time.Millisecond},
		{"Turn", &t.Turn, 6 * time.Second},
		{"Digit", &t.Digit, 900 * time.Millisecond},
		{"DigitTail", &t.DigitTail, 600 * time.Millisecond},
		{"Pause", &t.Pause, 300 * time.Millisecond},
		{"Front", &t.Front, 1500 * time.Millisecond},
		{"Light", &t.Light, 1400 * time.Millisecond},
		{"Deciding", &t.Deciding, 3 * time.Second},
		{"Whole", &t.Whole, 0}, // depends on the challenge: see whole
		{"MediaGap", &t.MediaGap, 2 * time.Second},
		{"MediaLost", &t.MediaLost, 5 * time.Second},
		{"FaceGrace", &t.FaceGrace, time.Second},
		{"FaceLost", &t.FaceLost, 3 * time.Second},
		{"Several", &t.Several, 500 * time.Millisecond},
		{"AckBound", &t.AckBound, time.Second},
	} {
		if *f.value < 0 {
			return t, fmt.Errorf("timing: %s is %v, want 0 or more", f.name, *f.value)
		}
		if *f.value == 0 {
			*f.value = f.zero
		}
	}
	if t.Light < LeastLight {
		return t, fmt.Errorf("timing: Light is %v, want %v or more: people must not be flashed at", t.Light, LeastLight)
	}
	if t.MediaLost <= t.MediaGap {
		return t, fmt.Errorf("timing: MediaLost %v is not above MediaGap %v", t.MediaLost, t.MediaGap)
	}
	if t.Whole > 0 && t.Whole < t.Framing {
		return t, fmt.Errorf("timing: Whole %v is below Framing %v", t.Whole, t.Framing)
	}
	return t, nil
}

// whole is Whole for an attempt at steps.
func (t Timing) whole(steps []Step) time.Duration {
	if t.Whole > 0 {
		return t.Whole
	}
	return max(90*time.Second, t.Framing+t.challenge(steps)+t.Deciding)
}

// challenge is the longest that steps can take when frames keep coming: every
// step to its end, the pauses, the head's coming back, one loss of the face and the gaps in between.
func (t Timing) challenge(steps []Step) time.Duration {
	d := t.MediaLost + t.FaceGrace + t.FaceLost
	for i := range steps {
		d += t.Pause + t.step(steps, i)
		if steps[i].Kind == StepTurn {
			d += t.Front
		}
	}
	return d
}

// step is how long step i is shown at most.
func (t Timing) step(steps []Step, i int) time.Duration {
	if steps[i].Kind == StepTurn {
		return t.Turn
	}
	if i+1 < len(steps) && steps[i+1].Kind == StepDigit {
		return t.Digit
	}
	return t.Digit + t.DigitTail
}
