package eval

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"vivavoce/media"
	"vivavoce/media/recapture"
)

// Render writes what simulated presentations show into dir as uncompressed video, which players, the
// other commands and Chromium's fake camera read, and returns the presentations of those files. Files that
// are there stay. Presentations that are not simulated, and those that could not be for want of a
// face, are returned as they are.
func (l Lab) Render(ctx context.Context, all []Presentation, dir string) ([]Presentation, error) {
	if l.Length == 0 {
		l.Length = 3 * time.Second
	}
	out := make([]Presentation, len(all))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(max(l.Workers, 1))
	for i, p := range all {
		out[i] = p
		if p.Recapture == nil {
			continue
		}
		g.Go(func() error {
			r := p.Recapture
			name := strings.TrimSuffix(filepath.Base(p.Clip), filepath.Ext(p.Clip))
			path := filepath.Join(dir, fmt.Sprintf("%s-%s-%s-%d.y4m", r.Species, p.Subject, name, r.Seed))
			err := l.render(ctx, p, path)
			if errors.Is(err, recapture.ErrNoFace) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("render %s: %w", path, err)
			}
			out[i].Clip, out[i].From, out[i].Recapture = path, 0, nil
			return nil
		})
	}
	return out, g.Wait()
}

func (l Lab) render(ctx context.Context, p Presentation, path string) (err error) {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	src, free, err := l.stage(p)
	if err != nil {
		return err
	}
	defer free()
	part, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(part.Name())
	if err := writeVideo(ctx, part, src); err != nil {
		return errors.Join(err, part.Close())
	}
	if err := part.Close(); err != nil {
		return err
	}
	return os.Rename(part.Name(), path)
}

// writeVideo writes YUV4MPEG2 (the mjpegtools' yuv4mpeg(5)), at the rate of the first two frames.
func writeVideo(ctx context.Context, w io.Writer, src media.Source) error {
	out := bufio.NewWriter(w)
	first, err := src.Next(ctx)
	if err != nil {
		return err
	}
	defer first.Release()
	for begun := false; ; begun = true {
		f, err := src.Next(ctx)
		if errors.Is(err, io.EOF) {
			return out.Flush()
		}
		if err != nil {
			return err
		}
		if !begun {
			writeHeader(out, first, f.PTS-first.PTS)
			writePlanes(out, first)
		}
		writePlanes(out, f)
		f.Release()
	}
}

func writeHeader(out *bufio.Writer, f *media.Frame, step time.Duration) {
	scale := "LIMITED"
	if f.FullRange {
		scale = "FULL"
	}
	fmt.Fprintf(out, "YUV4MPEG2 W%d H%d F%d:%d Ip A1:1 C420mpeg2 XCOLORRANGE=%s\n",
		f.Width, f.Height, 1_000_000, max(step.Microseconds(), 1), scale)
}

// writePlanes leaves errors to Flush, which repeats them.
func writePlanes(out *bufio.Writer, f *media.Frame) {
	out.WriteString("FRAME\n")
	cw, ch := (f.Width+1)/2, (f.Height+1)/2
	for y := range f.Height {
		out.Write(f.Y[y*f.YStride:][:f.Width])
	}
	for _, plane := range [][]byte{f.Cb, f.Cr} {
		for y := range ch {
			out.Write(plane[y*f.CStride:][:cw])
		}
	}
}
