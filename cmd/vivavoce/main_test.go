package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// testKey is an API key of the server that serveForTest starts.
const testKey = "38332b622aea11e8b103a860b60304d5"

// serveForTest serves on a free port until the test ends; it skips the test where there are no models.
func serveForTest(t *testing.T, change func(*serveCmd)) *running {
	t.Helper()
	c := serveCmd{
		Listen: "127.0.0.1:0", APIKey: []string{testKey}, modelFlags: modelFlags{Models: modelFiles(t)},
		challengeFlags: challengeFlags{Digits: 6, Turns: 2}, policyFlag: policyFlag{Policy: "default"},
	}
	if change != nil {
		change(&c)
	}
	r, err := c.open(t.Context(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- r.serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-served, r.Close()); err != nil {
			t.Error(err)
		}
	})
	return r
}

func TestFlagOverEnvironmentOverFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "settings.json")
	if err := os.WriteFile(file, []byte(`{"listen": "file:1", "max_sessions": 7, "digits": 4, "api_key": ["0123456789abcdef"]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("VIVAVOCE_LISTEN", "env:1")
	t.Setenv("VIVAVOCE_DIGITS", "5")
	var c cli
	parser, err := newParser(&c, io.Discard, io.Discard, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse([]string{"--config", file, "serve", "--digits", "3"}); err != nil {
		t.Fatal(err)
	}
	if c.Serve.Digits != 3 || c.Serve.Listen != "env:1" || c.Serve.MaxSessions != 7 {
		t.Errorf("digits, listen, max sessions = %d, %q, %d; want the flag's 3, the environment's env:1, the file's 7",
			c.Serve.Digits, c.Serve.Listen, c.Serve.MaxSessions)
	}
	if len(c.Serve.APIKey) != 1 {
		t.Errorf("api keys = %q, want the file's one", c.Serve.APIKey)
	}
}

func TestCommandLine(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct {
		name string
		args []string
		exit int
		says string
	}{
		{"help", []string{"--help"}, 0, "VIVAVOCE_LOG_LEVEL"},
		{"serve help names its environment", []string{"serve", "--help"}, 0, "VIVAVOCE_LISTEN"},
		{"no command", nil, 2, "expected one of"},
		{"unknown flag", []string{"serve", "--nope"}, 2, "unknown flag --nope"},
		{"unknown setting", []string{"--config", write("bad.json", `{"lisen": 1}`), "serve"}, 2, `"lisen"`},
		{"broken settings", []string{"--config", write("broken.json", `{`), "serve"}, 2, "read settings"},
		{"phrase with letters", []string{"verify", "x.mp4", "--phrase", "12a"}, 1, "only the digits"},
		{"no such file", []string{"verify", filepath.Join(dir, "none.mp4")}, 1, "there is no such file"},
		{"empty file", []string{"verify", write("empty.mp4", "")}, 1, "the file is empty"},
		{"not a video", []string{"verify", write("text.mp4", strings.Repeat("hello ", 100))}, 1, "not a video"},
		{"no models", []string{"models", "--models", filepath.Join(dir, "m"), "--node-modules", filepath.Join(dir, "n")}, 1, "npm ci"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			if exit := run(t.Context(), c.args, &out, &out); exit != c.exit {
				t.Errorf("exit = %d, want %d", exit, c.exit)
			}
			if !strings.Contains(out.String(), c.says) {
				t.Errorf("output lacks %q:\n%s", c.says, out.String())
			}
		})
	}
}

func TestIsLoopback(t *testing.T) {
	for listen, want := range map[string]bool{
		"127.0.0.1:8080": true, "localhost:80": true, "[::1]:1": true,
		":8080": false, "0.0.0.0:8080": false, "10.0.0.1:8080": false, "nonsense": false,
	} {
		if got := isLoopback(listen); got != want {
			t.Errorf("isLoopback(%q) = %v, want %v", listen, got, want)
		}
	}
}
