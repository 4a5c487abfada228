package recapture

import (
	"math"
	"math/rand/v2"

	"vivavoce/media"
)

// scene is what a camera looks at.
type scene interface {
	// line fills out with the light at height y, at x = 0.25, 0.75, 1.25 … pixels of the
	// picture, of channel even at the even places and odd at the others (0 red, 1 green, 2 blue).
	line(y float32, even, odd int, out []float32)
}

// sensor is a camera: a Bayer sensor of twice the picture's width and height, whose quads of red,
// two greens and blue make one pixel each. Reds and blues are sampled once a pixel, so finer
// patterns come out as coloured moiré, as they do in webcams and phones.
type sensor struct {
	lens    Lens
	random  *rand.Rand
	noise   []float32 // normal, to be read from anywhere
	encode  *curve
	pool    media.Pool
	rows    [2][]float32 // one row of quads: red and green, green and blue
	last    [2][]float32 // the row above: red, blue a pixel each, on their way to the pixel's middle
	picture light
	gain    float32 // 0 until the first frame
	fitting bool    // the frame at hand only measures the light
}

func newSensor(l Lens, seed uint64) *sensor {
	s := &sensor{lens: l, random: rand.New(rand.NewPCG(seed, 0x5e05))}
	s.noise = make([]float32, 1<<16)
	for i := range s.noise {
		s.noise[i] = float32(s.random.NormFloat64())
	}
	s.encode = newCurve(func(v float64) float64 { return math.Pow(srgbEncode(v), l.Contrast) })
	return s
}

// shoot takes a picture of what, as large as f. The first is taken twice: the exposure is set
// on it so that its mean luminance is f's times Lens.Exposure, and stays.
func (s *sensor) shoot(what scene, f *media.Frame) *media.Frame {
	s.picture.fit(f.Width, f.Height)
	if s.gain == 0 {
		s.gain, s.fitting = 1, true
		s.expose(what)
		s.gain = float32(min(max(brightness(f)*s.lens.Exposure/max(s.picture.mean(), 1e-4), 0.2), 12))
		s.fitting = false
	}
	s.expose(what)
	out := s.pool.Get(f.Width, f.Height)
	out.FullRange = f.FullRange
	s.picture.write(out, s.encode)
	sharpen(out, s.lens.Sharpen)
	return out
}

// brightness is the mean light of f's luma.
func brightness(f *media.Frame) float64 {
	sum := 0.0
	for y := range f.Height {
		for _, v := range f.Y[y*f.YStride:][:f.Width] {
			l, _, _ := rgb(v, 128, 128, f.FullRange)
			sum += srgbDecode(float64(l))
		}
	}
	return sum / float64(max(1, f.Width*f.Height))
}

func (s *sensor) expose(what scene) {
	w := s.picture.w
	for i := range s.rows {
		if len(s.rows[i]) != 2*w {
			s.rows[i], s.last[i] = make([]float32, 2*w), make([]float32, w)
		}
	}
	s.aboveFirst(what)
	// Blue's places lie below the pixel's middle, red's above: red needs the next row, so
	// pixels are made one row late.
	for y := range s.picture.h {
		s.quads(what, float32(y))
		s.pixels(s.picture.pix[3*y*w:][:3*w])
	}
}

// aboveFirst lets the first row have a blue neighbour above.
func (s *sensor) aboveFirst(what scene) {
	s.quads(what, -1)
	for x := range s.last[1] {
		s.last[1][x] = s.rows[1][2*x+1]
	}
}

// quads reads one row of quads: light times gain, with noise.
func (s *sensor) quads(what scene, y float32) {
	what.line(y+0.25, 0, 1, s.rows[0])
	what.line(y+0.75, 1, 2, s.rows[1])
	if s.fitting {
		return
	}
	// Mid-grey is 0.18; sRGB's slope there turns light into samples by about 1.0.
	sd := float32(s.lens.Noise / 255 * 1.4) // a pixel's luma is the mean of some places
	read := 0.35 * sd * 0.45
	shot := 0.94 * sd / float32(math.Sqrt(0.18)) * 0.45
	for i, row := range s.rows {
		gains := [2]float32{s.gain * float32(s.lens.Red), s.gain}
		if i == 1 {
			gains = [2]float32{s.gain, s.gain * float32(s.lens.Blue)}
		}
		at := s.random.IntN(len(s.noise) - len(row))
		noise := s.noise[at:][:len(row)]
		for x, v := range row {
			v *= gains[x&1]
			row[x] = v + noise[x]*(read+shot*float32(math.Sqrt(float64(clamp(v, 0, 16)))))
		}
	}
}

// pixels makes a row of pixels: red and blue brought to the pixel's middle between neighbours.
func (s *sensor) pixels(out []float32) {
	top, bottom, above := s.rows[0], s.rows[1], s.last[1]
	n := len(out) / 3
	for x := range n {
		right := min(x+1, n-1)
		out[3*x] = 0.75*top[2*x] + 0.25*top[2*right]
		out[3*x+1] = 0.5 * (top[2*x+1] + bottom[2*x])
		left := max(x-1, 0)
		here, before := bottom[2*x+1], bottom[2*left+1]
		out[3*x+2] = 0.75*(0.75*here+0.25*before) + 0.25*(0.75*above[x]+0.25*above[left])
	}
	for x := range above {
		above[x] = bottom[2*x+1]
	}
}

// sharpen adds an unsharp mask to the luma, as cameras do: edges get halos.
func sharpen(f *media.Frame, share float64) {
	if !(share > 0) {
		return
	}
	w := f.Width
	above, here := make([]byte, w), make([]byte, w)
	copy(here, f.Y[:w])
	copy(above, here)
	k := int(share * 256 / 4)
	for y := range f.Height {
		row := f.Y[y*f.YStride:][:w]
		copy(here, row)
		below := row
		if y+1 < f.Height {
			below = f.Y[(y+1)*f.YStride:][:w]
		}
		for x := range row {
			v := int(here[x])
			d := 4*v - int(above[x]) - int(below[x]) - int(here[max(x-1, 0)]) - int(here[min(x+1, w-1)])
			row[x] = byte(min(max(v+d*k/256, 0), 255))
		}
		above, here = here, above
	}
}
