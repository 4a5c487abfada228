package conformance

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"
)

// Use is what a server holds.
type Use struct {
	Goroutines, Files int // files: open ones, sockets included
	Left              int // temporary files
	Heap              int64
}

// Use asks the server itself.
func (s *Server) Use() Use {
	s.t.Helper()
	metrics := s.Must(Call{Method: "GET", Path: "/metrics"}).Body
	value := func(name string) int64 {
		found := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindSubmatch(metrics)
		if found == nil {
			s.t.Fatalf("no metric %s", name)
		}
		v, err := strconv.ParseFloat(string(found[1]), 64)
		if err != nil {
			s.t.Fatal(err)
		}
		return int64(v)
	}
	left, err := os.ReadDir(s.Temp)
	if err != nil {
		s.t.Fatal(err)
	}
	return Use{int(value("go_goroutines")), int(value("process_open_fds")), len(left), value("go_memstats_heap_inuse_bytes")}
}

// Settled waits until a server holds no more than before, or for as long as it may take, and returns what
// it holds then.
func (s *Server) Settled(before Use, most time.Duration) Use {
	s.t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	late := time.After(most)
	for {
		now := s.Use()
		if now.Goroutines <= before.Goroutines && now.Files <= before.Files && now.Left <= before.Left {
			return now
		}
		select {
		case <-tick.C:
		case <-late:
			return now
		}
	}
}

// ResetPeak begins to measure the peak of the process's memory anew.
func (s *Server) ResetPeak() {
	s.t.Helper()
	if err := os.WriteFile(s.proc("clear_refs"), []byte("5"), 0); err != nil {
		s.t.Fatal(err)
	}
}

// Peak is the most memory that the process held since ResetPeak, in bytes.
func (s *Server) Peak() int64 {
	s.t.Helper()
	return resident(s.t, s.proc("status"), "VmHWM")
}

func (s *Server) proc(name string) string {
	return filepath.Join("/proc", strconv.Itoa(s.pid), name)
}

func resident(t testing.TB, path, name string) int64 {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var kib int64
	_, line, _ := bytes.Cut(data, []byte(name+":"))
	if _, err := fmt.Sscan(string(line), &kib); err != nil {
		t.Fatalf("%s in %s: %v", name, path, err)
	}
	return kib << 10
}
