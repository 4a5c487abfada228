package texture

import (
	"math"
	"slices"
)

// Lines are looked for within tilt degrees of upright and level, every tiltStep, as
// screens and prints are held.
const (
	tilt     = 20
	tiltStep = 2
	angles   = 2*tilt/tiltStep + 1
	rhos     = 2 * viewSide
)

// lines finds straight edges beside the face: a Hough transform (Duda and Hart 1972) of the view's edges,
// voted for by those that run the line's way and do not lie in the face.
type lines struct {
	votes [angles * rhos]int32
	sin   [angles]float64
	cos   [angles]float64
}

func newLines() *lines {
	l := &lines{}
	for i := range angles {
		l.sin[i], l.cos[i] = math.Sincos(float64(i*tiltStep-tilt) * math.Pi / 180)
	}
	return l
}

// frame is the longest straight edge on each of the four sides of the face, as a share of the
// view's side, sorted from the longest. Rooms have one or two; a screen or a sheet of paper has three or four.
type frame [4]float64

// edge is the least change of luma over two samples that counts; and how much of the change
// must be across the line.
const edge, across = 0.05, 0.92

func (l *lines) find(v *view) (f frame) {
	left, right := l.search(v, func(x, y int) int { return y*viewSide + x }, v.cx, v.rx*0.9)
	above, below := l.search(v, func(x, y int) int { return x*viewSide + y }, v.cy, v.rx*1.1)
	f = frame{left, right, above, below}
	slices.SortFunc(f[:], func(a, b float64) int {
		switch {
		case a > b:
			return -1
		case a < b:
			return 1
		}
		return 0
	})
	return f
}

// search looks for lines that are nearly upright in the picture that index reads (level ones, when
// it swaps the axes), to the left and right of a face that is at centre, half wide.
func (l *lines) search(v *view, index func(x, y int) int, centre, half float64) (before, after float64) {
	clear(l.votes[:])
	swapped := index(1, 0) != 1
	for y := 1; y < viewSide-1; y++ {
		for x := 1; x < viewSide-1; x++ {
			dx := float64(v.y[index(x+1, y)] - v.y[index(x-1, y)])
			dy := float64(v.y[index(x, y+1)] - v.y[index(x, y-1)])
			if square := dx*dx + dy*dy; square < edge*edge || dx*dx < across*across*square {
				continue
			}
			px, py := x, y
			if swapped {
				px, py = y, x
			}
			if v.inside(px, py, 1.15) {
				continue
			}
			l.vote(x, y, math.Atan(dy/dx)*180/math.Pi)
		}
	}
	return l.longest(centre, half)
}

// vote is for the lines through x, y whose normal is within two steps of angle, degrees.
func (l *lines) vote(x, y int, angle float64) {
	middle := int(math.Round((angle + tilt) / tiltStep))
	for a := max(0, middle-2); a <= min(angles-1, middle+2); a++ {
		rho := int(math.Round(float64(x)*l.cos[a]+float64(y)*l.sin[a])) + viewSide/2
		if rho >= 0 && rho < rhos {
			l.votes[a*rhos+rho]++
		}
	}
}

// longest gives the most votes on each side of the face; an edge may be two samples wide.
func (l *lines) longest(centre, half float64) (before, after float64) {
	for a := range angles {
		for rho := range rhos - 1 {
			votes := float64(l.votes[a*rhos+rho]+l.votes[a*rhos+rho+1]) / 2
			// Where the line crosses the middle row of the view.
			at := (float64(rho-viewSide/2) - viewSide/2*l.sin[a]) / l.cos[a]
			switch {
			case at < centre-half:
				before = max(before, votes)
			case at > centre+half:
				after = max(after, votes)
			}
		}
	}
	return before / viewSide, after / viewSide
}
