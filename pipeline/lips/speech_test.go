package lips

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"vivavoce/pipeline"
	"vivavoce/pipeline/pipelinetest"
)

// plainReader reads heads of [head]: who opens the mouth by 0.1·(digit+1) says that digit.
type plainReader struct {
	err   error
	reads int
	least int // steps of the shortest reading
}

func (r *plainReader) Read(_ context.Context, points, logp []float32) error {
	r.reads++
	if n := len(points) / Width; r.least == 0 || n < r.least {
		r.least = n
	}
	for t := range len(points) / Width {
		class := int(math.Round(10 * float64(points[t*Width+9]-2)))
		for k := range Classes {
			logp[t*Classes+k] = float32(math.Log(1e-5))
		}
		if class >= 0 && class < Classes {
			logp[t*Classes+class] = float32(math.Log(0.9999))
		}
	}
	return r.err
}

// Calibration is the shipped network's of 2026-11-22.
func (*plainReader) Calibration() Calibration { return Calibration{Slope: 1.56, Offset: 3.66} }

// said is one digit on the lips.
type said struct {
	at    time.Duration
	digit int
}

const (
	ms   = time.Millisecond
	pace = 900 * ms
)

// scene is a person before a prompting screen, from 1 s before the first prompt.
type scene struct {
	asked []int // a digit, or -1 for a turn
	said  []said
	gone  [2]time.Duration // without a face
	tail  time.Duration    // after the last prompt
}

// prompts says what is on the screen at pts; the first prompt comes at 1 s.
func (s scene) prompt(pts time.Duration) *pipeline.Prompt {
	i := int((pts - time.Second) / pace)
	if pts < time.Second || i >= len(s.asked) || s.asked[i] < 0 {
		return nil
	}
	return &pipeline.Prompt{
		Index: i, Step: pipeline.Step{Kind: pipeline.StepDigit, Digit: s.asked[i]}, ShownAt: time.Second + time.Duration(i)*pace,
	}
}

func (s scene) observations() (out []pipeline.Observation) {
	for pts := time.Duration(0); pts < time.Second+time.Duration(len(s.asked))*pace+s.tail; pts += 40 * ms {
		open := 0.0
		for _, d := range s.said {
			if pts >= d.at && pts < d.at+320*ms {
				open = 0.1 * float64(d.digit+1)
			}
		}
		f := head(pts, 100, 100, 30, 0, open)
		f.Found = pts < s.gone[0] || pts >= s.gone[1]
		out = append(out, pipeline.Observation{Face: f, Prompt: s.prompt(pts)})
	}
	return out
}

// answers says the digits, each so long after its prompt.
func answers(after time.Duration, digits ...int) (out []said) {
	for i, d := range digits {
		if d >= 0 {
			out = append(out, said{time.Second + time.Duration(i)*pace + after, d})
		}
	}
	return out
}

// listen plays a scene to a stage and returns the last word on lips, of the session and of each step.
func listen(t *testing.T, o Options, seen []pipeline.Observation) (whole pipeline.Score, steps map[int]pipeline.Score) {
	t.Helper()
	stage, err := New(o).New()
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range seen {
		if _, err := stage.Observe(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	scores, err := stage.Finish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	steps = map[int]pipeline.Score{}
	for _, s := range scores {
		switch {
		case s.Name != pipeline.ScoreLips:
		case s.Step == pipeline.Whole:
			whole = s
		default:
			steps[s.Step] = s
		}
	}
	return whole, steps
}

func TestPromptedDigits(t *testing.T) {
	six := []int{5, 9, -1, 9, 9, 2, 0}
	for _, c := range []struct {
		name  string
		scene scene
		pass  bool
		why   pipeline.Reason // of the session, "" for none
		wrong []int           // steps that are not believed
	}{
		{"says what is asked", scene{asked: six, said: answers(350*ms, six...), tail: 600 * ms}, true, "", nil},
		{"is slow", scene{asked: six, said: answers(700*ms, six...), tail: 900 * ms}, true, "", nil},
		{"is quick", scene{asked: six, said: answers(40*ms, six...), tail: 600 * ms}, true, "", nil},
		{"the recording ends with the last digit", scene{asked: six, said: answers(350*ms, six...)}, true, "", nil},
		{"one digit wrong", scene{asked: six, said: answers(350*ms, 5, 9, -1, 9, 8, 2, 0)}, false, pipeline.LipsWrongDigit, []int{4}},
		{"others", scene{asked: six, said: answers(350*ms, 1, 2, -1, 3, 4, 5, 6)}, false, pipeline.LipsWrongDigit, []int{0, 1, 3, 4, 5, 6}},
		{"the wrong order", scene{asked: six, said: answers(350*ms, 9, 5, -1, 9, 9, 2, 0)}, false, pipeline.LipsWrongDigit, []int{0, 1}},
		{"one prompt late", scene{asked: []int{1, 2, 3, 4}, said: answers(350*ms+pace, 1, 2, 3, 4), tail: time.Second}, false, pipeline.LipsWrongDigit, []int{0, 1, 2, 3}},
		{"two prompts late", scene{asked: []int{1, 2, 3, 4}, said: answers(350*ms+2*pace, 1, 2, 3, 4), tail: 2 * time.Second}, false, pipeline.LipsWrongDigit, []int{0, 1, 2, 3}},
		{"says nothing", scene{asked: six}, false, pipeline.LipsUnreadable, []int{0, 1, 3, 4, 5, 6}},
		{"says half", scene{asked: six, said: answers(350*ms, 5, 9)}, false, pipeline.LipsUnreadable, []int{3, 4, 5, 6}},
		{"is not seen", scene{asked: six, said: answers(350*ms, six...), gone: [2]time.Duration{0, time.Hour}}, false, pipeline.LipsNotChecked, []int{0, 1, 3, 4, 5, 6}},
		{"is gone for one digit", scene{asked: six, said: answers(350*ms, six...), gone: [2]time.Duration{1900 * ms, 2700 * ms}}, true, "", []int{1}},
		{"is gone for one digit and says another wrong", scene{asked: six, said: answers(350*ms, 5, 9, -1, 9, 8, 2, 0), gone: [2]time.Duration{1900 * ms, 2700 * ms}}, false, pipeline.LipsWrongDigit, []int{1, 4}},
		{"is gone for one digit of four", scene{asked: []int{1, 2, 3, 4}, said: answers(350*ms, 1, 2, 3, 4), gone: [2]time.Duration{1900 * ms, 2700 * ms}, tail: time.Second}, false, pipeline.LipsNotChecked, []int{1}},
		{"is gone for two digits", scene{asked: six, said: answers(350*ms, six...), gone: [2]time.Duration{3700 * ms, 5300 * ms}}, false, pipeline.LipsNotChecked, []int{3, 4}},
		{"is missed for a moment", scene{asked: six, said: answers(350*ms, six...), gone: [2]time.Duration{1120 * ms, 1240 * ms}}, true, "", nil},
		{"no digits asked", scene{asked: []int{-1, -1}, said: answers(350*ms, 3, 4)}, false, pipeline.LipsNotChecked, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			whole, steps := listen(t, Options{Reader: &plainReader{}}, c.scene.observations())
			if pass := whole.Checked && whole.Value >= 0.5; pass != c.pass {
				t.Errorf("session %+v, want pass %v", whole, c.pass)
			}
			if c.why == "" && len(whole.Reasons) > 0 || c.why != "" && !slices.Equal(whole.Reasons, []pipeline.Reason{c.why}) {
				t.Errorf("reasons %v, want %q", whole.Reasons, c.why)
			}
			for i, d := range c.scene.asked {
				s, ok := steps[i]
				if ok != (d >= 0) {
					t.Errorf("step %d: scored %v", i, ok)
				}
				if believed := s.Checked && s.Value >= 0.5; ok && believed == slices.Contains(c.wrong, i) {
					t.Errorf("step %d: %+v, want it believed %v", i, s, !believed)
				}
			}
		})
	}
}

// TestWhatWasReadIsTold: also where another digit, or none, was said.
func TestWhatWasReadIsTold(t *testing.T) {
	s := scene{asked: []int{5, 9, 0, 2}, said: answers(350*ms, 5, 8, 0, -1), tail: 900 * ms}
	_, steps := listen(t, Options{Reader: &plainReader{}}, s.observations())
	for i, want := range []int{5, 8, 0, -1} {
		got := -1
		for _, m := range steps[i].Measures {
			if m.Name == ReadDigit {
				got = int(m.Value)
			}
		}
		if got != want {
			t.Errorf("step %d: read %d, want %d (-1: none)", i, got, want)
		}
	}
}

// TestRunningScores: a digit's score comes while the next is prompted, and is settled when the
// phrase is over.
func TestRunningScores(t *testing.T) {
	s := scene{asked: []int{4, 0, 7, -1}, said: answers(350*ms, 4, 0, 7)}
	reader := &plainReader{}
	stage, err := New(Options{Reader: reader}).New()
	if err != nil {
		t.Fatal(err)
	}
	first, settled := map[int]time.Duration{}, map[int]time.Duration{}
	for _, o := range s.observations() {
		scores, err := stage.Observe(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range scores {
			if s.Name != pipeline.ScoreLips {
				continue
			}
			if _, known := first[s.Step]; !known && s.Value > 0.8 {
				first[s.Step] = o.Face.Frame.PTS
			}
			if s.Settled {
				settled[s.Step] = o.Face.Frame.PTS
			}
		}
	}
	for i := range 3 {
		said := time.Second + time.Duration(i)*pace + 350*ms
		if wait := first[i] - said; wait < 0 || wait > 320*ms+running+tail {
			t.Errorf("step %d: good after %v, want it soon after it is said", i, wait)
		}
		if settled[i] == 0 || settled[i] > time.Second+3*pace+tail+80*ms {
			t.Errorf("step %d: settled at %v", i, settled[i])
		}
	}
	if reader.reads > 10 || reader.least < shortest {
		t.Errorf("%d readings of %d steps or more, want at most 10 of %d", reader.reads, reader.least, shortest)
	}
}

// TestSparePhrase: the session's score is told after each phrase, and one whose steps follow on at once, after a pause, is a
// phrase of its own.
func TestSparePhrase(t *testing.T) {
	seen := scene{asked: []int{4, 7, -1, 1, 2}, said: answers(350*ms, 4, 9, -1, 1, 2), tail: 700 * ms}.observations()
	for _, o := range seen {
		if o.Prompt != nil && o.Prompt.Index > 2 {
			o.Prompt.Index--
		}
	}
	stage, err := New(Options{Reader: &plainReader{}}).New()
	if err != nil {
		t.Fatal(err)
	}
	var told []pipeline.Score
	for _, o := range seen {
		scores, err := stage.Observe(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range scores {
			if s.Name == pipeline.ScoreLips && s.Step == pipeline.Whole {
				told = append(told, s)
			}
		}
	}
	if len(told) != 2 || told[0].Settled || told[1].Settled || !told[0].Checked || !(told[0].Value < told[1].Value) {
		t.Errorf("told %+v, want a score after each of two phrases, the second better", told)
	}
	whole, steps := listen(t, Options{Reader: &plainReader{}}, seen)
	if !whole.Settled || whole.Value != told[1].Value {
		t.Errorf("in the end %+v, want the last score told", whole)
	}
	for i, right := range []bool{true, false, true, true} {
		if s := steps[i]; !s.Checked || s.Value > 0.8 != right {
			t.Errorf("step %d: %+v", i, s)
		}
	}
}

func TestRecordedPhrase(t *testing.T) {
	talk := func(digits string, every time.Duration) []pipeline.Observation {
		s := scene{tail: 700*ms + time.Duration(len(digits))*every}
		for i, d := range digits {
			s.said = append(s.said, said{time.Second + time.Duration(i)*every, int(d - '0')})
		}
		return s.observations()
	}
	for _, c := range []struct {
		name, phrase, said string
		every              time.Duration
		pass               bool
		why                pipeline.Reason
	}{
		{"right", "597692", "597692", 600 * ms, true, ""},
		{"hardly a pause", "597692", "597692", 400 * ms, true, ""},
		{"the same twice", "99", "99", 500 * ms, true, ""},
		{"the same twice, said once", "99", "9", 500 * ms, false, pipeline.LipsUnreadable},
		{"one wrong", "597692", "597682", 600 * ms, false, pipeline.LipsWrongDigit},
		{"swapped", "597692", "957692", 600 * ms, false, pipeline.LipsWrongDigit},
		{"nothing said", "597692", "", 600 * ms, false, pipeline.LipsUnreadable},
	} {
		t.Run(c.name, func(t *testing.T) {
			var heard Heard
			o := Options{Reader: &plainReader{}, Phrase: c.phrase, Heard: func(h Heard) { heard = h }}
			seen := talk(c.said, c.every)
			if c.said == "" {
				seen = scene{tail: 3 * time.Second}.observations()
			}
			whole, steps := listen(t, o, seen)
			if !whole.Checked || whole.Value >= 0.5 != c.pass || len(steps) > 0 {
				t.Errorf("session %+v with %d steps, want pass %v", whole, len(steps), c.pass)
			}
			if c.why != "" && !slices.Equal(whole.Reasons, []pipeline.Reason{c.why}) {
				t.Errorf("reasons %v, want %q", whole.Reasons, c.why)
			}
			if heard.Digits != c.said {
				t.Errorf("read %q, want %q", heard.Digits, c.said)
			}
			if len(heard.Nearest) != len(c.phrase) {
				t.Errorf("nearest %q for phrase %q", heard.Nearest, c.phrase)
			}
		})
	}
	for name, seen := range map[string][]pipeline.Observation{
		"empty": nil, "too short": talk("5", 0)[:12], "hardly a face": scene{tail: 9 * time.Second, gone: [2]time.Duration{time.Second, time.Hour}}.observations(),
	} {
		whole, _ := listen(t, Options{Reader: &plainReader{}, Phrase: "597692"}, seen)
		if whole.Checked || !slices.Equal(whole.Reasons, []pipeline.Reason{pipeline.LipsNotChecked}) {
			t.Errorf("%s: %+v, want not checked", name, whole)
		}
	}
}

// TestLongRecording is read in parts that fit together.
func TestLongRecording(t *testing.T) {
	s := scene{tail: 60 * time.Second}
	want := ""
	for i := range 90 {
		s.said = append(s.said, said{time.Duration(500+600*i) * ms, i % 7})
		want += string(rune('0' + i%7))
	}
	reader := &plainReader{}
	var heard Heard
	whole, _ := listen(t, Options{Reader: reader, Phrase: want, Heard: func(h Heard) { heard = h }}, s.observations())
	if !whole.Checked || whole.Value < 0.9 || heard.Digits != want {
		t.Errorf("%+v, read %q", whole, heard.Digits)
	}
	if reader.reads < 6 {
		t.Errorf("%d readings, want parts", reader.reads)
	}
}

func TestStageWithReader(t *testing.T) {
	c := pipeline.Challenge{}
	for _, d := range []int{4, 0, 7} {
		c.Steps = append(c.Steps, pipeline.Step{Kind: pipeline.StepDigit, Digit: d})
	}
	c.Steps = append(c.Steps, pipeline.Step{Kind: pipeline.StepTurn, Turn: pipeline.Left}, pipeline.Step{Kind: pipeline.StepDigit, Digit: 9})
	for name, o := range map[string]Options{
		"prompted": {Reader: &plainReader{}}, "a phrase": {Reader: &plainReader{}, Phrase: "12"},
	} {
		t.Run(name, func(t *testing.T) {
			pipelinetest.TestStage(t, New(o), scene{asked: []int{1, 2, -1, 3}, said: answers(300*ms, 1, 2, -1, 4), tail: time.Second}.observations())
		})
		t.Run(name+", an actor", func(t *testing.T) {
			pipelinetest.TestStage(t, New(o), pipelinetest.Perform(t, pipelinetest.Script{Leaves: 5e9}, 1, c))
		})
	}
}

func TestReaderFails(t *testing.T) {
	broken := errors.New("broken")
	seen := scene{asked: []int{1, 2}, tail: time.Second}.observations()
	stage, err := New(Options{Reader: &plainReader{err: broken}}).New()
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range seen {
		if _, err = stage.Observe(t.Context(), o); err != nil {
			break
		}
	}
	if !errors.Is(err, broken) {
		t.Errorf("err = %v, want the reader's", err)
	}
	if _, err := New(Options{Reader: &plainReader{}, Phrase: "12x"}).New(); err == nil {
		t.Error("a phrase with letters was taken")
	}
}

func TestCalibrationRefuses(t *testing.T) {
	for s, want := range map[float64]float64{0: 0.9820, -1: 0.5, math.Inf(-1): 0, math.NaN(): 0} {
		if got := (Calibration{Slope: 4, Offset: 4}).Value(s); math.Abs(got-want) > 1e-4 {
			t.Errorf("Value(%v) = %v, want %v", s, got, want)
		}
	}
	for _, text := range []string{``, `{}`, `{"slope": -1}`, `{"slope": 1e9}`, `{"slope": 1, "offset": 1e9}`, `[]`} {
		if _, err := parseCalibration([]byte(text)); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
	if c, err := parseCalibration([]byte(`{"slope": 2.5, "offset": 1.5, "thresholds": {}}`)); err != nil || c != (Calibration{2.5, 1.5}) {
		t.Errorf("%+v, %v", c, err)
	}
}
