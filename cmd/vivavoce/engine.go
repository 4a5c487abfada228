package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"vivavoce/models"
	"vivavoce/pipeline"
	"vivavoce/pipeline/continuity"
	"vivavoce/pipeline/eyes"
	"vivavoce/pipeline/face"
	"vivavoce/pipeline/identity"
	"vivavoce/pipeline/injection"
	"vivavoce/pipeline/jaw"
	"vivavoce/pipeline/lights"
	"vivavoce/pipeline/lips"
	"vivavoce/pipeline/motion"
	"vivavoce/pipeline/quality"
	"vivavoce/pipeline/seam"
	"vivavoce/pipeline/sound"
	"vivavoce/pipeline/texture"
	"vivavoce/signaling"
)

// challengeFlags say what a person is asked.
type challengeFlags struct {
	Digits int           `help:"How many digits a person is asked to say." default:"6"`
	Turns  int           `help:"How many times a person is asked to turn the head." default:"2"`
	Lights bool          `help:"Ask for slow colour changes of the screen, at most one a second, and look for them on the face: shown, never required, and everybody may decline."`
	Pace   time.Duration `help:"How long each digit is shown." default:"900ms"`
}

func (c challengeFlags) plan() pipeline.Plan {
	p := pipeline.Plan{Digits: c.Digits, Turns: c.Turns, Lights: c.Lights}
	if c.Turns == 0 {
		p.MaxRun = c.Digits // nothing stands between them
	}
	return p
}

// policyFlag says by which policy to decide.
type policyFlag struct {
	Policy string `help:"What a live verdict needs: relaxed (head and mouth moved when asked), default (also: the digits were said), strict (higher thresholds)." enum:"relaxed,default,strict" default:"default"`
}

// engine is the judge and the models below it.
type engine struct {
	library   *models.Library
	newFinder func() (pipeline.Finder, error)
	judge     *pipeline.Judge
	named     map[string]*pipeline.Judge // one for each policy of live sessions
	newGuide  func() (pipeline.Guide, error)
	reading   lips.Options
}

// newAttempt judges by the policy of that name; none is the one that the command line chose.
func (e *engine) newAttempt(c pipeline.Challenge, policy string) (signaling.Attempt, error) {
	judge := e.judge
	if policy != "" {
		var known bool
		if judge, known = e.named[policy]; !known {
			return nil, fmt.Errorf("no policy is called %q", policy)
		}
	}
	return judge.NewAttempt(c)
}

// Close ends the models' runtime.
func (e *engine) Close() error { return e.library.Close() }

// check makes one challenge of the plan for nobody, so that a plan that cannot be met
// keeps a server from starting and not a person from passing.
func (e *engine) check(p pipeline.Plan) error {
	challenge, err := pipeline.NewChallenge(rand.Reader, p)
	if err != nil {
		return err
	}
	_, err = e.judge.NewAttempt(challenge)
	return err
}

// engineOptions say how to judge.
type engineOptions struct {
	models    modelFlags
	policy    pipeline.Policy
	timing    pipeline.Timing
	quality   quality.Options
	metrics   pipeline.Metrics  // may be nil
	shown     *injection.Memory // what other sessions showed; nil: nobody asks
	recording recording
	reader    string // another digit reader than the manifest's, for measurements
}

// recording says what should be said in one; a live session prompts instead.
type recording struct {
	phrase string
	heard  func(lips.Heard)
}

// openEngine loads the models and puts the judge together: the one place that
// lists the stages.
func openEngine(o engineOptions) (*engine, error) {
	library, err := models.Open(models.Options{Dir: o.models.Models})
	if err != nil {
		return nil, err
	}
	e := &engine{library: library}
	if err := e.assemble(o); err != nil {
		return nil, errors.Join(fmt.Errorf("put the judge together: %w", err), library.Close())
	}
	return e, nil
}

func (e *engine) assemble(o engineOptions) (err error) {
	if e.newFinder, err = face.New(e.library, face.Options{}); err != nil {
		return err
	}
	if e.newGuide, err = quality.New(o.quality); err != nil {
		return err
	}
	if e.reading, err = e.lips(o); err != nil {
		return err
	}
	looking, err := e.texture()
	if err != nil {
		return err
	}
	voice, err := sound.Load(e.library, models.Live)
	if err != nil {
		return err
	}
	people, err := identity.Load(e.library, models.Live)
	if err != nil {
		return err
	}
	stages := []pipeline.Kind{motion.New(motion.Options{}), lips.New(e.reading), sound.New(sound.Options{Voice: voice}), texture.New(looking), injection.New(injection.Options{Memory: o.shown})}
	stages = append(stages, continuity.New(people), eyes.New(), jaw.New(), seam.New(), lights.New())
	var more []pipeline.Check // of every policy
	if path := o.models.TextureExternal; path != "" {
		external, err := texture.LoadExternal(e.library, path)
		if err != nil {
			return err
		}
		stages = append(stages, texture.NewExternal(external, models.Live, 0))
		more = append(more, external.Check())
	}
	how := pipeline.JudgeOptions{
		NewFinder: e.newFinder,
		NewGuide:  e.newGuide,
		Stages:    stages,
		Policy:    with(o.policy, more),
		Timing:    o.timing,
		Metrics:   o.metrics,
	}
	if e.judge, err = pipeline.NewJudge(how); err != nil {
		return err
	}
	e.named = map[string]*pipeline.Judge{}
	for _, p := range livePolicies() {
		how.Policy = with(p, more)
		if e.named[p.Name], err = pipeline.NewJudge(how); err != nil {
			return err
		}
	}
	return nil
}

// livePolicies are those of live sessions, the easiest first: the one for recordings asks for no movement, which is not of
// somebody who sits there.
func livePolicies() []pipeline.Policy {
	return slices.DeleteFunc(pipeline.Policies(), func(p pipeline.Policy) bool { return p.Name == recordingPolicy })
}

// with is p with more checks.
func with(p pipeline.Policy, more []pipeline.Check) pipeline.Policy {
	p.Checks = append(slices.Clone(p.Checks), more...)
	return p
}

// lips opens the digit reader; a version that ships none does not check what is said.
//
// It reads in the frames' own lane: some milliseconds a few times a second, as
// much as one frame's mesh each. In the background lane a session would wait, between two of
// its frames, until no other session has a frame to look at.
func (e *engine) lips(o engineOptions) (lips.Options, error) {
	n, err := lips.Load(e.library, models.Live)
	if err == nil && o.reader != "" {
		n, err = lips.LoadFile(e.library, o.reader, models.Live, n.Calibration())
	}
	switch {
	case errors.Is(err, models.ErrUnlisted):
		return lips.Options{}, nil
	case err != nil:
		return lips.Options{}, err
	}
	return lips.Options{Reader: n, Phrase: o.recording.phrase, Heard: o.recording.heard}, nil
}

// texture opens the network that looks at the picture; a version that ships none does not check
// it. A look takes some milliseconds a few times a second.
func (e *engine) texture() (texture.Options, error) {
	n, f, err := texture.Load(e.library, models.Live)
	if errors.Is(err, models.ErrUnlisted) {
		return texture.Options{}, nil
	}
	return texture.Options{Net: n, Fusion: f}, err
}
