package puppet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"vivavoce/media"
	"vivavoce/media/file"
	"vivavoce/pipeline"
)

// Clip performs a recorded video in real time and ends with io.EOF. It hears
// nothing.
type Clip struct {
	src  *file.Source
	next *media.Frame // decoded, not yet due
	now  *media.Frame
}

// OpenClip opens a video file. Close it.
func OpenClip(path string) (*Clip, error) {
	src, err := file.Open(path, file.Options{})
	if err != nil {
		return nil, err
	}
	first, err := src.Next(context.Background())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open clip %s: %w", path, err), src.Close())
	}
	return &Clip{src: src, now: first}, nil
}

// Close ends the decoder.
func (c *Clip) Close() error {
	c.now.Release()
	c.next.Release()
	return c.src.Close()
}

// Size implements Performance.
func (c *Clip) Size() (width, height int) { return c.now.Width &^ 1, c.now.Height &^ 1 }

// Hear implements Performance: a recording cannot answer.
func (c *Clip) Hear(pipeline.Step, time.Duration) {}

// Paint implements Performance.
func (c *Clip) Paint(f *media.Frame, now time.Duration) error {
	for {
		if c.next == nil {
			next, err := c.src.Next(context.Background())
			if err != nil {
				return err
			}
			c.next = next
		}
		if c.next.PTS > now {
			break
		}
		c.now.Release()
		c.now, c.next = c.next, nil
	}
	return copyFrame(f, c.now)
}

// copyFrame copies what fits of src into dst.
func copyFrame(dst, src *media.Frame) error {
	if src.Width < dst.Width || src.Height < dst.Height {
		return fmt.Errorf("copy a %d×%d picture into %d×%d: %w", src.Width, src.Height, dst.Width, dst.Height, io.ErrShortBuffer)
	}
	dst.FullRange = src.FullRange
	for y := range dst.Height {
		copy(dst.Y[y*dst.YStride:][:dst.Width], src.Y[y*src.YStride:])
	}
	for y := range (dst.Height + 1) / 2 {
		w := (dst.Width + 1) / 2
		copy(dst.Cb[y*dst.CStride:][:w], src.Cb[y*src.CStride:])
		copy(dst.Cr[y*dst.CStride:][:w], src.Cr[y*src.CStride:])
	}
	return nil
}
