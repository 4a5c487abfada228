package stills

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"vivavoce/media"
)

// The quarters of the test pictures, 64×48: red and green above blue and white.
var (
	red, green  = color.RGBA{255, 0, 0, 255}, color.RGBA{0, 255, 0, 255}
	blue, white = color.RGBA{0, 0, 255, 255}, color.RGBA{255, 255, 255, 255}
)

func quarters(to draw.Image) draw.Image {
	b := to.Bounds()
	for i, c := range []color.RGBA{red, green, blue, white} {
		w, h := b.Dx()/2, b.Dy()/2
		draw.Draw(to, image.Rect(0, 0, w+b.Dx()%2, h+b.Dy()%2).Add(b.Min.Add(image.Pt(i%2*w, i/2*h))), image.NewUniform(c), image.Point{}, draw.Src)
	}
	return to
}

// shown gives the frame's colour at a share of its sides.
func shown(f *media.Frame, x, y float64) color.RGBA {
	i, j := int(x*float64(f.Width)), int(y*float64(f.Height))
	l, cb, cr := f.Y[j*f.YStride+i], f.Cb[j/2*f.CStride+i/2], f.Cr[j/2*f.CStride+i/2]
	if !f.FullRange {
		l = byte(min(max((float64(l)-16)*255/219, 0), 255))
		cb, cr = wide(cb), wide(cr)
	}
	r, g, b := color.YCbCrToRGB(l, cb, cr)
	return color.RGBA{r, g, b, 255}
}

func wide(v byte) byte { return byte(min(max((float64(v)-128)*255/224+128, 0), 255)) }

func near(a, b color.RGBA, by float64) bool {
	off := func(x, y uint8) float64 { return math.Abs(float64(x) - float64(y)) }
	return max(off(a.R, b.R), off(a.G, b.G), off(a.B, b.B)) <= by
}

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func asPNG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asJPEG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 92}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestFormats(t *testing.T) {
	size := image.Rect(0, 0, 64, 48)
	palette := image.NewPaletted(size, color.Palette{red, green, blue, white})
	odd := quarters(image.NewRGBA(image.Rect(0, 0, 65, 49)))
	for _, tt := range []struct {
		name, format string
		data         []byte
	}{
		{"JPEG 4:2:0", "jpeg", asJPEG(t, quarters(image.NewRGBA(size)))},
		{"JPEG 4:4:4", "jpeg", fixture(t, "444.jpg")},
		{"JPEG 4:1:1", "jpeg", fixture(t, "411.jpg")},
		{"progressive JPEG", "jpeg", fixture(t, "progressive.jpg")},
		{"JPEG of four inks", "jpeg", fixture(t, "cmyk.jpg")},
		{"progressive JPEG of four inks", "jpeg", fixture(t, "cmyk-progressive.jpg")},
		{"PNG", "png", asPNG(t, quarters(image.NewRGBA(size)))},
		{"PNG of 16 bits", "png", asPNG(t, quarters(image.NewRGBA64(size)))},
		{"PNG with a palette", "png", asPNG(t, quarters(palette))},
		{"PNG with transparency", "png", asPNG(t, quarters(image.NewNRGBA(size)))},
		{"PNG of odd sides", "png", asPNG(t, odd)},
		{"JPEG of odd sides", "jpeg", asJPEG(t, odd)},
		{"WebP", "webp", fixture(t, "lossy.webp")},
		{"lossless WebP", "webp", fixture(t, "lossless.webp")},
		{"WebP with transparency", "webp", fixture(t, "alpha.webp")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := Decode(t.Context(), tt.data, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if p.Format != tt.format || p.Frame.Width != 64 || p.Frame.Height != 48 || p.Width/2 != 32 || p.Height/2 != 24 || p.Scaled() {
				t.Errorf("%s of %d×%d in a frame of %d×%d", p.Format, p.Width, p.Height, p.Frame.Width, p.Frame.Height)
			}
			for i, want := range []color.RGBA{red, green, blue, white} {
				x, y := 0.25+0.5*float64(i%2), 0.25+0.5*float64(i/2)
				if got := shown(p.Frame, x, y); !near(got, want, 12) {
					t.Errorf("quarter %d is %v, want %v", i, got, want)
				}
			}
		})
	}
	grey := image.NewGray(size)
	draw.Draw(grey, size, image.NewUniform(color.Gray{90}), image.Point{}, draw.Src)
	p, err := Decode(t.Context(), asJPEG(t, grey), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got := shown(p.Frame, 0.5, 0.5); !near(got, color.RGBA{90, 90, 90, 255}, 3) {
		t.Errorf("grey is %v", got)
	}
}

// withEXIF puts an orientation into a JPEG.
func withEXIF(data []byte, order binary.AppendByteOrder, magic string, o uint16) []byte {
	tiff := append([]byte(magic), order.AppendUint32(nil, 8)...)
	tiff = order.AppendUint16(tiff, 2)
	for _, tag := range []struct{ tag, kind, value uint16 }{{0x0100, 3, 7}, {0x0112, 3, o}} {
		tiff = order.AppendUint16(order.AppendUint16(tiff, tag.tag), tag.kind)
		tiff = order.AppendUint16(order.AppendUint16(order.AppendUint32(tiff, 1), tag.value), 0)
	}
	segment := append([]byte("Exif\x00\x00"), tiff...)
	out := append([]byte{0xff, 0xd8, 0xff, 0xe1}, binary.BigEndian.AppendUint16(nil, uint16(len(segment)+2))...)
	return append(append(out, segment...), data[2:]...)
}

func TestOrientations(t *testing.T) {
	data := asJPEG(t, quarters(image.NewRGBA(image.Rect(0, 0, 64, 48))))
	// As TIFF 6.0 has it: where the first row and the first column are.
	for o, want := range [...][4]color.RGBA{
		1: {red, green, blue, white}, 2: {green, red, white, blue}, 3: {white, blue, green, red}, 4: {blue, white, red, green},
		5: {red, blue, green, white}, 6: {blue, red, white, green}, 7: {white, green, blue, red}, 8: {green, white, red, blue},
	} {
		if o == 0 {
			continue
		}
		for _, order := range []struct {
			binary.AppendByteOrder
			magic string
		}{{binary.LittleEndian, "II*\x00"}, {binary.BigEndian, "MM\x00*"}} {
			p, err := Decode(t.Context(), withEXIF(data, order, order.magic, uint16(o)), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if w := map[bool]int{false: 64, true: 48}[o >= 5]; p.Width != w || p.Frame.Width != w || p.Height != 112-w {
				t.Errorf("orientation %d: %d×%d", o, p.Width, p.Height)
			}
			for i := range want {
				if got := shown(p.Frame, 0.25+0.5*float64(i%2), 0.25+0.5*float64(i/2)); !near(got, want[i], 12) {
					t.Errorf("orientation %d, quarter %d: %v, want %v", o, i, got, want[i])
				}
			}
		}
	}
	for _, name := range []string{"exif6.jpg", "exif6.png", "exif6.webp"} {
		p, err := Decode(t.Context(), fixture(t, name), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if p.Width != 48 || p.Height != 64 || !near(shown(p.Frame, 0.25, 0.25), blue, 12) {
			t.Errorf("%s: %d×%d, %v at its corner", name, p.Width, p.Height, shown(p.Frame, 0.25, 0.25))
		}
	}
}

// bomb is a PNG that says it has so many pixels and ends.
func bomb(w, h uint32) []byte {
	head := append([]byte("IHDR"), binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)...)
	head = append(head, 8, 2, 0, 0, 0)
	out := append([]byte("\x89PNG\r\n\x1a\n"), binary.BigEndian.AppendUint32(nil, 13)...)
	return binary.BigEndian.AppendUint32(append(out, head...), crc32.ChecksumIEEE(head))
}

// grown is a JPEG whose head says that it is larger than it is.
func grown(data []byte, w, h uint16) []byte {
	out := slices.Clone(data)
	at := bytes.Index(out, []byte{0xff, 0xc0, 0, 17})
	binary.BigEndian.PutUint16(out[at+5:], h)
	binary.BigEndian.PutUint16(out[at+7:], w)
	return out
}

func TestBadPictures(t *testing.T) {
	good := asJPEG(t, quarters(image.NewRGBA(image.Rect(0, 0, 64, 48))))
	noise := image.NewGray(image.Rect(0, 0, 300, 200))
	for i := range noise.Pix {
		noise.Pix[i] = byte(i * i * 7919 >> 5)
	}
	long := asJPEG(t, noise)
	webp := fixture(t, "lossless.webp")
	large := slices.Clone(webp)
	binary.LittleEndian.PutUint32(large[21:], 16383|16383<<14)
	for _, tt := range []struct {
		name string
		data []byte
		l    Limits
		want error
	}{
		{"nothing", nil, Limits{}, ErrFormat},
		{"text", []byte("hello, this is a picture"), Limits{}, ErrFormat},
		{"GIF", []byte("GIF89a\x40\x00\x30\x00"), Limits{}, ErrFormat},
		{"SVG", []byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), Limits{}, ErrFormat},
		{"MP4", []byte("\x00\x00\x00\x18ftypmp42"), Limits{}, ErrFormat},
		{"JPEG's first bytes", good[:3], Limits{}, ErrCorrupt},
		{"JPEG cut in its head", good[:100], Limits{}, ErrCorrupt},
		{"JPEG cut in the picture", long[:len(long)*2/3], Limits{}, ErrCorrupt},
		{"PNG cut", asPNG(t, noise)[:2000], Limits{}, ErrCorrupt},
		{"PNG's signature", []byte("\x89PNG\r\n\x1a\n"), Limits{}, ErrCorrupt},
		{"WebP cut", webp[:40], Limits{}, ErrCorrupt},
		{"WebP's first bytes", []byte("RIFF\x04\x00\x00\x00WEBP"), Limits{}, ErrCorrupt},
		{"PNG of 30000×30000", bomb(30000, 30000), Limits{}, ErrTooLarge},
		{"PNG of 2^31 pixels a side", bomb(1<<31-1, 1<<31-1), Limits{}, ErrFormat},
		{"PNG that is long and thin", bomb(1<<20, 16), Limits{}, ErrTooLarge},
		{"JPEG of 30000×30000", grown(good, 30000, 30000), Limits{}, ErrTooLarge},
		{"WebP of 16384×16384", large, Limits{}, ErrTooLarge},
		{"more pixels than allowed", good, Limits{Pixels: 64*48 - 1}, ErrTooLarge},
		{"more bytes than allowed", good, Limits{Bytes: len(good) - 1}, ErrTooLarge},
		{"more memory than allowed", good, Limits{Memory: 3*64*48 - 1}, ErrTooLarge},
		{"the same in many scans", fixture(t, "progressive.jpg"), Limits{Memory: 3 * 64 * 48}, ErrTooLarge},
		{"the same in four inks", fixture(t, "cmyk-progressive.jpg"), Limits{Memory: 22 * 64 * 48}, ErrTooLarge},
		{"smaller than a face", asPNG(t, image.NewGray(image.Rect(0, 0, 15, 100))), Limits{}, ErrFormat},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := Decode(t.Context(), tt.data, tt.l)
			runtime.ReadMemStats(&after)
			if !errors.Is(err, tt.want) {
				t.Errorf("err = %v, want %v", err, tt.want)
			}
			if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20 {
				t.Errorf("%d bytes for it", took)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Decode(ctx, good, Limits{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestLargePicturesAreMadeSmaller(t *testing.T) {
	for _, tt := range []struct{ w, h, toW, toH int }{
		{2400, 3200, 1200, 1600}, {3200, 2400, 1600, 1200}, {1201, 9000, 1200, 8992}, {1200, 9000, 1200, 9000}, {1600, 1600, 1600, 1600}, {2000, 2000, 1600, 1600},
	} {
		w, h := fit(tt.w, tt.h)
		if w != tt.toW || h != tt.toH {
			t.Errorf("%d×%d becomes %d×%d, want %d×%d", tt.w, tt.h, w, h, tt.toW, tt.toH)
		}
	}
	p, err := Decode(t.Context(), asJPEG(t, quarters(image.NewRGBA(image.Rect(0, 0, 2000, 2600)))), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if !p.Scaled() || p.Width != 2000 || p.Frame.Width != 1230 || !near(shown(p.Frame, 0.75, 0.25), green, 12) || !near(shown(p.Frame, 0.25, 0.75), blue, 12) {
		t.Errorf("%d×%d in %d×%d", p.Width, p.Height, p.Frame.Width, p.Frame.Height)
	}
}

// FuzzDecode holds that what decodes is a whole frame, and what does not says why.
func FuzzDecode(f *testing.F) {
	names, err := filepath.Glob(filepath.Join("testdata", "*.*"))
	if err != nil || len(names) == 0 {
		f.Fatalf("no pictures: %v", err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add(bomb(30000, 30000))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Decode(t.Context(), data, Limits{Bytes: 1 << 16, Pixels: 1 << 16})
		if err != nil {
			if !errors.Is(err, ErrFormat) && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrTooLarge) {
				t.Errorf("err = %v", err)
			}
			return
		}
		fr := p.Frame
		if fr.Width%2 != 0 || fr.Height%2 != 0 || len(fr.Y) < fr.YStride*fr.Height || len(fr.Cb) < fr.CStride*fr.Height/2 || len(fr.Cr) < fr.CStride*fr.Height/2 ||
			p.Width*p.Height > 1<<16 || fr.Width > p.Width || fr.Height > p.Height {
			t.Errorf("%d×%d in a frame of %d×%d", p.Width, p.Height, fr.Width, fr.Height)
		}
	})
}

func FuzzOrientation(f *testing.F) {
	for _, name := range []string{"exif6.jpg", "exif6.png", "exif6.webp"} {
		f.Add(fixture(f, name))
	}
	f.Add([]byte("II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00"))
	f.Add([]byte("MM\x00*\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		padded := append(make([]byte, 12, 12+len(data)), data...)
		for _, o := range []int{orientation(data), jpegOrientation(padded[10:]), pngOrientation(padded[4:]), webpOrientation(padded)} {
			if o < 1 || o > 8 {
				t.Errorf("orientation %d", o)
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	for _, size := range []image.Rectangle{image.Rect(0, 0, 640, 480), image.Rect(0, 0, 3000, 4000)} {
		data := asJPEG(b, quarters(image.NewRGBA(size)))
		b.Run(size.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Decode(b.Context(), data, Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
