package codec

import "testing"

// TestHeaderFollowsTheQuantizer: what is read of our own encoders' frames is in range, and
// coarser the less there is to spend.
func TestHeaderFollowsTheQuantizer(t *testing.T) {
	for _, test := range []struct {
		name       Name
		most       int
		partitions int
	}{
		{VP8, 127, 1},
		{VP9, 255, 0},
	} {
		t.Run(string(test.name), func(t *testing.T) {
			mean := func(kbps int) float64 {
				packets := clip(t, EncoderOptions{Codec: test.name, Width: 320, Height: 240, BitrateKbps: kbps}, 40)
				sum := 0
				for i, p := range packets {
					h := ReadHeader(test.name, p.Data)
					if h.Key != p.Key || h.Partitions != test.partitions || h.Quantizer < 1 || h.Quantizer > test.most {
						t.Fatalf("packet %d of %d bytes, key %v: header %+v", i, len(p.Data), p.Key, h)
					}
					if i >= 20 {
						sum += h.Quantizer
					}
				}
				return float64(sum) / 20
			}
			if rich, poor := mean(600), mean(60); !(poor > rich+20) {
				t.Errorf("mean quantizer at 600 and 60 kbit/s = %.0f and %.0f, want it well higher for less", rich, poor)
			}
		})
	}
}

func TestHeaderOfWhatIsNoFrame(t *testing.T) {
	for name, data := range map[string][]byte{
		"nothing":                 nil,
		"cut":                     {0x10},
		"a key frame's tag alone": {0x10, 0, 0, 0x9d, 1, 0x2a, 0, 0, 0, 0},
		"ends in the partition":   {0x10, 0, 0, 0x9d, 1, 0x2a, 0, 0, 0, 0, 0xff, 0xff},
		"VP9, cut":                {0x82, 0x49},
	} {
		for _, n := range names {
			if h := ReadHeader(n, data); h.Quantizer != 0 || h.Partitions != 0 {
				t.Errorf("%s as %s: %+v, want no numbers", name, n, h)
			}
		}
	}
}

func FuzzReadHeader(f *testing.F) {
	for _, n := range []Name{VP8, VP9} {
		for _, p := range clip(f, EncoderOptions{Codec: n, Width: 64, Height: 48}, 3) {
			f.Add(p.Data)
		}
	}
	f.Add([]byte{0x10, 0, 0, 0x9d, 1, 0x2a, 0, 0, 0, 0, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, n := range append(names[:], "?") {
			h := ReadHeader(n, data)
			if h.Quantizer < 0 || h.Quantizer > 255 || h.Partitions < 0 || h.Partitions > 8 {
				t.Errorf("%s: %+v is out of range", n, h)
			}
		}
	})
}

func BenchmarkReadHeader(b *testing.B) {
	packets := clip(b, EncoderOptions{Codec: VP8, Width: 640, Height: 480}, 3)
	b.ReportAllocs()
	for b.Loop() {
		ReadHeader(VP8, packets[2].Data)
	}
}
