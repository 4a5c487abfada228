package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"vivavoce/models"
	"vivavoce/pipeline"
	"vivavoce/pipeline/eval"
	"vivavoce/pipeline/face"
	"vivavoce/pipeline/quality"
)

// evalPadCmd measures presentation attack detection.
type evalPadCmd struct {
	Manifest string `arg:"" help:"Lines of JSON: clip (video or picture), label (bona_fide or attack), species, subject, and perhaps recapture {species, seed, split, donor} to simulate it from the clip." type:"existingfile"`
	modelFlags
	policyFlag
	Checks  map[string]float64 `help:"Classify by these scores and thresholds and not by the policy's, such as texture=0.5." placeholder:"SCORE=LEAST;…"`
	Length  time.Duration      `help:"Watch so much of each clip." default:"3s"`
	Workers int                `help:"Presentations at once; 0 means one for each core."`
	Scores  string             `help:"Keep the scores here, a line a presentation, and do not show again what is in it. Delete it when stages or models change." placeholder:"FILE.jsonl"`
	Fit     string             `help:"Fit the probability to the manifest's calibration part, use it, and write it here." placeholder:"FILE.json"`
	BPCER   float64            `name:"bpcer" help:"Move each check's threshold to where it refuses so large a share of the bona fide presentations for calibration; 0 keeps the policy's."`
	JSON    bool               `name:"json" help:"Print all figures and scores as one JSON object."`
	Report  string             `help:"Write a page with curves, tables and the worst misses." placeholder:"FILE.html"`
}

// Run presents the manifest to the judge of serve. Nobody prompts a recording, so only what asks
// nothing of a person is checked.
func (c *evalPadCmd) Run(ctx context.Context, s streams) error {
	all, err := eval.ReadPresentations(c.Manifest)
	if err != nil {
		return err
	}
	policy, err := pipeline.PolicyNamed(c.Policy)
	if err != nil {
		return err
	}
	// A simulated attack takes its time: no watchdog may end it.
	timing := pipeline.Timing{MediaLost: time.Hour, Deciding: time.Minute, Whole: 24 * time.Hour}
	e, err := openEngine(engineOptions{models: c.modelFlags, policy: policy, timing: timing, quality: quality.Browser()})
	if err != nil {
		return err
	}
	defer e.Close()
	began := time.Now()
	seen, err := c.watch(ctx, e, all, s)
	if err != nil {
		return err
	}
	if policy = c.checks(policy); c.BPCER > 0 {
		if policy, err = eval.Thresholds(policy, eval.Part(seen, eval.Calibration), c.BPCER); err != nil {
			return err
		}
	}
	fusion, err := c.fusion(policy, seen)
	if err != nil {
		return err
	}
	r := eval.PADReport{
		When: began, Manifest: c.Manifest, Took: time.Since(began).Round(time.Second).String(),
		Machine: fmt.Sprintf("%s, %d cores", runtime.GOARCH, runtime.NumCPU()),
		PAD:     eval.Figures(policy, fusion, seen), Seen: seen,
	}
	for _, p := range seen {
		if p.Part == eval.Calibration {
			r.Calibration++
		}
	}
	return c.tell(r, s)
}

func (c *evalPadCmd) watch(ctx context.Context, e *engine, all []eval.Presentation, s streams) ([]eval.Presented, error) {
	scores, known, err := c.known()
	if err != nil {
		return nil, err
	}
	defer scores.Close()
	bar := newBar(s.err, time.Duration(len(all))*time.Millisecond, c.JSON)
	keep := json.NewEncoder(scores)
	lab := eval.Lab{
		Judge: e.judge, NewFinder: e.newFinder, Length: c.Length, Workers: workers(c.Workers), Known: known,
		Tried: func(p eval.Presented) error {
			bar.step()
			return keep.Encode(p)
		},
	}
	seen, err := lab.Try(ctx, all)
	bar.finish()
	return seen, err
}

// known opens the file of kept scores and reads it; without one, what is kept is lost.
func (c *evalPadCmd) known() (*os.File, []eval.Presented, error) {
	path := c.Scores
	if path == "" {
		path = os.DevNull
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, nil, fmt.Errorf("keep scores: %w", err)
	}
	known, err := eval.ReadPresented(f)
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, known, nil
}

// checks is p, or the policy that --checks gives.
func (c *evalPadCmd) checks(p pipeline.Policy) pipeline.Policy {
	if len(c.Checks) == 0 {
		return p
	}
	p = pipeline.Policy{Name: "of --checks"}
	for name, threshold := range c.Checks {
		p.Checks = append(p.Checks, pipeline.Check{Name: name, Threshold: threshold, Required: true})
	}
	return p
}

// fusion is the probability's: fitted, the policy's, or all scores alike.
func (c *evalPadCmd) fusion(p pipeline.Policy, seen []eval.Presented) (pipeline.Fusion, error) {
	var names []string
	for _, check := range eval.Passive(p).Checks {
		names = append(names, check.Name)
	}
	if len(names) == 0 {
		return pipeline.Fusion{}, errors.New("this policy checks nothing that a recording shows: name scores with --checks")
	}
	switch {
	case c.Fit == "" && len(p.Fusion.Terms) > 0:
		return p.Fusion, nil
	case c.Fit == "":
		return eval.Plain(names), nil
	}
	f, err := eval.Fit(names, eval.Part(seen, eval.Calibration))
	if err != nil {
		return f, err
	}
	b, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return f, fmt.Errorf("write fusion: %w", err)
	}
	if err := os.WriteFile(c.Fit, append(b, '\n'), 0o644); err != nil {
		return f, fmt.Errorf("write fusion: %w", err)
	}
	return f, nil
}

func (c *evalPadCmd) tell(r eval.PADReport, s streams) error {
	if c.Report != "" {
		page, err := r.Page()
		if err != nil {
			return err
		}
		if err := os.WriteFile(c.Report, page, 0o644); err != nil {
			return fmt.Errorf("write report: %w", err)
		}
	}
	if !c.JSON {
		return r.Print(s.out)
	}
	for i := range r.Seen {
		r.Seen[i].Thumb = nil
	}
	return json.NewEncoder(s.out).Encode(r)
}

// evalAttacksCmd writes a manifest for evalPadCmd.
type evalAttacksCmd struct {
	Data        string   `arg:"" help:"Folder of bona fide video: grid/SUBJECT/*.mp4 and head/SUBJECT.mp4." type:"existingdir"`
	Subjects    []string `help:"People that the figures rest on; no network may have been trained on them." default:"s3,s30,s31,d9,s32"`
	Calibration []string `help:"People that the probability is fitted to." default:"s2,s5,d12"`
	PerSpecies  int      `help:"Attacks of each species." default:"20"`
	BonaFide    int      `help:"Bona fide clips of each person, each as recorded and through the simulated camera." default:"12"`
	Seed        uint64   `help:"Of everything that is drawn." default:"1"`
}

// Run prints the manifest.
func (c *evalAttacksCmd) Run(s streams) error {
	all, err := eval.Plan(c.Data, eval.PlanOptions{
		PerSpecies: c.PerSpecies, Bona: c.BonaFide, Seed: c.Seed, Subjects: c.Subjects, Calibration: c.Calibration,
	})
	if err != nil {
		return err
	}
	return writeManifest(s.out, all)
}

// evalRenderCmd writes simulated attacks as video.
type evalRenderCmd struct {
	Manifest string `arg:"" help:"As of eval pad." type:"existingfile"`
	Dir      string `arg:"" help:"Folder for the video, uncompressed (.y4m): 8 to 70 MB each."`
	modelFlags
	Length  time.Duration `help:"Of each video, at most." default:"3s"`
	Workers int           `help:"Videos at once; 0 means one for each core."`
}

// Run prints the manifest of the video.
func (c *evalRenderCmd) Run(ctx context.Context, s streams) error {
	all, err := eval.ReadPresentations(c.Manifest)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return fmt.Errorf("render: %w", err)
	}
	library, err := models.Open(models.Options{Dir: c.Models})
	if err != nil {
		return err
	}
	defer library.Close()
	lab := eval.Lab{Length: c.Length, Workers: workers(c.Workers)}
	if lab.NewFinder, err = face.New(library, face.Options{}); err != nil {
		return err
	}
	rendered, err := lab.Render(ctx, all, c.Dir)
	if err != nil {
		return err
	}
	return writeManifest(s.out, rendered)
}

func workers(n int) int {
	if n < 1 {
		return runtime.GOMAXPROCS(0)
	}
	return n
}

func writeManifest(w io.Writer, all []eval.Presentation) error {
	out := json.NewEncoder(w)
	for _, p := range all {
		if err := out.Encode(p); err != nil {
			return fmt.Errorf("write manifest: %w", err)
		}
	}
	return nil
}
