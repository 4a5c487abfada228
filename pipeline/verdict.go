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

// Witness is a sense that had enough to go by.
type Witness string

// The witnesses: video where a face was seen, sound where it was heard with that face well
// enough to be compared.
const (
	WitnessVideo Witness = "video"
	WitnessSound Witness = "sound"
)

// Verdict is the answer and its evidence.
type Verdict struct {
	Outcome    Outcome
	Confidence int      // 0–100, as Policy.Decide explains
	Reasons    []Reason // why not live; empty when live
	Scores     []Score  // the settled scores, Whole ones first, by name
	// Witnesses says what the verdict could rest on. Without sound among them nothing that
	// was heard, if anything was, counted.
	Witnesses []Witness
}
