package camera

import (
	"fmt"
	"image"

	"vivavoce/media"
)

// maxSide bounds a picture's sides, in samples: no webcam has more.
const maxSide = 8192

// fromImage copies a driver's picture into an I420 frame. Chroma that is finer than
// 4:2:0 is averaged.
func fromImage(picture image.Image, pool *media.Pool) (*media.Frame, error) {
	switch p := picture.(type) {
	case *image.YCbCr:
		return fromYCbCr(p, pool)
	case *image.Gray:
		return fromGray(p, pool)
	}
	return nil, fmt.Errorf("a picture of type %T", picture)
}

func fromYCbCr(p *image.YCbCr, pool *media.Pool) (*media.Frame, error) {
	w, h := p.Rect.Dx(), p.Rect.Dy()
	if w <= 0 || h <= 0 || w > maxSide || h > maxSide {
		return nil, fmt.Errorf("a picture of %dx%d", w, h)
	}
	last := p.Rect.Max.Sub(image.Pt(1, 1))
	if c := p.COffset(last.X, last.Y); p.YOffset(last.X, last.Y) >= len(p.Y) || c >= len(p.Cb) || c >= len(p.Cr) {
		return nil, fmt.Errorf("planes of %d, %d and %d samples for %dx%d", len(p.Y), len(p.Cb), len(p.Cr), w, h)
	}
	f := pool.Get(w, h)
	for y := range h {
		copy(f.Y[y*f.YStride:][:w], p.Y[p.YOffset(p.Rect.Min.X, p.Rect.Min.Y+y):])
	}
	for cy := range (h + 1) / 2 {
		chromaRow(p, cy, f.Cb[cy*f.CStride:][:f.CStride], p.Cb)
		chromaRow(p, cy, f.Cr[cy*f.CStride:][:f.CStride], p.Cr)
	}
	return f, nil
}

// chromaRow fills row cy of a 4:2:0 plane from src, one of p's chroma planes.
func chromaRow(p *image.YCbCr, cy int, dst, src []byte) {
	left, top := p.Rect.Min.X, p.Rect.Min.Y+2*cy
	below := min(top+1, p.Rect.Max.Y-1)
	upper, lower := p.COffset(left, top), p.COffset(left, below)
	switch p.SubsampleRatio {
	case image.YCbCrSubsampleRatio420:
		copy(dst, src[upper:])
	case image.YCbCrSubsampleRatio422: // what YUYV cameras give
		a, b := src[upper:][:len(dst)], src[lower:][:len(dst)]
		for i := range dst {
			dst[i] = byte((int(a[i]) + int(b[i]) + 1) / 2)
		}
	default:
		for i := range dst {
			x := left + 2*i
			right := min(x+1, p.Rect.Max.X-1)
			sum := int(src[p.COffset(x, top)]) + int(src[p.COffset(right, top)]) +
				int(src[p.COffset(x, below)]) + int(src[p.COffset(right, below)])
			dst[i] = byte((sum + 2) / 4)
		}
	}
}

// fromGray takes an infrared or monochrome camera's picture.
func fromGray(p *image.Gray, pool *media.Pool) (*media.Frame, error) {
	w, h := p.Rect.Dx(), p.Rect.Dy()
	if w <= 0 || h <= 0 || w > maxSide || h > maxSide {
		return nil, fmt.Errorf("a grey picture of %dx%d", w, h)
	}
	if p.PixOffset(p.Rect.Max.X-1, p.Rect.Max.Y-1) >= len(p.Pix) {
		return nil, fmt.Errorf("%d samples for %dx%d", len(p.Pix), w, h)
	}
	f := pool.Get(w, h)
	for y := range h {
		copy(f.Y[y*f.YStride:][:w], p.Pix[p.PixOffset(p.Rect.Min.X, p.Rect.Min.Y+y):])
	}
	for i := range f.Cb {
		f.Cb[i], f.Cr[i] = 128, 128
	}
	return f, nil
}
