package lights_test

import (
	"math"
	"math/rand/v2"
	"time"

	"vivavoce/media"
	"vivavoce/pipeline"
)

// room is how a screen lights a face: no reflection was ever recorded here, so this is a model. The face gets
// the screen's light on top of the room's, its background less; the camera's white balance leans slowly
// towards grey and its exposure keeps the brightness.
type room struct {
	strength float64 // light of the white screen on the face over the room's
	behind   float64 // the same of the background, as a share of the face's
	balance  float64 // share of a cast that the white balance takes out, within a second or so; 0–1
	noise    float64 // of the samples, standard deviation in steps
}

// every is how long a colour stays, and fade how long it takes to come.
const every, fade = 1400 * time.Millisecond, 500 * time.Millisecond

// sequence draws colours as a challenge does: never the same twice in a row.
func sequence(rng *rand.Rand, n int) (out []pipeline.Colour) {
	palette := pipeline.Palette()
	last := -1
	for range n {
		k := rng.IntN(len(palette))
		for k == last {
			k = rng.IntN(len(palette))
		}
		out, last = append(out, palette[k]), k
	}
	return out
}

// at is the screen's light at a time, linear, while it fades between the colours.
func at(colours []pipeline.Colour, t time.Duration) (c [3]float64) {
	i := min(int(t/every), len(colours)-1)
	part := min(1, float64(t-time.Duration(i)*every)/float64(fade))
	now := [3]float64{}
	now[0], now[1], now[2] = colours[i].Linear()
	before := now
	if i > 0 {
		before[0], before[1], before[2] = colours[i-1].Linear()
	}
	for k := range c {
		c[k] = before[k] + (now[k]-before[k])*part
	}
	return c
}

// light shows what the stage sees of seen in a room whose screen shows colours, while it is told of
// asked. Frames are changed in place.
func light(seen []pipeline.Observation, r room, colours, asked []pipeline.Colour, rng *rand.Rand) []pipeline.Observation {
	var cast [3]float64 // slow, of the white balance
	start := seen[0].Face.Frame.PTS
	var current *pipeline.Light
	for i := range seen {
		f := seen[i].Face
		t := f.Frame.PTS - start
		c := at(colours, t)
		var face, behind [3]float64
		mean := (c[0] + c[1] + c[2]) / 3
		for k := range c {
			cast[k] += 0.04 * (r.balance*r.strength*(c[k]-mean)*(0.4+0.6*r.behind) - cast[k])
			face[k] = (1 + r.strength*c[k]) / (1 + r.strength*mean) / (1 + cast[k])
			behind[k] = (1 + r.behind*r.strength*c[k]) / (1 + r.behind*r.strength*mean) / (1 + cast[k])
		}
		if r.strength > 0 || r.noise > 0 {
			relight(f, face, behind, r.noise, rng)
		}
		if k := min(int(t/every), len(asked)-1); current == nil || current.Index != k {
			current = &pipeline.Light{Index: k, Colour: asked[k], ShownAt: start + time.Duration(k)*every}
		}
		seen[i].Light = current
	}
	return seen
}

// relight multiplies the light of the face, an ellipse a little larger than its box, and of what is behind.
func relight(f *pipeline.Face, face, behind [3]float64, noise float64, rng *rand.Rand) {
	for k := range face { // of samples, whose gamma is about 2.2
		face[k], behind[k] = math.Pow(face[k], 1/2.2), math.Pow(behind[k], 1/2.2)
	}
	fr := f.Frame
	cx, cy := float64(f.Box.X0+f.Box.X1)/2, float64(f.Box.Y0+f.Box.Y1)/2
	rx, ry := 0.6*float64(f.Box.X1-f.Box.X0), 0.7*float64(f.Box.Y1-f.Box.Y0)
	for y := 0; y < fr.Height; y += 2 {
		for x := 0; x < fr.Width; x += 2 {
			gain := behind
			if dx, dy := (float64(x)-cx)/rx, (float64(y)-cy)/ry; f.Found && dx*dx+dy*dy < 1 {
				gain = face
			}
			block(fr, x, y, gain, noise, rng)
		}
	}
}

// block relights two by two pixels, which share their chroma.
func block(fr *media.Frame, x, y int, gain [3]float64, noise float64, rng *rand.Rand) {
	at := y/2*fr.CStride + x/2
	cb, cr := float64(fr.Cb[at])-128, float64(fr.Cr[at])-128
	var b, r float64
	for dy := range 2 {
		for dx := range 2 {
			u, v := min(x+dx, fr.Width-1), min(y+dy, fr.Height-1)
			i := v*fr.YStride + u
			l := (float64(fr.Y[i]) - 16) / 219
			rgb := [3]float64{l + 1.402*cr/224, l - 0.344136*cb/224 - 0.714136*cr/224, l + 1.772*cb/224}
			for k := range rgb {
				rgb[k] *= gain[k]
			}
			l = 0.299*rgb[0] + 0.587*rgb[1] + 0.114*rgb[2]
			b, r = b+(rgb[2]-l)/1.772/4, r+(rgb[0]-l)/1.402/4
			fr.Y[i] = clip(16 + 219*l + noise*rng.NormFloat64())
		}
	}
	fr.Cb[at] = clip(128 + 224*b + noise*rng.NormFloat64()/2)
	fr.Cr[at] = clip(128 + 224*r + noise*rng.NormFloat64()/2)
}

func clip(v float64) byte { return byte(min(max(v+0.5, 0), 255)) }
