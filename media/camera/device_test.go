package camera

import (
	"image"
	"slices"
	"testing"

	"github.com/pion/mediadevices/pkg/driver"
	"github.com/pion/mediadevices/pkg/frame"
	"github.com/pion/mediadevices/pkg/prop"

	"vivavoce/media"
)

func TestNearest(t *testing.T) {
	format := func(f frame.Format, w, h int, fps float32) prop.Media {
		return prop.Media{Video: prop.Video{FrameFormat: f, Width: w, Height: h, FrameRate: fps}}
	}
	// What a common USB camera offers: raw is slow where it is large.
	usb := []prop.Media{
		format(frame.FormatYUYV, 640, 480, 30), format(frame.FormatYUYV, 640, 480, 15),
		format(frame.FormatYUYV, 1280, 720, 10), format(frame.FormatMJPEG, 1280, 720, 30),
		format(frame.FormatMJPEG, 640, 480, 30), format(frame.FormatMJPEG, 640, 480, 60),
		format(frame.FormatZ16, 800, 600, 30),
	}
	tests := []struct {
		name    string
		formats []prop.Media
		o       Options
		want    int // index into formats, -1 for none
	}{
		{"raw before JPEG", usb, Options{Width: 640, Height: 480, FPS: 30}, 0},
		{"fast enough before raw", usb, Options{Width: 1280, Height: 720, FPS: 30}, 3},
		{"size between", usb, Options{Width: 800, Height: 600, FPS: 30}, 0},
		{"faster than raw can", usb, Options{Width: 640, Height: 480, FPS: 60}, 5},
		{"none", nil, Options{Width: 640, Height: 480, FPS: 30}, -1},
		{"only depth", usb[6:], Options{Width: 640, Height: 480, FPS: 30}, -1},
		{"rate not told", []prop.Media{format(frame.FormatYUYV, 640, 480, 0)}, Options{Width: 640, Height: 480, FPS: 30}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := nearest(tt.formats, tt.o)
			if ok != (tt.want >= 0) || (ok && got.Video != tt.formats[tt.want].Video) {
				t.Errorf("nearest = %+v, %v", got.Video, ok)
			}
		})
	}
}

func TestList(t *testing.T) {
	got := list(plugged(t, working(), working()))
	want := []Device{{"/dev/video0", "cam0"}, {"/dev/video1", "cam1"}}
	if !slices.Equal(got, want) {
		t.Errorf("list = %v, want %v", got, want)
	}
}

func TestDefaultFirst(t *testing.T) {
	manager := driver.GetManager()
	for _, info := range []driver.Info{
		{Label: "a;video10", DeviceType: driver.Camera}, {Label: "b;video2", DeviceType: driver.Camera},
		{Label: "c;video0", DeviceType: driver.Camera, Priority: driver.PriorityHigh},
	} {
		if err := manager.Register(working(), info); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, d := range registered() {
		if d.Info().Label == "VideoTest" {
			continue
		}
		got = append(got, pathOf(d))
		manager.Delete(d.ID())
	}
	if want := []string{"/dev/video0", "/dev/video2", "/dev/video10"}; !slices.Equal(got, want) {
		t.Errorf("order %v, want %v", got, want)
	}
}

// Every chroma layout comes out as the mean of the samples that a 2x2 square of
// luma had; a picture need not start at 0,0.
func TestFromImage(t *testing.T) {
	ratios := []image.YCbCrSubsampleRatio{
		image.YCbCrSubsampleRatio420, image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio444,
		image.YCbCrSubsampleRatio440, image.YCbCrSubsampleRatio411, image.YCbCrSubsampleRatio410,
	}
	for _, ratio := range ratios {
		for _, rect := range []image.Rectangle{image.Rect(0, 0, 16, 8), image.Rect(0, 0, 15, 7), image.Rect(8, 4, 20, 12)} {
			t.Run(ratio.String()+rect.String(), func(t *testing.T) {
				p := image.NewYCbCr(image.Rect(0, 0, 32, 32), ratio).SubImage(rect).(*image.YCbCr)
				for i := range p.Y {
					p.Y[i] = byte(i * 3)
				}
				for i := range p.Cb {
					p.Cb[i], p.Cr[i] = byte(i*5), byte(255-i*5)
				}
				var pool media.Pool
				f, err := fromImage(p, &pool)
				if err != nil {
					t.Fatal(err)
				}
				if f.Width != rect.Dx() || f.Height != rect.Dy() {
					t.Fatalf("%dx%d, want %v", f.Width, f.Height, rect.Size())
				}
				for y := range f.Height {
					for x := range f.Width {
						at := rect.Min.Add(image.Pt(x, y))
						if got, want := f.Y[y*f.YStride+x], p.Y[p.YOffset(at.X, at.Y)]; got != want {
							t.Fatalf("luma %d,%d = %d, want %d", x, y, got, want)
						}
						x1, y1 := min(at.X|1, rect.Max.X-1), min(at.Y|1, rect.Max.Y-1)
						x0, y0 := at.X&^1, at.Y&^1
						sum := 0
						for _, c := range []int{p.COffset(x0, y0), p.COffset(x1, y0), p.COffset(x0, y1), p.COffset(x1, y1)} {
							sum += int(p.Cb[c])
						}
						if got := int(f.Cb[y/2*f.CStride+x/2]); got-sum/4 > 1 || sum/4-got > 1 {
							t.Fatalf("chroma %d,%d = %d, want about %d", x/2, y/2, got, sum/4)
						}
					}
				}
			})
		}
	}
}

func TestFromImageRefuses(t *testing.T) {
	short := image.NewYCbCr(image.Rect(0, 0, 16, 16), image.YCbCrSubsampleRatio420)
	short.Cr = short.Cr[:10]
	tests := map[string]image.Image{
		"short plane": short,
		"empty":       image.NewYCbCr(image.Rect(0, 0, 0, 16), image.YCbCrSubsampleRatio420),
		"huge":        &image.YCbCr{Rect: image.Rect(0, 0, 1<<20, 1)},
		"RGBA":        image.NewRGBA(image.Rect(0, 0, 16, 16)),
		"short grey":  &image.Gray{Rect: image.Rect(0, 0, 16, 16), Stride: 16, Pix: make([]byte, 99)},
		"nothing":     nil,
	}
	for name, p := range tests {
		t.Run(name, func(t *testing.T) {
			var pool media.Pool
			if f, err := fromImage(p, &pool); err == nil {
				t.Errorf("accepted as %dx%d", f.Width, f.Height)
			}
		})
	}
}

func TestFromGray(t *testing.T) {
	p := image.NewGray(image.Rect(0, 0, 9, 5))
	for i := range p.Pix {
		p.Pix[i] = byte(i)
	}
	var pool media.Pool
	f, err := fromImage(p, &pool)
	if err != nil || f.Y[4*9+8] != 44 || f.Cb[14] != 128 || f.Cr[14] != 128 {
		t.Errorf("frame %v, err %v", f, err)
	}
}

func TestFromImageAllocatesNothing(t *testing.T) {
	p := image.NewYCbCr(image.Rect(0, 0, 640, 480), image.YCbCrSubsampleRatio422)
	var pool media.Pool
	if got := testing.AllocsPerRun(20, func() {
		f, err := fromImage(p, &pool)
		if err != nil {
			t.Fatal(err)
		}
		f.Release()
	}); got != 0 {
		t.Errorf("%v allocations a frame, want 0", got)
	}
}

func BenchmarkFromImage(b *testing.B) {
	for _, ratio := range []image.YCbCrSubsampleRatio{
		image.YCbCrSubsampleRatio420, image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio444,
	} {
		b.Run(ratio.String(), func(b *testing.B) {
			p := image.NewYCbCr(image.Rect(0, 0, 640, 480), ratio)
			var pool media.Pool
			b.ReportAllocs()
			for b.Loop() {
				f, err := fromImage(p, &pool)
				if err != nil {
					b.Fatal(err)
				}
				f.Release()
			}
		})
	}
}
