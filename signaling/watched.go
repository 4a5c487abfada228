package signaling

import (
	"context"
	"errors"
	"io"
	"time"

	"vivavoce/media"
)

// watched is a Source that gives the first frame again and measures how long each
// frame took, from its last packet until the attempt asks for the next.
type watched struct {
	media.Source
	received <-chan struct{} // closed when the media's Run is over
	metrics  *Metrics
	first    *media.Frame
	arrived  time.Time // of the frame that the attempt has
}

// Next implements media.Source.
func (w *watched) Next(ctx context.Context) (*media.Frame, error) {
	if !w.arrived.IsZero() {
		w.metrics.latency.Observe(time.Since(w.arrived).Seconds())
		w.arrived = time.Time{}
	}
	f, err := w.next(ctx)
	if err != nil {
		// Why the source ended is what the media's Run returns: let it say so first.
		select {
		case <-w.received:
		case <-ctx.Done():
		}
		return nil, sourceError(ctx, err)
	}
	return f, nil
}

// sourceError keeps what a Source promises and names the rest media's fault.
func sourceError(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, io.EOF):
		return io.EOF
	default:
		return &MediaError{mediaCode(err), err}
	}
}

func (w *watched) next(ctx context.Context) (*media.Frame, error) {
	if f := w.first; f != nil {
		w.first, w.arrived = nil, f.Arrived
		return f, nil
	}
	f, err := w.Source.Next(ctx)
	if f != nil {
		w.arrived = f.Arrived
	}
	return f, err
}
