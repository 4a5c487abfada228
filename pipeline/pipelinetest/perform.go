package pipelinetest

import (
	"context"
	"testing"

	"vivavoce/pipeline"
)

// Perform lets an actor answer c before a judge who only watches, and returns what was
// observed. Turns stay up until their deadline, as nothing settles them.
func Perform(t testing.TB, s Script, seed uint64, c pipeline.Challenge) []pipeline.Observation {
	t.Helper()
	tap := &tap{}
	actor := NewActor(s, seed)
	judge, err := pipeline.NewJudge(pipeline.JudgeOptions{
		NewFinder: actor.Finder,
		Stages:    []pipeline.Kind{{Name: "tap", New: func() (pipeline.Stage, error) { return tap, nil }}},
		Policy:    pipeline.Policy{Checks: []pipeline.Check{{Name: "tap", Threshold: 0.5, Required: true}}}, // any challenge will do
	})
	if err != nil {
		t.Fatal(err)
	}
	attempt, err := judge.NewAttempt(c)
	if err != nil {
		t.Fatal(err)
	}
	actor.Ack = attempt.Shown
	if _, err := attempt.Run(t.Context(), actor, actor.Hear); err != nil {
		t.Fatalf("perform %+v: %v", s, err)
	}
	return tap.seen
}

// tap is a stage that only remembers.
type tap struct{ seen []pipeline.Observation }

func (s *tap) Observe(_ context.Context, o pipeline.Observation) ([]pipeline.Score, error) {
	s.seen = append(s.seen, Copy(o))
	return nil, nil
}

func (*tap) Finish(context.Context) ([]pipeline.Score, error) { return nil, nil }

// Play shows the observations to a new stage of that kind and returns its last scores.
func Play(t testing.TB, k pipeline.Kind, observations []pipeline.Observation) []pipeline.Score {
	t.Helper()
	stage, err := k.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range observations {
		if _, err := stage.Observe(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	scores, err := stage.Finish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return scores
}
