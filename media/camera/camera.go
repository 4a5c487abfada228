// Package camera gives the frames of a local camera (V4L2, through mediadevices):
// a kiosk's own eye. A camera that went away is had again by closing its Source and
// calling [Open] until it no longer fails: Open looks for cameras each time.
//
// It is the only package that imports mediadevices, whose drivers sit in one
// process-wide list.
package camera

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/pion/mediadevices/pkg/driver"
	"github.com/pion/mediadevices/pkg/frame"
	"github.com/pion/mediadevices/pkg/io/video"

	"vivavoce/media"
)

var (
	// ErrAbsent says that there is no such camera.
	ErrAbsent = errors.New("camera absent")
	// ErrBusy says that another program, or another Source here, has the camera.
	ErrBusy = errors.New("camera busy")
	// ErrDenied says that this user may not open the camera.
	ErrDenied = errors.New("camera permission denied")
	// ErrUnplugged says that a camera that gave frames gives none any more.
	ErrUnplugged = errors.New("camera unplugged")
)

const (
	// silence is how long a camera may give nothing. The slowest rate that
	// cameras fall to in the dark is 5 frames a second.
	silence = 3 * time.Second
	// maxDamaged bounds frames in a row that cannot be read: a bad USB cable
	// breaks some JPEGs, but not a second of them.
	maxDamaged = 30
)

// Options choose a camera and ask for a format; the nearest there is is taken.
type Options struct {
	// Device is a path (/dev/video0, /dev/v4l/by-id/…) or part of a camera's
	// name, as [List] gives it, in any case. "" takes the first that works.
	Device        string
	Width, Height int     // samples; 0 means 640x480
	FPS           float64 // 0 means 30
}

func (o Options) withDefaults() (Options, error) {
	if o.Width < 0 || o.Height < 0 || o.FPS < 0 || o.FPS != o.FPS {
		return o, fmt.Errorf("camera format %dx%d at %v fps: out of range", o.Width, o.Height, o.FPS)
	}
	if o.Width == 0 || o.Height == 0 {
		o.Width, o.Height = 640, 480
	}
	if o.FPS == 0 {
		o.FPS = 30
	}
	return o, nil
}

// Source is a [media.Source] of one run of a camera; the newest frame wins. PTS is
// the arrival clock: V4L2's own times do not reach us through mediadevices.
type Source struct {
	name    string
	latest  *media.Latest
	stop    chan struct{}
	stopped sync.WaitGroup
	closing sync.Once
	damaged atomic.Uint64

	// The pump's own.
	camera driver.Driver
	reader video.Reader
	full   bool // samples are 0–255
	pool   media.Pool
	start  time.Time // wall clock of PTS 0; zero until the first frame
	seq    uint64
}

// Open starts a camera. Close the source.
func Open(o Options) (*Source, error) { return open(o, discover) }

func open(o Options, find finder) (*Source, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	candidates := find()
	if o.Device != "" {
		candidates = matching(candidates, o.Device)
	}
	err = ErrAbsent
	for _, d := range candidates {
		s, failed := begin(d, o)
		if failed == nil {
			return s, nil
		}
		if errors.Is(err, ErrAbsent) { // keep the first that says more
			err = failed
		}
	}
	if o.Device == "" {
		return nil, fmt.Errorf("open a camera: %w", err)
	}
	return nil, fmt.Errorf("open camera %s: %w", o.Device, err)
}

// begin starts driver d in its format nearest to o, and the pump that reads it.
func begin(d driver.Driver, o Options) (*Source, error) {
	recorder, ok := d.(driver.VideoRecorder)
	if !ok {
		return nil, fmt.Errorf("%s gives no video: %w", nameOf(d), ErrAbsent)
	}
	if err := d.Open(); err != nil {
		return nil, fmt.Errorf("%s: %w", nameOf(d), told(err, ErrAbsent))
	}
	format, ok := nearest(d.Properties(), o)
	if !ok { // the second node of a USB camera carries only metadata
		_ = d.Close()
		return nil, fmt.Errorf("%s has no format we read: %w", nameOf(d), ErrAbsent)
	}
	reader, err := recorder.VideoRecord(format)
	if err != nil { // the driver has closed itself
		return nil, fmt.Errorf("%s: start %s %dx%d: %w", nameOf(d), format.FrameFormat, format.Width, format.Height, told(err, ErrAbsent))
	}
	s := &Source{
		name: nameOf(d), latest: media.NewLatest(), stop: make(chan struct{}), camera: d, reader: reader,
		full: format.FrameFormat == frame.FormatMJPEG,
	}
	s.stopped.Go(s.pump)
	return s, nil
}

// Name is what the camera calls itself.
func (s *Source) Name() string { return s.name }

// Next implements [media.Source]. It fails with ErrUnplugged when the camera went
// away or gave nothing for 3 s.
func (s *Source) Next(ctx context.Context) (*media.Frame, error) {
	f, err := s.latest.Next(ctx)
	if err != nil {
		return nil, fmt.Errorf("camera %s: %w", s.name, err)
	}
	return f, nil
}

// Replaced counts frames that a newer one pushed out before Next came.
func (s *Source) Replaced() uint64 { return s.latest.Replaced() }

// Damaged counts frames that could not be read.
func (s *Source) Damaged() uint64 { return s.damaged.Load() }

// Close stops the camera and frees it for others. It waits for a read in progress:
// the next frame of a camera that works, 5 s (mediadevices' limit) of one that is
// silent. Next fails afterwards.
func (s *Source) Close() error {
	s.closing.Do(func() { close(s.stop) })
	s.stopped.Wait()
	return nil
}

// pump reads until the camera or the source ends. Reading and closing the driver
// in one goroutine keeps mediadevices from freeing what it reads from.
func (s *Source) pump() {
	defer func() { _ = s.camera.Close() }()
	watchdog := time.AfterFunc(silence, func() {
		s.latest.Close(fmt.Errorf("no frame for %v: %w", silence, ErrUnplugged))
	})
	defer watchdog.Stop()
	broken := 0
	for {
		select {
		case <-s.stop:
			s.latest.Close(os.ErrClosed)
			return
		default:
		}
		f, err := s.read()
		switch {
		case err == nil:
			broken = 0
			watchdog.Reset(silence)
			s.latest.Put(f)
		case isDamage(err) && broken < maxDamaged:
			broken++
			s.damaged.Add(1)
		default:
			s.latest.Close(told(err, ErrUnplugged))
			return
		}
	}
}

// errPicture says that one picture could not be used.
var errPicture = errors.New("unusable picture")

// read gives the next frame, copied out of the driver's memory.
func (s *Source) read() (*media.Frame, error) {
	picture, release, err := s.reader.Read()
	if err != nil {
		return nil, err
	}
	if release != nil {
		defer release()
	}
	now := time.Now()
	f, err := fromImage(picture, &s.pool)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errPicture, err)
	}
	if s.start.IsZero() {
		s.start = now
	}
	f.Seq, f.PTS, f.Arrived, f.FullRange = s.seq, now.Sub(s.start), now, s.full
	s.seq++
	return f, nil
}

// isDamage tells a broken picture from a broken camera. mediadevices has no errors
// of its own here: what is neither the kernel's nor an end nor a time-out comes
// from a picture's decoder. Go's own signals may interrupt a wait (EINTR).
func isDamage(err error) bool {
	var kernel syscall.Errno
	if errors.As(err, &kernel) {
		return kernel == syscall.EINTR || kernel == syscall.EAGAIN
	}
	return !errors.Is(err, io.EOF) && err.Error() != "read timeout"
}
