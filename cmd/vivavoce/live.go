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
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"vivavoce/media/recapture"
	"vivavoce/models"
	"vivavoce/pipeline"
	"vivavoce/pipeline/eval"
	"vivavoce/pipeline/face"
	"vivavoce/signaling"
	"vivavoce/signaling/puppet"
)

type evalLiveCmd struct {
	Of          []string `help:"Who or what is before the camera: kinds of \"vivavoce demo --kind\", or species of \"eval attacks\" through which a person answers, of swap and mouth another one; mouth-spoken is mouth on who says other digits, handover a person whose place another takes in the middle. Default: all."`
	Faces       []string `help:"Recordings of people, one each: their faces are the persons, in turn, and the next one's the donor. Default: one person and one donor, pictures of an npm package." type:"existingfile" placeholder:"FILE"`
	Clips       []string `help:"Recordings of real people that are sent as they are, once, over and over, to and fro: an injected video that answers nothing." type:"existingfile" placeholder:"FILE"`
	Sessions    int      `help:"Sessions of each." default:"50"`
	AtOnce      int      `help:"Sessions at the same time." default:"2"`
	NodeModules string   `help:"Folder with the npm packages: face pictures there are the heads' skins." default:"models/node_modules" type:"path"`
	Seed        uint64   `help:"Of everything that puppets and simulators draw; the server's challenges are never repeated." default:"1"`
	JSON        bool     `name:"json" help:"Print every session as one JSON object."`
	modelFlags
	policyFlag
}

// Run plays one rendered person, and attacks, to a real server over WebRTC.
func (c *evalLiveCmd) Run(ctx context.Context, s streams) error {
	of, err := c.casts()
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	serve := serveCmd{
		Open: true, Listen: "127.0.0.1:0", APIKey: []string{cryptorand.Text()}, ShowScores: true, Framing: 20 * time.Second,
		modelFlags: c.modelFlags, policyFlag: c.policyFlag, challengeFlags: challengeFlags{Digits: 6, Turns: 2, Pace: 900 * time.Millisecond},
	}
	running, err := serve.open(ctx, log)
	if err != nil {
		return err
	}
	defer running.Close()
	heads, err := c.heads(ctx, running.engine)
	if err != nil {
		return err
	}
	report := liveReport{When: time.Now(), Policy: c.Policy, Machine: fmt.Sprintf("%s, %d cores", runtime.GOARCH, runtime.NumCPU())}
	if err := running.during(ctx, func(ctx context.Context) error {
		for _, cast := range of {
			studio := &studio{evalLiveCmd: c, cast: cast, heads: heads, engine: running.engine, server: running.url()}
			rows, err := studio.play(ctx)
			if err != nil {
				return fmt.Errorf("%s: %w", cast.name, err)
			}
			report.Sessions = append(report.Sessions, rows...)
			fmt.Fprintln(s.err, row(cast.name, rows))
		}
		return nil
	}); err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(s.out).Encode(report)
	}
	return report.print(s.out)
}

// cast is what is before the camera: a kind, a species over a person (of which camera is the control: the same simulated
// camera looks at the person), or a clip.
type cast struct {
	name    string
	kind    puppet.Kind
	species recapture.Species
	// handover: in the middle the donor takes the person's place.
	handover bool
	style    puppet.Style // of one of the clips
}

func (c *evalLiveCmd) casts() ([]cast, error) {
	var all []cast
	for _, k := range puppet.Kinds() {
		all = append(all, cast{name: string(k), kind: k})
	}
	for _, s := range recapture.All() {
		if s != recapture.Replay { // that is recorded and looped
			c := cast{name: string(s), kind: puppet.Person, species: s}
			if s == recapture.Mouth {
				c.kind = puppet.Mute // the other person's mouth says the digits
			}
			all = append(all, c)
		}
	}
	all = append(all,
		cast{name: "mouth-spoken", kind: puppet.Misspoken, species: recapture.Mouth}, // on who speaks, and so moves the chin
		cast{name: "handover", kind: puppet.Person, handover: true},
	)
	if len(c.Of) > 0 {
		for _, name := range c.Of {
			if !slices.ContainsFunc(all, func(a cast) bool { return a.name == name }) {
				return nil, fmt.Errorf("nothing is called %q", name)
			}
		}
		all = slices.DeleteFunc(all, func(a cast) bool { return !slices.Contains(c.Of, a.name) })
	}
	if len(c.Clips) > 0 {
		for _, style := range []puppet.Style{puppet.Once, puppet.Loop, puppet.ToAndFro} {
			all = append(all, cast{name: "file, " + string(style), style: style})
		}
	}
	return all, nil
}

// heads are the persons; each is the donor of attacks on the one before. Those of an npm package
// are one person and one donor.
func (c *evalLiveCmd) heads(ctx context.Context, e *engine) ([]*puppet.Head, error) {
	load := func(find pipeline.Finder, i int) (*puppet.Head, error) {
		return puppet.LoadHead(ctx, e.library, find, c.NodeModules, i)
	}
	n := 2
	if len(c.Faces) > 0 {
		n = len(c.Faces)
		load = func(find pipeline.Finder, i int) (*puppet.Head, error) {
			return puppet.FilmedHead(ctx, e.library, find, c.Faces[i])
		}
	}
	heads := make([]*puppet.Head, n)
	for i := range heads {
		find, err := e.newFinder()
		if err != nil {
			return nil, err
		}
		if heads[i], err = load(find, i); err != nil {
			return nil, err
		}
	}
	return heads, nil
}

// studio plays one cast.
type studio struct {
	*evalLiveCmd
	cast   cast
	heads  []*puppet.Head
	engine *engine
	server string
}

func (s *studio) play(ctx context.Context) ([]attempted, error) {
	all := make([]attempted, s.Sessions)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(s.AtOnce)
	for i := range all {
		g.Go(func() (err error) {
			all[i], err = s.session(ctx, i)
			return err
		})
	}
	return all, g.Wait()
}

// session plays the i-th.
func (s *studio) session(ctx context.Context, i int) (attempted, error) {
	seed := s.Seed*1_000_003 + uint64(i)
	who, face := 0, ""
	if len(s.Faces) > 0 {
		who = i % len(s.Faces)
		face = filepath.Base(s.Faces[who])
	}
	var drawn *recapture.Parameters
	if s.cast.species != "" {
		p := recapture.Draw(s.cast.species, recapture.Test, seed)
		drawn = &p
	}
	what, fps, err := s.perform(seed, i, who, drawn)
	if err != nil {
		return attempted{}, err
	}
	if c, ok := what.(io.Closer); ok {
		defer c.Close()
	}
	a := attempted{Of: s.cast.name, Face: face, Attack: drawn, Seed: seed, Scores: map[string]float64{}}
	scores := map[string]pipeline.Score{}
	began := time.Now()
	v, err := puppet.Run(ctx, puppet.Options{Server: s.server, Scene: what, FPS: fps, Listen: func(m signaling.Message) {
		if m, ok := m.(signaling.Score); ok && m.Step == nil {
			score := pipeline.Score{Name: m.Name, Step: pipeline.Whole, Checked: m.Checked, Reasons: m.Reasons}
			if m.Value != nil {
				score.Value = *m.Value
			}
			scores[m.Name] = score
		}
	}})
	a.Seconds = time.Since(began).Seconds()
	switch {
	case ctx.Err() != nil:
		return a, ctx.Err()
	case errors.Is(err, puppet.ErrNoVerdict):
		a.Outcome = "none"
	case err != nil: // counts, as not live, and shows
		a.Outcome = err.Error()
	default:
		a.Outcome, a.Reasons = v.Outcome, v.Reasons
		a.LiveBy = liveBy(slices.Collect(maps.Values(scores)), v.Reasons)
		for name, s := range scores {
			if s.Checked {
				a.Scores[name] = s.Value
			}
		}
	}
	return a, nil
}

// liveBy names the policies by which the scores of a session are a live person's; whether another phrase was asked is by the
// server's own. None if it ended early, or a step could not be seen, which the reasons of its verdict say.
func liveBy(scores []pipeline.Score, reasons []pipeline.Reason) (names []string) {
	for _, r := range reasons {
		if strings.HasPrefix(string(r), "session.") || r == pipeline.NotChecked(pipeline.ScoreMouth) || r == pipeline.NotChecked(pipeline.ScoreMotion) {
			return nil
		}
	}
	for _, p := range livePolicies() {
		if p.Decide(scores).Outcome == pipeline.Live {
			names = append(names, p.Name)
		}
	}
	return names
}

// perform makes what is before the camera of the i-th session, with the who-th face and the attack that was drawn, if any, and says how
// often it is filmed.
func (s *studio) perform(seed uint64, i, who int, drawn *recapture.Parameters) (puppet.Performance, int, error) {
	if s.cast.kind == "" {
		reel, err := puppet.OpenReel(s.Clips[i%len(s.Clips)], s.cast.style, 0, 0)
		if err != nil {
			return nil, 0, err
		}
		return reel, reel.FPS(), nil
	}
	const fps = 25
	cam := puppet.Camera{Width: 640, Height: 480, Noise: 2}
	person, err := puppet.NewScene(s.cast.kind, s.heads[who], cam, seed)
	if err != nil || drawn == nil && !s.cast.handover {
		return person, fps, err
	}
	other := func() (*puppet.Scene, error) {
		return puppet.NewScene(puppet.Person, s.heads[(who+1)%len(s.heads)], cam, seed+1)
	}
	if s.cast.handover {
		donor, err := other()
		return puppet.NewHandover(person, donor, handoverAt), fps, err
	}
	var donor puppet.Performance
	if s.cast.species.NeedsDonor() {
		if donor, err = other(); err != nil {
			return nil, 0, err
		}
	}
	attack, err := refilm(s.engine, person, donor, *drawn)
	return attack, fps, err
}

// handoverAt is about the middle of the shortest session: two or three seconds of framing, some eleven of challenge.
const handoverAt = 8 * time.Second

// refilm shows what, with parts of the donor's face where p's species takes them, with finders of its own.
func refilm(e *engine, what, donor puppet.Performance, p recapture.Parameters) (puppet.Performance, error) {
	locator := func() (recapture.Locator, error) {
		newFinder, err := face.New(e.library, face.Options{Lane: models.Background})
		if err != nil {
			return nil, err
		}
		finder, err := newFinder()
		if err != nil {
			return nil, err
		}
		return eval.Locate(finder), nil
	}
	rig, err := recapture.Rig{}, error(nil)
	if p.Species.NeedsFace() {
		if rig.Locate, err = locator(); err != nil {
			return nil, err
		}
	}
	if donor != nil {
		if rig.LocateDonor, err = locator(); err != nil {
			return nil, err
		}
	}
	return puppet.NewRefilmed(what, donor, p, rig)
}

// attempted is one session.
type attempted struct {
	Of   string `json:"of"`
	Face string `json:"face,omitempty"` // of --faces
	// Attack is what the simulator drew, for species.
	Attack  *recapture.Parameters `json:"attack,omitempty"`
	Seed    uint64                `json:"seed"`
	Outcome string                `json:"outcome"`
	Reasons []pipeline.Reason     `json:"reasons"`
	LiveBy  []string              `json:"live_by"` // the policies by which it is live
	// Scores are those of the whole session that were checked.
	Scores  map[string]float64 `json:"scores"`
	Seconds float64            `json:"seconds"`
}

// liveReport is all of them.
type liveReport struct {
	When     time.Time   `json:"when"`
	Policy   string      `json:"policy"`
	Machine  string      `json:"machine"`
	Sessions []attempted `json:"sessions"`
}

func (r *liveReport) print(w io.Writer) error {
	p := &printer{w: w}
	p.line("%s; %s; policy: %s", r.When.UTC().Format(time.RFC3339), r.Machine, r.Policy)
	head, rule := "| before the camera |", "|---|"
	for _, policy := range livePolicies() {
		head, rule = head+" live, "+policy.Name+" |", rule+"---|"
	}
	p.line("%s spoof | undecided | why not live |\n%s---|---|---|", head, rule)
	var names []string
	for _, s := range r.Sessions {
		if !slices.Contains(names, s.Of) {
			names = append(names, s.Of)
		}
	}
	for _, name := range names {
		p.line("%s", row(name, slices.DeleteFunc(slices.Clone(r.Sessions), func(s attempted) bool { return s.Of != name })))
	}
	return p.err
}

// row counts the sessions that are live by each policy, the outcomes by the server's, and what they failed by.
func row(name string, all []attempted) string {
	outcomes, why := map[string]int{}, map[string]int{}
	for _, s := range all {
		outcomes[s.Outcome]++
		for _, r := range s.Reasons {
			why[string(r)]++
		}
	}
	var reasons []string
	for _, r := range slices.Sorted(maps.Keys(why)) {
		reasons = append(reasons, fmt.Sprintf("%s ×%d", r, why[r]))
	}
	var lives []string
	for _, policy := range livePolicies() {
		n := 0
		for _, s := range all {
			if slices.Contains(s.LiveBy, policy.Name) {
				n++
			}
		}
		lives = append(lives, fmt.Sprintf("%d of %d: %v", n, len(all), eval.Wilson(n, len(all))))
	}
	for o, n := range outcomes {
		if !slices.Contains([]string{pipeline.Live.String(), pipeline.Spoof.String(), pipeline.Undecided.String()}, o) {
			reasons = append(reasons, fmt.Sprintf("(%s) ×%d", o, n))
		}
	}
	return fmt.Sprintf("| %s | %s | %d | %d | %s |", name, strings.Join(lives, " | "),
		outcomes[pipeline.Spoof.String()], outcomes[pipeline.Undecided.String()], strings.Join(reasons, ", "))
}
