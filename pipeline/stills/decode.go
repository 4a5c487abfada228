package stills

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/webp"

	"vivavoce/media"
)

// What is wrong with a picture. A caller's own context ending is told as the context's error.
var (
	ErrFormat   = errors.New("not a picture in JPEG, PNG or WebP that can be read")
	ErrTooLarge = errors.New("the picture is too large")
	ErrCorrupt  = errors.New("the picture is damaged or cut short")
)

// Limits bound a picture.
type Limits struct {
	Bytes  int   // of the file; 0 is 20 MiB
	Pixels int   // width × height; 0 is 25 million
	Memory int64 // bytes that its decoder holds, at most; 0 is 256 MiB
}

func (l Limits) fill() Limits {
	if l.Bytes == 0 {
		l.Bytes = 20 << 20
	}
	if l.Pixels == 0 {
		l.Pixels = 25_000_000
	}
	if l.Memory == 0 {
		l.Memory = 256 << 20
	}
	return l
}

// maxSide bounds a side in pixels, and minSide is what every stage needs.
const maxSide, minSide = 1 << 14, 16

// Picture is a decoded photograph, upright as its EXIF data say.
type Picture struct {
	Frame         *media.Frame // even sides, full range or not
	Width, Height int          // of the photograph; the frame may be smaller, see Scaled
	Format        string       // jpeg, png or webp
}

// Scaled says that the frame is smaller than the photograph, which was larger than 1200×1600 both ways.
func (p *Picture) Scaled() bool { return p.Width > p.Frame.Width+1 }

// format is one that we decode, with decoders that are safe in memory: pictures come from strangers.
type format struct {
	name        string
	is          func(b []byte) bool
	config      func(io.Reader) (image.Config, error)
	decode      func(io.Reader) (image.Image, error)
	orientation func(b []byte) int
	// perPixel is how many bytes the decoder holds for one.
	perPixel func(b []byte, m color.Model) int64
	// studio says that YCbCr samples are 16–235: VP8's, which Go's decoder leaves as they are.
	studio bool
}

func formats() []format {
	begins := func(magic string) func([]byte) bool {
		return func(b []byte) bool { return bytes.HasPrefix(b, []byte(magic)) }
	}
	riff := func(b []byte) bool { return len(b) >= 12 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WEBP" }
	return []format{
		{name: "jpeg", is: begins("\xff\xd8\xff"), config: jpeg.DecodeConfig, decode: jpeg.Decode, orientation: jpegOrientation, perPixel: jpegPerPixel},
		{name: "png", is: begins("\x89PNG\r\n\x1a\n"), config: png.DecodeConfig, decode: png.Decode, orientation: pngOrientation, perPixel: pngPerPixel},
		{name: "webp", is: riff, config: webp.DecodeConfig, decode: webp.Decode, orientation: webpOrientation, perPixel: webpPerPixel, studio: true},
	}
}

// What decoders hold of a pixel: Go's planes or pixels, and three bytes more where they must be converted.

func jpegPerPixel(b []byte, m color.Model) int64 {
	n := int64(3) // of 4:4:4; 4:2:0 has half of that
	switch m {
	case color.GrayModel:
		n = 1
	case color.CMYKModel:
		n = 4
	}
	if jpegProgressive(b) {
		n *= 5 // each sample's coefficient has four bytes, until all scans are there
	}
	if m == color.CMYKModel {
		n += 3
	}
	return n
}

func pngPerPixel(_ []byte, m color.Model) int64 {
	switch m {
	case color.GrayModel:
		return 1
	case color.RGBA64Model, color.NRGBA64Model:
		return 8 + 3
	default:
		return 4 + 3
	}
}

func webpPerPixel([]byte, color.Model) int64 { return 2*4 + 3 } // transparency is a picture of its own

// header is what a photograph says of itself.
type header struct {
	format
	width, height int
	memory        int64
}

// Decode reads a photograph. Its size is looked at before any pixel is: what is too large costs nothing. It gives
// up soon after ctx ends. The errors are [ErrFormat], [ErrTooLarge], [ErrCorrupt] and ctx's.
func Decode(ctx context.Context, data []byte, l Limits) (*Picture, error) {
	h, err := inspect(data, l.fill())
	if err != nil {
		return nil, err
	}
	return h.read(ctx, data)
}

func inspect(data []byte, l Limits) (header, error) {
	if len(data) > l.Bytes {
		return header{}, fmt.Errorf("decode picture of %d bytes: %w", len(data), ErrTooLarge)
	}
	for _, f := range formats() {
		if !f.is(data) {
			continue
		}
		h, err := f.inspect(data, l)
		if err != nil {
			return header{}, fmt.Errorf("decode %s: %w", f.name, err)
		}
		return h, nil
	}
	return header{}, fmt.Errorf("decode picture: %w", ErrFormat)
}

func (f format) inspect(data []byte, l Limits) (header, error) {
	c, err := f.config(bytes.NewReader(data))
	if err != nil {
		return header{}, kindOf(err)
	}
	h := header{format: f, width: c.Width, height: c.Height}
	switch {
	case c.Width < minSide || c.Height < minSide:
		return h, fmt.Errorf("%d×%d pixels: %w", c.Width, c.Height, ErrFormat)
	case c.Width > maxSide || c.Height > maxSide || c.Width*c.Height > l.Pixels:
		return h, fmt.Errorf("%d×%d pixels: %w", c.Width, c.Height, ErrTooLarge)
	}
	if h.memory = f.perPixel(data, c.ColorModel) * int64(c.Width*c.Height); h.memory > l.Memory {
		return h, fmt.Errorf("%d×%d pixels that take %d bytes: %w", c.Width, c.Height, h.memory, ErrTooLarge)
	}
	return h, nil
}

func (h header) read(ctx context.Context, data []byte) (*Picture, error) {
	m, err := h.decode(&patient{ctx, bytes.NewReader(data)})
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("decode %s: %w", h.name, ctx.Err())
	case err != nil:
		return nil, fmt.Errorf("decode %s: %w", h.name, kindOf(err))
	}
	if b := m.Bounds(); b.Dx() != h.width || b.Dy() != h.height {
		return nil, fmt.Errorf("decode %s: %w", h.name, ErrCorrupt)
	}
	o := h.orientation(data)
	p := &Picture{Frame: turned(frameOf(m, h.studio), o), Width: h.width, Height: h.height, Format: h.name}
	if o >= sideways {
		p.Width, p.Height = p.Height, p.Width
	}
	return p, nil
}

// kindOf tells what a decoder does not know from what is broken.
func kindOf(err error) error {
	var jpegs jpeg.UnsupportedError
	var pngs png.UnsupportedError
	if errors.As(err, &jpegs) || errors.As(err, &pngs) {
		return fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return fmt.Errorf("%w: %w", ErrCorrupt, err)
}

// patient reads until its context ends: a JPEG of a few bytes may ask for thousands of passes over
// its pixels, and decoders cannot be told to stop.
type patient struct {
	ctx context.Context // of one call
	r   io.Reader
}

// Read implements io.Reader. It hands out little at a time, so that the context is asked often.
func (p *patient) Read(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	return p.r.Read(b[:min(len(b), 1024)])
}
