package recapture

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// inks are the light that full coverage of cyan, magenta, yellow and black lets through, red, green
// and blue: about those of coated offset paper (ISO 12647-2), unwanted absorptions included.
func inks() [4][3]float32 {
	return [4][3]float32{{0.08, 0.42, 0.72}, {0.58, 0.1, 0.25}, {0.86, 0.74, 0.1}, {0.03, 0.03, 0.03}}
}

// printed returns the page as it comes from the printer, scale texels to a pixel of the picture.
// zoom is how much larger the camera sees it than the clip was.
func printed(picture *light, p *Page, scale int, zoom float64, seed uint64) *light {
	out := newLight(picture.w*scale, picture.h*scale)
	inkOf := halftone(p, float64(scale)/zoom, seed)
	white := [3]float32{float32(p.White * p.Warm), float32(p.White), float32(p.White / p.Warm)}
	tone := newCurve(func(v float64) float64 { return math.Pow(v, p.Gain) })
	colours := inks()
	for y := range out.h {
		row := out.pix[3*y*out.w:][:3*out.w]
		sy := (float32(y)+0.5)/float32(scale) - 0.5
		for x := range out.w {
			sx := (float32(x)+0.5)/float32(scale) - 0.5
			var want [3]float32
			for c := range want {
				want[c] = tone.at(picture.at(sx, sy, c))
			}
			o := row[3*x : 3*x+3]
			if inkOf == nil {
				for c := range o { // continuous tone: its black shines a little
					o[c] = white[c] * (0.025 + 0.975*want[c])
				}
				continue
			}
			ink(o, want, white, &colours, float32(p.Ink), func(i int, amount float32) float32 {
				return inkOf(i, float32(x), float32(y), amount)
			})
		}
	}
	return out
}

// ink puts the four inks onto paper: cover says how much of the place each really covers.
func ink(o []float32, want, white [3]float32, colours *[4][3]float32, strength float32, cover func(i int, amount float32) float32) {
	cmy := [4]float32{1 - want[0], 1 - want[1], 1 - want[2]}
	black := 0.6 * max(min(cmy[0], cmy[1], cmy[2])-0.3, 0) // the rest of grey stays with the colours
	for i, balance := range [3]float32{1.15, 1, 0.85} {    // equal amounts of these inks are brown
		cmy[i] = min(balance*max(cmy[i]-black, 0)/(1-black), 1)
	}
	cmy[3] = black
	copy(o, white[:])
	for i, amount := range cmy {
		a := strength * cover(i, amount)
		for c := range o {
			o[c] *= 1 - a*(1-colours[i][c])
		}
	}
}

// halftone returns how much of a texel's place ink i covers for a wanted amount, both 0–1; nil for
// continuous tone. texels are those to one pixel of the camera.
func halftone(p *Page, texels float64, seed uint64) func(i int, x, y, amount float32) float32 {
	switch p.Halftone {
	case "dots":
		return dots(p, texels)
	case "drops":
		return drops(p, texels, seed)
	default:
		return nil
	}
}

// dots is an amplitude-modulated screen: round dots on a grid of each ink's own angle.
func dots(p *Page, texels float64) func(i int, x, y, amount float32) float32 {
	var wave [steps]float32
	for i := range wave {
		wave[i] = float32(math.Cos(2 * math.Pi * float64(i) / steps))
	}
	rank := spotRank()
	var axes [4][2]float32
	for i, from := range []float64{-30, 30, -45, 0} { // of black, which is turned by Angle: the usual 15, 75, 0, 45
		sin, cos := math.Sincos((p.Angle + from) * math.Pi / 180)
		axes[i] = [2]float32{float32(cos * p.Frequency / texels), float32(sin * p.Frequency / texels)}
	}
	return func(i int, x, y, amount float32) float32 {
		c, s := axes[i][0], axes[i][1]
		a, b := x*c+y*s+4096, y*c-x*s+4096
		spot := 0.5 + 0.25*(wave[phase(a)]+wave[phase(b)])
		return min(max((amount-rank.at(spot))*4+0.5, 0), 1)
	}
}

// spotRank carries the height of the spot function to its rank, so that an amount of ink
// covers that share of the paper.
func spotRank() *curve {
	const n = 96
	heights := make([]float64, 0, n*n)
	for y := range n {
		for x := range n {
			heights = append(heights, 0.5+0.25*(math.Cos(2*math.Pi*float64(x)/n)+math.Cos(2*math.Pi*float64(y)/n)))
		}
	}
	slices.Sort(heights)
	return newCurve(func(v float64) float64 {
		below, _ := slices.BinarySearch(heights, v)
		return float64(below) / (n * n)
	})
}

// drops is a frequency-modulated screen: drops at places without a grid and without clusters, as
// error diffusion leaves them. Smaller than a texel they are given as the noise of their mean.
func drops(p *Page, texels float64, seed uint64) func(i int, x, y, amount float32) float32 {
	r := rand.New(rand.NewPCG(seed, 0xd505))
	var thresholds [4][]float32
	for i := range thresholds {
		thresholds[i] = blueNoise(r)
	}
	cells := float32(p.Frequency / texels)
	side := min(cells, 1) // several drops in a texel: it shows their mean
	return func(i int, x, y, amount float32) float32 {
		at := (int(y*side)&(blueSide-1))*blueSide + int(x*side)&(blueSide-1)
		threshold := thresholds[i][at]
		if cells <= 1 {
			if amount > threshold {
				return 1
			}
			return 0
		}
		spread := 1.73 * float32(math.Sqrt(float64(max(amount*(1-amount), 0)))) / cells
		return amount + 2*(threshold-0.5)*max(min(spread, amount, 1-amount), 0) // even to both sides: the tone stays
	}
}

const blueSide = 256

// blueNoise returns a tile of thresholds, each of 0–1 as often as the others, with little of the low
// frequencies: white noise less its blur, ranked, twice over.
func blueNoise(r *rand.Rand) []float32 {
	l := newLight(blueSide, blueSide)
	for i := range l.pix {
		l.pix[i] = r.Float32()
	}
	order := make([]int, blueSide*blueSide)
	for range 2 {
		soft := light{w: l.w, h: l.h, pix: slices.Clone(l.pix)}
		soft.blur(1.2)
		for i := range order {
			order[i] = i
			l.pix[3*i] -= soft.pix[3*i]
		}
		slices.SortFunc(order, func(a, b int) int { return cmp.Compare(l.pix[3*a], l.pix[3*b]) })
		for rank, i := range order {
			l.pix[3*i] = (float32(rank) + 0.5) / float32(len(order))
		}
	}
	out := make([]float32, len(order))
	for i := range out {
		out[i] = l.pix[3*i]
	}
	return out
}
