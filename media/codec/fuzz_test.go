package codec

import (
	"errors"
	"testing"

	"vivavoce/media"
)

// fuzzDecode feeds data as one packet and then a good key frame: nothing may
// crash, nothing over the limits may come out, every error is one of ours, and the
// decoder must be able to go on.
func fuzzDecode(f *testing.F, n Name) {
	good := clip(f, EncoderOptions{Codec: n, Width: 64, Height: 48, BitrateKbps: 200}, 3)
	for _, p := range good {
		f.Add(p.Data)
	}
	f.Add(good[0].Data[:len(good[0].Data)/2])
	l := Limits{MaxWidth: 256, MaxHeight: 256}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := NewDecoder(n, l)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		emit := func(f *media.Frame) {
			if f.Width > 256 || f.Height > 256 || len(f.Y) != f.Width*f.Height {
				t.Errorf("%dx%d frame with %d luma samples", f.Width, f.Height, len(f.Y))
			}
			f.Release()
		}
		for _, p := range [][]byte{good[0].Data, data, good[1].Data, good[0].Data} {
			err = d.Decode(p, 0, emit)
			if err != nil && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrKeyNeeded) && !errors.Is(err, ErrLimit) &&
				!errors.Is(err, ErrUnsupported) {
				t.Errorf("err = %v, want one of the package's", err)
			}
		}
	})
}

func FuzzDecodeVP8(f *testing.F)  { fuzzDecode(f, VP8) }
func FuzzDecodeH264(f *testing.F) { fuzzDecode(f, H264) }
func FuzzDecodeVP9(f *testing.F)  { fuzzDecode(f, VP9) }

func FuzzIsKey(f *testing.F) {
	f.Add([]byte{0x12, 0, 0x0a, 1, 0})
	f.Add([]byte{0x10, 0, 0, 0x9d, 1, 0x2a, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, n := range append(names[:], "?") {
			IsKey(n, data)
		}
	})
}
