package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/media/codec"
	"vivavoce/media/file/filetest"
)

// seen is what a test keeps of a frame.
type seen struct {
	seq           uint64
	pts           time.Duration
	width, height int
	corners       [4]byte // luma in the middle of the quarters, in reading order
	full          bool
}

func look(f *media.Frame) seen {
	at := func(x, y int) byte { return f.Y[y*f.Height/4*f.YStride+x*f.Width/4] }
	return seen{f.Seq, f.PTS, f.Width, f.Height, [4]byte{at(1, 1), at(3, 1), at(1, 3), at(3, 3)}, f.FullRange}
}

// drain reads s to its end, or to limit frames, and gives what ended it.
func drain(t testing.TB, s *Source, limit int) (frames []seen, err error) {
	t.Helper()
	for len(frames) < limit {
		f, err := s.Next(t.Context())
		if err != nil {
			return frames, err
		}
		frames = append(frames, look(f))
		if f.Arrived.IsZero() {
			t.Errorf("frame %d has no arrival time", f.Seq)
		}
		f.Release()
	}
	return frames, nil
}

func open(t testing.TB, path string, o Options) *Source {
	t.Helper()
	s, err := Open(path, o)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// made writes a clip into the test's own folder.
func made(t testing.TB, name string, c filetest.Clip) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := filetest.Write(path, c); err != nil {
		t.Fatal(err)
	}
	return path
}

// put writes raw bytes into the test's own folder.
func put(t testing.TB, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func near(got, want [4]byte) bool {
	for i := range got {
		if d := int(got[i]) - int(want[i]); d < -6 || d > 6 {
			return false
		}
	}
	return true
}

func TestContainers(t *testing.T) {
	tests := []struct {
		name string
		clip filetest.Clip
	}{
		{"h264.mp4", filetest.Clip{Frames: 30}},
		{"h264.mov", filetest.Clip{Frames: 30}},
		{"vp8.webm", filetest.Clip{Frames: 30}},
		{"vp9.webm", filetest.Clip{Codec: codec.VP9, Frames: 30}},
		{"h264.mkv", filetest.Clip{Codec: codec.H264, Frames: 30}},
		{"h264.avi", filetest.Clip{Frames: 30}},
		{"h264.ts", filetest.Clip{Frames: 30}},
		{"raw.y4m", filetest.Clip{Frames: 30}},
		{"single.mp4", filetest.Clip{Frames: 1}},
		{"large.mp4", filetest.Clip{Frames: 2, Width: 1920, Height: 1080}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t, made(t, tt.name, tt.clip), Options{})
			frames, err := drain(t, s, 1000)
			if err != io.EOF || len(frames) != tt.clip.Frames {
				t.Fatalf("%d frames, then %v; want %d, EOF", len(frames), err, tt.clip.Frames)
			}
			for i, f := range frames {
				want := time.Duration(i) * 40 * time.Millisecond
				if f.seq != uint64(i) || (f.pts-want).Abs() > time.Millisecond {
					t.Errorf("frame %d: seq %d pts %v, want %d %v", i, f.seq, f.pts, i, want)
				}
				if !near(f.corners, [4]byte{60, 110, 160, 210}) {
					t.Errorf("frame %d: corners %v", i, f.corners)
				}
			}
			if want := time.Duration(tt.clip.Frames) * 40 * time.Millisecond; tt.clip.Frames > 1 &&
				(s.Duration()-want).Abs() > 41*time.Millisecond {
				t.Errorf("Duration %v, want %v", s.Duration(), want)
			}
			if _, err := s.Next(t.Context()); err != io.EOF {
				t.Errorf("Next after the end: %v, want EOF again", err)
			}
		})
	}
}

func TestRotation(t *testing.T) {
	tests := []struct {
		turn          float64
		width, height int
		corners       [4]byte
	}{
		{0, 160, 120, [4]byte{60, 110, 160, 210}},
		{90, 120, 160, [4]byte{160, 60, 210, 110}},
		{180, 160, 120, [4]byte{210, 160, 110, 60}},
		{270, 120, 160, [4]byte{110, 210, 60, 160}},
		{-90, 120, 160, [4]byte{110, 210, 60, 160}},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.turn), func(t *testing.T) {
			path := made(t, "phone.mp4", filetest.Clip{Frames: 3, Turn: tt.turn})
			frames, err := drain(t, open(t, path, Options{}), 10)
			if err != io.EOF || len(frames) != 3 {
				t.Fatalf("%d frames, then %v", len(frames), err)
			}
			if f := frames[0]; f.width != tt.width || f.height != tt.height || !near(f.corners, tt.corners) {
				t.Errorf("%dx%d corners %v, want %dx%d %v", f.width, f.height, f.corners, tt.width, tt.height, tt.corners)
			}
		})
	}
}

// Every sample lands where it should, at sizes that are no multiple of a tile.
func TestTurn(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {33, 2}, {7, 70}, {65, 31}} {
		w, h := size[0], size[1]
		var pool media.Pool
		for quarters := range 4 {
			src := pool.Get(w, h)
			for i := range src.Y {
				src.Y[i] = byte(i * 7)
			}
			want := make(map[[2]int]byte)
			for y := range h {
				for x := range w {
					to := [4][2]int{{x, y}, {h - 1 - y, x}, {w - 1 - x, h - 1 - y}, {y, w - 1 - x}}[quarters]
					want[to] = src.Y[y*src.YStride+x]
				}
			}
			dst := turned(src, quarters, &pool)
			for to, v := range want {
				if got := dst.Y[to[1]*dst.YStride+to[0]]; got != v {
					t.Fatalf("%dx%d turned %d: %v = %d, want %d", w, h, quarters, to, got, v)
				}
			}
			dst.Release()
		}
	}
}

func TestVariableRate(t *testing.T) {
	times := []time.Duration{0, 33, 100, 110, 500, 533}
	path := made(t, "vfr.mkv", filetest.Clip{Frames: len(times), Draw: func(f *media.Frame, i int) {
		filetest.Pattern(f, i)
		f.PTS = 3*time.Second + times[i]*time.Millisecond // starts late, too
	}})
	frames, err := drain(t, open(t, path, Options{}), 10)
	if err != io.EOF || len(frames) != len(times) {
		t.Fatalf("%d frames, then %v", len(frames), err)
	}
	for i, f := range frames {
		if want := times[i] * time.Millisecond; (f.pts - want).Abs() > time.Millisecond {
			t.Errorf("frame %d at %v, want %v", i, f.pts, want)
		}
	}
}

func TestClock(t *testing.T) {
	const none = codec.NoPTS
	tests := []struct {
		name     string
		in, want []time.Duration
	}{
		{"from zero", []time.Duration{70, 80, 95}, []time.Duration{0, 10, 25}},
		{"before zero", []time.Duration{-20, 0, 20}, []time.Duration{0, 20, 40}},
		{"falls back", []time.Duration{0, 30, 10, 40}, []time.Duration{0, 30, 30, 40}},
		{"none at all", []time.Duration{none, none, none}, []time.Duration{0, usual, 2 * usual}},
		{"some", []time.Duration{0, 10, none, 30}, []time.Duration{0, 10, 20, 30}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var c clock
			for i, in := range tt.in {
				if got := c.at(in); got != tt.want[i] {
					t.Errorf("time %d (%v) = %v, want %v", i, in, got, tt.want[i])
				}
			}
		})
	}
}

func TestLoop(t *testing.T) {
	s := open(t, made(t, "loop.mp4", filetest.Clip{Frames: 5}), Options{Loop: true})
	frames, err := drain(t, s, 23)
	if err != nil {
		t.Fatalf("after %d frames: %v", len(frames), err)
	}
	for i, f := range frames {
		if want := time.Duration(i) * 40 * time.Millisecond; f.seq != uint64(i) || (f.pts-want).Abs() > time.Millisecond {
			t.Errorf("frame %d: seq %d pts %v, want %v", i, f.seq, f.pts, want)
		}
	}
}

func TestRealtime(t *testing.T) {
	s := open(t, made(t, "paced.mp4", filetest.Clip{Frames: 4}), Options{Realtime: true})
	began := time.Now()
	for i := range 4 {
		f, err := s.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if at, due := time.Since(began), f.PTS; at < due-time.Millisecond {
			t.Errorf("frame %d came at %v, before its time %v", i, at, due)
		}
		f.Release()
	}
}

func TestRealtimeObeysContext(t *testing.T) {
	path := made(t, "slow.mkv", filetest.Clip{Frames: 2, Draw: func(f *media.Frame, i int) { f.PTS = time.Duration(i) * time.Hour }})
	s := open(t, path, Options{Realtime: true, MaxDuration: 2 * time.Hour})
	f, err := s.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	f.Release()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := s.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("err = %v, want the context's", err)
	}
}

func TestContext(t *testing.T) {
	s := open(t, made(t, "a.mp4", filetest.Clip{Frames: 2}), Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v, want Canceled", err)
	}
	if frames, err := drain(t, s, 10); err != io.EOF || len(frames) != 2 {
		t.Errorf("afterwards %d frames, then %v; want both, EOF", len(frames), err)
	}
}

func TestClosed(t *testing.T) {
	s := open(t, made(t, "a.mp4", filetest.Clip{Frames: 2}), Options{})
	s.Close()
	s.Close()
	if _, err := s.Next(t.Context()); !errors.Is(err, os.ErrClosed) {
		t.Errorf("err = %v, want ErrClosed", err)
	}
}

func TestMotionJPEG(t *testing.T) {
	var b bytes.Buffer
	for i := range 10 {
		picture := image.NewYCbCr(image.Rect(0, 0, 160, 120), image.YCbCrSubsampleRatio420)
		f := &media.Frame{Width: 160, Height: 120, Y: picture.Y, Cb: picture.Cb, Cr: picture.Cr, YStride: picture.YStride, CStride: picture.CStride}
		filetest.Pattern(f, i)
		if err := jpeg.Encode(&b, picture, nil); err != nil {
			t.Fatal(err)
		}
	}
	frames, err := drain(t, open(t, put(t, "a.mjpeg", b.Bytes()), Options{}), 100)
	if err != io.EOF || len(frames) != 10 {
		t.Fatalf("%d frames, then %v; want 10, EOF", len(frames), err)
	}
	if f := frames[3]; !f.full || !near(f.corners, [4]byte{60, 110, 160, 210}) {
		t.Errorf("full range %v, corners %v; want true, samples as they were", f.full, f.corners)
	}
	for i := 1; i < len(frames); i++ {
		if frames[i].pts <= frames[i-1].pts {
			t.Errorf("frame %d at %v after %v", i, frames[i].pts, frames[i-1].pts)
		}
	}
}

// Other layouts than 4:2:0 come out as I420 of the same range.
func TestOtherLayouts(t *testing.T) {
	tests := []struct {
		layout string
		chroma int // samples of both chroma planes, per four of luma
	}{{"422", 4}, {"444", 8}, {"mono", 0}, {"411", 2}}
	for _, tt := range tests {
		t.Run(tt.layout, func(t *testing.T) {
			var b bytes.Buffer
			fmt.Fprintf(&b, "YUV4MPEG2 W160 H120 F25:1 Ip A1:1 C%s\nFRAME\n", tt.layout)
			luma := &media.Frame{Width: 160, Height: 120, YStride: 160, Y: make([]byte, 160*120)}
			filetest.Pattern(luma, 0)
			b.Write(luma.Y)
			b.Write(bytes.Repeat([]byte{128}, 160*120*tt.chroma/4))
			frames, err := drain(t, open(t, put(t, "a.y4m", b.Bytes()), Options{}), 10)
			if err != io.EOF || len(frames) != 1 || !near(frames[0].corners, [4]byte{60, 110, 160, 210}) {
				t.Errorf("frames %v, then %v", frames, err)
			}
		})
	}
}

func TestOpenFreesMemory(t *testing.T) {
	good := made(t, "a.mp4", filetest.Clip{Frames: 2, Width: 640, Height: 480})
	bad := put(t, "bad.mp4", []byte(strings.Repeat("not a video ", 1000)))
	round := func() {
		s, err := Open(good, Options{})
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
		if _, err := Open(bad, Options{}); err == nil {
			t.Fatal("text was accepted")
		}
	}
	for range 50 {
		round()
	}
	before := resident(t)
	for range 500 {
		round()
	}
	if grown := resident(t) - before; grown > 24<<20 {
		t.Errorf("500 files grew the process by %d MB", grown>>20)
	}
}

// Finding out what is in a file must not decode it: a picture of 4096x4096 is 25 MB.
func TestProbingDecodesNothing(t *testing.T) {
	path := made(t, "large.ts", filetest.Clip{Frames: 2, Width: 4096, Height: 4096, Draw: func(*media.Frame, int) {}})
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		t.Skipf("peak memory cannot be reset here: %v", err)
	}
	before := peak(t)
	if _, err := Open(path, Options{MaxWidth: 640, MaxHeight: 640}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("err = %v, want ErrTooLarge", err)
	}
	if grown := peak(t) - before; grown > 12<<10 {
		t.Errorf("opening took %d kB", grown)
	}
}

// peak is the most memory that was resident since the last reset, in kB.
func peak(t *testing.T) (kB int) {
	t.Helper()
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skipf("peak memory: %v", err)
	}
	_, rest, _ := strings.Cut(string(b), "VmHWM:")
	if _, err := fmt.Sscan(rest, &kB); err != nil {
		t.Fatal(err)
	}
	return kB
}

func resident(t *testing.T) int {
	t.Helper()
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skipf("resident memory: %v", err)
	}
	var size, pages int
	if _, err := fmt.Sscan(string(b), &size, &pages); err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}
