package signaling

import (
	"context"
	"errors"

	"vivavoce/pipeline"
)

// Reasons that only signaling sees.
const (
	reasonDisconnected pipeline.Reason = "session.disconnected" // the page's socket dropped
	reasonRefused      pipeline.Reason = "session.refused"      // the page broke the protocol
)

// ending is why a session is over without its attempt's verdict.
type ending struct {
	State  State
	Reason pipeline.Reason
	Code   Code   // told to the page; "" when there is nothing wrong
	Text   string // with Code
	Err    error  // for the log, may be nil
}

// Error implements error.
func (e *ending) Error() string {
	if e.Err != nil {
		return string(e.Reason) + ": " + e.Err.Error()
	}
	return string(e.Reason)
}

// Unwrap gives the cause.
func (e *ending) Unwrap() error { return e.Err }

func cancelled() *ending {
	return &ending{State: StateDone, Reason: pipeline.SessionCancelled}
}

func draining() *ending {
	return &ending{State: StateFailed, Reason: pipeline.SessionFailed, Code: CodeDraining, Text: "the server is going down"}
}

func disconnected(err error) *ending {
	return &ending{State: StateFailed, Reason: reasonDisconnected, Err: err}
}

func failed(err error) *ending {
	return &ending{State: StateFailed, Reason: pipeline.SessionFailed, Code: CodeInternal, Text: "our fault; see the log", Err: err}
}

// endingOf says how an error that ended a page's talk or its media ends the session.
func endingOf(err error) *ending {
	var e *ending
	var p *ProtocolError
	var m *MediaError
	switch {
	case errors.As(err, &e):
		return e
	case errors.As(err, &p):
		return &ending{State: StateFailed, Reason: reasonRefused, Code: p.Code, Text: p.Detail, Err: err}
	case errors.As(err, &m):
		return &ending{State: StateFailed, Reason: pipeline.SessionNoMedia, Code: m.Code, Text: "the media failed", Err: err}
	case errors.Is(err, errTooSlow):
		return &ending{State: StateFailed, Reason: reasonDisconnected, Code: CodeTooSlow, Text: "the page does not read", Err: err}
	default:
		return failed(err)
	}
}

// causeOf says why ctx ended: the server's own contexts end when it goes down.
func causeOf(ctx context.Context) *ending {
	var e *ending
	if errors.As(context.Cause(ctx), &e) {
		return e
	}
	return draining()
}
