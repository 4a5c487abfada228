package pipeline

import (
	"context"
	"time"

	"vivavoce/media"
)

// Metrics hears what attempts cost and meet. It is called from many attempts at
// once. Finders, guides and stages do not measure themselves: wrappers do.
type Metrics interface {
	// StageDuration is the wall time that one frame took in a stage, by its
	// kind's name, in the finder ("face") or in the guide ("quality").
	StageDuration(stage string, d time.Duration)
	// FaceFound is called for every frame that was looked at.
	FaceFound(found bool)
	// PromptShown is called when a prompt is over: whether the client
	// acknowledged it, and if so how long after it was sent.
	PromptShown(acked bool, after time.Duration)
}

// noMetrics is the Metrics of who does not want any.
type noMetrics struct{}

func (noMetrics) StageDuration(string, time.Duration) {}
func (noMetrics) FaceFound(bool)                      {}
func (noMetrics) PromptShown(bool, time.Duration)     {}

// Measured returns k with its stages' time told to m.
func Measured(k Kind, m Metrics) Kind {
	made := k.New
	k.New = func() (Stage, error) {
		s, err := made()
		if err != nil {
			return nil, err
		}
		return &measuredStage{Stage: s, name: k.Name, metrics: m}, nil
	}
	return k
}

type measuredStage struct {
	Stage
	name    string
	metrics Metrics
}

func (s *measuredStage) Observe(ctx context.Context, o Observation) ([]Score, error) {
	began := time.Now()
	scores, err := s.Stage.Observe(ctx, o)
	s.metrics.StageDuration(s.name, time.Since(began))
	return scores, err
}

type measuredFinder struct {
	finder  Finder
	metrics Metrics
}

func (f *measuredFinder) Find(ctx context.Context, frame *media.Frame) (*Face, error) {
	began := time.Now()
	face, err := f.finder.Find(ctx, frame)
	f.metrics.StageDuration("face", time.Since(began))
	if err == nil {
		f.metrics.FaceFound(face.Found)
	}
	return face, err
}

type measuredGuide struct {
	guide   Guide
	metrics Metrics
}

func (g *measuredGuide) Observe(ctx context.Context, o Observation) (Hint, error) {
	began := time.Now()
	h, err := g.guide.Observe(ctx, o)
	g.metrics.StageDuration("quality", time.Since(began))
	return h, err
}
