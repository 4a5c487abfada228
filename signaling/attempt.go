package signaling

import (
	"context"

	"vivavoce/media"
	"vivavoce/pipeline"
)

// Attempt judges one session. *pipeline.Attempt is one.
type Attempt interface {
	// Run watches src until there is a verdict and reports what happens, in
	// order, from one goroutine. It returns the context's error when ctx ends
	// first.
	Run(ctx context.Context, src media.Source, report func(pipeline.Event)) (pipeline.Verdict, error)
	// Shown says that the page painted step index. Any goroutine; an error
	// means that the step was not prompted.
	Shown(index int) error
	// LightShown says that the screen has begun to fade to light index, DeclineLights that the person
	// wants none. Any goroutine; an error means that the light was not asked for.
	LightShown(index int) error
	DeclineLights()
	// Describe says what the page told of its camera. Any goroutine.
	Describe(d pipeline.Device)
}

// Media is the picture of one session.
type Media interface {
	media.Source
	// Run receives until ctx ends and ends all it started. A session calls it
	// once. A [MediaError] says with which code the page is told.
	Run(ctx context.Context) error
}

// Peer is media over WebRTC; the session is the signalling between it and the page.
// Its methods are safe while Run runs.
type Peer interface {
	Media
	// Answer takes an offer, the first or a later one, and gives the answer.
	Answer(ctx context.Context, offer string) (string, error)
	// AddCandidate takes one of the page's candidates; an empty one ends them.
	AddCandidate(c Candidate) error
}

// PeerOptions are what a new peer is told.
type PeerOptions struct {
	Session     string          // for logs
	OnCandidate func(Candidate) // called from any goroutine with each of the server's own
}

// MediaError is a fault of media that the page hears of by its code.
type MediaError struct {
	Code Code
	Err  error
}

// Error implements error.
func (e *MediaError) Error() string { return string(e.Code) + ": " + e.Err.Error() }

// Unwrap gives the cause.
func (e *MediaError) Unwrap() error { return e.Err }

// dropper is a Media that counts what it dropped, by reason.
type dropper interface{ Drops() map[string]uint64 }
