package signaling

import "vivavoce/pipeline"

// State is where a session is.
type State string

// The states of a session. The last three are its ends.
const (
	StateCreated    State = "created"    // made; no page yet
	StateConnecting State = "connecting" // a page is there, no picture yet
	StateFraming    State = State(pipeline.Framing)
	StateChallenge  State = State(pipeline.Challenging)
	StateDeciding   State = State(pipeline.Deciding)
	StateDone       State = State(pipeline.Done) // there is a verdict
	StateExpired    State = "expired"            // a deadline passed first
	StateFailed     State = "failed"             // media or server failed first
)

// Over says whether s is an end.
func (s State) Over() bool {
	return s == StateDone || s == StateExpired || s == StateFailed
}
