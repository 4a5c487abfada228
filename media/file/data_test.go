package file

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/media/codec"
	"vivavoce/media/file/filetest"
)

func TestRecordings(t *testing.T) {
	root := filetest.Recordings(t)
	heads, _ := filepath.Glob(filepath.Join(root, "head", "*.mp4"))
	spoken, _ := filepath.Glob(filepath.Join(root, "grid", "s2", "*"))
	if len(heads) == 0 || len(spoken) == 0 {
		t.Skipf("no clips under %s", root)
	}
	for _, path := range append(heads, spoken[:min(5, len(spoken))]...) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			s := open(t, path, Options{})
			frames, err := drain(t, s, 10_000)
			if err != io.EOF || len(frames) == 0 || s.Damaged() != 0 {
				t.Fatalf("%d frames, %d damaged, then %v", len(frames), s.Damaged(), err)
			}
			last := frames[len(frames)-1]
			if d := s.Duration(); (d - last.pts).Abs() > 200*time.Millisecond {
				t.Errorf("last frame at %v of %v", last.pts, d)
			}
			t.Logf("%d frames of %dx%d in %v", len(frames), last.width, last.height, s.Duration())
		})
	}
}

// The first bytes of real containers, with everything after them a stranger's.
func FuzzOpen(f *testing.F) {
	for _, name := range []string{"a.mp4", "a.webm", "a.avi", "a.ts", "a.y4m"} {
		path := made(f, name, filetest.Clip{Frames: 2, Width: 32, Height: 32, BitrateKbps: 50})
		b, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b[:min(len(b), 4096)])
	}
	f.Add(wav()[:200])
	f.Fuzz(func(t *testing.T, data []byte) {
		path := put(t, "upload", data)
		s, err := Open(path, Options{MaxWidth: 256, MaxHeight: 256, MaxDuration: time.Minute})
		if err == nil {
			defer s.Close()
			_, err = drain(t, s, 300)
		}
		for _, want := range []error{nil, io.EOF, ErrEmpty, ErrUnreadable, ErrNoVideo, ErrTooLarge, ErrTooLong} {
			if errors.Is(err, want) {
				return
			}
		}
		t.Errorf("err = %v, want one of the package's", err)
	})
}

func BenchmarkNext(b *testing.B) {
	for _, bench := range []struct {
		name string
		clip filetest.Clip
	}{
		{"H264", filetest.Clip{Frames: 50, Width: 640, Height: 480}},
		{"H264 turned", filetest.Clip{Frames: 50, Width: 640, Height: 480, Turn: 90}},
		{"VP8", filetest.Clip{Codec: codec.VP8, Frames: 50, Width: 640, Height: 480}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			name := "a.mp4"
			if bench.clip.Codec == codec.VP8 {
				name = "a.webm"
			}
			s := open(b, made(b, name, bench.clip), Options{Loop: true})
			b.ReportAllocs()
			for b.Loop() {
				f, err := s.Next(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				f.Release()
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "frames/s")
		})
	}
}

func BenchmarkTurn(b *testing.B) {
	var pool media.Pool
	for quarters := 1; quarters < 4; quarters++ {
		b.Run(fmt.Sprint(90*quarters), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				turned(pool.Get(640, 480), quarters, &pool).Release()
			}
		})
	}
}
