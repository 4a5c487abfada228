package store

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/goleak"
)

// onBoth runs a test with the server inside and with an external one. open connects
// another node to the same data.
func onBoth(t *testing.T, test func(t *testing.T, open func() *Store)) {
	t.Run("inside", func(t *testing.T) {
		checkLeaks(t)
		first := mustOpen(t, Options{Dir: t.TempDir(), Listen: "127.0.0.1:0"})
		opened := false
		test(t, func() *Store {
			if !opened {
				opened = true
				return first
			}
			return mustOpen(t, Options{URL: first.inside.server.ClientURL()})
		})
	})
	t.Run("external", func(t *testing.T) {
		checkLeaks(t)
		url := external(t, t.TempDir(), server.RANDOM_PORT).ClientURL()
		test(t, func() *Store { return mustOpen(t, Options{URL: url}) })
	})
}

func mustOpen(t testing.TB, o Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func external(t *testing.T, dir string, port int) *server.Server {
	t.Helper()
	ns, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, JetStream: true, StoreDir: dir, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	ns.Start()
	if !ns.ReadyForConnections(startTime) {
		t.Fatal("the external server does not start")
	}
	t.Cleanup(func() { ns.Shutdown(); ns.WaitForShutdown() })
	return ns
}

// checkLeaks fails the test when goroutines are left after all other clean-ups.
func checkLeaks(t *testing.T) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() {
		goleak.VerifyNone(t, before,
			goleak.IgnoreAnyFunction("github.com/nats-io/nats-server/v2/server.init.0.func1")) // a clock for the process
	})
}

type record struct{ Text string }

func openRecords(t *testing.T, s *Store, o BucketOptions) *Bucket[record] {
	t.Helper()
	b, err := OpenBucket[record](t.Context(), s, "records", o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBucket(t *testing.T) {
	onBoth(t, func(t *testing.T, open func() *Store) {
		ctx := t.Context()
		a, b := openRecords(t, open(), BucketOptions{}), openRecords(t, open(), BucketOptions{})
		if _, _, err := b.Get(ctx, "x"); !errors.Is(err, ErrNotFound) {
			t.Errorf("get what is not there: %v", err)
		}
		if err := a.Create(ctx, "x", record{"one"}); err != nil {
			t.Fatal(err)
		}
		if err := b.Create(ctx, "x", record{"two"}); !errors.Is(err, ErrExists) {
			t.Errorf("create twice: %v, want ErrExists", err)
		}
		v, revision, err := b.Get(ctx, "x")
		if err != nil || v.Text != "one" {
			t.Fatalf("get: %+v, %v", v, err)
		}
		if err := a.Update(ctx, "x", record{"three"}, revision); err != nil {
			t.Fatal(err)
		}
		if err := b.Update(ctx, "x", record{"four"}, revision); !errors.Is(err, ErrChanged) {
			t.Errorf("update by an old revision: %v, want ErrChanged", err)
		}
		if err := b.Delete(ctx, "x", revision); !errors.Is(err, ErrChanged) {
			t.Errorf("delete by an old revision: %v, want ErrChanged", err)
		}
		if err := a.Put(ctx, "x", record{"five"}); err != nil {
			t.Fatal(err)
		}
		if v, revision, err = b.Get(ctx, "x"); v.Text != "five" || b.Delete(ctx, "x", revision) != nil {
			t.Errorf("get and delete: %+v, %v", v, err)
		}
		if _, _, err := a.Get(ctx, "x"); !errors.Is(err, ErrNotFound) {
			t.Errorf("get what is deleted: %v", err)
		}
		if err := a.Create(ctx, "x", record{"again"}); err != nil {
			t.Errorf("create what is deleted: %v", err)
		}
	})
}

// TestOnlyOneTakes holds that of many at two nodes who want the same record one gets it.
func TestOnlyOneTakes(t *testing.T) {
	onBoth(t, func(t *testing.T, open func() *Store) {
		nodes := []*Bucket[record]{openRecords(t, open(), BucketOptions{}), openRecords(t, open(), BucketOptions{})}
		for round := range 5 {
			key := fmt.Sprint("key", round)
			if err := nodes[0].Create(t.Context(), key, record{}); err != nil {
				t.Fatal(err)
			}
			var took atomic.Int32
			var all sync.WaitGroup
			for i := range 20 {
				all.Go(func() {
					b := nodes[i%2]
					_, revision, err := b.Get(t.Context(), key)
					if err == nil {
						err = b.Delete(t.Context(), key, revision)
					}
					switch {
					case err == nil:
						took.Add(1)
					case !isAny(err, ErrChanged, ErrNotFound):
						t.Error(err)
					}
				})
			}
			all.Wait()
			if took.Load() != 1 {
				t.Errorf("%d took it, want 1", took.Load())
			}
		}
	})
}

func TestChangeCountsEverybody(t *testing.T) {
	onBoth(t, func(t *testing.T, open func() *Store) {
		nodes := []*Bucket[record]{openRecords(t, open(), BucketOptions{}), openRecords(t, open(), BucketOptions{})}
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				if err := nodes[i%2].Change(t.Context(), "n", func(r *record) { r.Text += "x" }); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if v, _, err := nodes[0].Get(t.Context(), "n"); v.Text != strings.Repeat("x", 20) {
			t.Errorf("%d changes, %v; want 20", len(v.Text), err)
		}
	})
}

func TestRecordsExpire(t *testing.T) {
	onBoth(t, func(t *testing.T, open func() *Store) {
		b := openRecords(t, open(), BucketOptions{Life: 200 * time.Millisecond})
		if err := b.Create(t.Context(), "x", record{}); err != nil {
			t.Fatal(err)
		}
		eventually(t, func() bool {
			_, _, err := b.Get(t.Context(), "x")
			return errors.Is(err, ErrNotFound)
		})
	})
}

// eventually waits for what must come within some seconds.
func eventually(t *testing.T, is func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(15 * time.Second); ; {
		select {
		case <-end:
			t.Fatal("it does not come")
		case <-tick.C:
			if is() {
				return
			}
		}
	}
}

func TestBucketFull(t *testing.T) {
	onBoth(t, func(t *testing.T, open func() *Store) {
		b := openRecords(t, open(), BucketOptions{MaxBytes: 4096})
		for i := range 10 {
			err := b.Create(t.Context(), fmt.Sprint(i), record{strings.Repeat("x", 1000)})
			if errors.Is(err, ErrFull) {
				return
			}
			if err != nil {
				t.Fatalf("record %d: %v, want ErrFull", i, err)
			}
		}
		t.Error("10 kB fit into 4")
	})
}

func TestDataSurviveARestart(t *testing.T) {
	checkLeaks(t)
	dir := t.TempDir()
	for i := range 3 {
		s, err := Open(t.Context(), Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		b := openRecords(t, s, BucketOptions{})
		if i == 0 {
			err = b.Create(t.Context(), "x", record{"kept"})
		} else if v, _, e := b.Get(t.Context(), "x"); v.Text != "kept" {
			err = fmt.Errorf("start %d: %+v, %w", i, v, e)
		}
		s.Close()
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		o    Options
		is   error
		says string
	}{
		{name: "a file as the folder", o: Options{Dir: file}, says: "make the data folder"},
		{name: "a full disk", o: Options{Dir: t.TempDir(), MinFree: 1 << 60}, is: ErrFull},
		{name: "no such server", o: Options{URL: "nats://127.0.0.1:1", Wait: time.Second}, is: ErrUnavailable},
		{name: "a bad address", o: Options{Dir: t.TempDir(), Listen: "nonsense"}, says: "address of the store"},
		{name: "a bad port", o: Options{Dir: t.TempDir(), Listen: "localhost:x"}, says: "port"},
		{name: "a negative bound", o: Options{MaxBytes: -1}, says: "0 or more"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			began := time.Now()
			s, err := Open(t.Context(), tt.o)
			if err == nil {
				s.Close()
				t.Fatal("it opens")
			}
			if tt.is != nil && !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("err = %v, want %v %q", err, tt.is, tt.says)
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("refused after %v", took)
			}
		})
	}
}

func TestFolderHasOneOwner(t *testing.T) {
	dir := t.TempDir()
	mustOpen(t, Options{Dir: dir})
	if _, err := Open(t.Context(), Options{Dir: dir}); !errors.Is(err, ErrInUse) {
		t.Errorf("second process: %v, want ErrInUse", err)
	}
}

// TestDamageIsSeen holds that used-up transactions are not forgotten in silence because
// their files were damaged.
func TestDamageIsSeen(t *testing.T) {
	for _, name := range []string{"meta.inf", "meta.sum"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s, err := Open(t.Context(), Options{Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			openRecords(t, s, BucketOptions{})
			s.Close()
			found, err := filepath.Glob(filepath.Join(dir, "jetstream", "*", "streams", "*", name))
			if err != nil || len(found) == 0 {
				t.Fatalf("no %s below %s: %v", name, dir, err)
			}
			if err := os.WriteFile(found[0], []byte("garbage"), 0o600); err != nil {
				t.Fatal(err)
			}
			if s, err := Open(t.Context(), Options{Dir: dir}); !errors.Is(err, ErrDamaged) {
				s.Close()
				t.Errorf("open: %v, want ErrDamaged", err)
			}
		})
	}
}

// TestLostServer holds that operations end soon without the server, and work again with it.
func TestLostServer(t *testing.T) {
	checkLeaks(t)
	dir := t.TempDir()
	ns := external(t, dir, server.RANDOM_PORT)
	port := ns.Addr().(*net.TCPAddr).Port
	s := mustOpen(t, Options{URL: ns.ClientURL(), Wait: 500 * time.Millisecond})
	b := openRecords(t, s, BucketOptions{})
	events, err := OpenEvents(t.Context(), s, EventsOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Create(t.Context(), "x", record{"kept"}); err != nil {
		t.Fatal(err)
	}
	ns.Shutdown()
	ns.WaitForShutdown()
	began := time.Now()
	for name, err := range map[string]error{
		"create": b.Create(t.Context(), "y", record{}),
		"change": b.Change(t.Context(), "x", func(*record) {}),
		"check":  s.Check(t.Context()),
		"tell":   events.Tell("s", "state", nil),
		"keep":   events.Keep(t.Context(), "s", "state", nil),
		"follow": events.Follow(t.Context(), "s", 0, func(Event) error { return nil }),
	} {
		if !errors.Is(err, ErrUnavailable) {
			t.Errorf("%s without a server: %v, want ErrUnavailable", name, err)
		}
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("six refusals took %v", took)
	}
	external(t, dir, port)
	eventually(t, func() bool { return s.Check(t.Context()) == nil })
	if v, _, err := b.Get(t.Context(), "x"); v.Text != "kept" {
		t.Errorf("after the server is back: %+v, %v", v, err)
	}
}

func TestSignal(t *testing.T) {
	onBoth(t, func(t *testing.T, open func() *Store) {
		a, b := open(), open()
		heard := make(chan string, 1)
		stop, err := a.OnSignal("cancel", func(what string) { heard <- what })
		if err != nil {
			t.Fatal(err)
		}
		defer stop()
		if err := a.conn.Flush(); err != nil { // so that the subscription is known
			t.Fatal(err)
		}
		if err := b.Signal("cancel", "s_1"); err != nil {
			t.Fatal(err)
		}
		if what := <-heard; what != "s_1" {
			t.Errorf("heard %q", what)
		}
	})
}

func TestEvents(t *testing.T) {
	onBoth(t, func(t *testing.T, open func() *Store) {
		openEvents := func() *Events {
			e, err := OpenEvents(t.Context(), open(), EventsOptions{PerName: 4})
			if err != nil {
				t.Fatal(err)
			}
			return e
		}
		a, b := openEvents(), openEvents()
		for i := range 6 {
			if err := a.Tell("s_1", "score", fmt.Append(nil, i)); err != nil {
				t.Fatal(err)
			}
		}
		if err := a.Tell("s_2", "score", []byte("other")); err != nil {
			t.Fatal(err)
		}
		if err := a.Keep(t.Context(), "s_1", "state", []byte("done")); err != nil {
			t.Fatal(err)
		}
		enough := errors.New("enough")
		read := func(after uint64) (text string, last uint64) {
			err := b.Follow(t.Context(), "s_1", after, func(e Event) error {
				text += string(e.Data) + " "
				last = e.ID
				if e.Kind == "state" {
					return enough
				}
				return nil
			})
			if !errors.Is(err, enough) {
				t.Errorf("follow: %v", err)
			}
			return text, last
		}
		text, last := read(0)
		if text != "2 3 4 5 done " {
			t.Errorf("read %q, want the newest four and the state", text)
		}
		if text, _ := read(last - 1); text != "done " {
			t.Errorf("read %q after the last but one, want the state", text)
		}
		if e, err := b.Last(t.Context(), "s_1", "score"); string(e.Data) != "5" || e.Kind != "score" {
			t.Errorf("last score %+v, %v", e, err)
		}
		if e, err := b.Last(t.Context(), "s_1", "*"); e.ID != last {
			t.Errorf("last %+v, %v; want %d", e, err, last)
		}
		if _, err := b.Last(t.Context(), "s_3", "*"); !errors.Is(err, ErrNotFound) {
			t.Errorf("last of nobody: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if err := b.Follow(ctx, "s_1", last, func(Event) error { return nil }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("follow until the context ends: %v", err)
		}
	})
}
