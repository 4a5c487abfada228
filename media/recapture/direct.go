package recapture

import (
	"context"

	"vivavoce/media"
)

// direct is the camera that looks at the living scene: the bona fide control.
type direct struct {
	sensor *sensor
	blur   float64
	decode *curve
	scene  view
}

func newDirect(p Parameters) *direct {
	return &direct{sensor: newSensor(*p.Lens, p.Seed), blur: p.Lens.Blur, decode: newCurve(srgbDecode)}
}

func (d *direct) frame(_ context.Context, f *media.Frame) (*media.Frame, error) {
	d.scene.read(f, d.decode)
	d.scene.blur(d.blur)
	return d.sensor.shoot(&d.scene, f), nil
}

// view is a picture of light that fills the camera's.
type view struct{ light }

// line implements scene.
func (v *view) line(y float32, even, odd int, out []float32) {
	c, other := even, odd
	for i := range out {
		out[i] = v.at(0.25+0.5*float32(i)-0.5, y-0.5, c)
		c, other = other, c
	}
}

// plain sends the clip as it is, through the coding only.
type plain struct{ pool media.Pool }

func (p *plain) frame(_ context.Context, f *media.Frame) (*media.Frame, error) {
	return copyFrame(&p.pool, f), nil
}

func copyFrame(pool *media.Pool, f *media.Frame) *media.Frame {
	out := pool.Get(f.Width, f.Height)
	out.FullRange = f.FullRange
	copyPlane(out.Y, out.YStride, f.Y, f.YStride, f.Width, f.Height)
	cw, ch := (f.Width+1)/2, (f.Height+1)/2
	copyPlane(out.Cb, out.CStride, f.Cb, f.CStride, cw, ch)
	copyPlane(out.Cr, out.CStride, f.Cr, f.CStride, cw, ch)
	return out
}

func copyPlane(dst []byte, to int, src []byte, from, w, h int) {
	for y := range h {
		copy(dst[y*to:][:w], src[y*from:][:w])
	}
}
