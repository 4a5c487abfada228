package codec

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/asticode/go-astiav"

	"vivavoce/media"
)

// names are the codecs under test, in the order browsers are offered them.
var names = [...]Name{VP8, H264, VP9, AV1}

// scene draws frame i: a bright disc that circles over slanted grey stripes, with
// colour, so that a lost or shuffled plane shows.
func scene(f *media.Frame, i int) {
	cx := float64(f.Width)/2 + float64(f.Width)/4*math.Cos(float64(i)/8)
	cy := float64(f.Height)/2 + float64(f.Height)/4*math.Sin(float64(i)/8)
	r := float64(f.Height) / 6
	for y := range f.Height {
		row := f.Y[y*f.YStride:][:f.Width]
		for x := range row {
			row[x] = byte(60 + (x+2*y+i)%64)
			if dx, dy := float64(x)-cx, float64(y)-cy; dx*dx+dy*dy < r*r {
				row[x] = 200
			}
		}
	}
	for y := range (f.Height + 1) / 2 {
		for x := range (f.Width + 1) / 2 {
			f.Cb[y*f.CStride+x] = byte(96 + 64*x/f.Width)
			f.Cr[y*f.CStride+x] = byte(160 - 64*y/f.Height)
		}
	}
}

// clip encodes n pictures; the first and every one that keys names are key frames.
func clip(t testing.TB, o EncoderOptions, n int, keys ...int) []Packet {
	t.Helper()
	e, err := NewEncoder(o)
	if err != nil {
		t.Fatalf("NewEncoder: %v", err)
	}
	defer e.Close()
	var pool media.Pool
	var out []Packet
	collect := func(p Packet) error { out = append(out, p); return nil }
	for i := range n {
		f := pool.Get(o.Width, o.Height)
		scene(f, i)
		f.PTS = time.Duration(i) * 40 * time.Millisecond
		if err := e.Encode(f, slices.Contains(keys, i), collect); err != nil {
			t.Fatalf("Encode frame %d: %v", i, err)
		}
		f.Release()
	}
	if err := e.Flush(collect); err != nil {
		t.Fatalf("Flush: %v", err)
	}
	return out
}

func decoder(t testing.TB, n Name, l Limits) *Decoder {
	t.Helper()
	d, err := NewDecoder(n, l)
	if err != nil {
		t.Fatalf("NewDecoder: %v", err)
	}
	t.Cleanup(d.Close)
	return d
}

// psnr compares lumas, in dB.
func psnr(a, b *media.Frame) float64 {
	var sum float64
	for y := range a.Height {
		for x := range a.Width {
			d := float64(a.Y[y*a.YStride+x]) - float64(b.Y[y*b.YStride+x])
			sum += d * d
		}
	}
	return 10 * math.Log10(255*255*float64(a.Width*a.Height)/(sum+1e-9))
}

func TestRoundTrip(t *testing.T) {
	for _, n := range names {
		t.Run(string(n), func(t *testing.T) {
			o := EncoderOptions{Codec: n, Width: 322, Height: 242, FPS: 25, BitrateKbps: 2000}
			packets := clip(t, o, 12)
			if len(packets) != 12 || !packets[0].Key || packets[1].Key {
				t.Fatalf("%d packets, keys %v %v; want 12, true, false", len(packets), packets[0].Key, packets[1].Key)
			}
			d, want := decoder(t, n, Limits{}), &media.Pool{}
			for i, p := range packets {
				emitted := 0
				err := d.Decode(p.Data, p.PTS, func(f *media.Frame) {
					defer f.Release()
					emitted++
					if f.Width != 322 || f.Height != 242 || f.Seq != uint64(i) || f.PTS != time.Duration(i)*40*time.Millisecond {
						t.Errorf("frame %d: %dx%d seq %d pts %v", i, f.Width, f.Height, f.Seq, f.PTS)
					}
					w := want.Get(322, 242)
					scene(w, i)
					if got := psnr(f, w); got < 25 {
						t.Errorf("frame %d: PSNR %.1f dB, want 25 or more", i, got)
					}
					if cb, cr := int(f.Cb[60*f.CStride+80]), int(f.Cr[60*f.CStride+80]); abs(cb-111) > 8 || abs(cr-144) > 8 {
						t.Errorf("frame %d: chroma %d %d, want near 111 144", i, cb, cr)
					}
				})
				if err != nil || emitted != 1 {
					t.Fatalf("packet %d: emitted %d, err %v; want one frame at once", i, emitted, err)
				}
			}
		})
	}
}

func abs(x int) int { return max(x, -x) }

func TestForceKey(t *testing.T) {
	for _, n := range names {
		t.Run(string(n), func(t *testing.T) {
			for i, p := range clip(t, EncoderOptions{Codec: n, Width: 160, Height: 120}, 10, 4, 7) {
				if want := i == 0 || i == 4 || i == 7; p.Key != want || IsKey(n, p.Data) != want {
					t.Errorf("packet %d: Key %v, IsKey %v, want %v", i, p.Key, IsKey(n, p.Data), want)
				}
			}
		})
	}
}

func TestLimits(t *testing.T) {
	for _, n := range names {
		t.Run(string(n), func(t *testing.T) {
			large := clip(t, EncoderOptions{Codec: n, Width: 320, Height: 240}, 2)
			for _, l := range []Limits{{MaxWidth: 319}, {MaxHeight: 239}, {MaxWidth: 64, MaxHeight: 64}} {
				d := decoder(t, n, l)
				err := d.Decode(large[0].Data, 0, func(f *media.Frame) { t.Errorf("limits %v: emitted %dx%d", l, f.Width, f.Height) })
				if !errors.Is(err, ErrLimit) {
					t.Errorf("limits %v: err = %v, want ErrLimit", l, err)
				}
				if err := d.Decode(large[1].Data, 0, nil); !errors.Is(err, ErrKeyNeeded) {
					t.Errorf("limits %v, packet after: err = %v, want ErrKeyNeeded", l, err)
				}
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	if _, err := NewDecoder("H265", Limits{}); !errors.Is(err, ErrUnsupported) {
		t.Errorf("H265: err = %v, want ErrUnsupported", err)
	}
	for _, l := range []Limits{{MaxWidth: -1}, {MaxHeight: 1 << 20}} {
		if d, err := NewDecoder(VP8, l); err == nil {
			d.Close()
			t.Errorf("limits %v accepted", l)
		}
	}
	for _, o := range []EncoderOptions{
		{Codec: VP8}, {Codec: VP8, Width: 3, Height: 2}, {Codec: VP8, Width: 2, Height: 2, FPS: math.NaN()},
		{Codec: "GIF", Width: 2, Height: 2},
	} {
		if e, err := NewEncoder(o); err == nil {
			e.Close()
			t.Errorf("encoder %+v accepted", o)
		}
	}
}

func TestCorrupt(t *testing.T) {
	for _, n := range names {
		t.Run(string(n), func(t *testing.T) {
			packets := clip(t, EncoderOptions{Codec: n, Width: 320, Height: 240}, 8, 5)
			d := decoder(t, n, Limits{})
			emitted := 0
			feed := func(data []byte) error {
				return d.Decode(data, 0, func(f *media.Frame) { emitted++; f.Release() })
			}
			if err := feed(packets[1].Data); !errors.Is(err, ErrKeyNeeded) {
				t.Errorf("delta first: err = %v, want ErrKeyNeeded", err)
			}
			if err := feed(packets[0].Data); err != nil || emitted != 1 {
				t.Fatalf("key: emitted %d, err %v", emitted, err)
			}
			key := packets[5].Data
			cut := len(key) / 3
			if n == VP8 { // the end of its last partition is not marked: see Decode
				cut = 200
			}
			for _, bad := range [][]byte{nil, {}, key[:cut], {0x10, 0, 0, 0x9d, 1, 0x2a, 0, 0, 0, 0}, {0, 0, 0, 1, 0x65, 0xff}} {
				if err := feed(bad); !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrKeyNeeded) {
					t.Errorf("%d bytes of %d: err = %v, want ErrCorrupt", len(bad), len(key), err)
				}
			}
			if emitted != 1 {
				t.Errorf("corrupt packets emitted %d frames", emitted-1)
			}
			if err := feed(packets[2].Data); !errors.Is(err, ErrKeyNeeded) {
				t.Errorf("delta after corrupt: err = %v, want ErrKeyNeeded", err)
			}
			for i := 5; i < 8; i++ {
				if err := feed(packets[i].Data); err != nil {
					t.Errorf("packet %d after recovery: %v", i, err)
				}
			}
			if emitted != 4 {
				t.Errorf("emitted %d, want 4", emitted)
			}
		})
	}
}

func TestNeedKey(t *testing.T) {
	packets := clip(t, EncoderOptions{Codec: VP8, Width: 160, Height: 120}, 6, 4)
	d := decoder(t, VP8, Limits{})
	var got []error
	for i, p := range packets {
		if i == 2 {
			d.NeedKey()
		}
		got = append(got, d.Decode(p.Data, p.PTS, func(f *media.Frame) { f.Release() }))
	}
	want := []error{nil, nil, ErrKeyNeeded, ErrKeyNeeded, nil, nil}
	for i := range want {
		if !errors.Is(got[i], want[i]) {
			t.Errorf("packet %d: err = %v, want %v", i, got[i], want[i])
		}
	}
}

func TestResolutionChange(t *testing.T) {
	for _, n := range names {
		t.Run(string(n), func(t *testing.T) {
			d := decoder(t, n, Limits{})
			var got []string
			for _, size := range [][2]int{{320, 240}, {640, 360}, {160, 120}, {320, 240}} {
				for _, p := range clip(t, EncoderOptions{Codec: n, Width: size[0], Height: size[1]}, 2) {
					err := d.Decode(p.Data, p.PTS, func(f *media.Frame) {
						got = append(got, fmt.Sprintf("%d %dx%d", f.Seq, f.Width, f.Height))
						f.Release()
					})
					if err != nil {
						t.Fatalf("%v: %v", size, err)
					}
				}
			}
			want := []string{"0 320x240", "1 320x240", "2 640x360", "3 640x360", "4 160x120", "5 160x120", "6 320x240", "7 320x240"}
			if !slices.Equal(got, want) {
				t.Errorf("frames %v, want %v", got, want)
			}
		})
	}
}

// Some encoders send SPS and PPS under a time of their own.
func TestParametersApart(t *testing.T) {
	key := clip(t, EncoderOptions{Codec: H264, Width: 160, Height: 120}, 1)[0].Data
	cut := 0
	for i := 4; i < len(key); i++ {
		if key[i-3] == 0 && key[i-2] == 0 && key[i-1] == 1 && key[i]&31 == 5 {
			cut = i - 3
		}
	}
	d := decoder(t, H264, Limits{})
	frames := 0
	emit := func(f *media.Frame) { frames++; f.Release() }
	if err := d.Decode(key[:cut], 0, emit); err != nil || frames != 0 {
		t.Fatalf("parameters: %d frames, err %v; want none, nil", frames, err)
	}
	if err := d.Decode(key[cut:], 0, emit); err != nil || frames != 1 {
		t.Fatalf("slices: %d frames, err %v; want 1, nil", frames, err)
	}
	var err error
	for range 100 { // without end they are refused, not kept
		if err = d.Decode(append([]byte{0, 0, 1, 7}, make([]byte, 1000)...), 0, emit); err != nil {
			break
		}
	}
	if !errors.Is(err, ErrCorrupt) {
		t.Errorf("endless parameters: err = %v, want ErrCorrupt", err)
	}
}

func TestClosed(t *testing.T) {
	d, err := NewDecoder(VP8, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	d.Close()
	d.Close()
	if err := d.Decode([]byte{1}, 0, nil); !errors.Is(err, ErrClosed) {
		t.Errorf("Decode: err = %v, want ErrClosed", err)
	}
	e, err := NewEncoder(EncoderOptions{Codec: VP8, Width: 16, Height: 16})
	if err != nil {
		t.Fatal(err)
	}
	e.Close()
	e.Close()
	if err := e.Encode(&media.Frame{}, false, nil); !errors.Is(err, ErrClosed) {
		t.Errorf("Encode: err = %v, want ErrClosed", err)
	}
}

func TestPayload(t *testing.T) {
	p := astiav.AllocPacket()
	defer p.Free()
	if err := p.AllocPayload(5); err != nil {
		t.Fatal(err)
	}
	copy(payloadOf(p), "vocal")
	if got := string(p.Data()); got != "vocal" {
		t.Errorf("payload reads %q, want what was written", got)
	}
}
