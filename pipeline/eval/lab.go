package eval

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"vivavoce/media"
	"vivavoce/media/recapture"
	"vivavoce/pipeline"
)

// Lab shows presentations to the judge of a server, as recordings: nobody can prompt one, so only
// scores that ask nothing of a person are looked at.
type Lab struct {
	Judge     *pipeline.Judge
	NewFinder func() (pipeline.Finder, error) // for simulated attacks, which must know where the face is
	Length    time.Duration                   // of each clip, at most; 0 means 3 s
	Workers   int                             // presentations at once; 0 means 1
	// Known are presentations of an earlier run that need not be shown again; Tried is called after each
	// of the others, one call at a time. Both may be nil.
	Known []Presented
	Tried func(Presented) error
}

// Presented is a presentation and what became of it.
type Presented struct {
	Presentation
	// Drawn is what the simulator drew, where it had to.
	Drawn  *recapture.Parameters     `json:"drawn,omitempty"`
	Scores map[string]pipeline.Score `json:"scores"` // of the whole recording, by name
	Frames int                       `json:"frames"`
	Thumb  []byte                    `json:"thumb,omitempty"` // JPEG of a frame in the middle
}

// asked are the scores that rest on prompts.
func asked(score string) bool {
	return slices.Contains([]string{pipeline.ScoreMotion, pipeline.ScoreDepth, pipeline.ScoreMouth, pipeline.ScoreRest, pipeline.ScoreLips}, score)
}

// Try shows every presentation once.
func (l Lab) Try(ctx context.Context, all []Presentation) ([]Presented, error) {
	if l.Length == 0 {
		l.Length = 3 * time.Second
	}
	known, err := byPresentation(l.Known)
	if err != nil {
		return nil, err
	}
	out := make([]Presented, len(all))
	var telling sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(max(l.Workers, 1))
	for i, t := range all {
		key, err := t.key()
		if err != nil {
			return nil, errors.Join(err, g.Wait())
		}
		if p, ok := known[key]; ok {
			out[i] = p
			continue
		}
		g.Go(func() (err error) {
			if out[i], err = l.present(ctx, t); err != nil {
				return fmt.Errorf("try %s as %s: %w", t.Clip, t.Label, err)
			}
			telling.Lock()
			defer telling.Unlock()
			if l.Tried != nil {
				return l.Tried(out[i])
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return out, nil
}

// key is the same for the same presentation.
func (p Presentation) key() (string, error) {
	b, err := json.Marshal(p)
	return string(b), err
}

func byPresentation(all []Presented) (map[string]Presented, error) {
	out := map[string]Presented{}
	for _, p := range all {
		key, err := p.key()
		if err != nil {
			return nil, err
		}
		out[key] = p
	}
	return out, nil
}

func (l Lab) present(ctx context.Context, t Presentation) (Presented, error) {
	out := Presented{Presentation: t, Scores: map[string]pipeline.Score{}}
	if t.Recapture != nil {
		drawn := t.Recapture.draw()
		out.Drawn = &drawn
	}
	src, free, err := l.stage(t)
	if err != nil {
		return out, err
	}
	defer free()
	attempt, err := l.Judge.NewAttempt(pipeline.Challenge{})
	if err != nil {
		return out, err
	}
	seen := &glance{src: src, at: l.Length / 2}
	v, err := attempt.Run(ctx, seen, func(pipeline.Event) {})
	if errors.Is(err, recapture.ErrNoFace) {
		// Nothing could be simulated: a presentation without a response.
		return out, nil
	}
	if err != nil {
		return out, err
	}
	out.Frames, out.Thumb = seen.frames, seen.thumb
	for _, s := range v.Scores {
		if s.Step == pipeline.Whole {
			out.Scores[s.Name] = kept(s)
		}
	}
	return out, nil
}

// kept is what is kept of a score: JSON knows no NaN, and a value below 0 is refused as NaN is.
func kept(s pipeline.Score) pipeline.Score {
	s.Measures = nil
	if math.IsNaN(s.Value) {
		s.Value = -1
	}
	return s
}

// stage returns the frames of a presentation and what frees them.
func (l Lab) stage(t Presentation) (media.Source, func(), error) {
	src, free, err := open(t.Clip)
	if err != nil {
		return nil, nil, err
	}
	frees := []func(){free}
	all := func() {
		for _, f := range slices.Backward(frees) {
			f()
		}
	}
	src = &window{src: src, from: seconds(t.From), after: l.Length}
	if t.Recapture == nil {
		return src, all, nil
	}
	rig, more, err := l.rig(t.Recapture)
	if err != nil {
		all()
		return nil, nil, err
	}
	frees = append(frees, more)
	attack, err := recapture.New(src, t.Recapture.draw(), rig)
	if err != nil {
		all()
		return nil, nil, err
	}
	frees = append(frees, func() { attack.Close() })
	return attack, all, nil
}

// rig is what a simulated attack needs besides its parameters.
func (l Lab) rig(r *Recapture) (rig recapture.Rig, free func(), err error) {
	free = func() {}
	if !r.Species.NeedsFace() {
		return rig, free, nil
	}
	finder, err := l.NewFinder()
	if err != nil {
		return rig, free, err
	}
	rig.Locate = Locate(finder)
	if !r.Species.NeedsDonor() {
		return rig, free, nil
	}
	if r.Donor == "" {
		return rig, free, fmt.Errorf("%s needs a donor", r.Species)
	}
	donor, free, err := open(r.Donor)
	if err != nil {
		return rig, func() {}, err
	}
	theirs, err := l.NewFinder()
	if err != nil {
		free()
		return rig, func() {}, err
	}
	rig.Donor, rig.LocateDonor = donor, Locate(theirs)
	return rig, free, nil
}

// glance counts the frames on their way and keeps a small picture of one.
type glance struct {
	src    media.Source
	at     time.Duration
	frames int
	thumb  []byte
}

// Next implements media.Source.
func (g *glance) Next(ctx context.Context) (*media.Frame, error) {
	f, err := g.src.Next(ctx)
	if err != nil {
		return nil, err
	}
	g.frames++
	if g.thumb == nil && f.PTS >= g.at {
		g.thumb = thumbnail(f)
	}
	return f, nil
}
