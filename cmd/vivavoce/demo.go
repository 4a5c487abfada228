package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"golang.org/x/term"

	"vivavoce/pipeline"
	"vivavoce/pipeline/lips"
	"vivavoce/signaling"
	"vivavoce/signaling/puppet"
)

type demoCmd struct {
	puppetFlags
	modelFlags
	challengeFlags
	policyFlag
}

// Run serves on a free port, sends the puppet there and prints what comes back.
func (c *demoCmd) Run(ctx context.Context, s streams) error {
	log := slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: slog.LevelWarn})) // the show says the rest
	serve := serveCmd{
		Open: true, Listen: "127.0.0.1:0", APIKey: []string{rand.Text()}, MaxSessions: 1, ShowScores: true,
		Framing: 20 * time.Second, modelFlags: c.modelFlags, challengeFlags: c.challengeFlags,
		policyFlag: c.policyFlag,
	}
	running, err := serve.open(ctx, log)
	if err != nil {
		return err
	}
	defer running.Close()
	scene, err := c.scene(ctx, running.engine)
	if err != nil {
		return err
	}
	return running.during(ctx, func(ctx context.Context) error {
		show := newShow(s.out)
		verdict, err := puppet.Run(ctx, puppet.Options{Server: running.url(), Scene: scene, Listen: show.message})
		if err != nil {
			return err
		}
		show.verdict(verdict)
		return show.err
	})
}

// show prints a session as it goes, a line a message.
type show struct {
	printer
	began time.Time
	color bool
	last  string
}

func newShow(w io.Writer) *show {
	f, ok := w.(*os.File)
	return &show{printer: printer{w: w}, began: time.Now(), color: ok && term.IsTerminal(int(f.Fd()))}
}

// ANSI colours, dropped where out is no terminal.
const (
	grey, red, green, yellow, blue, cyan = "90", "31", "32", "33", "34", "36"
)

func (s *show) say(color, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if text == s.last {
		return
	}
	s.last = text
	if s.color {
		text = "\x1b[" + color + "m" + text + "\x1b[0m"
	}
	s.line("%6.2f s  %s", time.Since(s.began).Seconds(), text)
}

func (s *show) message(m signaling.Message) {
	switch m := m.(type) {
	case signaling.StateChange:
		s.say(grey, "state     %s", m.State)
	case signaling.Hint:
		s.say(yellow, "hint      %s %s", m.Code, m.Direction)
	case signaling.Prompt:
		if m.Kind == pipeline.StepDigit {
			s.say(blue, "prompt    say %s   (of %s)", m.Digit, m.Phrase)
		} else {
			s.say(blue, "prompt    turn %s", m.Direction)
		}
	case signaling.Progress:
		s.say(grey, "progress  step %d %s %s", m.Index, m.Phase, m.Band)
	case signaling.Score:
		s.score(m)
	case signaling.Error:
		s.say(red, "error     %s %s", m.Code, m.Text)
	}
}

func (s *show) score(m signaling.Score) {
	where := "whole"
	if m.Step != nil {
		where = fmt.Sprintf("step %d", *m.Step)
	}
	if m.Value == nil {
		s.say(cyan, "score     %-6s %-7s not checked %v", m.Name, where, m.Reasons)
		return
	}
	if m.Name == pipeline.ScoreSound {
		s.say(cyan, "score     %-6s %-7s %.2f %v%s", m.Name, where, *m.Value, m.Reasons, figures(m.Measures))
		return
	}
	heard := ""
	if digit, ok := m.Measures[lips.ReadDigit]; ok {
		heard = fmt.Sprintf("  heard %.0f", digit)
	}
	s.say(cyan, "score     %-6s %-7s %.2f %v%s", m.Name, where, *m.Value, m.Reasons, heard)
}

func (s *show) verdict(v *signaling.Verdict) {
	color := map[string]string{pipeline.Live.String(): green, pipeline.Spoof.String(): red}[v.Outcome]
	if color == "" {
		color = yellow
	}
	s.say(color, "verdict   %s %v, by %s", v.Outcome, v.Reasons, witnesses(v.Witnesses))
	for _, c := range v.Checks {
		if c.Checked {
			s.say(color, "          %-6s %s", c.Name, c.Band)
		} else {
			s.say(grey, "          %-6s not checked", c.Name)
		}
	}
}
