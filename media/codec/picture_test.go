package codec

import (
	"errors"
	"testing"

	"github.com/asticode/go-astiav"

	"vivavoce/media"
)

// as gives scene 0 as one of FFmpeg's frames in another layout.
func as(t *testing.T, width, height int, format astiav.PixelFormat) *astiav.Frame {
	t.Helper()
	e, err := NewEncoder(EncoderOptions{Codec: H264, Width: width, Height: height})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var pool media.Pool
	f := pool.Get(width, height)
	scene(f, 0)
	if err := e.fill(f); err != nil {
		t.Fatal(err)
	}
	s, err := astiav.CreateSoftwareScaleContext(width, height, astiav.PixelFormatYuv420P, width, height, format,
		astiav.NewSoftwareScaleContextFlags(astiav.SoftwareScaleContextFlagBilinear))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Free()
	out := astiav.AllocFrame()
	t.Cleanup(out.Free)
	if err := s.ScaleFrame(e.frame, out); err != nil {
		t.Fatal(err)
	}
	out.SetPixelFormat(format) // swscale drops the J
	return out
}

func TestLayouts(t *testing.T) {
	tests := []struct {
		format    astiav.PixelFormat
		jpeg      bool // the frame says its samples are 0–255
		full      bool // what should come out
		stretched bool // limited samples became full on the way in
		grey      bool
	}{
		{format: astiav.PixelFormatYuv420P},
		{format: astiav.PixelFormatYuv420P, jpeg: true, full: true},
		{format: astiav.PixelFormatYuvj420P, full: true, stretched: true},
		{format: astiav.PixelFormatYuvj422P, full: true, stretched: true},
		{format: astiav.PixelFormatYuvj444P, full: true, stretched: true},
		{format: astiav.PixelFormatNv12},
		{format: astiav.PixelFormatYuv422P},
		{format: astiav.PixelFormatYuv444P},
		{format: astiav.PixelFormatYuv444P, jpeg: true, full: true},
		{format: astiav.PixelFormatYuv420P10Le},
		{format: astiav.PixelFormatYuyv422},
		{format: astiav.PixelFormatGray8, jpeg: true, full: true, stretched: true, grey: true},
		{format: astiav.PixelFormatRgb24},
		{format: astiav.PixelFormatGbrp},
	}
	want := (&media.Pool{}).Get(160, 120)
	scene(want, 0)
	for _, tt := range tests {
		t.Run(tt.format.Name(), func(t *testing.T) {
			in := as(t, 160, 120, tt.format)
			if tt.jpeg {
				in.SetColorRange(astiav.ColorRangeJpeg)
			}
			p := picture{limits: Limits{MaxWidth: 160, MaxHeight: 120}}
			defer p.close()
			for range 2 { // the second time the scaler is there
				got, err := p.take(in)
				if err != nil {
					t.Fatal(err)
				}
				if got.FullRange != tt.full {
					t.Errorf("FullRange = %v, want %v", got.FullRange, tt.full)
				}
				for _, at := range []int{10*160 + 10, 60*160 + 120, 110*160 + 80} {
					y := int(want.Y[at])
					if tt.stretched {
						y = (y - 16) * 255 / 219
					}
					if d := int(got.Y[at]) - y; abs(d) > 4 {
						t.Errorf("luma %d = %d, want %d", at, got.Y[at], y)
					}
				}
				at, cb, cr := 30*80+40, int(want.Cb[30*80+40]), int(want.Cr[30*80+40])
				if tt.grey {
					cb, cr = 128, 128
				}
				if abs(int(got.Cb[at])-cb) > 6 || abs(int(got.Cr[at])-cr) > 6 {
					t.Errorf("chroma %d %d, want %d %d", got.Cb[at], got.Cr[at], cb, cr)
				}
				got.Release()
			}
		})
	}
}

func TestPictureLimits(t *testing.T) {
	p := picture{limits: Limits{MaxWidth: 158, MaxHeight: 120}}
	defer p.close()
	if _, err := p.take(as(t, 160, 120, astiav.PixelFormatNv12)); !errors.Is(err, ErrLimit) {
		t.Errorf("err = %v, want ErrLimit", err)
	}
}
