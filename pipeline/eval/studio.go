package eval

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/sync/errgroup"

	"vivavoce/media/file"
	"vivavoce/pipeline"
	"vivavoce/pipeline/lips"
)

// Studio shows clips to the pipeline's own finder.
type Studio struct {
	NewFinder func() (pipeline.Finder, error)
	Degrade   Degrade
	Workers   int    // clips at once; 0 means 1
	Watched   func() // called after each clip, from any goroutine; may be nil
}

// Film is the mouth of one clip.
type Film struct {
	Clip
	Mouth          lips.Piece // the longest stretch without a gap
	Frames, Missed int        // of the clip, and without a face
}

// step is the time of a step of a Film's mouth.
const step = time.Second / lips.Rate

// at returns the step of a time in the clip, which may lie outside of the mouth.
func (f Film) at(t time.Duration) int { return int((t - f.Mouth.Start + step/2) / step) }

// ErrUnseen says that a clip shows no mouth for as long as a digit takes.
var ErrUnseen = errors.New("no mouth to read")

// leastSteps is what the reader needs.
const leastSteps = 16

// Watch looks at every clip once. Clips without a mouth are returned beside the films, as a
// person who is not seen is no person who is misread.
func (s Studio) Watch(ctx context.Context, clips []Clip) (films []Film, unseen []Clip, err error) {
	all := make([]Film, len(clips))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(max(s.Workers, 1))
	for i, c := range clips {
		g.Go(func() (err error) {
			all[i], err = s.film(ctx, c)
			if errors.Is(err, ErrUnseen) {
				err = nil
			}
			if s.Watched != nil {
				s.Watched()
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, nil, err
	}
	for _, f := range all {
		if f.Mouth.Steps() < leastSteps {
			unseen = append(unseen, f.Clip)
			continue
		}
		films = append(films, f)
	}
	return films, unseen, nil
}

func (s Studio) film(ctx context.Context, c Clip) (Film, error) {
	out := Film{Clip: c}
	src, err := file.Open(c.Path, file.Options{})
	if err != nil {
		return out, fmt.Errorf("watch %s: %w", c.Path, err)
	}
	defer src.Close()
	worse, free, err := s.Degrade.source(src)
	if err != nil {
		return out, err
	}
	defer free()
	finder, err := s.NewFinder()
	if err != nil {
		return out, err
	}
	var track lips.Track
	for {
		f, err := worse.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return out, fmt.Errorf("watch %s: %w", c.Path, err)
		}
		found, err := finder.Find(ctx, f)
		f.Release()
		if err != nil {
			return out, fmt.Errorf("watch %s: %w", c.Path, err)
		}
		out.Frames++
		if !found.Found {
			out.Missed++
			continue
		}
		face := *found
		s.Degrade.turn(&face)
		track.Add(&face)
	}
	first, last, _ := track.Span()
	for _, p := range track.Pieces(first, last) {
		if p.Steps() > out.Mouth.Steps() {
			out.Mouth = p
		}
	}
	if out.Mouth.Steps() < leastSteps {
		return out, ErrUnseen
	}
	return out, nil
}
