package pipeline

import "time"

// State is where an attempt is.
type State string

// The states of an attempt. signaling adds created and connecting before them,
// expired and failed after.
const (
	Framing     State = "framing"   // waiting for a face that can be judged
	Challenging State = "challenge" // prompting
	Deciding    State = "deciding"
	Done        State = "done"
)

// Event is what an attempt reports while it runs, in order, from one goroutine.
// It is one of StateChanged, HintChanged, Prompted, Progressed, Lit and Scored.
type Event interface{ event() }

// StateChanged says that the attempt is now in State.
type StateChanged struct{ State State }

// HintChanged says what to fix now; a zero Hint clears.
type HintChanged struct{ Hint Hint }

// Prompted says that a step is to be shown now.
type Prompted struct {
	Prompt Prompt
	Of     int           // steps in all
	Time   time.Duration // how long it stays at most
	// Phrase is the run of digits that the step belongs to and Position the
	// step's place in it; empty for turns.
	Phrase   string
	Position int
}

// Phase is how far the answer to one step has come.
type Phase string

// The phases of a step.
const (
	PhaseGo     Phase = "go"     // asked
	PhaseReturn Phase = "return" // turned far enough: come back to the centre
	PhaseDone   Phase = "done"   // the step is over
)

// Progressed says how the step on the screen goes.
type Progressed struct {
	Index    int
	Phase    Phase
	Fraction float64 // 0–1
}

// Lit asks the screen to fade to a colour, within half a second.
type Lit struct {
	Index  int
	Colour Colour
	Time   time.Duration // how long it stays at least
}

// Scored carries a score that changed.
type Scored struct{ Score Score }

func (StateChanged) event() {}
func (HintChanged) event()  {}
func (Prompted) event()     {}
func (Progressed) event()   {}
func (Scored) event()       {}
func (Lit) event()          {}
