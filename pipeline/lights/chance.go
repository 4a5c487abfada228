package lights

import (
	"math"
	"math/rand/v2"

	"vivavoce/pipeline"
)

// change is from one colour to the next: how the face's chroma changed, and the screen's light.
type change struct {
	face   chroma
	screen chroma
}

// changes are those of a session. A drift, of light or of the white balance, is in each a little.
type changes []change

// steps are the changes between colours that were seen long enough.
func (s *stage) steps() (out changes) {
	last := -1
	for i := range s.slots {
		if s.slots[i].n < slotFaces {
			continue
		}
		if last >= 0 {
			a, b := &s.slots[last], &s.slots[i]
			ca, cb := a.mean(), b.mean()
			sa, sb := screen(a.colour), screen(b.colour)
			out = append(out, change{
				face:   chroma{cb.rg - ca.rg, cb.bg - ca.bg},
				screen: chroma{sb.rg - sa.rg, sb.bg - sa.bg},
			})
		}
		last = i
	}
	return out
}

func (s *slot) mean() chroma { return chroma{s.sum.rg / float64(s.n), s.sum.bg / float64(s.n)} }

// screen is what a colour adds to a face's chroma, but for a factor that is the same for all: where its
// light is little beside the room's, the logarithms grow with the differences of the channels.
func screen(c pipeline.Colour) chroma {
	r, g, b := c.Linear()
	return chroma{r - g, b - g}
}

// fit is the correlation of the face's changes with those of the screen.
func (v changes) fit(screens []chroma) float64 {
	var along, a, b float64
	for i := range v {
		f, s := v[i].face, screens[i]
		along += f.rg*s.rg + f.bg*s.bg
		a += f.rg*f.rg + f.bg*f.bg
		b += s.rg*s.rg + s.bg*s.bg
	}
	if !(a > 0 && b > 0) {
		return 0
	}
	return along / math.Sqrt(a*b)
}

// draws is how many random sequences a session's is compared with.
const draws = 2000

// chance is the share of random sequences that fit the face's changes as well as the screen's own:
// what a recording gets by luck.
func (v changes) chance() float64 {
	screens := make([]chroma, len(v))
	for i := range v {
		screens[i] = v[i].screen
	}
	own := v.fit(screens)
	if !(own > 0) {
		return 1
	}
	// The same for the same faces: scores replay.
	rng := rand.New(rand.NewPCG(uint64(len(v)), 0x11947))
	var palette []chroma
	for _, c := range pipeline.Palette() {
		palette = append(palette, screen(c))
	}
	better := 0
	for range draws {
		last := rng.IntN(len(palette))
		for i := range screens {
			k := rng.IntN(len(palette) - 1)
			if k >= last {
				k++
			}
			a, b := palette[last], palette[k]
			screens[i], last = chroma{b.rg - a.rg, b.bg - a.bg}, k
		}
		if v.fit(screens) >= own {
			better++
		}
	}
	return float64(better+1) / (draws + 1)
}

// swing is how much the face's chroma changes from colour to colour, root mean square.
func (v changes) swing() float64 {
	sum := 0.0
	for i := range v {
		sum += v[i].face.rg*v[i].face.rg + v[i].face.bg*v[i].face.bg
	}
	return math.Sqrt(sum / float64(len(v)))
}
