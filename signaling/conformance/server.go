package conformance

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Server is a process of its own, with the credentials that it printed for whoever started it.
type Server struct {
	URL    string
	Key    string // API key
	Client string // whose tokens it takes: sub
	Secret string // what they are signed with, in base64
	Token  string // one of them, for every API
	Temp   string // folder for its temporary files

	t    testing.TB
	pid  int
	http *http.Client
}

// Root is the folder of the whole project.
func Root(t testing.TB) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Dir(strings.TrimSpace(string(out)))
}

// build makes the program, once for a test binary, beside what others make.
var build = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", err
	}
	path := filepath.Join(filepath.Dir(string(out)), ".cache", filepath.Base(os.Args[0]), "vivavoce")
	if out, err := exec.Command("go", "build", "-o", path, "vivavoce/cmd/vivavoce").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, seeSources()
})

// ours lists the files that the program is made of.
const ours = `{{if .Module}}{{if .Module.Main}}{{$d := .Dir}}{{range .GoFiles}}{{$d}}/{{.}}
{{end}}{{range .EmbedFiles}}{{$d}}/{{.}}
{{end}}{{end}}{{end}}`

// seeSources looks at every file of ours that is in the program, so that `go test` runs the test again when one has
// changed: it knows what a test looks at, and not what a program that it starts is made of.
func seeSources() error {
	out, err := exec.Command("go", "list", "-deps", "-f", ours, "vivavoce/cmd/vivavoce").Output()
	if err != nil {
		return fmt.Errorf("list sources: %w", err)
	}
	for _, path := range strings.Fields(string(out)) {
		if _, err := os.Stat(path); err != nil {
			return err
		}
	}
	return nil
}

// Start runs a server with empty data and the flags until the test's end. Without models the test is skipped.
func Start(t testing.TB, flags ...string) *Server {
	t.Helper()
	files := filepath.Join(Root(t), "models", "files")
	if _, err := os.Stat(files); err != nil {
		t.Skip("no models: run `make models`")
	}
	program, err := build()
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{t: t, Temp: t.TempDir(), http: &http.Client{Transport: &http.Transport{DisableKeepAlives: true, ExpectContinueTimeout: 5 * time.Second}, Timeout: 2 * time.Minute}}
	cmd := exec.Command(program, append([]string{"serve", "--open", "--listen", "127.0.0.1:0", "--data", t.TempDir(), "--models", files}, flags...)...)
	cmd.Env = append(os.Environ(), "TMPDIR="+s.Temp)
	said, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.pid = cmd.Process.Pid
	log := s.read(said)
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // one that is over has said why
		rest := <-log
		if err := cmd.Wait(); err != nil || strings.Contains(rest, "goroutine ") {
			t.Errorf("the server ended with %v:\n%s", err, rest)
		}
	})
	return s
}

// read takes the credentials and the address from what a server prints first, and gives what it logs later
// when it is over.
func (s *Server) read(said io.Reader) <-chan string {
	s.t.Helper()
	lines := bufio.NewScanner(said)
	lines.Buffer(nil, 1<<20)
	last := ""
	for s.URL == "" && lines.Scan() {
		last = lines.Text()
		for printed, into := range map[string]*string{
			`integrators use: (\S+)$`: &s.Key, `client id +(\S+)$`: &s.Client, `client key +(\S+)$`: &s.Secret,
			`a token for \S+: (\S+)$`: &s.Token, `Viva Voce is at (\S+)$`: &s.URL,
		} {
			if found := regexp.MustCompile(printed).FindStringSubmatch(last); found != nil {
				*into = found[1]
			}
		}
	}
	if s.URL == "" || s.Key == "" || s.Client == "" || s.Secret == "" || s.Token == "" {
		s.t.Fatalf("the server printed no address or credentials; its last words: %s (%v)", last, lines.Err())
	}
	log := make(chan string, 1)
	go func() {
		var rest strings.Builder
		for lines.Scan() {
			rest.WriteString(lines.Text() + "\n")
		}
		log <- rest.String()
	}()
	return log
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Call is one HTTP call. Path may be a whole address.
type Call struct {
	Method, Path string
	Header       []string  // name, value, …
	Text         string    // the body
	Body         io.Reader // instead of Text, for one call
	Context      context.Context
}

// Do makes a call. An error is the client's: the connection was cut, or nothing came.
func (s *Server) Do(c Call) (Answer, error) {
	if c.Context == nil {
		c.Context = context.Background()
	}
	if strings.HasPrefix(c.Path, "/") {
		c.Path = s.URL + c.Path
	}
	if c.Body == nil {
		c.Body = strings.NewReader(c.Text)
	}
	req, err := http.NewRequestWithContext(c.Context, c.Method, c.Path, c.Body)
	if err != nil {
		return Answer{}, err
	}
	for i := 0; i+1 < len(c.Header); i += 2 {
		if c.Header[i] == "Host" {
			req.Host = c.Header[i+1]
		}
		req.Header.Add(c.Header[i], c.Header[i+1])
	}
	resp, err := s.http.Do(req)
	if err != nil {
		return Answer{}, err
	}
	body, err := io.ReadAll(resp.Body)
	return Answer{resp.StatusCode, resp.Header, body}, errors.Join(err, resp.Body.Close())
}

// Must is Do for calls that the test stands on.
func (s *Server) Must(c Call) Answer {
	s.t.Helper()
	a, err := s.Do(c)
	if err != nil {
		s.t.Fatalf("%s %s: %v", c.Method, c.Path, err)
	}
	return a
}

// Bearer is the header of a call with a key or a token.
func Bearer(key string) []string { return []string{"Authorization", "Bearer " + key} }
