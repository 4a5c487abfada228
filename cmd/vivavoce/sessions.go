package main

import (
	"context"
	cryptorand "crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"vivavoce/media/recapture"
	"vivavoce/pipeline"
	"vivavoce/signaling"
	"vivavoce/signaling/puppet"
)

type evalSessionsCmd struct {
	Manifest string `arg:"" help:"Lines of JSON: clip, speaker, words with times in seconds (as grid/words.jsonl)." type:"existingfile"`
	modelFlags
	Model     string        `help:"Another digit reader than the manifest's, such as one that has not seen a speaker." type:"existingfile" placeholder:"FILE"`
	Speakers  []string      `help:"These speakers." default:"s2,s3,s5,s30,s31"`
	Says      []string      `help:"What they say: asked, other (six others) or one-other (one changed)." enum:"asked,other,one-other" default:"asked,other,one-other"`
	As        string        `help:"A species of \"eval attacks\" as which they are shown; of mouth and swap the next speaker, saying six other digits, is whose face is changed by theirs." placeholder:"SPECIES"`
	Sessions  int           `help:"Sessions of each kind, evenly from the speakers." default:"100"`
	AtOnce    int           `help:"Sessions at the same time." default:"2"`
	Digits    int           `help:"Digits in a session." default:"6"`
	Pace      time.Duration `help:"How long each digit is shown." default:"900ms"`
	Reaction  time.Duration `help:"Time from a prompt to the answer; up to half of it more or less, drawn for each session." default:"300ms"`
	CameraFPS int           `name:"camera-fps" help:"Pictures a second that are sent; the speakers were filmed at 25." default:"25"`
	Seed      uint64        `help:"Of everything that the puppets draw; the server's challenges are never repeated." default:"1"`
	JSON      bool          `name:"json" help:"Print every session as one JSON object."`
}

// Run plays real people, spliced, to a real server over WebRTC.
func (c *evalSessionsCmd) Run(ctx context.Context, s streams) error {
	report := sessionsReport{
		When: time.Now(), Model: evalFlags{Model: c.Model}.model(), Policy: digitsOnly(pipeline.DefaultPolicy()),
		Machine: fmt.Sprintf("%s, %d cores", runtime.GOARCH, runtime.NumCPU()),
	}
	meter := &meter{}
	running, err := c.serve(ctx, report.Policy, meter, s.err)
	if err != nil {
		return err
	}
	defer running.Close()
	if err := running.during(ctx, func(ctx context.Context) error {
		return c.play(ctx, running, meter, &report, s.err)
	}); err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(s.out).Encode(report)
	}
	return report.print(s.out)
}

// unanswered is how long each of the two turns is waited for that a spliced person does not make;
// their mouth rests meanwhile.
const unanswered = 2 * time.Second

// digitsOnly is a policy less what a spliced person cannot do: turn the head, be one stretch of video (jaw, too, compares the chin
// with where it was a quarter of a second before, which is beyond a cut), and rest each time anew (their silences come
// again and again, as in a loop).
func digitsOnly(p pipeline.Policy) pipeline.Policy {
	p.Name += ", digits only"
	p.Checks = slices.DeleteFunc(p.Checks, func(c pipeline.Check) bool {
		return slices.Contains([]string{pipeline.ScoreMotion, pipeline.ScoreDepth, pipeline.ScoreInjection, pipeline.ScoreContinuity, pipeline.ScoreJaw}, c.Name)
	})
	return p
}

// serve starts the server that judges.
func (c *evalSessionsCmd) serve(ctx context.Context, p pipeline.Policy, m *meter, errOut io.Writer) (*running, error) {
	log := slog.New(slog.NewTextHandler(errOut, &slog.HandlerOptions{Level: slog.LevelWarn}))
	serve := serveCmd{
		Open: true, Listen: "127.0.0.1:0", APIKey: []string{cryptorand.Text()}, ShowScores: true, Framing: 20 * time.Second,
		modelFlags: c.modelFlags, challengeFlags: challengeFlags{Digits: c.Digits, Turns: 2, Pace: c.Pace},
		rig: rig{policy: p, reader: c.Model, watch: m.watch, turn: unanswered},
	}
	return serve.open(ctx, log)
}

// play goes through speakers, and what each says.
func (c *evalSessionsCmd) play(ctx context.Context, on *running, m *meter, r *sessionsReport, progress io.Writer) error {
	species := recapture.Species(c.As)
	if c.As != "" && !slices.Contains(recapture.All(), species) {
		return fmt.Errorf("no species is called %q: there are %v", c.As, recapture.All())
	}
	for i, name := range c.Speakers {
		speaker, err := puppet.LoadSpeaker(c.Manifest, name)
		if err != nil {
			return err
		}
		stage := &stage{evalSessionsCmd: c, running: on, name: name, speaker: speaker, meter: m}
		if species.NeedsDonor() {
			if stage.changed, err = puppet.LoadSpeaker(c.Manifest, c.Speakers[(i+1)%len(c.Speakers)]); err != nil {
				return err
			}
		}
		for _, says := range c.Says {
			n := (c.Sessions + len(c.Speakers) - 1 - i) / len(c.Speakers)
			got, err := stage.play(ctx, says, n)
			if err != nil {
				return fmt.Errorf("%s saying %s: %w", name, says, err)
			}
			r.Played = append(r.Played, got...)
			fmt.Fprintf(progress, "%s %s: %d of %d live\n", name, says, lives(got), len(got))
		}
	}
	return nil
}

// stage is where one speaker's sessions are played.
type stage struct {
	*evalSessionsCmd
	running *running
	name    string
	speaker *puppet.Speaker
	changed *puppet.Speaker // whose face is changed, for species that need a donor
	meter   *meter
	mu      sync.Mutex
	drawn   uint64
}

// play plays n sessions.
func (s *stage) play(ctx context.Context, says string, n int) ([]played, error) {
	all := make([]played, n)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(s.AtOnce)
	for i := range all {
		g.Go(func() (err error) {
			for {
				all[i], err = s.session(ctx, says)
				if !errors.Is(err, errUnsayable) {
					return err
				}
			}
		})
	}
	return all, g.Wait()
}

// errUnsayable means that a digit was asked that the speaker says in no clip: the session does not count.
var errUnsayable = errors.New("a digit is asked that the speaker never says")

// session plays one.
func (s *stage) session(whole context.Context, says string) (played, error) {
	ctx, cancel := context.WithCancelCause(whole)
	defer cancel(nil)
	seed := s.next()
	rng := rand.New(rand.NewPCG(seed, 6))
	person := puppet.NewSpliced(s.speaker, s.answer(says, seed), seed)
	person.Reaction = s.Reaction/2 + time.Duration(rng.Int64N(int64(s.Reaction)+1))
	p := played{Speaker: s.name, Says: says, As: s.As}
	shown, err := s.show(person, seed)
	if err != nil {
		return p, err
	}
	if c, ok := shown.(io.Closer); ok {
		defer c.Close()
	}
	read := map[int]string{}
	began := time.Now()
	verdict, err := puppet.Run(ctx, puppet.Options{Server: s.running.url(), Scene: shown, FPS: s.CameraFPS, Listen: func(m signaling.Message) {
		switch m := m.(type) {
		case signaling.Prompt:
			if p.Phrase += m.Digit; !m.Again && s.unsayable(m.Phrase) { // of a spare phrase the digit stays unsaid
				cancel(errUnsayable)
			}
		case signaling.Score:
			p.hear(m, read)
		}
	}})
	if cause := context.Cause(ctx); errors.Is(cause, errUnsayable) {
		return p, cause
	}
	if whole.Err() != nil {
		return p, whole.Err()
	}
	if err != nil { // counts, as not live
		p.Outcome = err.Error()
		return p, nil
	}
	p.Outcome, p.Reasons, p.Seconds = verdict.Outcome, verdict.Reasons, time.Since(began).Seconds()
	p.FPS = s.meter.rate(p.Phrase)
	for _, step := range slices.Sorted(maps.Keys(read)) {
		p.Read += read[step]
	}
	return p, nil
}

// show returns what is before the camera: the person, or as what they are shown.
func (s *stage) show(person *puppet.Spliced, seed uint64) (puppet.Performance, error) {
	if s.As == "" {
		return person, nil
	}
	drawn := recapture.Draw(recapture.Species(s.As), recapture.Test, seed)
	if s.changed == nil {
		return refilm(s.running.engine, person, nil, drawn)
	}
	changed := puppet.NewSpliced(s.changed, puppet.OtherDigits(seed, s.changed.Missing()...), seed)
	return refilm(s.running.engine, changed, person, drawn)
}

// next gives each session its own seed.
func (s *stage) next() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drawn++
	return s.Seed*1_000_003 + s.drawn
}

func (s *stage) answer(says string, seed uint64) puppet.Answer {
	switch never := s.speaker.Missing(); says {
	case "other":
		return puppet.OtherDigits(seed, never...)
	case "one-other":
		return puppet.OneOther(s.Digits, seed, never...)
	}
	return nil
}

func (s *stage) unsayable(phrase string) bool {
	return slices.ContainsFunc(s.speaker.Missing(), func(d int) bool { return strings.Contains(phrase, strconv.Itoa(d)) })
}
