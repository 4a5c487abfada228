package texture

import (
	"context"
	"math"
	"testing"
	"time"

	"vivavoce/pipeline"
	"vivavoce/pipeline/pipelinetest"
)

// fakeNet says the same of every picture that is not all black.
type fakeNet struct {
	logp  [Classes]float32
	looks *int
}

func (n fakeNet) Judge(ctx context.Context, detail, context, logp []float32) error {
	if n.looks != nil {
		*n.looks++
	}
	copy(logp, n.logp[:])
	return ctx.Err()
}

// certain is a network's answer for one class.
func certain(c Class) fakeNet {
	n := fakeNet{}
	for i := range n.logp {
		n.logp[i] = -5
	}
	n.logp[c] = -0.03
	return n
}

// plainFusion believes the network alone.
func plainFusion() Fusion {
	f := Fusion{Net: [Classes - 1]float64{0.25, 0.25, 0.25, 0.25}, NetLimit: 6}
	for _, name := range EvidenceNames() {
		f.Evidence = append(f.Evidence, Term{Name: name, Scale: 1, Low: -3})
	}
	return f
}

// film is seconds of a face at 30 frames a second; alter may change each face.
func film(seconds float64, alter func(i int, f *pipeline.Face)) []pipeline.Observation {
	frame := scene(320, 240, 7)
	var out []pipeline.Observation
	for i := range int(seconds * 30) {
		f := *frame
		f.Seq, f.PTS = uint64(i), time.Duration(i)*time.Second/30
		face := faceIn(&f, 120)
		if alter != nil {
			alter(i, face)
		}
		out = append(out, pipeline.Observation{Face: face})
	}
	return out
}

func finish(t *testing.T, o Options, seen []pipeline.Observation) pipeline.Score {
	t.Helper()
	s, err := New(o).New()
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range seen {
		if _, err := s.Observe(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	scores, err := s.Finish(t.Context())
	if err != nil || len(scores) != 1 {
		t.Fatalf("finish: %v, %v", scores, err)
	}
	return scores[0]
}

func TestStage(t *testing.T) {
	pipelinetest.TestStage(t, New(Options{Net: certain(BonaFide), Fusion: plainFusion()}), film(1.2, nil))
}

func TestScores(t *testing.T) {
	away := func(from, to int) func(int, *pipeline.Face) {
		return func(i int, f *pipeline.Face) {
			if i >= from && i < to {
				f.Pose.Yaw = 50
			}
		}
	}
	for _, c := range []struct {
		name   string
		net    Net
		seen   []pipeline.Observation
		high   bool
		reason pipeline.Reason
	}{
		{"bona fide", certain(BonaFide), film(1.2, nil), true, ""},
		{"screen", certain(Screen), film(1.2, nil), false, pipeline.TextureScreen},
		{"print", certain(Print), film(1.2, nil), false, pipeline.TexturePrint},
		{"paste", certain(Paste), film(1.2, nil), false, pipeline.TexturePaste},
		{"mask", certain(Mask), film(1.2, nil), false, pipeline.TextureMask},
		{"two looks only", certain(BonaFide), film(0.5, nil), false, pipeline.TextureNotChecked},
		{"always turned away", certain(BonaFide), film(1.2, away(0, 99)), false, pipeline.TextureNotChecked},
		{"turned away at times", certain(BonaFide), film(1.6, away(10, 20)), true, ""},
		{"no network", nil, film(1.2, nil), false, pipeline.TextureNotChecked},
		{"a network gone mad", fakeNet{logp: [Classes]float32{float32(math.NaN())}}, film(1.2, nil), false, pipeline.TextureNotChecked},
	} {
		s := finish(t, Options{Net: c.net, Fusion: plainFusion()}, c.seen)
		if s.Checked != (c.reason != pipeline.TextureNotChecked) || (s.Value > 0.9) != c.high || !s.Settled {
			t.Errorf("%s: %+v", c.name, s)
		}
		if c.reason == "" && len(s.Reasons) > 0 || c.reason != "" && (len(s.Reasons) != 1 || s.Reasons[0] != c.reason) {
			t.Errorf("%s: reasons %v, want %q", c.name, s.Reasons, c.reason)
		}
	}
}

// TestEvidenceDecides: without a word from the network the logistic's evidence gives the score.
func TestEvidenceDecides(t *testing.T) {
	f := plainFusion()
	f.Net, f.Bias = [Classes - 1]float64{}, -1
	f.Evidence[evBlack] = Term{Name: "black", Mean: 0.5, Scale: 0.1, Low: -3, Weight: -1}
	s := finish(t, Options{Net: certain(BonaFide), Fusion: f}, film(1.2, nil))
	if !(s.Checked && s.Value > 0.5 && s.Value < 0.9) {
		t.Errorf("a dark picture gives %+v, want sigmoid(-1 + 2…3)", s)
	}
}

// TestCost: looks are as rare as asked, however many frames come.
func TestCost(t *testing.T) {
	looks := 0
	n := certain(BonaFide)
	n.looks = &looks
	finish(t, Options{Net: n, Fusion: plainFusion(), Every: 500 * time.Millisecond}, film(2, nil))
	if looks != 4 {
		t.Errorf("%d looks in 2 s, want 4", looks)
	}
}

// TestRollingBands: bands cost a bona fide picture its score.
func TestRollingBands(t *testing.T) {
	steady := film(1.5, nil)
	rolling := film(1.5, nil)
	for i, o := range rolling {
		o = pipelinetest.Copy(o)
		add(o.Face.Frame, func(_, y float64) float64 { return 8 * math.Sin(2*math.Pi*(y/240+0.13*float64(i))) })
		rolling[i] = o
	}
	options := Options{Net: certain(BonaFide), Fusion: plainFusion()}
	with, without := finish(t, options, rolling).Value, finish(t, options, steady).Value
	if !(with < without-0.03) {
		t.Errorf("rolling bands give %.3f, a steady light %.3f", with, without)
	}
}

func TestPicture(t *testing.T) {
	looks := 0
	n := certain(Print)
	n.looks = &looks
	x := NewExaminer(n, plainFusion())
	f := scene(640, 480, 1)
	s, err := x.Picture(t.Context(), faceIn(f, 200))
	if err != nil || !s.Checked || !s.Settled || s.Value > 0.4 || looks != spotCount {
		t.Errorf("a print gives %+v, %v after %d looks", s, err, looks)
	}
	s, err = x.Picture(t.Context(), &pipeline.Face{Frame: f})
	if err != nil || s.Checked || len(s.Reasons) != 1 || s.Reasons[0] != pipeline.TextureNotChecked {
		t.Errorf("no face gives %+v, %v", s, err)
	}
}

func TestOptionsRefused(t *testing.T) {
	bad := plainFusion()
	bad.Evidence = bad.Evidence[1:]
	infinite := plainFusion()
	infinite.Evidence[3].Weight = math.Inf(1)
	low := plainFusion()
	low.Evidence[3].Low = 1
	flat := plainFusion()
	flat.Evidence[3].Scale = 0
	for name, o := range map[string]Options{
		"a term too few": {Net: certain(BonaFide), Fusion: bad},
		"infinite":       {Net: certain(BonaFide), Fusion: infinite},
		"cut high":       {Net: certain(BonaFide), Fusion: low},
		"no scale":       {Net: certain(BonaFide), Fusion: flat},
		"negative":       {Net: certain(BonaFide), Fusion: plainFusion(), Every: -1},
	} {
		if _, err := New(o).New(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
