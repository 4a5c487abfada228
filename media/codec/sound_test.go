package codec

import (
	"errors"
	"math"
	"testing"
	"time"

	"vivavoce/media"
)

// tone is n samples of a sine at rate.
func tone(hertz float64, rate, n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(0.5 * math.Sin(2*math.Pi*hertz*float64(i)/float64(rate)))
	}
	return out
}

// spoken encodes samples, a packet each.
func spoken(t testing.TB, samples []float32) (packets [][]byte) {
	t.Helper()
	v, err := NewVoice()
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	for len(samples) > 0 {
		n := min(voiceSamples, len(samples))
		if err := v.Encode(samples[:n], func(b []byte) error {
			packets = append(packets, b)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		samples = samples[n:]
	}
	return packets
}

// TestResample: a tone comes out as the same tone, in time; one that does not fit goes.
func TestResample(t *testing.T) {
	for _, rate := range soundRates() {
		if rate == media.SoundRate {
			continue
		}
		r := newResampler(rate)
		var out []float32
		first := math.NaN()
		in, at := tone(700, rate, rate), 0
		for step := 1; at < len(in); step = step%997 + 331 { // uneven blocks
			block := in[at:min(at+step, len(in))]
			got, offset := r.add(block)
			if len(got) > 0 {
				if start := (float64(at) + offset) / float64(rate); math.IsNaN(first) {
					first = start
				} else if want := first + float64(len(out))/media.SoundRate; math.Abs(start-want) > 1e-9 {
					t.Fatalf("%d: block begins at %v s, want %v", rate, start, want)
				}
			}
			out = append(out, got...)
			at += len(block)
		}
		if len(out) < media.SoundRate-200 || math.Abs(first) > 1e-9 {
			t.Errorf("%d: %d samples from %v s, want a second from 0", rate, len(out), first)
		}
		worst, want := 0.0, tone(700, media.SoundRate, len(out))
		for i := 400; i < len(out); i++ {
			worst = max(worst, math.Abs(float64(out[i]-want[i])))
		}
		if worst > 0.005 {
			t.Errorf("%d: a tone is %v off", rate, worst)
		}
		if rate > 24000 { // what would fold to 700 Hz
			r.reset()
			got, _ := r.add(tone(media.SoundRate-700, rate, rate/2))
			if level := rms(got[len(got)/2:]); level > 0.002 {
				t.Errorf("%d: an alias of %v", rate, level)
			}
		}
	}
}

func rms(s []float32) float64 {
	sum := 0.0
	for _, v := range s {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum / float64(len(s)))
}

// TestVoiceAndEar: a click said into an encoder is heard when it was made, at the level it had.
func TestVoiceAndEar(t *testing.T) {
	const burst = 8000 // sample at which a tone of 0.1 s begins
	in := make([]float32, media.SoundRate)
	copy(in[burst:], tone(440, media.SoundRate, 1600))
	e, err := NewEar()
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	out := make([]float32, media.SoundRate+1000)
	next := time.Duration(math.MinInt64)
	for i, p := range spoken(t, in) {
		if d, err := OpusTime(p); err != nil || d != VoiceTime {
			t.Fatalf("packet %d lasts %v, %v", i, d, err)
		}
		err := e.Decode(p, time.Duration(i)*VoiceTime, func(s media.Sound) {
			if next > 0 && max(s.PTS-next, next-s.PTS) > time.Microsecond {
				t.Errorf("packet %d: sound at %v, want %v", i, s.PTS, next)
			}
			next = s.End()
			copy(out[max(0, int(math.Round(s.PTS.Seconds()*media.SoundRate))):], s.Samples)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	begins := 0
	for begins < len(out) && math.Abs(float64(out[begins])) < 0.1 {
		begins++
	}
	late := media.SoundTime(begins - burst)
	if late < 4*time.Millisecond || late > 10*time.Millisecond {
		t.Errorf("the tone is heard %v late, want the encoder's 6.5 ms and its rise", late)
	}
	if level := rms(out[begins+200 : begins+1400]); level < 0.3 || level > 0.4 {
		t.Errorf("level %v, want 0.354", level)
	}
}

func TestOpusTime(t *testing.T) {
	for _, c := range []struct {
		name string
		data []byte
		want time.Duration // 0: refused
	}{
		{"silk, 20 ms", []byte{1 << 3}, 20 * time.Millisecond},
		{"silk, two of 60 ms", []byte{3<<3 | 1}, 120 * time.Millisecond},
		{"hybrid, 10 ms", []byte{12 << 3}, 10 * time.Millisecond},
		{"celt, 2.5 ms", []byte{16 << 3}, 2500 * time.Microsecond},
		{"celt, six of 20 ms", []byte{19<<3 | 3, 6}, 120 * time.Millisecond},
		{"seven of 20 ms", []byte{19<<3 | 3, 7}, 0},
		{"none", []byte{19<<3 | 3, 0}, 0},
		{"no count", []byte{3}, 0},
		{"nothing", nil, 0},
		{"too large", make([]byte, maxOpus+1), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := OpusTime(c.data)
			if got != c.want || (err == nil) != (c.want > 0) || err != nil && !errors.Is(err, ErrCorrupt) {
				t.Errorf("%v, %v; want %v", got, err, c.want)
			}
		})
	}
}

func TestEarRefuses(t *testing.T) {
	e, err := NewEar()
	if err != nil {
		t.Fatal(err)
	}
	emit := func(media.Sound) { t.Error("emitted") }
	if err := e.Decode(nil, 0, emit); !errors.Is(err, ErrCorrupt) {
		t.Errorf("no bytes: %v, want ErrCorrupt", err)
	}
	e.Close()
	e.Close()
	e.Gap()
	if err := e.Decode([]byte{1 << 3}, 0, emit); !errors.Is(err, ErrClosed) {
		t.Errorf("closed: %v, want ErrClosed", err)
	}
}

// FuzzDecodeOpus: nothing may crash, nothing longer than a packet may come out, samples are
// bounded, and the decoder goes on.
func FuzzDecodeOpus(f *testing.F) {
	good := spoken(f, tone(300, media.SoundRate, 2*voiceSamples))
	for _, p := range good {
		f.Add(p)
	}
	f.Add([]byte{0xff, 0x3f})
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := NewEar()
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		for i, p := range [][]byte{good[0], data, good[1]} {
			n := 0
			err := e.Decode(p, time.Duration(i)*VoiceTime, func(s media.Sound) {
				n += len(s.Samples)
				for _, v := range s.Samples {
					if !(v > -16 && v < 16) {
						t.Fatalf("sample %v", v)
					}
				}
			})
			if media.SoundTime(n) > maxOpusTime+time.Millisecond {
				t.Errorf("%v of sound from one packet", media.SoundTime(n))
			}
			if err != nil && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrLimit) && !errors.Is(err, ErrUnsupported) {
				t.Errorf("err = %v, want one of the package's", err)
			}
		}
	})
}

// BenchmarkEar decodes, mixes and resamples a second of Opus.
func BenchmarkEar(b *testing.B) {
	packets := spoken(b, tone(300, media.SoundRate, media.SoundRate))
	e, err := NewEar()
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close()
	b.ReportAllocs()
	for b.Loop() {
		for _, p := range packets {
			if err := e.Decode(p, 0, func(media.Sound) {}); err != nil {
				b.Fatal(err)
			}
		}
	}
}
