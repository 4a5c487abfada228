//go:build ignore

package main

import (
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"vivavoce/media"
)

// A subject "still/FILE/X/Y/SIZE" is a person in a photograph FILE.jpg of the folder of stills: SIZE is one and a half times the
// face's box about X, Y, as in models/golden_pictures_test.go.
const stillPrefix = "still/"

// still gives one photograph again and again.
type still struct {
	pool media.Pool
	f    *media.Frame
	n    uint64
}

func newStill(dir, subject string, rng *rand.Rand) (*still, error) {
	var x, y, size int
	parts := strings.Split(strings.TrimPrefix(subject, stillPrefix), "/")
	if len(parts) != 4 {
		return nil, fmt.Errorf("still %q: want still/FILE/X/Y/SIZE", subject)
	}
	if _, err := fmt.Sscan(strings.Join(parts[1:], " "), &x, &y, &size); err != nil {
		return nil, fmt.Errorf("still %q: %w", subject, err)
	}
	file, err := os.Open(filepath.Join(dir, parts[0]+".jpg"))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	decoded, err := jpeg.Decode(file)
	if err != nil {
		return nil, err
	}
	img, ok := decoded.(*image.YCbCr)
	if !ok {
		return nil, fmt.Errorf("still %q: not a YCbCr JPEG", subject)
	}
	half := int(float64(size) * (0.8 + 0.6*rng.Float64()))
	shift := image.Pt(rng.IntN(half/4+1)-half/8, rng.IntN(half/4+1)-half/8)
	about := image.Pt(x, y).Add(shift)
	r := image.Rectangle{Min: about.Sub(image.Pt(half, half)), Max: about.Add(image.Pt(half, half))}.Intersect(img.Rect)
	return &still{f: studio(img, r)}, nil
}

// studio is the part r of img as a frame of studio range.
func studio(img *image.YCbCr, r image.Rectangle) *media.Frame {
	w, h := r.Dx()&^1, r.Dy()&^1
	f := &media.Frame{Width: w, Height: h, YStride: w, CStride: w / 2, Y: make([]byte, w*h), Cb: make([]byte, w*h/4), Cr: make([]byte, w*h/4)}
	for y := range h {
		for x := range w {
			f.Y[y*w+x] = byte(16 + int(img.Y[img.YOffset(r.Min.X+x, r.Min.Y+y)])*219/255)
		}
	}
	for y := range h / 2 {
		for x := range w / 2 {
			at := img.COffset(r.Min.X+2*x, r.Min.Y+2*y)
			f.Cb[y*w/2+x] = byte(128 + (int(img.Cb[at])-128)*224/255)
			f.Cr[y*w/2+x] = byte(128 + (int(img.Cr[at])-128)*224/255)
		}
	}
	return f
}

// Next implements media.Source: 25 a second.
func (s *still) Next(context.Context) (*media.Frame, error) {
	out := s.pool.Get(s.f.Width, s.f.Height)
	copy(out.Y, s.f.Y)
	copy(out.Cb, s.f.Cb)
	copy(out.Cr, s.f.Cr)
	out.Seq, out.PTS = s.n, time.Duration(s.n)*40*time.Millisecond
	s.n++
	return out, nil
}
