package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"vivavoce/media"
	"vivavoce/media/file"
	"vivavoce/pipeline"
	"vivavoce/pipeline/quality"
)

type verifyCmd struct {
	File   string `arg:"" help:"Recorded video, in any container and codec that FFmpeg reads."`
	Phrase string `help:"The digits that should be said, at any time and in this order." placeholder:"DIGITS"`
	JSON   bool   `name:"json" help:"Print the verdict as one JSON object."`
	Policy string `help:"What a live verdict needs: recording (the --phrase was said, as far as lips tell; nothing else) or one of serve's, which leave every recording undecided." enum:"relaxed,default,strict,recording" default:"default"`
	modelFlags
	MaxBytes    int64         `help:"Refuse larger files." default:"268435456"`
	MaxDuration time.Duration `help:"Refuse longer videos." default:"2m"`
}

// The statuses of verify, besides run's.
const (
	exitSpoof     exitStatus = 3
	exitUndecided exitStatus = 4
)

// Run judges one file and prints what was found.
func (c *verifyCmd) Run(ctx context.Context, s streams) error {
	if err := checkPhrase(c.Phrase); err != nil {
		return err
	}
	policy, err := pipeline.PolicyNamed(c.Policy)
	if err != nil {
		return err
	}
	src, err := file.Open(c.File, file.Options{MaxBytes: c.MaxBytes, MaxDuration: c.MaxDuration})
	if err != nil {
		return explainFile(c.File, err)
	}
	defer src.Close()
	r := &fileReport{File: c.File, Phrase: c.Phrase, Hints: map[pipeline.HintCode]int{}}
	timing := pipeline.Timing{Whole: c.MaxDuration + time.Minute, Deciding: time.Minute}
	e, err := openEngine(engineOptions{
		models: c.modelFlags, policy: policy, timing: timing, quality: quality.Browser(),
		recording: recording{c.Phrase, r.listen},
	})
	if err != nil {
		return err
	}
	defer e.Close()
	if err := c.watch(ctx, e.judge, src, r, s); err != nil {
		return explainFile(c.File, err)
	}
	if c.JSON {
		err = json.NewEncoder(s.out).Encode(r)
	} else {
		err = r.print(s.out)
	}
	if err != nil {
		return err
	}
	return r.status()
}

// watch runs the pipeline over the whole file.
func (c *verifyCmd) watch(ctx context.Context, judge *pipeline.Judge, src *file.Source, r *fileReport, s streams) error {
	attempt, err := judge.NewAttempt(pipeline.Challenge{})
	if err != nil {
		return err
	}
	counted := &counting{src: src, bar: newBar(s.err, src.Duration(), c.JSON)}
	v, err := attempt.Run(ctx, counted, r.event)
	counted.bar.finish()
	if err != nil {
		return err
	}
	r.Frames, r.Seconds = counted.frames, counted.last.Seconds()
	r.verdict(v)
	return nil
}

// counting counts the frames on their way and moves the progress bar.
type counting struct {
	src    media.Source
	bar    bar
	frames int
	first  time.Duration
	last   time.Duration
}

// Next implements media.Source.
func (c *counting) Next(ctx context.Context) (*media.Frame, error) {
	f, err := c.src.Next(ctx)
	if err == nil {
		if c.frames == 0 {
			c.first = f.PTS
		}
		c.frames++
		c.last = f.PTS
		c.bar.at(f.PTS)
	}
	return f, err
}

// bar is a progress bar over the file's duration; nil draws nothing.
type bar struct{ *progressbar.ProgressBar }

// newBar draws on w if that is a terminal that nobody parses.
func newBar(w io.Writer, d time.Duration, quiet bool) bar {
	f, ok := w.(interface{ Fd() uintptr })
	if quiet || !ok || !term.IsTerminal(int(f.Fd())) {
		return bar{}
	}
	return bar{progressbar.NewOptions64(d.Milliseconds(), progressbar.OptionSetWriter(w),
		progressbar.OptionSetDescription("watching"), progressbar.OptionSetWidth(40),
		progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond))}
}

func (b bar) at(pts time.Duration) {
	if b.ProgressBar != nil {
		_ = b.Set64(pts.Milliseconds())
	}
}

// step moves on by a millisecond, which stands for one of whatever is counted.
func (b bar) step() {
	if b.ProgressBar != nil {
		_ = b.Add(1)
	}
}

func (b bar) finish() {
	if b.ProgressBar != nil {
		_ = b.Finish()
	}
}

func checkPhrase(phrase string) error {
	for _, r := range phrase {
		if r < '0' || r > '9' {
			return fmt.Errorf("phrase %q: only the digits 0–9", phrase)
		}
	}
	return nil
}

// explainFile says what is wrong with a file and what to do.
func explainFile(path string, err error) error {
	for _, c := range []struct {
		is     error
		advice string
	}{
		{fs.ErrNotExist, "there is no such file"},
		{fs.ErrPermission, "the file may not be read"},
		{file.ErrEmpty, "the file is empty"},
		{file.ErrNoVideo, "the file has no video track"},
		{file.ErrTooLarge, "the file is too large (see --max-bytes)"},
		{file.ErrTooLong, "the video is too long (see --max-duration)"},
		{file.ErrUnreadable, "the file is not a video that can be read, or is damaged"},
	} {
		if errors.Is(err, c.is) {
			return fmt.Errorf("%s: %s: %w", path, c.advice, err)
		}
	}
	return err
}
