package face

import (
	"math"

	"vivavoce/pipeline"
)

// measure fills in what follows from the points alone.
func measure(f *pipeline.Face) {
	p := &f.Points
	f.Box = box(p)
	f.RightEyeOpen = eyeOpen(p, [2]int{rightOuter, rightInner}, [3][2]int{{160, 144}, {159, 145}, {158, 153}})
	f.LeftEyeOpen = eyeOpen(p, [2]int{leftOuter, leftInner}, [3][2]int{{387, 373}, {386, 374}, {385, 380}})
	f.Interocular = distance(middle(p[rightOuter], p[rightInner]), middle(p[leftInner], p[leftOuter]))
	f.MouthOpen = gap(p[upperLip], p[lowerLip]) / f.Interocular
}

func box(p *[pipeline.Points]pipeline.Point) pipeline.Box {
	b := pipeline.Box{X0: p[0].X, Y0: p[0].Y, X1: p[0].X, Y1: p[0].Y}
	for i := range p {
		b.X0, b.X1 = min(b.X0, p[i].X), max(b.X1, p[i].X)
		b.Y0, b.Y1 = min(b.Y0, p[i].Y), max(b.Y1, p[i].Y)
	}
	return b
}

// eyeOpen is the mean of three gaps between the lids over the eye's width. The width
// is taken in depth too, so that it does not shrink as the head turns.
func eyeOpen(p *[pipeline.Points]pipeline.Point, corners [2]int, lids [3][2]int) float64 {
	sum := 0.0
	for _, l := range lids {
		sum += gap(p[l[0]], p[l[1]])
	}
	return sum / 3 / distance(p[corners[0]], p[corners[1]])
}

// gap is a distance in the picture: depths of lips and lids are not refined.
func gap(a, b pipeline.Point) float64 {
	return math.Hypot(float64(a.X-b.X), float64(a.Y-b.Y))
}

// distance is one in depth too.
func distance(a, b pipeline.Point) float64 {
	return math.Hypot(gap(a, b), float64(a.Z-b.Z))
}

func middle(a, b pipeline.Point) pipeline.Point {
	return pipeline.Point{X: (a.X + b.X) / 2, Y: (a.Y + b.Y) / 2, Z: (a.Z + b.Z) / 2}
}
