package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"vivavoce/pipeline"
)

const (
	framing     = pipeline.Framing
	challenging = pipeline.Challenging
	deciding    = pipeline.Deciding
	done        = pipeline.Done
)

// The rig's face is good from the first frame: framing lasts 600 ms, then 300 ms of pause,
// a digit at about 0.9 s, the next at 1.8 s, a turn at 3.6 s, a digit at 4.4 s, the end at 5.9 s.
func TestWatchdogs(t *testing.T) {
	never := func(time.Duration) (bool, int, error) { return false, 0, nil }
	block := guideFunc(func(pipeline.Observation) (pipeline.Hint, error) {
		return pipeline.Hint{Code: "too_dark", Blocking: true}, nil
	})
	gone := func(from, to time.Duration) finderFunc {
		return func(pts time.Duration) (bool, int, error) { return pts < from || pts >= to, 0, nil }
	}
	crowd := func(from, to time.Duration) finderFunc {
		return func(pts time.Duration) (bool, int, error) {
			if pts >= from && pts < to {
				return true, 1, nil
			}
			return true, 0, nil
		}
	}
	late := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	s := time.Second
	for _, c := range []struct {
		name   string
		rig    rig
		want   pipeline.Reason // empty for live
		after  time.Duration   // wall clock, within 100 ms
		states []pipeline.State
		hints  []pipeline.HintCode
	}{
		{"all good", rig{}, "", 5900 * time.Millisecond, []pipeline.State{framing, challenging, deciding, done}, nil},
		{"framing: no picture", rig{film: film{stops: 1, n: 1}}, pipeline.SessionNoMedia, 60 * s, []pipeline.State{framing, deciding, done}, nil},
		{"framing: no face", rig{finder: never}, pipeline.SessionNoFace, 60 * s, []pipeline.State{framing, deciding, done}, nil},
		{"framing: two faces", rig{finder: crowd(0, time.Hour)}, pipeline.FaceSeveral, 60 * s, []pipeline.State{framing, deciding, done}, nil},
		{"framing: blocked by a hint", rig{guide: block}, pipeline.SessionNoFace, 60 * s, []pipeline.State{framing, deciding, done}, []pipeline.HintCode{"too_dark", ""}},
		{"framing: pictures stop", rig{finder: never, film: film{stops: 3 * s}}, pipeline.SessionNoMedia, 60 * s, []pipeline.State{framing, deciding, done}, []pipeline.HintCode{"reconnecting", ""}},
		{"framing: time stands still", rig{film: film{sticks: 300 * time.Millisecond}}, pipeline.SessionNoFace, 60 * s, []pipeline.State{framing, deciding, done}, nil},
		{"framing: not steady", rig{finder: func(pts time.Duration) (bool, int, error) { return pts/(500*time.Millisecond)%2 == 0, 0, nil }}, pipeline.SessionNoFace, 60 * s, []pipeline.State{framing, deciding, done}, nil},
		{"challenge: pictures stop", rig{film: film{stops: 2 * s}}, pipeline.SessionNoMedia, 6950 * time.Millisecond, []pipeline.State{framing, challenging, deciding, done}, []pipeline.HintCode{"reconnecting", ""}},
		{"challenge: pictures pause", rig{film: film{stops: 2 * s, resumes: 6 * s}}, "", 9950 * time.Millisecond, []pipeline.State{framing, challenging, deciding, done}, []pipeline.HintCode{"reconnecting", ""}},
		{"challenge: time stands still", rig{film: film{sticks: 2 * s}}, pipeline.SessionExpired, (600 + 9000 + 4*300 + 900 + 1500 + 6000 + 1500 + 1500) * time.Millisecond, []pipeline.State{framing, challenging, deciding, done}, nil},
		{"challenge: face gone", rig{finder: gone(2*s, time.Hour)}, pipeline.FaceLost, 6050 * time.Millisecond, []pipeline.State{framing, challenging, deciding, done}, nil},
		{"challenge: face gone a while", rig{finder: gone(2*s, 4*s)}, "", 6850 * time.Millisecond, []pipeline.State{framing, challenging, deciding, done}, nil},
		{"challenge: face gone for one digit", rig{finder: gone(900*time.Millisecond, 1750*time.Millisecond)}, pipeline.MouthNotChecked, 5900 * time.Millisecond, []pipeline.State{framing, challenging, deciding, done}, nil},
		{"challenge: face gone when a turn is due", rig{finder: gone(3400*time.Millisecond, 4200*time.Millisecond)}, "", 6750 * time.Millisecond, []pipeline.State{framing, challenging, deciding, done}, nil},
		{"challenge: two faces", rig{finder: crowd(2*s, time.Hour)}, pipeline.FaceSeveral, 2550 * time.Millisecond, []pipeline.State{framing, challenging, deciding, done}, nil},
		{"challenge: somebody passes", rig{finder: crowd(2*s, 2400*time.Millisecond)}, "", 5900 * time.Millisecond, []pipeline.State{framing, challenging, deciding, done}, nil},
		{"challenge: source ends", rig{film: film{ends: 2 * s}}, pipeline.SessionNoMedia, 2 * s, []pipeline.State{framing, challenging, deciding, done}, nil},
		{"deciding: a stage hangs", rig{stage: stage{finish: late}}, pipeline.SessionExpired, 8900 * time.Millisecond, []pipeline.State{framing, challenging, deciding, done}, nil},
		{"all: framing takes its time", rig{timing: pipeline.Timing{Framing: 2 * time.Minute}, finder: gone(0, 100*s)}, "", 105900 * time.Millisecond, []pipeline.State{framing, challenging, deciding, done}, nil},
		{"all: too long", rig{timing: pipeline.Timing{Whole: 4 * s}}, pipeline.SessionExpired, 4 * s, []pipeline.State{framing, challenging, deciding, done}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := c.rig
				r.steps = someSteps()
				began := time.Now()
				v, err := r.run(t.Context(), t)
				if err != nil {
					t.Fatal(err)
				}
				checkVerdict(t, v, c.want)
				if got := time.Since(began); got < c.after-100*time.Millisecond || got > c.after+100*time.Millisecond {
					t.Errorf("over after %v, want %v", got, c.after)
				}
				if got := r.states(); !slices.Equal(got, c.states) {
					t.Errorf("states %v, want %v", got, c.states)
				}
				if got := r.hints(); !slices.Equal(got, c.hints) {
					t.Errorf("hints %q, want %q", got, c.hints)
				}
				if r.stage.ends != 1 {
					t.Errorf("the stage was finished %d times, want once", r.stage.ends)
				}
				r.film.check(t)
			})
		})
	}
}

// checkVerdict wants live when why is empty, else undecided for that reason alone.
func checkVerdict(t *testing.T, v pipeline.Verdict, why pipeline.Reason) {
	t.Helper()
	if why == "" {
		if v.Outcome != pipeline.Live || len(v.Reasons) != 0 || v.Confidence != 50 {
			t.Errorf("verdict %v %d %v, want live, and 50: nothing here tells imposters", v.Outcome, v.Confidence, v.Reasons)
		}
		return
	}
	if v.Outcome != pipeline.Undecided || v.Confidence != 0 || !slices.Equal(v.Reasons, []pipeline.Reason{why}) {
		t.Errorf("verdict %v %d %v, want undecided 0 [%s]", v.Outcome, v.Confidence, v.Reasons, why)
	}
}

func TestErrorsEndAnAttempt(t *testing.T) {
	boom := errors.New("boom")
	at := func(pts time.Duration) finderFunc {
		return func(now time.Duration) (bool, int, error) {
			if now >= pts {
				return false, 0, boom
			}
			return true, 0, nil
		}
	}
	for _, c := range []struct {
		name string
		rig  rig
		want pipeline.Reason
	}{
		{"source, framing", rig{film: film{breaks: 300 * time.Millisecond, err: boom}}, pipeline.SessionNoMedia},
		{"source, challenge", rig{film: film{breaks: 2 * time.Second, err: boom}}, pipeline.SessionNoMedia},
		{"finder, framing", rig{finder: at(300 * time.Millisecond)}, pipeline.SessionFailed},
		{"finder, challenge", rig{finder: at(2 * time.Second)}, pipeline.SessionFailed},
		{"guide", rig{guide: func(pipeline.Observation) (pipeline.Hint, error) { return pipeline.Hint{}, boom }}, pipeline.SessionFailed},
		{"stage", rig{stage: stage{observe: func(pipeline.Observation) error { return boom }}}, pipeline.SessionFailed},
		{"stage, finishing", rig{stage: stage{finish: func(context.Context) error { return boom }}}, pipeline.SessionFailed},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := c.rig
				r.steps = someSteps()
				v, err := r.run(t.Context(), t)
				if !errors.Is(err, boom) {
					t.Errorf("err = %v, want boom", err)
				}
				checkVerdict(t, v, c.want)
				if slices.Contains(r.states(), done) {
					t.Errorf("states %v, want none to say done", r.states())
				}
				r.film.check(t)
			})
		})
	}
}

func TestCancelledInEveryState(t *testing.T) {
	for _, c := range []struct {
		name  string
		film  film
		after time.Duration
	}{
		{"before a picture", film{stops: 1, n: 1}, time.Second},
		{"framing", film{}, 300 * time.Millisecond},
		{"challenge", film{}, 3 * time.Second},
		{"challenge, no pictures", film{stops: 2 * time.Second}, 5 * time.Second},
		{"deciding", film{}, 6300 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), c.after)
				defer cancel()
				r := rig{film: c.film, steps: someSteps()}
				r.stage.finish = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
				v, err := r.run(ctx, t)
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("err = %v, want the context's", err)
				}
				checkVerdict(t, v, pipeline.SessionCancelled)
				r.film.check(t)
			})
		})
	}
}

func TestRecordings(t *testing.T) {
	never := func(time.Duration) (bool, int, error) { return false, 0, nil }
	for _, c := range []struct {
		name  string
		rig   rig
		want  pipeline.Reason
		after time.Duration
	}{
		{"watched to its end", rig{film: film{ends: 3 * time.Minute}}, "", 3 * time.Minute},
		{"no frames", rig{film: film{ends: 1, n: 1}}, pipeline.SessionNoMedia, 0},
		{"no face", rig{finder: never, film: film{ends: 3 * time.Second}}, pipeline.SessionNoFace, 3 * time.Second},
		{"stalls", rig{film: film{stops: 3 * time.Second}}, pipeline.SessionNoMedia, 7950 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := c.rig
				began := time.Now()
				v, err := r.run(t.Context(), t)
				if err != nil {
					t.Fatal(err)
				}
				checkVerdict(t, v, c.want)
				if got := time.Since(began); got < c.after || got > c.after+100*time.Millisecond {
					t.Errorf("over after %v, want %v", got, c.after)
				}
				if got, want := r.states(), []pipeline.State{challenging, deciding, done}; !slices.Equal(got, want) {
					t.Errorf("states %v, want %v", got, want)
				}
				r.film.check(t)
			})
		})
	}
}

func TestPromptsComeInOrderAndPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var got []string
		r := rig{steps: someSteps()}
		r.report = func(e pipeline.Event) {
			if p, ok := e.(pipeline.Prompted); ok {
				at := time.Since(began).Round(50 * time.Millisecond)
				got = append(got, fmt.Sprintf("%v: %d/%d %s%d%s %q@%d for %v", at, p.Prompt.Index, p.Of, p.Prompt.Step.Kind, p.Prompt.Step.Digit, p.Prompt.Step.Turn, p.Phrase, p.Position, p.Time))
			}
		}
		if _, err := r.run(t.Context(), t); err != nil {
			t.Fatal(err)
		}
		want := []string{
			`900ms: 0/4 digit7 "70"@0 for 900ms`,
			`1.8s: 1/4 digit0 "70"@1 for 1.5s`,
			`3.6s: 2/4 turn0up ""@0 for 6s`,
			`4.45s: 3/4 digit3 "3"@0 for 1.5s`,
		}
		if !slices.Equal(got, want) {
			t.Errorf("prompts\n%q, want\n%q", got, want)
		}
	})
}

// observed is what the stage was shown of prompts, by PTS.
type observed struct {
	pts   time.Duration
	index int
	acked bool
	shown time.Duration
}

func TestPromptIsSeenWhenItWasShown(t *testing.T) {
	for _, acks := range []bool{true, false} {
		t.Run(fmt.Sprintf("acknowledged %v", acks), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var seen []observed
				r := rig{steps: someSteps(), acks: acks}
				m := &counts{}
				r.metrics = m
				r.stage.observe = func(o pipeline.Observation) error {
					at := observed{pts: o.Face.Frame.PTS, index: -1}
					if p := o.Prompt; p != nil {
						at.index, at.acked, at.shown = p.Index, p.Acked, p.ShownAt
					}
					seen = append(seen, at)
					return nil
				}
				if _, err := r.run(t.Context(), t); err != nil {
					t.Fatal(err)
				}
				for _, o := range seen {
					if o.index < 0 {
						continue
					}
					if o.acked != acks || o.pts < o.shown || o.shown < 850*time.Millisecond {
						t.Errorf("frame at %v: prompt %d acked %v shown at %v", o.pts, o.index, o.acked, o.shown)
					}
				}
				for at, want := range map[time.Duration]int{
					850 * time.Millisecond: -1, 950 * time.Millisecond: 0, 1800 * time.Millisecond: 0,
					1850 * time.Millisecond: 1, 3500 * time.Millisecond: -1, 3650 * time.Millisecond: 2,
					4300 * time.Millisecond: -1, 4500 * time.Millisecond: 3,
				} {
					i := slices.IndexFunc(seen, func(o observed) bool { return o.pts == at })
					if i < 0 || seen[i].index != want {
						t.Errorf("frame at %v has prompt %d, want %d", at, seen[max(i, 0)].index, want)
					}
				}
				if m.prompts != 4 || m.acked != map[bool]int{true: 4}[acks] {
					t.Errorf("%d prompts counted, %d acknowledged, want 4", m.prompts, m.acked)
				}
				if m.faces != m.frames || m.frames == 0 || m.stages["fake"] != m.frames || m.stages["face"] != m.frames {
					t.Errorf("counted %+v, want every frame once", m)
				}
			})
		})
	}
}

// counts is a Metrics that counts.
type counts struct {
	frames, faces, prompts, acked int
	stages                        map[string]int
}

func (c *counts) StageDuration(stage string, _ time.Duration) {
	if c.stages == nil {
		c.stages = map[string]int{}
	}
	c.stages[stage]++
}

func (c *counts) FaceFound(found bool) {
	c.frames++
	if found {
		c.faces++
	}
}

func (c *counts) PromptShown(acked bool, _ time.Duration) {
	c.prompts++
	if acked {
		c.acked++
	}
}

func TestProgressIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rig{steps: someSteps()[2:3]}
		if _, err := r.run(t.Context(), t); err != nil {
			t.Fatal(err)
		}
		var got []pipeline.Progressed
		for _, e := range r.events {
			if p, ok := e.(pipeline.Progressed); ok {
				got = append(got, p)
			}
		}
		want := []pipeline.Progressed{{Phase: pipeline.PhaseReturn, Fraction: 0.5}, {Phase: pipeline.PhaseDone, Fraction: 0.5}}
		if !slices.Equal(got, want) {
			t.Errorf("progress %+v, want %+v", got, want)
		}
	})
}

func TestHintsAreToldOnceAndCleared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rig{steps: someSteps()}
		r.guide = func(o pipeline.Observation) (pipeline.Hint, error) {
			switch pts := o.Face.Frame.PTS; {
			case pts < time.Second:
				return pipeline.Hint{}, nil
			case pts < 2*time.Second:
				return pipeline.Hint{Code: "off_centre", Direction: pipeline.Left, Blocking: true}, nil
			default:
				return pipeline.Hint{Code: "blurred"}, nil
			}
		}
		if _, err := r.run(t.Context(), t); err != nil {
			t.Fatal(err)
		}
		if got, want := r.hints(), []pipeline.HintCode{"off_centre", "blurred", ""}; !slices.Equal(got, want) {
			t.Errorf("hints %q, want %q", got, want)
		}
	})
}

func TestAttemptRunsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rig{steps: someSteps()}
		if _, err := r.run(t.Context(), t); err != nil {
			t.Fatal(err)
		}
		v, err := r.attempt.Run(t.Context(), &r.film, func(pipeline.Event) { t.Error("an event of the second run") })
		if err == nil || v.Outcome != pipeline.Undecided {
			t.Errorf("second run: %v, %v, want undecided and an error", v.Outcome, err)
		}
	})
}

func TestJudgeRefuses(t *testing.T) {
	good := func() pipeline.JudgeOptions {
		return pipeline.JudgeOptions{
			NewFinder: func() (pipeline.Finder, error) { return finderFunc(always), nil },
			Stages:    []pipeline.Kind{{Name: "fake", New: func() (pipeline.Stage, error) { return &stage{}, nil }}},
			Policy:    pipeline.DefaultPolicy(),
		}
	}
	for name, spoil := range map[string]func(o *pipeline.JudgeOptions){
		"no finder":       func(o *pipeline.JudgeOptions) { o.NewFinder = nil },
		"no stages":       func(o *pipeline.JudgeOptions) { o.Stages = nil },
		"no policy":       func(o *pipeline.JudgeOptions) { o.Policy = pipeline.Policy{} },
		"negative time":   func(o *pipeline.JudgeOptions) { o.Timing.Turn = -1 },
		"gap before loss": func(o *pipeline.JudgeOptions) { o.Timing.MediaGap = time.Minute },
		"framing past the end": func(o *pipeline.JudgeOptions) {
			o.Timing.Framing, o.Timing.Whole = 2*time.Minute, 90*time.Second
		},
		"negative watchdog": func(o *pipeline.JudgeOptions) { o.Timing.Whole = -time.Second },
	} {
		o := good()
		spoil(&o)
		if _, err := pipeline.NewJudge(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	boom := errors.New("boom")
	for name, spoil := range map[string]func(o *pipeline.JudgeOptions){
		"finder": func(o *pipeline.JudgeOptions) { o.NewFinder = func() (pipeline.Finder, error) { return nil, boom } },
		"guide":  func(o *pipeline.JudgeOptions) { o.NewGuide = func() (pipeline.Guide, error) { return nil, boom } },
		"stage":  func(o *pipeline.JudgeOptions) { o.Stages[0].New = func() (pipeline.Stage, error) { return nil, boom } },
	} {
		o := good()
		spoil(&o)
		j, err := pipeline.NewJudge(o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := j.NewAttempt(pipeline.Challenge{}); !errors.Is(err, boom) {
			t.Errorf("%s: err = %v, want boom", name, err)
		}
	}
	j, err := pipeline.NewJudge(good())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []pipeline.Step{{}, {Kind: "sing"}, {Kind: pipeline.StepDigit, Digit: 10}, {Kind: pipeline.StepTurn}, {Kind: pipeline.StepTurn, Turn: "in"}} {
		if _, err := j.NewAttempt(pipeline.Challenge{Steps: append(someSteps(), s)}); err == nil {
			t.Errorf("step %+v: no error", s)
		}
	}
}

// TestUnanswerableChallengesAreRefused: the default policy requires turns and digits.
func TestUnanswerableChallengesAreRefused(t *testing.T) {
	j, err := pipeline.NewJudge(pipeline.JudgeOptions{
		NewFinder: func() (pipeline.Finder, error) { return finderFunc(always), nil },
		Stages:    []pipeline.Kind{{Name: "fake", New: func() (pipeline.Stage, error) { return &stage{}, nil }}},
		Policy:    pipeline.DefaultPolicy(),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		steps []pipeline.Step
		fine  bool
	}{
		{"both", someSteps(), true},
		{"digits alone", someSteps()[:2], false},
		{"turns alone", someSteps()[2:3], false},
		{"a recording", nil, true},
	} {
		if _, err := j.NewAttempt(pipeline.Challenge{Steps: c.steps}); (err == nil) != c.fine {
			t.Errorf("%s: err = %v", c.name, err)
		}
	}
}

// TestStagesHearOfTheDevice: what the client says of its camera is in every observation from
// then on.
func TestStagesHearOfTheDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		camera := pipeline.Device{Label: "camera", Width: 640, Height: 480, FrameRate: 30}
		r := rig{film: film{ends: 2 * time.Second}}
		heard := map[pipeline.Device]int{}
		r.stage.observe = func(o pipeline.Observation) error {
			if heard[o.Device]++; o.Face.Frame.PTS == time.Second {
				r.attempt.Describe(camera)
			}
			return nil
		}
		if _, err := r.run(t.Context(), t); err != nil {
			t.Fatal(err)
		}
		if heard[pipeline.Device{}] != 21 || heard[camera] != 19 || len(heard) != 2 {
			t.Errorf("heard %v, want nothing for 21 frames, then the camera for 19", heard)
		}
	})
}
