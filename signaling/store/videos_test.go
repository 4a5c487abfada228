package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func openVideos(t *testing.T, s *Store, o VideosOptions) *Videos {
	t.Helper()
	v, err := OpenVideos(t.Context(), s, o)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// working runs workers until the test's end.
func working(t *testing.T, v *Videos, n int, do Worker) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		if err := v.Work(ctx, n, do); err != nil {
			t.Error(err)
		}
	})
	stop = func() { cancel(); all.Wait() }
	t.Cleanup(stop)
	return stop
}

// echo answers with what it was given, and what the file holds in short.
func echo(_ context.Context, what []byte, path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	return fmt.Appendf(what, " %x", sha256.Sum256(data)), err
}

func TestVideosAreAnsweredAndDeleted(t *testing.T) {
	onBoth(t, func(t *testing.T, open func() *Store) {
		dir := t.TempDir()
		asks, works := openVideos(t, open(), VideosOptions{}), openVideos(t, open(), VideosOptions{TempDir: dir})
		working(t, works, 2, echo)
		var all sync.WaitGroup
		for i := range 6 {
			all.Go(func() {
				video := strings.Repeat("v", i<<18) // up to 1.3 MB, ten chunks
				got, err := asks.Judge(t.Context(), []byte("job"), strings.NewReader(video))
				if want := fmt.Sprintf("job %x", sha256.Sum256([]byte(video))); err != nil || string(got) != want {
					t.Errorf("video %d: %s, %v; want %s", i, got, err, want)
				}
			})
		}
		all.Wait()
		if left := chunks(t, asks); left != 0 {
			t.Errorf("%d chunks are left", left)
		}
		eventually(t, func() bool { return emptyFolder(t, dir) && waiting(t, asks) == 0 })
	})
}

func emptyFolder(t *testing.T, dir string) bool {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*"))
	return err == nil && len(found) == 0
}

func chunks(t *testing.T, v *Videos) int {
	t.Helper()
	s, err := v.chunks.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return int(s.State.Msgs)
}

func waiting(t *testing.T, v *Videos) uint64 {
	t.Helper()
	s, err := v.store.js.Stream(t.Context(), v.store.o.Name+"_videos")
	if err != nil {
		t.Fatal(err)
	}
	return s.CachedInfo().State.Msgs
}

func TestVideosAreBounded(t *testing.T) {
	onBoth(t, func(t *testing.T, open func() *Store) {
		v := openVideos(t, open(), VideosOptions{Waiting: 1})
		ctx, cancel := context.WithCancel(t.Context())
		var first sync.WaitGroup
		first.Go(func() {
			if _, err := v.Judge(ctx, nil, strings.NewReader("a")); !errors.Is(err, context.Canceled) {
				t.Errorf("cancelled: %v", err)
			}
		})
		eventually(t, func() bool { return waiting(t, v) == 1 })
		if _, err := v.Judge(t.Context(), nil, strings.NewReader("b")); !errors.Is(err, ErrFull) {
			t.Errorf("second of one: %v, want ErrFull", err)
		}
		cancel()
		first.Wait()
		if left := chunks(t, v); left != 0 {
			t.Errorf("%d chunks are left", left)
		}
		// A worker that comes now finds the job of the one who left, and clears it away.
		working(t, v, 1, echo)
		eventually(t, func() bool { return waiting(t, v) == 0 })
	})
}

func TestVideosTogetherAreBounded(t *testing.T) {
	onBoth(t, func(t *testing.T, open func() *Store) {
		v := openVideos(t, open(), VideosOptions{MaxBytes: 1 << 20})
		_, err := v.Judge(t.Context(), nil, strings.NewReader(strings.Repeat("x", 2<<20)))
		if !errors.Is(err, ErrFull) {
			t.Errorf("2 MB into 1: %v, want ErrFull", err)
		}
	})
}

// TestVideosComeAgain holds that a video whose worker failed goes to another, and one that
// all fail over ends.
func TestVideosComeAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, open func() *Store) {
		v := openVideos(t, open(), VideosOptions{})
		var tries atomic.Int32
		working(t, v, 1, func(ctx context.Context, what []byte, path string) ([]byte, error) {
			if tries.Add(1); string(what) == "poison" || tries.Load() < 3 {
				return nil, errors.New("worker fails")
			}
			return echo(ctx, what, path)
		})
		if got, err := v.Judge(t.Context(), []byte("good"), strings.NewReader("v")); err != nil || tries.Load() != 3 {
			t.Errorf("%s, %v after %d tries; want an answer after 3", got, err, tries.Load())
		}
		tries.Store(0)
		if _, err := v.Judge(t.Context(), []byte("poison"), strings.NewReader("v")); !errors.Is(err, ErrPoison) || tries.Load() != 3 {
			t.Errorf("%v after %d tries, want ErrPoison after 3", err, tries.Load())
		}
		eventually(t, func() bool { return waiting(t, v) == 0 })
	})
}

// TestVideoOutlivesItsWorker holds that a video goes to another worker when the first died
// without a word, and to nobody else while a slow one works.
func TestVideoOutlivesItsWorker(t *testing.T) {
	onBoth(t, func(t *testing.T, open func() *Store) {
		v := openVideos(t, open(), VideosOptions{Turn: 300 * time.Millisecond})
		answered := make(chan error, 1)
		go func() {
			_, err := v.Judge(context.Background(), nil, strings.NewReader("v"))
			answered <- err
		}()
		eventually(t, func() bool { return waiting(t, v) == 1 })
		if _, err := v.consumer.Fetch(1); err != nil { // and never heard of again
			t.Fatal(err)
		}
		var taken atomic.Int32
		working(t, v, 2, func(ctx context.Context, what []byte, path string) ([]byte, error) {
			taken.Add(1)
			<-time.After(time.Second) // three turns
			return echo(ctx, what, path)
		})
		if err := <-answered; err != nil || taken.Load() != 1 {
			t.Errorf("%v, taken by %d; want an answer of one", err, taken.Load())
		}
	})
}

func TestVideoThatDoesNotCome(t *testing.T) {
	s := mustOpen(t, Options{Dir: t.TempDir()})
	v := openVideos(t, s, VideosOptions{})
	for _, broken := range []error{errors.New("the client went away"), io.ErrUnexpectedEOF} {
		_, err := v.Judge(t.Context(), nil, io.MultiReader(strings.NewReader(strings.Repeat("b", chunkBytes+1)), errorReader{broken}))
		if !errors.Is(err, broken) || waiting(t, v) != 0 || chunks(t, v) != 0 {
			t.Errorf("err = %v, want the reader's; %d wait, %d chunks", err, waiting(t, v), chunks(t, v))
		}
	}
}

// TestLittleDisk holds that nothing new is begun on a disk that is nearly full, while what is there may end.
func TestLittleDisk(t *testing.T) {
	s := mustOpen(t, Options{Dir: t.TempDir()})
	b, v := openRecords(t, s, BucketOptions{}), openVideos(t, s, VideosOptions{})
	e, err := OpenEvents(t.Context(), s, EventsOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Create(t.Context(), "old", record{"begun"}); err != nil {
		t.Fatal(err)
	}
	s.o.MinFree = 1 << 62
	_, judged := v.Judge(t.Context(), nil, strings.NewReader("v"))
	for name, err := range map[string]error{"create": b.Create(t.Context(), "new", record{}), "judge": judged, "check": s.Check(t.Context())} {
		if !errors.Is(err, ErrFull) {
			t.Errorf("%s: %v, want ErrFull", name, err)
		}
	}
	if err := errors.Join(b.Change(t.Context(), "failure", func(r *record) { r.Text = "one" }), b.Put(t.Context(), "old", record{"ended"}), e.Keep(t.Context(), "old", "verdict", nil)); err != nil {
		t.Errorf("the end of what was begun: %v", err)
	}
}

type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }

func BenchmarkJudge(b *testing.B) {
	s := mustOpen(b, Options{Dir: b.TempDir()})
	v, err := OpenVideos(b.Context(), s, VideosOptions{})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	var all sync.WaitGroup
	all.Go(func() { _ = v.Work(ctx, 1, func(context.Context, []byte, string) ([]byte, error) { return nil, nil }) })
	video := strings.Repeat("v", 1<<20)
	b.SetBytes(1 << 20)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Judge(b.Context(), nil, strings.NewReader(video)); err != nil {
			b.Fatal(err)
		}
	}
	cancel()
	all.Wait()
}

func BenchmarkTell(b *testing.B) {
	s := mustOpen(b, Options{Dir: b.TempDir()})
	e, err := OpenEvents(b.Context(), s, EventsOptions{})
	if err != nil {
		b.Fatal(err)
	}
	data := []byte(`{"v":1,"type":"score","name":"motion","step":0,"checked":true,"value":0.8125,"settled":false,"reasons":[]}`)
	b.ReportAllocs()
	for b.Loop() {
		if err := e.Tell("s_5gQ0bX2rT7uJ9mWc1kVzNw", "score", data); err != nil {
			b.Fatal(err)
		}
	}
}
