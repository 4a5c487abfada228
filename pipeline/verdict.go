package pipeline

// Outcome is the answer. The zero Outcome admits nobody.
type Outcome int

// The outcomes.
const (
	Undecided Outcome = iota // too little was seen, or the session ended early
	Live
	Spoof
)

// String gives the word used on the wire.
func (o Outcome) String() string {
	switch o {
	case Live:
		return "live"
	case Spoof:
		return "spoof"
	default:
		return "undecided"
	}
}

// Verdict is the answer and its evidence.
type Verdict struct {
	Outcome    Outcome
	Confidence int      // 0–100 that a bona fide person did what was asked; not yet calibrated
	Reasons    []Reason // why not live; empty when live
	Scores     []Score  // the settled scores, Whole ones first, by name
}
