package stills

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
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
	Bytes  int // of the file; 0 is 20 MiB
	Pixels int // width × height; 0 is 25 million
}

func (l Limits) fill() Limits {
	if l.Bytes == 0 {
		l.Bytes = 20 << 20
	}
	if l.Pixels == 0 {
		l.Pixels = 25_000_000
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
	// studio says that YCbCr samples are 16–235: VP8's, which Go's decoder leaves as they are.
	studio bool
}

func formats() []format {
	begins := func(magic string) func([]byte) bool {
		return func(b []byte) bool { return bytes.HasPrefix(b, []byte(magic)) }
	}
	riff := func(b []byte) bool { return len(b) >= 12 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WEBP" }
	return []format{
		{name: "jpeg", is: begins("\xff\xd8\xff"), config: jpeg.DecodeConfig, decode: jpeg.Decode, orientation: jpegOrientation},
		{name: "png", is: begins("\x89PNG\r\n\x1a\n"), config: png.DecodeConfig, decode: png.Decode, orientation: pngOrientation},
		{name: "webp", is: riff, config: webp.DecodeConfig, decode: webp.Decode, orientation: webpOrientation, studio: true},
	}
}

// Decode reads a photograph. Its size is looked at before any pixel is: what is too large costs nothing. A decoder
// holds at most some 20 bytes a pixel at once (a progressive JPEG of four colours), 500 MB at the default
// limit; [Studio.Enter] bounds how many do so together. It gives up soon after ctx ends. The errors are [ErrFormat],
// [ErrTooLarge], [ErrCorrupt] and ctx's.
func Decode(ctx context.Context, data []byte, l Limits) (*Picture, error) {
	l = l.fill()
	if len(data) > l.Bytes {
		return nil, fmt.Errorf("decode picture of %d bytes: %w", len(data), ErrTooLarge)
	}
	for _, f := range formats() {
		if f.is(data) {
			p, err := f.read(ctx, data, l)
			if err != nil {
				return nil, fmt.Errorf("decode %s: %w", f.name, err)
			}
			return p, nil
		}
	}
	return nil, fmt.Errorf("decode picture: %w", ErrFormat)
}

func (f format) read(ctx context.Context, data []byte, l Limits) (*Picture, error) {
	c, err := f.config(bytes.NewReader(data))
	if err != nil {
		return nil, kindOf(err)
	}
	switch {
	case c.Width < minSide || c.Height < minSide:
		return nil, fmt.Errorf("%d×%d pixels: %w", c.Width, c.Height, ErrFormat)
	case c.Width > maxSide || c.Height > maxSide || c.Width*c.Height > l.Pixels:
		return nil, fmt.Errorf("%d×%d pixels: %w", c.Width, c.Height, ErrTooLarge)
	}
	m, err := f.decode(&patient{ctx, bytes.NewReader(data)})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, kindOf(err)
	}
	if b := m.Bounds(); b.Dx() != c.Width || b.Dy() != c.Height {
		return nil, ErrCorrupt
	}
	o := f.orientation(data)
	p := &Picture{Frame: turned(frameOf(m, f.studio), o), Width: c.Width, Height: c.Height, Format: f.name}
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
