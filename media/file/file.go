// Package file gives the frames of a recorded video: an upload, or a clip for the
// command line, tests and the kiosk's demo.
//
// Uploads are strangers' bytes, so only regular local files are opened, only by
// demuxers of the list in container.go, references to other files are not followed,
// and FFmpeg decodes nothing before the limits were checked.
package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"vivavoce/media"
	"vivavoce/media/codec"
)

var (
	// ErrEmpty says that the file has no bytes.
	ErrEmpty = errors.New("empty file")
	// ErrUnreadable says that the file is no video we can read, or is broken or
	// cut short. Frames given before it are good.
	ErrUnreadable = errors.New("unreadable video")
	// ErrNoVideo says that the file has sound or a cover picture, but no video.
	ErrNoVideo = errors.New("no video track")
	// ErrTooLarge says that the file has more bytes or larger pictures than allowed.
	ErrTooLarge = errors.New("video too large")
	// ErrTooLong says that the video lasts longer than allowed.
	ErrTooLong = errors.New("video too long")
)

// maxHeard bounds the blocks of sound that wait for a frame: some ten seconds. Containers
// interleave within one or two.
const maxHeard = 512

// Options bound and pace a file. The zero Options read as fast as asked.
type Options struct {
	MaxBytes    int64         // 0 means 512 MiB
	MaxDuration time.Duration // 0 means 10 min
	// MaxWidth and MaxHeight bound the pictures as they are shown, in samples;
	// 0 means 4096.
	MaxWidth, MaxHeight int
	// Realtime gives each frame when its time has come, as a camera would.
	Realtime bool
	// Loop starts again at the end; time and Seq go on.
	Loop bool
}

func (o Options) withDefaults() (Options, error) {
	if o.MaxBytes < 0 || o.MaxDuration < 0 || o.MaxWidth < 0 || o.MaxHeight < 0 {
		return o, fmt.Errorf("limits below zero: %+v", o)
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 512 << 20
	}
	if o.MaxDuration == 0 {
		o.MaxDuration = 10 * time.Minute
	}
	if o.MaxWidth == 0 {
		o.MaxWidth = 4096
	}
	if o.MaxHeight == 0 {
		o.MaxHeight = 4096
	}
	return o, nil
}

// Source is a [media.Source] of a file's frames: upright, PTS from 0 and never
// falling. Not for concurrent use.
type Source struct {
	path    string
	options Options
	video   *container
	waiting []*media.Frame // decoded and upright, oldest first
	heard   []media.Sound  // decoded, for the next frame; in the container's time
	clock   clock
	seq     uint64
	started time.Time // wall clock of PTS 0, for Realtime
	timer   *time.Timer
	damaged int
	err     error // what ended the source
}

// Open reads a file up to its first picture, so that what cannot be played is told
// here. Close the source.
func Open(path string, o Options) (*Source, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("open video: %w", err)
	}
	if err := check(path, o.MaxBytes); err != nil {
		return nil, fmt.Errorf("open video: %w", err)
	}
	s := &Source{path: path, options: o}
	if err := s.begin(); err != nil {
		s.Close()
		return nil, fmt.Errorf("open video %s: %w", path, err)
	}
	return s, nil
}

// check looks at the file before FFmpeg does.
func check(path string, limit int64) error {
	at, err := os.Stat(path)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrUnreadable, err)
	case !at.Mode().IsRegular():
		return fmt.Errorf("%s is not a regular file: %w", path, ErrUnreadable)
	case at.Size() == 0:
		return fmt.Errorf("%s: %w", path, ErrEmpty)
	case at.Size() > limit:
		return fmt.Errorf("%s has %d bytes, %d allowed: %w", path, at.Size(), limit, ErrTooLarge)
	}
	return nil
}

// begin opens the file and decodes its first picture.
func (s *Source) begin() error {
	v, err := openContainer(s.path, s.options)
	if err != nil {
		return err
	}
	s.video = v
	if d := v.duration(); d > s.options.MaxDuration {
		return fmt.Errorf("%v, %v allowed: %w", d, s.options.MaxDuration, ErrTooLong)
	}
	for len(s.waiting) == 0 {
		if err := s.read(); errors.Is(err, io.EOF) {
			return fmt.Errorf("no picture in it: %w", ErrUnreadable)
		} else if err != nil {
			return err
		}
	}
	return nil
}

// Duration is what the container claims, 0 when it does not tell: for a progress
// bar. Only the frames themselves are held to MaxDuration.
func (s *Source) Duration() time.Duration {
	if s.video == nil {
		return 0
	}
	return s.video.duration()
}

// Damaged counts packets that could not be decoded and were left out.
func (s *Source) Damaged() int { return s.damaged }

// Next implements [media.Source].
func (s *Source) Next(ctx context.Context) (*media.Frame, error) {
	for len(s.waiting) == 0 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if s.err != nil {
			return nil, s.err
		}
		s.fill()
	}
	f := s.waiting[0]
	if s.options.Realtime {
		if err := s.wait(ctx, f.PTS); err != nil {
			return nil, err // the frame waits for the next call
		}
	} else if err := ctx.Err(); err != nil {
		return nil, err
	}
	f.Sound = s.told()
	copy(s.waiting, s.waiting[1:])
	s.waiting = s.waiting[:len(s.waiting)-1]
	f.Arrived = time.Now()
	return f, nil
}

// fill reads on, and starts again where Loop says so. The error that ends the
// source is kept in s.err.
func (s *Source) fill() {
	err := s.read()
	if errors.Is(err, io.EOF) && s.options.Loop {
		s.video.close()
		s.clock.restart()
		s.heard = nil // from after the last frame
		err = s.begin()
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("read video %s: %w", s.path, err)
	}
	s.err = err
}

// read decodes one packet; what became showable joins s.waiting.
func (s *Source) read() error {
	var over error
	err := s.video.next(func(f *media.Frame) {
		f.Seq, f.PTS = s.seq, s.clock.at(f.PTS)
		if s.clock.played() > s.options.MaxDuration {
			over = fmt.Errorf("%v played, %v allowed: %w", s.clock.played(), s.options.MaxDuration, ErrTooLong)
			f.Release()
			return
		}
		s.seq++
		s.waiting = append(s.waiting, f)
	}, s.hear)
	if errors.Is(err, errDamaged) {
		s.damaged++
		err = nil
	}
	if over != nil {
		return over
	}
	return err
}

// hear keeps a copy of a block of sound for the next frame: what was read before a frame
// goes with it, so that a file replays the same.
func (s *Source) hear(h media.Sound) {
	if h.PTS == codec.NoPTS {
		return // nobody could say what it goes with
	}
	if len(s.heard) == maxHeard {
		s.heard = slices.Delete(s.heard, 0, 1)
	}
	s.heard = append(s.heard, media.Sound{PTS: h.PTS, Samples: slices.Clone(h.Samples)})
}

// told gives what was heard so far, on the frames' clock.
func (s *Source) told() []media.Sound {
	heard := s.heard
	s.heard = nil
	for i := range heard {
		heard[i].PTS = s.clock.sound(heard[i].PTS)
	}
	return heard
}

// wait returns when a frame of this PTS is due, or ctx is done.
func (s *Source) wait(ctx context.Context, pts time.Duration) error {
	if s.started.IsZero() {
		s.started = time.Now().Add(-pts)
		s.timer = time.NewTimer(0)
	} else {
		s.timer.Reset(time.Until(s.started.Add(pts)))
	}
	select {
	case <-ctx.Done():
		s.timer.Stop()
		return ctx.Err()
	case <-s.timer.C:
		return ctx.Err()
	}
}

// Close frees what the source holds. Frames given stay valid; Next fails.
func (s *Source) Close() error {
	for _, f := range s.waiting {
		f.Release()
	}
	s.waiting = nil
	if s.video != nil {
		s.video.close()
	}
	if s.timer != nil {
		s.timer.Stop()
	}
	if s.err == nil {
		s.err = os.ErrClosed
	}
	return nil
}
