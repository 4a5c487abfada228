package stills

import (
	"image"
	"image/color"
	"image/draw"

	"vivavoce/media"
)

// A photograph that is larger than this both ways, whichever side is up, is made smaller until it is not: cameras that
// stages know give no more, and time and memory stay bounded.
const shorter, longer = 1200, 1600

// plane is one of a picture's three.
type plane struct {
	pix          []byte
	stride, w, h int
}

// frameOf brings a picture to I420 with even sides. studio says what range YCbCr samples have.
func frameOf(m image.Image, studio bool) *media.Frame {
	y, cb, cr := planesOf(m)
	w, h := fit(y.w, y.h)
	f := new(media.Pool).Get(w, h)
	_, isYCbCr := m.(*image.YCbCr)
	_, hasAlpha := m.(*image.NYCbCrA)
	f.FullRange = !(studio && (isYCbCr || hasAlpha))
	shrink(plane{f.Y, f.YStride, w, h}, y)
	shrink(plane{f.Cb, f.CStride, w / 2, h / 2}, cb)
	shrink(plane{f.Cr, f.CStride, w / 2, h / 2}, cr)
	return f
}

// fit gives the frame's sides.
func fit(w, h int) (int, int) {
	if min(w, h) <= shorter || max(w, h) <= longer {
		return w &^ 1, h &^ 1
	}
	scale := max(shorter/float64(min(w, h)), longer/float64(max(w, h)))
	return int(float64(w)*scale+0.5) &^ 1, int(float64(h)*scale+0.5) &^ 1
}

// planesOf gives a picture's planes, its own where it has them.
func planesOf(m image.Image) (y, cb, cr plane) {
	switch m := m.(type) {
	case *image.YCbCr:
		return planesOfYCbCr(m)
	case *image.NYCbCrA:
		return planesOfYCbCr(&m.YCbCr)
	case *image.Gray:
		b := m.Bounds()
		grey := plane{[]byte{128}, 1, 1, 1}
		return plane{m.Pix, m.Stride, b.Dx(), b.Dy()}, grey, grey
	default:
		return convert(m)
	}
}

func planesOfYCbCr(m *image.YCbCr) (y, cb, cr plane) {
	b := m.Bounds()
	w, h := b.Dx(), b.Dy()
	cw := m.COffset(b.Max.X-1, b.Min.Y) - m.COffset(b.Min.X, b.Min.Y) + 1
	ch := (m.COffset(b.Min.X, b.Max.Y-1)-m.COffset(b.Min.X, b.Min.Y))/m.CStride + 1
	return plane{m.Y[m.YOffset(b.Min.X, b.Min.Y):], m.YStride, w, h},
		plane{m.Cb[m.COffset(b.Min.X, b.Min.Y):], m.CStride, cw, ch},
		plane{m.Cr[m.COffset(b.Min.X, b.Min.Y):], m.CStride, cw, ch}
}

// convert goes by strips, so that no second picture of four bytes a pixel is made. What is
// transparent becomes black.
func convert(m image.Image) (y, cb, cr plane) {
	b := m.Bounds()
	w, h := b.Dx(), b.Dy()
	made := func() plane { return plane{make([]byte, w*h), w, w, h} }
	y, cb, cr = made(), made(), made()
	const strip = 64
	rgba := image.NewRGBA(image.Rect(0, 0, w, strip))
	for top := 0; top < h; top += strip {
		rows := min(strip, h-top)
		draw.Draw(rgba, image.Rect(0, 0, w, rows), m, b.Min.Add(image.Pt(0, top)), draw.Src)
		for i := range w * rows {
			p := rgba.Pix[4*i:]
			at := top*w + i
			y.pix[at], cb.pix[at], cr.pix[at] = color.RGBToYCbCr(p[0], p[1], p[2])
		}
	}
	return y, cb, cr
}

// shrink fills to with the means of what from has under each sample; where from is smaller its
// samples are repeated.
func shrink(to, from plane) {
	if to.w == from.w || to.w == from.w-1 {
		if to.h == from.h || to.h == from.h-1 {
			for y := range to.h {
				copy(to.pix[y*to.stride:][:to.w], from.pix[y*from.stride:])
			}
			return
		}
	}
	for y := range to.h {
		y0, y1 := share(y, to.h, from.h)
		for x := range to.w {
			x0, x1 := share(x, to.w, from.w)
			sum := 0
			for i := y0; i < y1; i++ {
				for _, v := range from.pix[i*from.stride+x0 : i*from.stride+x1] {
					sum += int(v)
				}
			}
			n := (y1 - y0) * (x1 - x0)
			to.pix[y*to.stride+x] = byte((sum + n/2) / n)
		}
	}
}

// share is the part of from samples that lies under sample i of to.
func share(i, to, from int) (first, end int) {
	first = i * from / to
	return first, max(first+1, ((i+1)*from+to-1)/to)
}

// turned shows a frame as an orientation of TIFF says, and keeps it where it is upright.
func turned(f *media.Frame, o int) *media.Frame {
	if o <= upright {
		return f
	}
	w, h := f.Width, f.Height
	if o >= sideways {
		w, h = h, w
	}
	to := new(media.Pool).Get(w, h)
	to.FullRange = f.FullRange
	turn(plane{to.Y, to.YStride, w, h}, f.Y, f.YStride, o)
	turn(plane{to.Cb, to.CStride, w / 2, h / 2}, f.Cb, f.CStride, o)
	turn(plane{to.Cr, to.CStride, w / 2, h / 2}, f.Cr, f.CStride, o)
	return to
}

func turn(to plane, from []byte, stride, o int) {
	for y := range to.h {
		for x := range to.w {
			u, v := x, y
			if o == 2 || o == 3 || o == 6 || o == 7 {
				u = to.w - 1 - x
			}
			if o == 3 || o == 4 || o == 7 || o == 8 {
				v = to.h - 1 - y
			}
			if o >= sideways {
				u, v = v, u
			}
			to.pix[y*to.stride+x] = from[v*stride+u]
		}
	}
}
