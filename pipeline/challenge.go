package pipeline

import "time"

// StepKind says what a step asks for.
type StepKind string

// The kinds of steps.
const (
	StepDigit StepKind = "digit" // say one digit, aloud or silently
	StepTurn  StepKind = "turn"  // turn the head one way and come back
)

// Step is one thing asked of the person.
type Step struct {
	Kind  StepKind
	Digit int       // 0–9, for StepDigit
	Turn  Direction // for StepTurn
	// Again says that it is a spare one: a turn in the place of one that could not be seen, a digit of another phrase.
	Again bool
}

// Challenge is what the person is asked, in order. One without steps asks nothing:
// a recording is watched to its end.
type Challenge struct {
	Steps []Step
	// SpareTurns are asked after all steps, each if one of those could not be seen: pictures were lost, or the face. Whoever
	// was seen to turn badly gets none.
	SpareTurns []Step
	// SparePhrase is digits that are asked last, if those before were neither believed nor plainly others, and the policy
	// requires [ScoreLips].
	SparePhrase []Step
	// Lights are colours that the screen takes, one after another, beside the steps, for as long
	// as those last; none are asked for when empty.
	Lights []Colour
}

// Prompt is one step shown to the person.
type Prompt struct {
	Index int // of the step in the challenge
	Step  Step
	// ShownAt is the PTS of the frame that was captured when the step appeared on
	// the person's screen, as well as the server can tell: from the client's
	// acknowledgement where there is one, else from the moment of sending.
	ShownAt time.Duration
	Acked   bool // ShownAt rests on an acknowledgement
	// AckedAfter is the time from sending the step to its acknowledgement, by the server's clock; 0 without one.
	AckedAfter time.Duration
}
