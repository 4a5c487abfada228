package recapture

import (
	"math"

	"vivavoce/media"
)

// light is a picture in linear light, RGB interleaved, 1 is the white of the scene or display.
type light struct {
	w, h int
	pix  []float32
}

func newLight(w, h int) *light { return &light{w: w, h: h, pix: make([]float32, 3*w*h)} }

// fit makes l w×h, keeping its memory where it can.
func (l *light) fit(w, h int) {
	if l.w != w || l.h != h {
		*l = *newLight(w, h)
	}
}

// curveSize is how finely a curve is cut: 8-bit samples leave no gap at the steep end of sRGB.
const curveSize = 4096

// curve is a function on 0–1, looked up.
type curve [curveSize + 1]float32

func newCurve(f func(float64) float64) *curve {
	var c curve
	for i := range c {
		c[i] = float32(f(float64(i) / curveSize))
	}
	return &c
}

func (c *curve) at(v float32) float32 { return c[int(clamp(v, 0, 1)*curveSize+0.5)] }

// clamp is min(max(v, lo), hi), lo for what is not a number: a third of the time of the built-in ones.
func clamp(v, lo, hi float32) float32 {
	if !(v > lo) {
		return lo
	}
	if v > hi {
		return hi
	}
	return v
}

// srgbDecode is IEC 61966-2-1's curve from samples to light; srgbEncode goes back.
func srgbDecode(v float64) float64 {
	if v <= 0.04045 {
		return v / 12.92
	}
	return math.Pow((v+0.055)/1.055, 2.4)
}

func srgbEncode(v float64) float64 {
	if v <= 0.0031308 {
		return 12.92 * v
	}
	return 1.055*math.Pow(v, 1/2.4) - 0.055
}

// rgb returns the samples' R'G'B', 0–1, by BT.601.
func rgb(y, cb, cr byte, full bool) (r, g, b float32) {
	l, u, v := float32(y)/255, (float32(cb)-128)/255, (float32(cr)-128)/255
	if !full {
		l, u, v = (float32(y)-16)/219, (float32(cb)-128)/224, (float32(cr)-128)/224
	}
	return l + 1.402*v, l - 0.344136*u - 0.714136*v, l + 1.772*u
}

// read fills l with f's light through the curve of its display.
func (l *light) read(f *media.Frame, decode *curve) {
	l.fit(f.Width, f.Height)
	for y := range f.Height {
		out := l.pix[3*y*l.w:][:3*l.w]
		row, cb, cr := f.Y[y*f.YStride:], f.Cb[y/2*f.CStride:], f.Cr[y/2*f.CStride:]
		for x := range f.Width {
			r, g, b := rgb(row[x], cb[x/2], cr[x/2], f.FullRange)
			out[3*x], out[3*x+1], out[3*x+2] = decode.at(r), decode.at(g), decode.at(b)
		}
	}
}

// write fills f, full range or not as f says, with l's light through the camera's curve.
func (l *light) write(f *media.Frame, encode *curve) {
	offset, ygain, cgain := float32(16), float32(219), float32(224)
	if f.FullRange {
		offset, ygain, cgain = 0, 255, 255
	}
	cw := (f.Width + 1) / 2
	u, v := make([]float32, cw), make([]float32, cw)
	for y := range f.Height {
		in, row := l.pix[3*y*l.w:][:3*l.w], f.Y[y*f.YStride:][:f.Width]
		if y%2 == 0 {
			clear(u)
			clear(v)
		}
		for x := range row {
			r, g, b := encode.at(in[3*x]), encode.at(in[3*x+1]), encode.at(in[3*x+2])
			luma := 0.299*r + 0.587*g + 0.114*b
			row[x] = byte(offset + ygain*luma + 0.5)
			u[x/2] += b - luma
			v[x/2] += r - luma
		}
		if y%2 == 1 || y == f.Height-1 {
			rows := float32(y%2 + 1)
			for x := range cw {
				n := rows * float32(min(2, f.Width-2*x))
				f.Cb[y/2*f.CStride+x] = byte(clamp(128.5+cgain*u[x]/(1.772*n), 0, 255))
				f.Cr[y/2*f.CStride+x] = byte(clamp(128.5+cgain*v[x]/(1.402*n), 0, 255))
			}
		}
	}
}

// at returns channel c at a point whose integers are the samples' centres, between the
// nearest four; beyond the edge the edge goes on.
func (l *light) at(x, y float32, c int) float32 {
	x, y = clamp(x, 0, float32(l.w)-1.001), clamp(y, 0, float32(l.h)-1.001)
	xi, yi := int(x), int(y)
	fx, fy := x-float32(xi), y-float32(yi)
	i := 3*(yi*l.w+xi) + c
	p := l.pix[i:]
	q := l.pix[i+3*l.w:]
	top := p[0] + fx*(p[3]-p[0])
	bottom := q[0] + fx*(q[3]-q[0])
	return top + fy*(bottom-top)
}

// mirrored is at, but beyond the edge the picture goes on mirrored, as something goes on there.
func (l *light) mirrored(x, y float32, c int) float32 {
	w, h := float32(l.w-1), float32(l.h-1)
	if x < 0 {
		x = -x
	} else if x > w {
		x = 2*w - x
	}
	if y < 0 {
		y = -y
	} else if y > h {
		y = 2*h - y
	}
	return l.at(x, y, c)
}

// blur smooths l by a Gaussian of that standard deviation in samples.
// Below a quarter of a sample it does nothing.
func (l *light) blur(sigma float64) {
	if !(sigma >= 0.25) {
		return
	}
	kernel := gaussian(sigma)
	line := make([]float32, 3*max(l.w, l.h))
	for y := range l.h {
		smooth(l.pix[3*y*l.w:][:3*l.w], line, 3, l.w, kernel)
	}
	for x := range l.w {
		smooth(l.pix[3*x:], line, 3*l.w, l.h, kernel)
	}
}

// gaussian returns the half kernel, its middle first, summing to 1 with its mirror.
func gaussian(sigma float64) []float32 {
	n := int(math.Ceil(2.5*sigma)) + 1
	k := make([]float32, n)
	sum := 0.0
	for i := range k {
		v := math.Exp(-float64(i*i) / (2 * sigma * sigma))
		k[i] = float32(v)
		sum += v
		if i > 0 {
			sum += v
		}
	}
	for i := range k {
		k[i] /= float32(sum)
	}
	return k
}

// smooth filters n RGB samples that lie step apart; line is scratch.
func smooth(pix, line []float32, step, n int, kernel []float32) {
	for i := range n {
		copy(line[3*i:3*i+3], pix[i*step:i*step+3])
	}
	for i := range n {
		r, g, b := kernel[0]*line[3*i], kernel[0]*line[3*i+1], kernel[0]*line[3*i+2]
		for k := 1; k < len(kernel); k++ {
			p, q, w := 3*max(i-k, 0), 3*min(i+k, n-1), kernel[k]
			r += w * (line[p] + line[q])
			g += w * (line[p+1] + line[q+1])
			b += w * (line[p+2] + line[q+2])
		}
		o := pix[i*step:]
		o[0], o[1], o[2] = r, g, b
	}
}

// mean returns the mean luminance.
func (l *light) mean() float64 {
	sum := 0.0
	for i := 0; i < len(l.pix); i += 3 {
		sum += float64(0.2126*l.pix[i] + 0.7152*l.pix[i+1] + 0.0722*l.pix[i+2])
	}
	return sum / float64(max(1, l.w*l.h))
}
