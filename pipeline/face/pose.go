package face

import (
	"math"

	"vivavoce/models"
	"vivavoce/pipeline"
	"vivavoce/pipeline/internal/cv"
)

// depth is what the mesh's z is multiplied with before the fit: it is too shallow, and turns would be
// read 13 % short. Measured on 2026-11-21 on the canonical head, painted with five
// people's faces and rendered at known poses within ±30°: rms error of yaw 2.5° at 1,
// 1.6° at 1.2 (pitch 1.4°, 1.3°); and in videos of three turning heads the face's width
// stays the same over its height with 1.05, 1.15 and 1.5.
const depth = 1.2

// level is the pitch, in degrees, that is added so that someone who looks into the
// camera reads 0: the median of 14 people who did, in GRID (6) and in portrait videos
// (8), was -6.1 without it (standard deviation 4.1), on 2026-11-21.
const level = 6

// canon is the canonical head's points that a pose is fitted with.
type canon struct {
	index   []int
	points  []cv.Point3 // in the picture's sense: x right, y down, z away from the camera
	weights []float64
}

func newCanon(g *models.Geometry) canon {
	var c canon
	for i, w := range g.Weights {
		if w <= 0 {
			continue
		}
		v := g.Vertices[i]
		c.index = append(c.index, i)
		c.points = append(c.points, cv.Point3{X: float64(v[0]), Y: -float64(v[1]), Z: -float64(v[2])})
		c.weights = append(c.weights, float64(w))
	}
	return c
}

// pose fits the canonical head to the points. scratch holds len(c.points) values.
//
// The fit takes the points as seen from afar (weak perspective), so it needs no focal
// length, and the angles are relative to the line from the camera to the face: someone
// who looks into the camera from the picture's edge has yaw 0.
func (c *canon) pose(points *[pipeline.Points]pipeline.Point, scratch []cv.Point3) (pipeline.Pose, bool) {
	for k, i := range c.index {
		p := points[i]
		scratch[k] = cv.Point3{X: float64(p.X), Y: float64(p.Y), Z: depth * float64(p.Z)}
	}
	s, _, ok := cv.FitSimilarity(c.points, scratch, c.weights)
	if !ok {
		return pipeline.Pose{}, false
	}
	return angles(&s.Rotation), true
}

// angles takes a rotation apart as roll·yaw·pitch, pitch first: roll is how far the
// eyes' line leans in the picture, and yaw and pitch are what is left when the
// picture is turned back by it, so a tilted telephone changes the roll alone.
func angles(r *[3][3]float64) pipeline.Pose {
	const degrees = 180 / math.Pi
	return pipeline.Pose{
		Yaw:   math.Asin(min(1, max(-1, r[2][0]))) * degrees,
		Pitch: level - math.Atan2(r[2][1], r[2][2])*degrees,
		Roll:  math.Atan2(r[1][0], r[0][0]) * degrees,
	}
}
