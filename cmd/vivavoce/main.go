// Command vivavoce decides, while the camera is running, whether a live person
// is in front of it. See the README.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

const description = `Decides, while the camera is running, whether a live person is in front of it.

Every flag can also be set by an environment variable (shown in its help) or in a JSON file named by
--config, with the flag's name and underscores: {"listen": ":8443", "max_sessions": 20}.
A flag wins over the environment, the environment over the file.`

// cli is the whole command line.
type cli struct {
	Config    kong.ConfigFlag `help:"JSON file with settings." type:"existingfile" placeholder:"FILE"`
	LogLevel  slog.Level      `help:"How much to log: DEBUG, INFO, WARN or ERROR." default:"INFO"`
	LogFormat string          `help:"How to log: text or json." enum:"text,json" default:"text"`

	Serve  serveCmd  `cmd:"" help:"Serve the page, the sessions and their verdicts over HTTP and WebRTC."`
	Verify verifyCmd `cmd:"" help:"Run the same pipeline on a recorded file and say what was seen. Undecided under every policy but recording: the others need prompts."`
	Eval   evalCmd   `cmd:"" help:"Measure the digit reader, whole sessions and the detection of attacks."`
	Kiosk  kioskCmd  `cmd:"" help:"Check people at this machine's own camera, without WebRTC."`
	Keys   keysCmd   `cmd:"" help:"Make, list, exchange and revoke integrators' keys."`
	Models modelsCmd `cmd:"" help:"Unpack, check and convert the models."`
	Demo   demoCmd   `cmd:"" help:"Run one whole session by itself: a rendered head against a real server."`
	Puppet puppetCmd `cmd:"" hidden:"" help:"A rendered camera for tests in a browser."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// streams are where a command writes: answers on out, everything else on err.
type streams struct{ out, err io.Writer }

// run parses args and runs one subcommand until it ends or ctx does. It returns
// the process's exit status: 0 done (for verify: live), 1 an error, 2 wrong
// usage; verify's answers: 0 live, 3 spoof, 4 undecided. All policies but "recording" ask for
// turns on prompt, so that a recording, which nobody prompts, stays undecided.
func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	var c cli
	exit := -1
	parser, err := newParser(&c, out, errOut, func(code int) { exit = code })
	if err != nil {
		fmt.Fprintln(errOut, "vivavoce:", err)
		return 1
	}
	parsed, err := parser.Parse(args)
	if exit >= 0 { // --help has been answered
		return exit
	}
	if err != nil {
		fmt.Fprintf(errOut, "vivavoce: %v (see vivavoce --help)\n", err)
		return 2
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	err = parsed.Run(c.logger(errOut), streams{out, errOut})
	var status exitStatus
	switch {
	case err == nil, errors.Is(err, context.Canceled) && ctx.Err() != nil:
		return 0
	case errors.As(err, &status):
		return int(status)
	default:
		fmt.Fprintln(errOut, "vivavoce:", err)
		return 1
	}
}

func newParser(c *cli, out, errOut io.Writer, exit func(int)) (*kong.Kong, error) {
	return kong.New(c, kong.Name("vivavoce"), kong.Description(description),
		kong.DefaultEnvars("VIVAVOCE"), kong.Configuration(fileUnderEnvironment),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.Writers(out, errOut), kong.Exit(exit), keyVars())
}

func (c *cli) logger(w io.Writer) *slog.Logger {
	o := &slog.HandlerOptions{Level: c.LogLevel}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// exitStatus ends a command with a status that is an answer and not an error.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }
