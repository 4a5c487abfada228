package pipelinetest

import (
	"context"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"vivavoce/pipeline"
)

// TestStage checks the promises of pipeline.Stage on a stage that sees observations: values
// in range, the same scores for the same observations and beside another session, nothing
// kept of what was lent, cancellation heeded, settled scores settled, faces of NaN
// survived, and a last word on every score.
func TestStage(t *testing.T, k pipeline.Kind, observations []pipeline.Observation) {
	t.Helper()
	if len(observations) == 0 {
		t.Fatal("no observations to test the stage with")
	}
	want := play(t, k, observations, nil)
	t.Run("range", func(t *testing.T) { want.check(t) })
	t.Run("replay", func(t *testing.T) {
		want.same(t, play(t, k, observations, nil))
	})
	t.Run("keeps nothing", func(t *testing.T) {
		want.same(t, play(t, k, observations, poison))
	})
	t.Run("beside another", func(t *testing.T) { beside(t, k, observations, want) })
	t.Run("cancelled", func(t *testing.T) { cancelled(t, k, observations[0]) })
	t.Run("nothing seen", func(t *testing.T) {
		for _, s := range play(t, k, nil, nil).last {
			if s.Checked {
				t.Errorf("%s is checked though nothing was seen", s.Name)
			}
		}
	})
	t.Run("not numbers", func(t *testing.T) {
		play(t, k, spoil(observations), nil).check(t)
	})
}

// record is all that a stage said: after every observation, and at last.
type record struct {
	each [][]pipeline.Score
	last []pipeline.Score
}

// TestStageByActors is TestStage for everybody of [Attackers], who answer these steps each in their way.
func TestStageByActors(t *testing.T, k pipeline.Kind, steps ...pipeline.Step) {
	t.Helper()
	for name, s := range Attackers() {
		t.Run(name, func(t *testing.T) {
			TestStage(t, k, Perform(t, s, 1, pipeline.Challenge{Steps: steps}))
		})
	}
}

// Judged plays the observations and returns the last score, which must be checked, at or above one half, and explained as said.
func Judged(t *testing.T, k pipeline.Kind, observations []pipeline.Observation, checked, pass bool, why []pipeline.Reason) pipeline.Score {
	t.Helper()
	scores := Play(t, k, observations)
	s := scores[len(scores)-1]
	if s.Checked != checked || s.Checked && (s.Value >= 0.5) != pass || !slices.Equal(s.Reasons, why) {
		t.Errorf("got %+v, want checked %v, pass %v, %v", s, checked, pass, why)
	}
	return s
}

// play shows copies of the observations to a new stage; after, if given, is what
// happens to each copy once Observe has returned.
func play(t *testing.T, k pipeline.Kind, observations []pipeline.Observation, after func(pipeline.Observation)) record {
	t.Helper()
	s := newStage(t, k)
	var r record
	for i, o := range observations {
		o = Copy(o)
		scores, err := s.Observe(t.Context(), o)
		if err != nil {
			t.Fatalf("observation %d: %v", i, err)
		}
		r.each = append(r.each, keep(scores))
		if after != nil {
			after(o)
		}
	}
	last, err := s.Finish(t.Context())
	if err != nil {
		t.Fatalf("finish: %v", err)
	}
	r.last = keep(last)
	return r
}

func newStage(t *testing.T, k pipeline.Kind) pipeline.Stage {
	t.Helper()
	s, err := k.New()
	if err != nil {
		t.Fatalf("new %s: %v", k.Name, err)
	}
	return s
}

// keep copies scores that are valid until the next call only.
func keep(scores []pipeline.Score) []pipeline.Score {
	out := slices.Clone(scores)
	for i := range out {
		out[i].Reasons, out[i].Measures = slices.Clone(out[i].Reasons), slices.Clone(out[i].Measures)
	}
	return out
}

// Copy returns o with a face, a frame and a prompt of its own.
func Copy(o pipeline.Observation) pipeline.Observation {
	face, frame := *o.Face, *o.Face.Frame
	frame.Y, frame.Cb, frame.Cr = slices.Clone(frame.Y), slices.Clone(frame.Cb), slices.Clone(frame.Cr)
	frame.Sound = slices.Clone(frame.Sound)
	for i := range frame.Sound {
		frame.Sound[i].Samples = slices.Clone(frame.Sound[i].Samples)
	}
	face.Frame = &frame
	o.Face = &face
	if o.Prompt != nil {
		p := *o.Prompt
		o.Prompt = &p
	}
	return o
}

// poison makes what was lent useless, as the next frame in the same memory does.
func poison(o pipeline.Observation) {
	f := o.Face.Frame
	for _, plane := range [][]byte{f.Y, f.Cb, f.Cr} {
		for i := range plane {
			plane[i] = 0xA5
		}
	}
	for _, s := range f.Sound {
		for i := range s.Samples {
			s.Samples[i] = 1
		}
	}
	f.PTS, f.Seq = -1, 0
	*o.Face = pipeline.Face{}
	if o.Prompt != nil {
		*o.Prompt = pipeline.Prompt{Index: 99}
	}
}

// spoil returns the observations with every third face full of NaN.
func spoil(observations []pipeline.Observation) []pipeline.Observation {
	nan := math.NaN()
	out := make([]pipeline.Observation, len(observations))
	for i, o := range observations {
		if o = Copy(o); i%3 == 0 {
			f := o.Face
			for n := range f.Points {
				f.Points[n] = pipeline.Point{X: float32(nan), Y: float32(nan), Z: float32(nan)}
			}
			f.Pose = pipeline.Pose{Yaw: nan, Pitch: nan, Roll: nan}
			f.Interocular, f.MouthOpen, f.RightEyeOpen, f.LeftEyeOpen = nan, nan, nan, nan
		}
		out[i] = o
	}
	return out
}

// check says what is wrong with the scores by themselves.
func (r record) check(t *testing.T) {
	t.Helper()
	type key struct {
		name string
		step int
	}
	settled := map[key]pipeline.Score{}
	seen := map[key]bool{}
	for i, scores := range append(slices.Clone(r.each), r.last) {
		for _, s := range scores {
			checkScore(t, i, s)
			k := key{s.Name, s.Step}
			seen[k] = true
			if old, ok := settled[k]; ok && !reflect.DeepEqual(old, s) {
				t.Errorf("observation %d: %s of step %d changed after it was settled: %+v, then %+v", i, s.Name, s.Step, old, s)
			}
			if s.Settled {
				settled[k] = s
			}
		}
	}
	for _, s := range r.last {
		if !s.Settled {
			t.Errorf("finish: %s of step %d is not settled", s.Name, s.Step)
		}
		if !s.Checked && len(s.Reasons) == 0 {
			t.Errorf("finish: %s of step %d is not checked and does not say why", s.Name, s.Step)
		}
		delete(seen, key{s.Name, s.Step})
	}
	for k := range seen {
		t.Errorf("finish: no last word on %s of step %d", k.name, k.step)
	}
}

func checkScore(t *testing.T, i int, s pipeline.Score) {
	t.Helper()
	if s.Name == "" || s.Step < pipeline.Whole {
		t.Errorf("observation %d: score %q of step %d", i, s.Name, s.Step)
	}
	if s.Checked && !(s.Value >= 0 && s.Value <= 1) {
		t.Errorf("observation %d: %s = %v, want 0–1", i, s.Name, s.Value)
	}
	if !(s.Fraction >= 0 && s.Fraction <= 1) {
		t.Errorf("observation %d: fraction of %s = %v, want 0–1", i, s.Name, s.Fraction)
	}
	for _, r := range s.Reasons {
		if before, after, ok := strings.Cut(string(r), "."); !ok || before == "" || after == "" {
			t.Errorf("observation %d: reason %q of %s, want stage.what", i, r, s.Name)
		}
	}
}

func (r record) same(t *testing.T, got record) {
	t.Helper()
	for i := range r.each {
		if !reflect.DeepEqual(r.each[i], got.each[i]) {
			t.Fatalf("observation %d: scores are %+v, were %+v", i, got.each[i], r.each[i])
		}
	}
	if !reflect.DeepEqual(r.last, got.last) {
		t.Errorf("finish: scores are %+v, were %+v", got.last, r.last)
	}
}

// beside runs two stages in turns: one session must not see into another.
func beside(t *testing.T, k pipeline.Kind, observations []pipeline.Observation, want record) {
	a, b := newStage(t, k), newStage(t, k)
	var got record
	for i := range observations {
		if _, err := b.Observe(t.Context(), Copy(observations[len(observations)/2])); err != nil {
			t.Fatalf("other session, observation %d: %v", i, err)
		}
		scores, err := a.Observe(t.Context(), Copy(observations[i]))
		if err != nil {
			t.Fatalf("observation %d: %v", i, err)
		}
		got.each = append(got.each, keep(scores))
	}
	last, err := a.Finish(t.Context())
	if err != nil {
		t.Fatalf("finish: %v", err)
	}
	got.last = keep(last)
	want.same(t, got)
}

func cancelled(t *testing.T, k pipeline.Kind, o pipeline.Observation) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := newStage(t, k)
	if _, err := s.Observe(ctx, Copy(o)); !errors.Is(err, context.Canceled) {
		t.Errorf("Observe when cancelled: err = %v, want context.Canceled", err)
	}
	if _, err := s.Finish(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Finish when cancelled: err = %v, want context.Canceled", err)
	}
}

// Benchmark measures what a frame costs a stage; a new one begins when all have been seen.
func Benchmark(b *testing.B, kind pipeline.Kind, seen []pipeline.Observation) {
	b.Helper()
	var stage pipeline.Stage
	next := len(seen)
	b.ReportAllocs()
	for b.Loop() {
		if next == len(seen) {
			b.StopTimer()
			var err error
			if stage, err = kind.New(); err != nil {
				b.Fatal(err)
			}
			next = 0
			b.StartTimer()
		}
		if _, err := stage.Observe(b.Context(), seen[next]); err != nil {
			b.Fatal(err)
		}
		next++
	}
}
