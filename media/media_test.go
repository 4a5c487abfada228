package media

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestPoolShapes(t *testing.T) {
	tests := []struct {
		name                 string
		width, height, cw, c int // c: chroma samples of one plane
	}{
		{"even", 640, 480, 320, 320 * 240},
		{"odd", 641, 481, 321, 321 * 241},
		{"smallest", 1, 1, 1, 1},
		{"empty", 0, 0, 0, 0},
		{"larger", 1920, 1080, 960, 960 * 540},
		{"smaller again", 320, 240, 160, 160 * 120},
	}
	var p Pool
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := p.Get(tt.width, tt.height)
			defer f.Release()
			if f.Width != tt.width || f.Height != tt.height || f.YStride != tt.width || f.CStride != tt.cw {
				t.Errorf("%dx%d strides %d %d", f.Width, f.Height, f.YStride, f.CStride)
			}
			if len(f.Y) != tt.width*tt.height || len(f.Cb) != tt.c || len(f.Cr) != tt.c {
				t.Errorf("planes %d %d %d, want %d %d %d", len(f.Y), len(f.Cb), len(f.Cr), tt.width*tt.height, tt.c, tt.c)
			}
			if f.Seq != 0 || f.PTS != 0 || !f.Arrived.IsZero() || f.FullRange {
				t.Errorf("Seq, PTS, Arrived, FullRange = %d %v %v %v, want zeros", f.Seq, f.PTS, f.Arrived, f.FullRange)
			}
			// What the next user must not see, and planes that must not overlap.
			f.Seq, f.PTS, f.Arrived, f.FullRange = 7, time.Second, time.Now(), true
			for i, plane := range [][]byte{f.Y, f.Cb, f.Cr} {
				for j := range plane {
					plane[j] = byte(i + 1)
				}
			}
			for i, plane := range [][]byte{f.Y, f.Cb, f.Cr} {
				for j := range plane {
					if plane[j] != byte(i+1) {
						t.Fatalf("plane %d sample %d was overwritten by another plane", i, j)
					}
				}
			}
		})
	}
}

func TestPoolReuses(t *testing.T) {
	var p Pool
	a := p.Get(64, 48)
	b := p.Get(64, 48)
	if &a.Y[0] == &b.Y[0] {
		t.Fatal("two frames in use share memory")
	}
	memory := &a.Y[0]
	a.Release()
	if c := p.Get(64, 48); &c.Y[0] != memory {
		t.Error("a released frame was not reused")
	}
	// Mixed sizes in one pool: a small frame must not take a large one's place for good.
	big := p.Get(640, 480)
	big.Release()
	if f := p.Get(64, 48); cap(f.Y) > 640*480 || len(f.Y) != 64*48 {
		t.Errorf("small frame of %d samples, capacity %d", len(f.Y), cap(f.Y))
	}
}

func TestPoolIsBounded(t *testing.T) {
	var p Pool
	var frames []*Frame
	for range 3 * poolSize {
		frames = append(frames, p.Get(16, 16))
	}
	for _, f := range frames {
		f.Release()
	}
	if len(p.free) != poolSize {
		t.Errorf("%d idle frames kept, want %d", len(p.free), poolSize)
	}
}

func TestReleaseWithoutPool(t *testing.T) {
	(*Frame)(nil).Release()
	(&Frame{Width: 2}).Release()
	var p Pool
	f := p.Get(2, 2)
	f.Release()
	f.Release() // wrong, but must not put the frame in twice
	if len(p.free) != 1 {
		t.Errorf("%d idle frames after two releases of one, want 1", len(p.free))
	}
}

func TestPoolAllocatesNothing(t *testing.T) {
	var p Pool
	step := func() {
		a, b := p.Get(640, 480), p.Get(640, 480)
		a.Release()
		b.Release()
	}
	step()
	if got := testing.AllocsPerRun(100, step); got != 0 {
		t.Errorf("%v allocations a round, want 0", got)
	}
}

func TestLatestAllocatesNothing(t *testing.T) {
	var p Pool
	l := NewLatest()
	ctx := t.Context()
	step := func() {
		l.Put(p.Get(64, 48))
		l.Put(p.Get(64, 48))
		f, err := l.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		f.Release()
	}
	step()
	if got := testing.AllocsPerRun(100, step); got != 0 {
		t.Errorf("%v allocations a round, want 0", got)
	}
}

func TestLatestNewestWins(t *testing.T) {
	var p Pool
	l := NewLatest()
	for seq := range uint64(5) {
		f := p.Get(16, 16)
		f.Seq = seq
		l.Put(f)
	}
	f, err := l.Next(t.Context())
	if err != nil || f.Seq != 4 {
		t.Fatalf("Next = %v, %v; want frame 4", f, err)
	}
	if l.Replaced() != 4 {
		t.Errorf("Replaced = %d, want 4", l.Replaced())
	}
	if len(p.free) == 0 {
		t.Error("replaced frames were not released")
	}
}

func TestLatestClose(t *testing.T) {
	first := errors.New("first")
	l := NewLatest()
	l.Put(&Frame{Seq: 1})
	l.Close(first)
	l.Close(io.EOF)
	var p Pool
	l.Put(p.Get(16, 16))
	if len(p.free) != 1 {
		t.Error("a frame put after Close was not released")
	}
	if f, err := l.Next(t.Context()); err != nil || f.Seq != 1 {
		t.Errorf("first Next = %v, %v; want the waiting frame", f, err)
	}
	for range 2 {
		if f, err := l.Next(t.Context()); f != nil || err != first {
			t.Errorf("Next = %v, %v; want nil, the first Close's error", f, err)
		}
	}
	if l.Replaced() != 0 {
		t.Errorf("Replaced = %d, want 0: a frame refused after Close replaces none", l.Replaced())
	}
}

func TestLatestWakes(t *testing.T) {
	tests := []struct {
		name string
		do   func(l *Latest, cancel func())
		want error
	}{
		{"put", func(l *Latest, _ func()) { l.Put(&Frame{}) }, nil},
		{"close", func(l *Latest, _ func()) { l.Close(io.EOF) }, io.EOF},
		{"cancel", func(_ *Latest, cancel func()) { cancel() }, context.Canceled},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				l := NewLatest()
				ended := make(chan error, 1)
				go func() {
					_, err := l.Next(ctx)
					ended <- err
				}()
				synctest.Wait()
				select {
				case err := <-ended:
					t.Fatalf("Next returned %v before anything happened", err)
				default:
				}
				tt.do(l, cancel)
				if err := <-ended; !errors.Is(err, tt.want) {
					t.Errorf("err = %v, want %v", err, tt.want)
				}
			})
		})
	}
}

// A done context must win over a waiting frame: the session is over, and the frame
// belongs to whoever asks next.
func TestLatestDoneContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	l := NewLatest()
	l.Put(&Frame{Seq: 3})
	if f, err := l.Next(ctx); err == nil {
		t.Fatalf("Next with a done context = frame %d, want its error", f.Seq)
	}
	if f, err := l.Next(t.Context()); err != nil || f.Seq != 3 {
		t.Errorf("Next = %v, %v; want frame 3", f, err)
	}
}

func TestLatestConcurrent(t *testing.T) {
	const writers, each = 4, 2000
	var p Pool
	l := NewLatest()
	var putting, closing sync.WaitGroup
	for range writers {
		putting.Go(func() {
			for range each {
				l.Put(p.Get(8, 8))
			}
		})
	}
	closing.Go(func() {
		putting.Wait()
		l.Close(io.EOF)
	})
	taken := uint64(0)
	for {
		f, err := l.Next(t.Context())
		if err != nil {
			if err != io.EOF {
				t.Errorf("err = %v, want EOF", err)
			}
			break
		}
		taken++
		f.Release()
	}
	closing.Wait()
	if got := taken + l.Replaced(); got != writers*each {
		t.Errorf("%d taken + %d replaced = %d, want %d put", taken, l.Replaced(), got, writers*each)
	}
}

func BenchmarkPool(b *testing.B) {
	var p Pool
	b.ReportAllocs()
	for b.Loop() {
		p.Get(640, 480).Release()
	}
}

func BenchmarkLatest(b *testing.B) {
	var p Pool
	l, ctx := NewLatest(), b.Context()
	b.ReportAllocs()
	for b.Loop() {
		l.Put(p.Get(640, 480))
		f, err := l.Next(ctx)
		if err != nil {
			b.Fatal(err)
		}
		f.Release()
	}
}
