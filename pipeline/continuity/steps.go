package continuity

import (
	"math"
	"time"

	"vivavoce/pipeline"
)

// steps watches for a place, a size or a light of the face that changes at once: a step between two
// frames that the frames around it do not share. Heads that move quickly share it.
type steps struct {
	seen []sight // the last three
}

// sight is where a face is, how large, and how bright.
type sight struct {
	pts  time.Duration
	x, y float64 // of the middle of the eyes, pixels
	unit float64 // interocular distance, pixels
	size float64 // logarithm of the distance from the eyes to the nose's end, in depth too
	luma float64 // logarithm of the mean luma; NaN when the frame has no pixels
}

// Bounds of a lone step. In data/head (n = 2,735 steps of eight people) the greatest lone step is 0.72 in place
// and 0.042 in size; in two of the eight pictures are missing, so most of that is theirs. The faces of two
// people in GRID, cut hard one after another, are 0.48 and 0.066 apart (medians): this is a
// hint at most.
const (
	leapPlace = 1.0  // interocular distances
	leapSize  = 0.10 // of the logarithm
	leapLuma  = 0.25 // of the logarithm: a lamp may do it
	// stepTime is the longest time between faces that are compared.
	stepTime = 120 * time.Millisecond
)

// see takes the next face and reports whether the step between the two before was a leap.
func (s *steps) see(f *pipeline.Face) bool {
	r, l, nose := mid(f, 33, 133), mid(f, 263, 362), f.Points[2]
	g := sight{
		pts: f.Frame.PTS, x: (r.X + l.X) / 2, y: (r.Y + l.Y) / 2, unit: f.Interocular,
		size: math.Log(dist(f.Points[33], f.Points[263]) + dist(f.Points[168], nose)), luma: brightness(f),
	}
	if n := len(s.seen); n > 0 && g.pts-s.seen[n-1].pts > stepTime {
		s.seen = s.seen[:0]
	}
	s.seen = append(s.seen, g)
	if len(s.seen) < 4 {
		return false
	}
	a, b, c := step(s.seen[0], s.seen[1]), step(s.seen[1], s.seen[2]), step(s.seen[2], s.seen[3])
	copy(s.seen, s.seen[1:])
	s.seen = s.seen[:3]
	return b.place-2*max(a.place, c.place) > leapPlace ||
		b.size-2*max(a.size, c.size) > leapSize ||
		b.luma-2*max(a.luma, c.luma) > leapLuma
}

// change is what happens between two sights.
type change struct{ place, size, luma float64 }

func step(a, b sight) change {
	return change{
		place: math.Hypot(b.x-a.x, b.y-a.y) / a.unit,
		size:  math.Abs(b.size - a.size),
		luma:  math.Abs(b.luma - a.luma),
	}
}

// brightness is the logarithm of the mean luma of the face's middle, NaN without pixels.
func brightness(f *pipeline.Face) float64 {
	const side = 16
	fr, sum, n := f.Frame, 0.0, 0.0
	if len(fr.Y) < (fr.Height-1)*fr.YStride+fr.Width {
		return math.NaN()
	}
	x0, y0 := float64(f.Box.X0), float64(f.Box.Y0)
	w, h := float64(f.Box.X1)-x0, float64(f.Box.Y1)-y0
	for i := range side {
		y := int(y0 + h*(0.25+0.5*float64(i)/side))
		for j := range side {
			x := int(x0 + w*(0.25+0.5*float64(j)/side))
			if x >= 0 && y >= 0 && x < fr.Width && y < fr.Height {
				sum, n = sum+float64(fr.Y[y*fr.YStride+x]), n+1
			}
		}
	}
	return math.Log(max(sum/n, 1))
}

func dist(a, b pipeline.Point) float64 {
	return math.Sqrt(float64((a.X-b.X)*(a.X-b.X) + (a.Y-b.Y)*(a.Y-b.Y) + (a.Z-b.Z)*(a.Z-b.Z)))
}

type spot struct{ X, Y float64 }

func mid(f *pipeline.Face, a, b int) spot {
	return spot{float64(f.Points[a].X+f.Points[b].X) / 2, float64(f.Points[a].Y+f.Points[b].Y) / 2}
}
