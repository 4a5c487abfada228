package eval

import (
	"bytes"
	"image"
	"image/jpeg"

	"vivavoce/media"
)

// thumbWidth is a thumbnail's width, in pixels.
const thumbWidth = 200

// thumbnail is a small JPEG of f; nil when it cannot be made.
func thumbnail(f *media.Frame) []byte {
	if f.Width < 16 || f.Height < 16 {
		return nil
	}
	w := min(thumbWidth, f.Width) &^ 1
	h := (w*f.Height/f.Width + 1) &^ 1
	m := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
	cw, ch, fw, fh := w/2, h/2, (f.Width+1)/2, (f.Height+1)/2
	shrink(plane{m.Y, m.YStride, w, h}, plane{f.Y, f.YStride, f.Width, f.Height})
	shrink(plane{m.Cb, m.CStride, cw, ch}, plane{f.Cb, f.CStride, fw, fh})
	shrink(plane{m.Cr, m.CStride, cw, ch}, plane{f.Cr, f.CStride, fw, fh})
	if !f.FullRange { // JPEG is
		for i, v := range m.Y {
			m.Y[i] = byte(min(max((int(v)-16)*255/219, 0), 255))
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 80}); err != nil {
		return nil
	}
	return b.Bytes()
}
