package codec

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

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
		{H264, 51, 0},
	} {
		t.Run(string(test.name), func(t *testing.T) {
			mean := func(kbps int) float64 {
				packets := clip(t, EncoderOptions{Codec: test.name, Width: 320, Height: 240, BitrateKbps: kbps}, 40)
				var reader HeaderReader
				sum := 0
				for i, p := range packets {
					h := reader.Read(test.name, p.Data)
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
			if h := new(HeaderReader).Read(n, data); h.Quantizer != 0 || h.Partitions != 0 {
				t.Errorf("%s as %s: %+v, want no numbers", name, n, h)
			}
		}
	}
}

func FuzzReadHeader(f *testing.F) {
	for _, n := range []Name{VP8, VP9, H264} {
		for _, p := range clip(f, EncoderOptions{Codec: n, Width: 64, Height: 48}, 3) {
			f.Add(p.Data)
		}
	}
	f.Add([]byte{0x10, 0, 0, 0x9d, 1, 0x2a, 0, 0, 0, 0, 0xff, 0xff, 0xff})
	for _, name := range []string{"main", "high", "interlaced"} {
		stream, err := os.ReadFile(filepath.Join("testdata/h264", name+".264"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(stream)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var r HeaderReader
		for _, n := range append(names[:], "?") {
			h := r.Read(n, data)
			if h.Quantizer < 0 || h.Quantizer > 255 || h.Partitions < 0 || h.Partitions > 8 {
				t.Errorf("%s: %+v is out of range", n, h)
			}
		}
	})
}

func BenchmarkReadHeader(b *testing.B) {
	packets := clip(b, EncoderOptions{Codec: VP8, Width: 640, Height: 480}, 3)
	b.ReportAllocs()
	var r HeaderReader
	for b.Loop() {
		r.Read(VP8, packets[2].Data)
	}
}

// TestH264Quantizer: streams of x264 (-qp, B pictures, weights, CABAC, scaling lists, fields; `ffmpeg -debug pict` gives the same
// numbers), of which testdata keeps the first 64 bytes of each NAL unit, with what an access unit says one by one.
func TestH264Quantizer(t *testing.T) {
	for name, want := range map[string][]int{
		"baseline":   {27, 30, 30, 30, 30, 30, 30, 30},
		"main":       {30, 33, 34, 35, 35, 33, 34, 35},
		"high":       {19, 22, 23, 24, 24, 22, 23, 24},
		"interlaced": {25, 28, 29, 30, 30, 28, 29, 30},
	} {
		stream, err := os.ReadFile(filepath.Join("testdata/h264", name+".264"))
		if err != nil {
			t.Fatal(err)
		}
		var r HeaderReader
		var got []int
		for _, nal := range bytes.Split(stream, []byte{0, 0, 1}) {
			if q := r.Read(H264, append([]byte{0, 0, 1}, nal...)).Quantizer; q > 0 {
				got = append(got, q)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}
