package eval

import (
	"context"
	"fmt"
	"image"
	_ "image/jpeg" // the pictures that a manifest may name
	_ "image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"vivavoce/media"
	"vivavoce/media/file"
)

// maxSide bounds a picture's sides, in pixels.
const maxSide = 4096

// isPicture goes by the file's name.
func isPicture(path string) bool {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".jpg", ".jpeg", ".png":
		return true
	default:
		return false
	}
}

// open returns the frames of a clip, and what closes it. A picture is a video of a frame that stays.
func open(path string) (media.Source, func(), error) {
	if isPicture(path) {
		s, err := openStill(path)
		return s, func() {}, err
	}
	s, err := file.Open(path, file.Options{})
	if err != nil {
		return nil, nil, err
	}
	return s, func() { s.Close() }, nil
}

// still shows one picture at 25 frames a second without end.
type still struct {
	frame *media.Frame
	n     int
}

func openStill(path string) (*still, error) {
	in, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open picture: %w", err)
	}
	defer in.Close()
	config, _, err := image.DecodeConfig(in)
	if err != nil {
		return nil, fmt.Errorf("open picture %s: %w", path, err)
	}
	if config.Width > maxSide || config.Height > maxSide {
		return nil, fmt.Errorf("open picture %s: %d×%d, at most %d a side", path, config.Width, config.Height, maxSide)
	}
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("open picture %s: %w", path, err)
	}
	m, _, err := image.Decode(in)
	if err != nil {
		return nil, fmt.Errorf("open picture %s: %w", path, err)
	}
	return &still{frame: frameOf(m)}, nil
}

// frameOf cuts a picture to even sides and brings it to I420 of full range.
func frameOf(m image.Image) *media.Frame {
	var pool media.Pool
	b := m.Bounds()
	f := pool.Get(b.Dx()&^1, b.Dy()&^1)
	f.FullRange = true
	for y := range f.Height {
		for x := range f.Width {
			l, u, v := sample(m, b.Min.X+x, b.Min.Y+y)
			f.Y[y*f.YStride+x] = byte(l + 0.5)
			if x%2 == 0 && y%2 == 0 {
				f.Cb[y/2*f.CStride+x/2], f.Cr[y/2*f.CStride+x/2] = byte(u+0.5), byte(v+0.5)
			}
		}
	}
	return f
}

// sample is a pixel in BT.601 of full range.
func sample(m image.Image, x, y int) (l, u, v float64) {
	r16, g16, b16, _ := m.At(x, y).RGBA()
	r, g, b := float64(r16)/257, float64(g16)/257, float64(b16)/257
	l = 0.299*r + 0.587*g + 0.114*b
	return l, min(128+(b-l)/1.772, 255), min(128+(r-l)/1.402, 255)
}

// Next implements media.Source.
func (s *still) Next(ctx context.Context) (*media.Frame, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f := bare(s.frame)
	f.Seq, f.PTS = uint64(s.n), time.Duration(s.n)*40*time.Millisecond
	s.n++
	return f, nil
}

// window is a part of a source, its time counted from 0.
type window struct {
	src         media.Source
	from, after time.Duration // from the source's beginning, and from there on
	first       *time.Duration
	n           uint64
}

// Next implements media.Source.
func (w *window) Next(ctx context.Context) (*media.Frame, error) {
	for {
		f, err := w.src.Next(ctx)
		if err != nil {
			return nil, err
		}
		if f.PTS < w.from {
			f.Release()
			continue
		}
		if w.first == nil {
			first := f.PTS
			w.first = &first
		}
		if f.PTS -= *w.first; f.PTS > w.after {
			f.Release()
			return nil, io.EOF
		}
		f.Seq = w.n
		w.n++
		return f, nil
	}
}
