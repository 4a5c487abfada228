package puppet

import "time"

// Mouth is how far the mouth is from resting shut, in distances between the inner corners of the
// eyes, the same on both sides; x counts outwards, y down: the corners' x and y, the
// middle of the upper lip's y, of the lower one's, the chin's, then halfway to the corners the upper lip's x
// and y and the lower one's. They are the landmarks that the digit reader sees
// (models/train/README.md).
type Mouth [mouthValues]float32

const (
	cornerX, cornerY       = 0, 1
	upperY, lowerY         = 2, 3
	chinY                  = 4
	upperSideX, upperSideY = 5, 6
	lowerSideX, lowerSideY = 7, 8
	mouthValues            = 9
)

// digit is how people say one, on average.
type digit struct {
	lasts  time.Duration
	shapes [13][mouthValues]int16 // thousandths, evenly over the time
}

const (
	// slower is how much longer a digit takes alone than in the fluent sentences of the data.
	slower = 1.3
	// clearer makes up for the mean of many people moving less than any of them.
	clearer = 1.3
	// chinSeen makes up for the mesh, which sees some 55 % of what the head's chin moves.
	chinSeen = 1.8
	// ease is the time from rest to a digit's first shape, and from its last back.
	ease = 120 * time.Millisecond
)

// Saying returns the mouth of somebody who began to say a digit so long ago; also a
// little before, when it opens.
func Saying(d int, since time.Duration) (m Mouth) {
	if d < 0 || d > 9 {
		return m
	}
	lasts := time.Duration(slower * float64(digits[d].lasts))
	part := smooth(1 + float32(since)/float32(ease))
	if since > lasts {
		part = smooth(1 - float32(since-lasts)/float32(ease))
	}
	if part == 0 {
		return m
	}
	shapes := digits[d].shapes
	x := min(max(float32(since)/float32(lasts), 0), 1) * float32(len(shapes)-1)
	i := min(int(x), len(shapes)-2)
	w := x - float32(i)
	for k := range m {
		a, b := float32(shapes[i][k]), float32(shapes[i+1][k])
		m[k] = part * clearer * (a + (b-a)*w) / 1000
	}
	return m
}

func (m *Mouth) add(n Mouth) {
	for k := range m {
		m[k] += n[k]
	}
}

// pull is how far each of a mouth's values moves one vertex.
type pull [mouthValues]float32

// measured is where things are on a face that looks straight ahead.
type measured struct {
	middle      float32 // x of the mouth's middle
	half        float32 // from there to a corner
	side        float32 // to the points halfway, over half
	cheek       float32 // to the face's edge, over half
	corner      float32 // y of the corners
	lip, nose   float32 // y of the upper lip's edge and of the nose's base
	chin, below float32 // y of the chin and of the lower lip's edge
}

func measure(p []vec) measured {
	half := (p[308].x - p[78].x) / 2
	return measured{
		middle: (p[78].x + p[308].x) / 2, half: half,
		side: (p[311].x - p[81].x) / 2 / half, cheek: (p[454].x - p[234].x) / 2 / half,
		corner: (p[78].y + p[308].y) / 2, lip: p[0].y, nose: p[2].y, chin: p[152].y, below: p[17].y,
	}
}

// pulls finds how each vertex follows a mouth: the lips as the landmarks on them,
// what is above less and less up to the nose, what is below more and more as
// the chin, the cheeks as the corners, less and less outwards.
func pulls(p []vec) []pull {
	m, unit := measure(p), p[362].x-p[133].x
	lips := make(map[int]bool, 80)
	lower := make(map[int]bool, 40)
	for _, row := range lowerLip {
		for _, i := range row {
			lips[i], lower[i] = true, true
		}
	}
	for _, row := range upperLip {
		for _, i := range row {
			lips[i] = true
		}
	}
	out := make([]pull, len(p))
	for i, v := range p {
		if lower[i] || !lips[i] && v.y > m.corner {
			out[i] = m.lowerPull(v)
		} else {
			out[i] = m.upperPull(v)
		}
		out[i] = out[i].scaled(unit)
	}
	return out
}

// along returns how far a vertex follows the middle, the side and the corner of a lip, and on
// which side it is.
func (m measured) along(v vec) (middle, side, corner, sign float32) {
	u := (v.x - m.middle) / m.half
	sign = 1
	if u < 0 {
		u, sign = -u, -1
	}
	switch {
	case u < m.side:
		w := u / m.side
		return 1 - w, w, 0, sign
	case u < 1:
		w := (u - m.side) / (1 - m.side)
		return 0, 1 - w, w, sign
	}
	return 0, 0, smooth(1 - (u-1)/(m.cheek-1)), sign
}

func (m measured) upperPull(v vec) (out pull) {
	middle, side, corner, sign := m.along(v)
	up := smooth((v.y - m.nose) / (m.lip - m.nose))
	out[upperY], out[upperSideY], out[cornerY] = up*middle, up*side, up*corner
	out[upperSideX], out[cornerX] = up*sign*side, up*sign*corner
	return out
}

func (m measured) lowerPull(v vec) (out pull) {
	middle, side, corner, sign := m.along(v)
	down := smooth((v.y - m.below) / (m.chin - m.below))
	lip := 1 - down
	out[lowerY], out[lowerSideY], out[cornerY] = lip*middle, lip*side, lip*corner
	out[lowerSideX], out[cornerX] = lip*sign*side, lip*sign*corner
	across := abs(v.x-m.middle) / m.half / m.cheek
	out[chinY] = chinSeen * down * max(0, 1-across*across*across)
	return out
}

func (w pull) scaled(by float32) pull {
	for k := range w {
		w[k] *= by
	}
	return w
}

// move is what a mouth does to a vertex.
func (w *pull) move(m *Mouth) (x, y float32) {
	x = w[cornerX]*m[cornerX] + w[upperSideX]*m[upperSideX] + w[lowerSideX]*m[lowerSideX]
	for _, k := range [...]int{cornerY, upperY, lowerY, chinY, upperSideY, lowerSideY} {
		y += w[k] * m[k]
	}
	return x, y
}
