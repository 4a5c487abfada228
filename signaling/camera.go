package signaling

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"vivavoce/media"
)

// retryEvery is how often a camera that cannot be had is tried again.
const retryEvery = time.Second

// OpenCamera opens what a kiosk sees by, and says how to close it. It is called
// again when there is trouble. A [MediaError] says with which code the page is told:
// CodeCameraAbsent, CodeCameraBusy; others are told as absent.
type OpenCamera func(ctx context.Context) (src media.Source, shut func(), err error)

// camera owns a kiosk's one camera. It is open while somebody looks: a session or a
// preview. Each frame is lent to the preview and given to the session.
type camera struct {
	open    OpenCamera
	preview *preview
	log     *slog.Logger

	mu      sync.Mutex
	session *local // nil without one
	users   int    // sessions and previews
	trouble Code   // "" when the camera works, as far as known
	wake    chan struct{}
}

func newCamera(open OpenCamera, log *slog.Logger) *camera {
	return &camera{open: open, preview: newPreview(), log: log, wake: make(chan struct{}, 1)}
}

// run opens the camera whenever somebody looks, until ctx ends.
func (c *camera) run(ctx context.Context) error {
	for ctx.Err() == nil {
		if !c.wanted() {
			select {
			case <-ctx.Done():
			case <-c.wake:
			}
			continue
		}
		err := c.film(ctx)
		if ctx.Err() == nil && err != nil {
			c.fault(err)
			c.pause(ctx)
		}
	}
	return nil
}

// film gives frames until nobody looks, which is no error, or the camera fails.
func (c *camera) film(ctx context.Context) error {
	src, shut, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer shut()
	for c.wanted() {
		f, err := src.Next(ctx)
		switch {
		case errors.Is(err, io.EOF):
			c.ended()
			return nil
		case err != nil:
			return err
		}
		c.give(f)
	}
	return nil
}

// pause waits before the next try.
func (c *camera) pause(ctx context.Context) {
	t := time.NewTimer(retryEvery)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// give lends f to the preview and gives it to the session.
func (c *camera) give(f *media.Frame) {
	c.preview.offer(f)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.trouble = ""
	if c.session == nil {
		f.Release()
		return
	}
	c.session.put(f)
}

// ended says that a recording is over.
func (c *camera) ended() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session != nil {
		c.session.finish()
	}
}

// fault tells the session what is wrong, once for each kind of trouble.
func (c *camera) fault(err error) {
	code := mediaCode(err)
	if code == CodeMediaFailed {
		code = CodeCameraAbsent
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.trouble == code {
		return
	}
	c.trouble = code
	c.log.Warn("no camera", "code", string(code), "err", err)
	if c.session != nil {
		c.session.fault(code)
	}
}

func (c *camera) wanted() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.users > 0
}

// look counts one who looks in; leave counts them out.
func (c *camera) look() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.users++
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *camera) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.users--
}

// attach makes m the session that gets the frames; the one before gets no more.
func (c *camera) attach(m *local) {
	c.look()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session = m
	if c.trouble != "" {
		m.fault(c.trouble)
	}
}

func (c *camera) detach(m *local) {
	c.leave()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session == m {
		c.session = nil
	}
}
