package codec

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"vivavoce/media"
)

// steady decodes packets once, then again and again from its key frame.
func steady(t testing.TB, n Name) (kbps float64, step func()) {
	packets := clip(t, EncoderOptions{Codec: n, Width: 640, Height: 480, FPS: 30, BitrateKbps: 1000}, 30)
	d := decoder(t, n, Limits{})
	i, emit := 0, func(f *media.Frame) { f.Release() }
	for _, p := range packets {
		kbps += float64(len(p.Data)) * 8 / 1000 * 30 / float64(len(packets))
	}
	return kbps, func() {
		p := packets[i%len(packets)]
		if err := d.Decode(p.Data, p.PTS, emit); err != nil {
			t.Fatalf("packet %d: %v", i, err)
		}
		i++
	}
}

func TestDecodeAllocatesNothing(t *testing.T) {
	for _, n := range names {
		t.Run(string(n), func(t *testing.T) {
			_, step := steady(t, n)
			for range 30 {
				step()
			}
			if got := testing.AllocsPerRun(60, step); got != 0 {
				t.Errorf("%v allocations a frame, want 0", got)
			}
		})
	}
}

// resident reads this process's resident memory in bytes.
func resident(t *testing.T) int {
	t.Helper()
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skipf("resident memory: %v", err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(b))[1])
	if err != nil {
		t.Fatalf("statm: %v", err)
	}
	return pages * os.Getpagesize()
}

// A decoder holds several pictures in C memory: 1,000 lost ones of 320x240 would be
// hundreds of megabytes. (A lost empty AVFrame, half a kilobyte, would not show.)
func TestCloseFreesMemory(t *testing.T) {
	for _, n := range names {
		t.Run(string(n), func(t *testing.T) {
			packets := clip(t, EncoderOptions{Codec: n, Width: 320, Height: 240}, 2)
			round := func() {
				d, err := NewDecoder(n, Limits{})
				if err != nil {
					t.Fatal(err)
				}
				defer d.Close()
				for _, p := range packets {
					if err := d.Decode(p.Data, p.PTS, func(f *media.Frame) { f.Release() }); err != nil {
						t.Fatal(err)
					}
				}
			}
			for range 50 {
				round()
			}
			before := resident(t)
			rounds := 1000
			if n == VP9 || n == AV1 { // slow to open
				rounds = 300
			}
			for range rounds {
				round()
			}
			if grown := resident(t) - before; grown > 24<<20 {
				t.Errorf("%d decoders grew the process by %d MB", rounds, grown>>20)
			}
		})
	}
}

// The same for what only damaged and oversized input reaches.
func TestErrorsFreeMemory(t *testing.T) {
	key := clip(t, EncoderOptions{Codec: H264, Width: 320, Height: 240}, 1)[0].Data
	refused := decoder(t, H264, Limits{MaxWidth: 160, MaxHeight: 160})
	cut := decoder(t, H264, Limits{})
	round := func() {
		_ = refused.Decode(key, 0, func(*media.Frame) { t.Error("emitted over the limit") })
		_ = cut.Decode(key[:len(key)/2], 0, func(f *media.Frame) { f.Release() })
	}
	for range 100 {
		round()
	}
	before := resident(t)
	for range 2000 {
		round()
	}
	if grown := resident(t) - before; grown > 24<<20 {
		t.Errorf("2000 refused pictures grew the process by %d MB", grown>>20)
	}
}

// A small packet that claims a huge picture must be refused before FFmpeg allocates
// it: 96 MB. (Beyond 2 GiB of its own reckoning FFmpeg refuses by itself.)
func TestLimitsBeforeAllocation(t *testing.T) {
	key := clip(t, EncoderOptions{Codec: VP8, Width: 320, Height: 240}, 1)[0].Data
	copy(key[6:], []byte{0x40, 0x1f, 0x40, 0x1f}) // 8000x8000, RFC 6386 §9.1
	d := decoder(t, VP8, Limits{})
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		t.Skipf("peak memory cannot be reset here: %v", err)
	}
	before := peak(t)
	if err := d.Decode(key, 0, func(*media.Frame) { t.Error("emitted") }); !errors.Is(err, ErrLimit) {
		t.Errorf("err = %v, want ErrLimit", err)
	}
	if grown := peak(t) - before; grown > 12<<10 {
		t.Errorf("refusing took %d kB", grown)
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

// One frame of 640x480 at 1 Mbit/s and 30 fps.
func BenchmarkDecode(b *testing.B) {
	for _, n := range names {
		b.Run(string(n), func(b *testing.B) {
			kbps, step := steady(b, n)
			b.ReportAllocs()
			for b.Loop() {
				step()
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "frames/s")
			b.ReportMetric(kbps, "kbit/s")
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	for _, n := range names {
		b.Run(string(n), func(b *testing.B) {
			e, err := NewEncoder(EncoderOptions{Codec: n, Width: 640, Height: 480})
			if err != nil {
				b.Fatal(err)
			}
			defer e.Close()
			var pool media.Pool
			f, i := pool.Get(640, 480), 0
			scene(f, 0)
			b.ReportAllocs()
			for b.Loop() {
				f.PTS = time.Duration(i) * time.Second / 30
				i++
				if err := e.Encode(f, false, func(Packet) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
