package pipeline

import "context"

// Observation is one face and what was asked of the person when it was seen.
type Observation struct {
	Face *Face // lent until Observe returns
	// Prompt is the step on the screen at Face.Frame.PTS; nil before the first,
	// between steps, after the last, and for a recording without prompts.
	Prompt *Prompt
	// Light is the colour of the person's screen at Face.Frame.PTS, as the client says; nil before the
	// first. LightsOff says that the person declined coloured light.
	Light     *Light
	LightsOff bool
	Device    Device // what the client said of its camera by now; zero when it said nothing
}

// Device is what the client says of its camera. Any of it may be made up.
type Device struct {
	Label         string // as the browser names it
	Width, Height int    // pixels
	FrameRate     float64
}

// Stage gathers one kind of evidence over one session.
type Stage interface {
	// Observe takes the next face, in the order of PTS, and returns the scores
	// that this face changed; the slice is valid until the next call. It reads
	// time from the frame's PTS only, keeps nothing it was lent, and gives the
	// same scores for the same observations. Not for concurrent use.
	Observe(ctx context.Context, o Observation) ([]Score, error)
	// Finish says that no face follows and returns every score for the last
	// time, settled; one that was settled before is the same. It is called once,
	// or not at all when the attempt failed or was cancelled,
	// and gives up with the context's error when ctx is done.
	Finish(ctx context.Context) ([]Score, error)
}

// Kind makes stages of one kind; New is called once a session.
type Kind struct {
	Name string
	New  func() (Stage, error)
}

// Whole is the Step of a score that is about the session and not about one step.
const Whole = -1

// Score is a stage's belief that the person is bona fide, by one kind of evidence.
// The zero Score is not checked, which is different from 0.
type Score struct {
	Name    string   // of the evidence, as policies know it: "motion", "depth", "mouth", "lips" …
	Step    int      // index of the challenge's step, or Whole
	Checked bool     // false: there was not enough to see; Value means nothing
	Value   float64  // 0–1, 1 is bona fide
	Settled bool     // no later frame changes it
	Part    bool     // of another score of the session: for the integrator, not for the page
	Reasons []Reason // why it is low (below 0.8, whatever the policy's threshold) or not checked
	// Measures are the figures that the score rests on, for the report; mostly none. They are
	// exact: for the integrator, never for the page.
	Measures []Measure
	// Fraction is how far the person is in answering the step, 0–1, for the page's
	// progress; 0 for Whole scores.
	Fraction float64
	// Phase is what a turn waits for: PhaseGo until the head is turned far enough,
	// then PhaseReturn until it is back. Empty for all other scores.
	Phase Phase
}

// Measure is one figure behind a score; its name ends in the unit: "lag_ms", "speech_s".
type Measure struct {
	Name  string
	Value float64
}

// The scores of the stages that there are, as policies name them.
const (
	ScoreMotion = "motion" // the head turned as asked
	ScoreDepth  = "depth"  // and moved as a body in space does
	// ScoreParallax is that what is around the head was not carried along by it.
	ScoreParallax = "parallax"
	// ScoreContinuity is that the same person was there all the time.
	ScoreContinuity = "continuity"
	// ScoreLights is that the face reflected the colours of the screen. No policy may require it.
	ScoreLights = "lights"
	// ScoreEyes is that lids, gaze and lips moved by themselves, and the eyes blinked as eyes do.
	ScoreEyes  = "eyes"
	ScoreJaw   = "jaw"   // the chin went with the lips
	ScoreSeam  = "seam"  // the face moved with the head it is on
	ScoreMouth = "mouth" // the mouth moved when a digit was asked
	ScoreRest  = "rest"  // and rested otherwise
	ScoreLips  = "lips"  // the digits were said
	ScoreSound = "sound" // what was heard moved with the mouth

	ScoreTexture         = "texture"          // the picture is of a face, not of a picture of one
	ScoreTextureExternal = "texture_external" // the same, by a third party's model that the operator plugged in

	ScoreInjection = "injection" // the stream is a camera's, now
)

// Guide watches quality and tells the person what to fix first.
type Guide interface {
	// Observe takes every face and returns the hint to show now. The same rules
	// as Stage.Observe hold.
	Observe(ctx context.Context, o Observation) (Hint, error)
}

// Hint is what the person should fix now. The zero Hint is "nothing".
type Hint struct {
	Code HintCode
	// Direction says where to or where from, when the code has one: where to
	// move for off_centre, where the light comes from for light_uneven. The
	// person's own left and right.
	Direction Direction
	// Blocking hints keep a challenge from starting.
	Blocking bool
}

// HintCode names a hint on the wire and in metrics.
type HintCode string

// HintReconnecting is the one hint that an attempt gives by itself: pictures
// stopped. All others come from the guide.
const HintReconnecting HintCode = "reconnecting"

// Direction is seen from the person.
type Direction string

// The directions of turns and hints.
const (
	Left  Direction = "left"
	Right Direction = "right"
	Up    Direction = "up"
	Down  Direction = "down"
)
