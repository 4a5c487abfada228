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
	"vivavoce/pipeline/eval"
	"vivavoce/pipeline/face"
	"vivavoce/pipeline/lips"
)

type evalCmd struct {
	Digits   evalDigitsCmd   `cmd:"" help:"How well single digits are read: ten ways, with and without word times."`
	Sessions evalSessionsCmd `cmd:"" help:"How many whole sessions of real people, spliced, pass over WebRTC, and of those who say other digits."`
	Live     evalLiveCmd     `cmd:"" help:"How many whole sessions over WebRTC come out live: a rendered person, and each attack."`
	Phrases  evalPhrasesCmd  `cmd:"" help:"How well phrases are told apart, spliced from single words: EER, FRR, AUC."`
	PAD      evalPadCmd      `cmd:"" name:"pad" help:"How well attacks are told from people: APCER of each species, BPCER, and which stage tells (ISO/IEC 30107-3)."`
	Attacks  evalAttacksCmd  `cmd:"" help:"Write a manifest for pad: bona fide video, and attacks to simulate from it."`
	Render   evalRenderCmd   `cmd:"" help:"Write the simulated presentations of a manifest as video, and a manifest of that."`
}

// evalFlags are what both measurements take.
type evalFlags struct {
	Manifest string `arg:"" help:"Lines of JSON: clip, speaker, words with times in seconds (as grid/words.jsonl)." type:"existingfile"`
	modelFlags
	Model      string   `help:"Another network than the manifest's, such as one that has not seen a speaker." type:"existingfile" placeholder:"FILE"`
	Speakers   []string `help:"Only these speakers." placeholder:"NAME,…"`
	PerSpeaker int      `help:"At most so many clips of each speaker; 0 takes all."`
	FPS        float64  `name:"fps" help:"Frames a second, such as 10, 15, 25, 30; 0 keeps the clips'."`
	Height     int      `help:"Picture height in pixels; 0 keeps the clips'."`
	Kbps       int      `help:"Send the clips through VP8 at this bit rate; 0 does not."`
	Yaw        float64  `help:"Turn the landmarks by so many degrees."`
	Workers    int      `help:"Clips at once; 0 means one for each core."`
	JSON       bool     `name:"json" help:"Print all figures as one JSON object."`
	Report     string   `help:"Write a page with curves and tables." placeholder:"FILE.html"`
}

func (f evalFlags) degrade() eval.Degrade {
	return eval.Degrade{FPS: f.FPS, Height: f.Height, Kbps: f.Kbps, Yaw: f.Yaw}
}

// screening is the films of a manifest and the reader to try on them.
type screening struct {
	library *models.Library
	reader  lips.Reader
	films   []eval.Film
	about   eval.About
}

func (s *screening) Close() error { return s.library.Close() }

// screen opens the models and looks at every clip.
func (f evalFlags) screen(ctx context.Context, s streams) (*screening, error) {
	clips, err := eval.ReadManifest(f.Manifest, eval.Choice{Speakers: f.Speakers, PerSpeaker: f.PerSpeaker})
	if err != nil {
		return nil, err
	}
	library, err := models.Open(models.Options{Dir: f.Models})
	if err != nil {
		return nil, err
	}
	out := &screening{library: library}
	if err := f.watch(ctx, out, clips, s); err != nil {
		return nil, errors.Join(err, library.Close())
	}
	return out, nil
}

func (f evalFlags) watch(ctx context.Context, out *screening, clips []eval.Clip, s streams) (err error) {
	if out.reader, err = f.reader(out.library); err != nil {
		return err
	}
	finder, err := face.New(out.library, face.Options{Lane: models.Background})
	if err != nil {
		return err
	}
	workers := f.Workers
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	bar := newBar(s.err, time.Duration(len(clips))*time.Millisecond, f.JSON)
	studio := eval.Studio{NewFinder: finder, Degrade: f.degrade(), Workers: workers, Watched: bar.step}
	var unseen []eval.Clip
	out.films, unseen, err = studio.Watch(ctx, clips)
	bar.finish()
	if err != nil {
		return err
	}
	for _, c := range unseen {
		fmt.Fprintf(s.err, "no mouth to read in %s\n", c.Path)
	}
	out.about = eval.About{
		When: time.Now(), Manifest: f.Manifest, Model: f.model(), Clips: len(out.films), Unseen: len(unseen),
		Degrade: f.degrade(), Machine: fmt.Sprintf("%s, %d cores", runtime.GOARCH, runtime.NumCPU()),
	}
	return nil
}

func (f evalFlags) model() string {
	if f.Model == "" {
		return "the one shipped"
	}
	return f.Model
}

func (f evalFlags) reader(l *models.Library) (lips.Reader, error) {
	if f.Model != "" {
		return lips.LoadFile(l, f.Model, models.Background, lips.Calibration{Slope: 1})
	}
	n, err := lips.Load(l, models.Background)
	if errors.Is(err, models.ErrUnlisted) {
		return nil, errors.New("this version ships no digit reader: name one with --model")
	}
	return n, err
}

type evalDigitsCmd struct{ evalFlags }

// Run measures single digits.
func (c *evalDigitsCmd) Run(ctx context.Context, s streams) error {
	seen, err := c.screen(ctx, s)
	if err != nil {
		return err
	}
	defer seen.Close()
	digits, err := eval.ReadDigits(ctx, seen.reader, seen.films)
	if err != nil {
		return err
	}
	return c.tell(eval.Report{About: seen.about, Digits: digits}, s.out)
}

type evalPhrasesCmd struct {
	evalFlags
	Length int    `help:"Digits in a phrase." default:"6"`
	Trials int    `help:"Spliced phrases in all, evenly from the speakers." default:"500"`
	Seed   uint64 `help:"Of everything that is drawn." default:"1"`
	Paced  bool   `help:"Tell the scorer when each digit was asked, as in a live session."`
	Hard   bool   `help:"Cut the words in without easing the head over, as jump cuts in a film."`
}

// Run measures phrases.
func (c *evalPhrasesCmd) Run(ctx context.Context, s streams) error {
	seen, err := c.screen(ctx, s)
	if err != nil {
		return err
	}
	defer seen.Close()
	phrases, err := eval.TryPhrases(ctx, seen.reader, seen.films, eval.PhraseOptions{
		Length: c.Length, Trials: c.Trials, Seed: c.Seed, Paced: c.Paced, Hard: c.Hard,
	})
	if err != nil {
		return err
	}
	// The same films say how well single digits are read.
	digits, err := eval.ReadDigits(ctx, seen.reader, seen.films)
	if err != nil {
		return err
	}
	return c.tell(eval.Report{About: seen.about, Digits: digits, Phrases: phrases}, s.out)
}

// tell prints a report, and writes its page.
func (f evalFlags) tell(r eval.Report, out io.Writer) error {
	if f.Report != "" {
		page, err := r.Page()
		if err != nil {
			return err
		}
		if err := os.WriteFile(f.Report, page, 0o644); err != nil {
			return fmt.Errorf("write report: %w", err)
		}
	}
	if f.JSON {
		return json.NewEncoder(out).Encode(r)
	}
	return r.Print(out)
}
