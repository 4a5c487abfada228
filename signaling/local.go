package signaling

import (
	"context"
	"errors"
	"io"
	"time"

	"vivavoce/media"
)

// local is the Media of one session at a kiosk.
type local struct {
	camera *camera
	latest *media.Latest
	tell   func(Code) // the page, of trouble that may pass
	faults chan Code  // holds the newest; "" says that a recording is over

	// Of the camera's first frame for this session; owned by the camera's goroutine.
	started bool
	pts     time.Duration
	seq     uint64
}

func newLocal(c *camera, tell func(Code)) *local {
	return &local{camera: c, latest: media.NewLatest(), tell: tell, faults: make(chan Code, 1)}
}

// Next implements media.Source.
func (m *local) Next(ctx context.Context) (*media.Frame, error) { return m.latest.Next(ctx) }

// Run implements Media: it looks through the camera until ctx ends. Trouble before
// the first picture is told; later it ends the session.
func (m *local) Run(ctx context.Context) error {
	m.camera.attach(m)
	defer m.end()
	for {
		select {
		case <-ctx.Done():
			return nil
		case code := <-m.faults:
			switch code {
			case "":
				return nil
			case CodeCameraUnplugged:
				return &MediaError{code, errors.New("the camera went away")}
			}
			m.tell(code)
		}
	}
}

// end lets no frame follow. One that waits stays for who still reads a recording.
func (m *local) end() {
	m.camera.detach(m)
	m.latest.Close(context.Canceled)
}

// put takes f, with its times counted from this session's first.
func (m *local) put(f *media.Frame) {
	if !m.started {
		m.started, m.pts, m.seq = true, f.PTS, f.Seq
	}
	f.PTS -= m.pts
	f.Seq -= m.seq
	m.latest.Put(f)
}

// fault notes what is wrong; the newest counts.
func (m *local) fault(code Code) {
	if m.started {
		code = CodeCameraUnplugged
	}
	m.note(code)
}

// finish says that no frame follows, as it should be.
func (m *local) finish() {
	m.latest.Close(io.EOF)
	m.note("")
}

func (m *local) note(code Code) {
	select {
	case <-m.faults:
	default:
	}
	m.faults <- code
}

// Drops implements dropper.
func (m *local) Drops() map[string]uint64 {
	return map[string]uint64{"replaced": m.latest.Replaced()}
}
