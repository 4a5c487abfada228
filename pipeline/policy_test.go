package pipeline

import (
	"math"
	"slices"
	"testing"
)

func whole(name string, value float64, why ...Reason) Score {
	return Score{Name: name, Step: Whole, Checked: true, Value: value, Settled: true, Reasons: why}
}

func TestPolicyDecides(t *testing.T) {
	good := func(but ...Score) []Score {
		scores := []Score{
			whole(ScoreMotion, 0.9), whole(ScoreDepth, 1), whole(ScoreMouth, 0.75),
			whole(ScoreLips, 0.95),
		}
		for _, b := range but {
			i := slices.IndexFunc(scores, func(s Score) bool { return s.Name == b.Name })
			scores[i] = b
		}
		return scores
	}
	for _, c := range []struct {
		name       string
		scores     []Score
		want       Outcome
		confidence int
		reasons    []Reason
	}{
		{"all good", good(), Live, 50, nil},
		{"all good and looks like a person", append(good(), whole(ScoreTexture, 0.905)), Live, 90, nil},
		{"all good, looks not required", append(good(), whole(ScoreTexture, 0.1)), Live, 10, nil},
		{"all good, looks like nothing", append(good(), whole(ScoreTexture, math.NaN())), Live, 50, nil},
		{"just below, looks like a person", append(good(whole(ScoreMouth, 0.4999, MouthStill)), whole(ScoreTexture, 0.99)), Undecided, 49, []Reason{MouthStill}},
		{"at the thresholds", good(whole(ScoreMotion, 0.5), whole(ScoreDepth, 0.5), whole(ScoreMouth, 0.5), whole(ScoreLips, 0.5)), Live, 50, nil},
		{"just below", good(whole(ScoreMouth, 0.4999, MouthStill)), Undecided, 49, []Reason{MouthStill}},
		{"nothing", nil, Undecided, 0, []Reason{MotionNotChecked, DepthNotChecked, MouthNotChecked, LipsNotChecked}},
		{"one missing", good()[:3], Undecided, 0, []Reason{LipsNotChecked}},
		{"one not checked", good(Score{Name: ScoreDepth, Step: Whole, Value: 1, Reasons: []Reason{DepthNotChecked}}), Undecided, 0, []Reason{DepthNotChecked}},
		{"not checked without a reason", good(Score{Name: ScoreDepth, Step: Whole, Value: 1}), Undecided, 0, []Reason{DepthNotChecked}},
		{"only of a step", good(Score{Name: ScoreMotion, Step: 0, Checked: true, Value: 1}), Undecided, 0, []Reason{MotionNotChecked}},
		{"NaN", good(whole(ScoreMotion, math.NaN())), Undecided, 0, []Reason{SessionFailed}},
		{"above one", good(whole(ScoreMotion, 1.01)), Undecided, 0, []Reason{SessionFailed}},
		{"below zero", good(whole(ScoreMotion, -0.01)), Undecided, 0, []Reason{SessionFailed}},
		{"infinite", good(whole(ScoreMotion, math.Inf(1))), Undecided, 0, []Reason{SessionFailed}},
		{"did nothing", good(whole(ScoreMotion, 0.05, MotionNoTurn)), Undecided, 5, []Reason{MotionNoTurn}},
		{"the wrong way, silent", good(whole(ScoreMotion, 0.1, MotionWrongWay), whole(ScoreMouth, 0, MouthStill)), Undecided, 0, []Reason{MotionWrongWay, MouthStill}},
		{"flat", good(whole(ScoreDepth, 0, DepthFlat)), Spoof, 0, []Reason{DepthFlat}},
		{"flat and did nothing", good(whole(ScoreMotion, 0.05, MotionNoTurn), whole(ScoreDepth, 0.1, DepthFlat)), Spoof, 5, []Reason{DepthFlat, MotionNoTurn}},
		{"flat and one missing", []Score{whole(ScoreDepth, 0, DepthFlat)}, Spoof, 0, []Reason{DepthFlat, MotionNotChecked, MouthNotChecked, LipsNotChecked}},
		{"jumped, among excuses", good(whole(ScoreMotion, 0.05, MotionTooSmall, MotionNotSmooth)), Spoof, 5, []Reason{MotionNotSmooth, MotionTooSmall}},
		{"low without a reason", good(whole(ScoreMouth, 0.1)), Spoof, 10, []Reason{"mouth.low"}},
		{"other digits", good(whole(ScoreLips, 0.1, LipsWrongDigit)), Undecided, 10, []Reason{LipsWrongDigit}},
		{"stream of a loop", append(good(), whole(ScoreInjection, 0.1, "injection.repeats")), Spoof, 10, []Reason{"injection.repeats"}},
		{"stream not seen", append(good(), Score{Name: ScoreInjection, Step: Whole}), Live, 50, nil},
		{"stream a camera's", append(good(), whole(ScoreInjection, 0.9)), Live, 50, nil},
		{"stream NaN", append(good(), whole(ScoreInjection, math.NaN())), Undecided, 0, []Reason{SessionFailed}},
		{"digits that nobody read", good(Score{Name: ScoreLips, Step: Whole, Reasons: []Reason{LipsNotChecked}}), Undecided, 0, []Reason{LipsNotChecked}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := Policy{Checks: checks(0.5, Check{Name: ScoreLips, Threshold: 0.5, Required: true}, Check{Name: ScoreInjection, Threshold: 0.5, IfChecked: true})}
			p.Fusion = Fusion{Terms: []Term{{Score: ScoreTexture, Weight: 1}}}
			v := p.Decide(c.scores)
			if v.Outcome != c.want || v.Confidence != c.confidence || !slices.Equal(v.Reasons, c.reasons) {
				t.Errorf("verdict = %v %d %v, want %v %d %v", v.Outcome, v.Confidence, v.Reasons, c.want, c.confidence, c.reasons)
			}
		})
	}
}

func TestPolicyIsValidated(t *testing.T) {
	for _, c := range []struct {
		name string
		p    Policy
		ok   bool
	}{
		{"zero", Policy{}, false},
		{"nothing required", Policy{Checks: []Check{{Name: "a", Threshold: 0.5}}}, false},
		{"no name", Policy{Checks: []Check{{Threshold: 0.5, Required: true}}}, false},
		{"twice", Policy{Checks: []Check{{Name: "a", Threshold: 0.5, Required: true}, {Name: "a", Threshold: 0.6, Required: true}}}, false},
		{"threshold 0", Policy{Checks: []Check{{Name: "a", Required: true}}}, false},
		{"threshold above 1", Policy{Checks: []Check{{Name: "a", Threshold: 1.1, Required: true}}}, false},
		{"threshold NaN", Policy{Checks: []Check{{Name: "a", Threshold: math.NaN(), Required: true}}}, false},
		{"threshold 1", Policy{Checks: []Check{{Name: "a", Threshold: 1, Required: true}}}, true},
		{"default", DefaultPolicy(), true},
		{"fusion NaN", Policy{Checks: []Check{{Name: "a", Threshold: 0.5, Required: true}}, Fusion: Fusion{Bias: math.NaN()}}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := c.p.Validate(); (err == nil) != c.ok {
				t.Errorf("Validate() = %v, want ok %v", err, c.ok)
			}
			v := c.p.Decide([]Score{whole("a", 1), whole(ScoreMotion, 1), whole(ScoreDepth, 1), whole(ScoreMouth, 1), whole(ScoreLips, 1)})
			if (v.Outcome == Live) != c.ok {
				t.Errorf("all scores 1: outcome %v, want live %v", v.Outcome, c.ok)
			}
		})
	}
}

func TestPolicyKnowsItsChecks(t *testing.T) {
	if c, ok := DefaultPolicy().Check(ScoreMouth); !ok || !c.Required {
		t.Errorf("mouth = %+v, %v, want a required check", c, ok)
	}
	if c, ok := DefaultPolicy().Check(ScoreLips); !ok || !c.Required {
		t.Errorf("lips = %+v, %v, want a required check", c, ok)
	}
	if _, ok := DefaultPolicy().Check("beauty"); ok {
		t.Error("beauty is checked")
	}
}

func TestPoliciesByName(t *testing.T) {
	all := func(v float64) (scores []Score) {
		for _, name := range []string{ScoreMotion, ScoreDepth, ScoreMouth, ScoreRest, ScoreLips, ScoreTexture, ScoreInjection} {
			scores = append(scores, whole(name, v))
		}
		return append(scores, whole(ScoreSeam, 0.9))
	}
	only := []Score{whole(ScoreLips, 0.6)}
	silent := append(all(0.55)[:4], Score{Name: ScoreLips, Step: Whole})
	for _, c := range []struct {
		name                     string
		fair, good, silent, lips bool // who passes
	}{
		{"relaxed", true, true, true, false},
		{"default", true, true, false, false},
		{"strict", false, true, false, false},
		{"recording", true, true, false, true},
	} {
		p, err := PolicyNamed(c.name)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Validate(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		for _, tried := range []struct {
			who    string
			scores []Score
			live   bool
		}{{"fair", all(0.55), c.fair}, {"good", all(0.85), c.good}, {"good, in six pictures a second", all(0.85)[:7], c.good && c.name != "strict"}, {"unread digits", silent, c.silent}, {"lips alone", only, c.lips}} {
			if v := p.Decide(tried.scores); (v.Outcome == Live) != tried.live {
				t.Errorf("%s, %s: %v, want live %v", c.name, tried.who, v.Outcome, tried.live)
			}
		}
	}
	if _, err := PolicyNamed("lax"); err == nil {
		t.Error("there is a policy lax")
	}
}

func FuzzPolicyNeverAdmitsTheUnchecked(f *testing.F) {
	f.Add(0.9, true, 0.9, true, 0.9, false, 0.9, true)
	f.Add(0.9, true, 0.9, true, 0.9, true, 0.9, true)
	f.Add(math.NaN(), true, math.Inf(1), true, -1.0, true, 0.9, true)
	f.Fuzz(func(t *testing.T, a float64, ca bool, b float64, cb bool, c float64, cc bool, d float64, cd bool) {
		scores := []Score{
			{Name: ScoreMotion, Step: Whole, Checked: ca, Value: a},
			{Name: ScoreDepth, Step: Whole, Checked: cb, Value: b},
			{Name: ScoreMouth, Step: Whole, Checked: cc, Value: c},
			{Name: ScoreLips, Step: Whole, Checked: cd, Value: d},
		}
		v := DefaultPolicy().Decide(scores)
		passes := func(checked bool, v, least float64) bool { return checked && v >= least && v <= 1 }
		live := passes(ca, a, 0.5) && passes(cb, b, 0.5) && passes(cc, c, 0.5) && passes(cd, d, 0.18)
		if (v.Outcome == Live) != live {
			t.Errorf("%+v: outcome %v, want live %v", scores, v.Outcome, live)
		}
		if v.Confidence < 0 || v.Confidence > 100 {
			t.Errorf("%+v: confidence %d, want 0–100", scores, v.Confidence)
		}
		if v.Outcome != Live && len(v.Reasons) == 0 {
			t.Errorf("%+v: %v without a reason", scores, v.Outcome)
		}
	})
}
