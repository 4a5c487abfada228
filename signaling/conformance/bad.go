package conformance

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// Bad is something that nobody should send.
type Bad struct {
	API  string // whose it is: a heading of the document
	Name string // what is sent, for the document
	// Send sends it and says in a word what came back; see [Answer.Problem] for an example.
	Send func(s *Server) string
	Want string // a stable word
	Slow bool   // it takes until a deadline of the server's: all of those are sent at once
}

// growth is how much memory one of them may cost at its peak, the judging of a small video included: 33 MiB were the most
// (2026-11-22). What asks for gigabytes is far beyond.
const growth = 128 << 20

// slack are the goroutines that come and go in a server that nobody calls. Each of some 200 rows that left one would
// be far beyond.
const slack = 3

// CheckBad sends every row and holds that each is answered as it should be, that the server answers others
// after each, that none costs much memory, and that nothing is left of all together: no goroutine, no
// open file, no temporary file.
func CheckBad(t *testing.T, s *Server, rows []Bad) {
	t.Helper()
	names := map[string]bool{}
	for _, row := range rows[:min(8, len(rows))] {
		row.Send(s) // what is opened once is open now
	}
	before := s.Use()
	slow := make(chan string)
	for _, row := range rows {
		if key := row.API + " " + row.Name; names[key] {
			t.Errorf("two rows are called %s", key)
		}
		names[row.API+" "+row.Name] = true
		if row.Slow {
			go func() { slow <- row.differs(s) }()
			defer func() {
				if said := <-slow; said != "" {
					t.Error(said)
				}
			}()
		}
	}
	s.sendAll(t, slices.DeleteFunc(slices.Clone(rows), func(row Bad) bool { return row.Slow }))
	t.Cleanup(func() {
		if after := s.Settled(before, 20*time.Second); after.Goroutines > before.Goroutines+slack || after.Files > before.Files || after.Left > before.Left {
			t.Errorf("held before %+v, after %+v", before, after)
		}
	})
}

func (s *Server) sendAll(t *testing.T, rows []Bad) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.API+"/"+row.Name, func(t *testing.T) {
			s.ResetPeak()
			began, base := time.Now(), s.Peak()
			if said := row.differs(s); said != "" {
				t.Error(said)
			}
			grown := s.Peak() - base
			if grown > growth {
				t.Errorf("%d MiB more memory, want at most %d", grown>>20, growth>>20)
			}
			t.Logf("%s, %d MiB more, %v", row.Want, grown>>20, time.Since(began).Round(time.Millisecond))
			if a, err := s.Do(Call{Method: "GET", Path: "/readyz"}); err != nil || a.Status != 200 {
				t.Errorf("afterwards the server says %d, %v", a.Status, err)
			}
		})
	}
}

func (row Bad) differs(s *Server) string {
	if got := row.Send(s); got != row.Want {
		return fmt.Sprintf("%s, %s: %q, want %q", row.API, row.Name, got, row.Want)
	}
	return ""
}

// Problem is an answer of our own API in a word: "401 unauthorized". Problems are problem details in full.
func (a Answer) Problem() string {
	if a.Status < 400 {
		return fmt.Sprint(a.Status)
	}
	var p struct{ Code string }
	if err := a.Holds(a.Status, map[string]string{"Content-Type": "^application/problem[+]json$"}, Object(map[string]Shape{
		"type": Is("about:blank"), "title": Text("."), "status": Is(float64(a.Status)), "code": Text("."), "detail": Text("."),
	})); err != nil {
		return fmt.Sprintf("%d, no problem details", a.Status)
	}
	_ = json.Unmarshal(a.Body, &p) // has just been read
	return fmt.Sprintf("%d %s", a.Status, p.Code)
}

// The lines of the document between which the table is.
const (
	tableBegins = "<!-- made by `go test ./signaling/conformance -run Bad -update` -->\n"
	tableEnds   = "<!-- end -->\n"
)

// CheckDocument holds that the file has a table of these rows; with update it is written instead.
func CheckDocument(t *testing.T, path string, rows []Bad, update bool) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(data), tableBegins)
	_, tail, more := strings.Cut(rest, tableEnds)
	if !ok || !more {
		t.Fatalf("%s has no place for the table", path)
	}
	want := head + tableBegins + table(rows) + tableEnds + tail
	switch {
	case want == string(data):
	case update:
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s is not what is tested: run with -update", path)
	}
}

func table(rows []Bad) string {
	byAPI := map[string][]Bad{}
	for _, row := range rows {
		byAPI[row.API] = append(byAPI[row.API], row)
	}
	var b strings.Builder
	for _, api := range slices.Sorted(maps.Keys(byAPI)) {
		fmt.Fprintf(&b, "\n### %s (%d)\n\n| sent | answer |\n|---|---|\n", api, len(byAPI[api]))
		for _, row := range byAPI[api] {
			fmt.Fprintf(&b, "| %s | `%s` |\n", strings.ReplaceAll(row.Name, "|", "\\|"), row.Want)
		}
	}
	return b.String() + "\n"
}
