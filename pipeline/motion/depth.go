package motion

import (
	"math"
	"slices"

	"vivavoce/pipeline"
	"vivavoce/pipeline/internal/cv"
)

// depth compares, over all faces of one turn, what two explanations leave of the rigid
// points: a picture, which is one homography a frame, and a rigid head of the shape that
// was seen before the prompt. A head leaves most under the first; a picture, flat or bent,
// tilted or warped, is foreshortened without turning and leaves most under the second, though
// that has two free numbers less to explain it with.
type depth struct{ faces []twice }

// twice holds what the explanations leave of one face, in squares of interocular distances.
type twice struct {
	moved   float64 // degrees
	picture float64
	head    [len(nearness)]float64
}

// nearness is the distance between the eyes over that to the camera, as tried: from afar, 75 cm
// and 38 cm. The one that suits the whole turn best is taken.
var nearness = [...]float64{0, 0.08, 0.16}

const (
	leastAngle = 9.0  // degrees; a head or a picture that moves less says nothing of depth
	leastTilt  = 30.0 // degrees of foreshortening that count as moving; grimaces make 25
	peakPart   = 0.6  // of the greatest angle; faces that moved less are left out
	leastFaces = 3
	mostFaces  = 240 // are looked at in one turn: 6 s at 40 a second
)

// see takes the points of a face that the mesh sees turned by angle degrees.
func (d *depth) see(from, now *pointSet, angle float64) {
	a, b := from.view(), now.view()
	moved := angle
	if tilt := math.Acos(min(foreshortening(a[:], b[:]), 1)) * 180 / math.Pi; tilt >= leastTilt {
		moved = max(moved, tilt)
	}
	if !(moved >= leastAngle && angle <= farthest) || len(d.faces) == mostFaces {
		return
	}
	e := twice{moved: moved}
	rms, ok := cv.HomographyResidual(a[:], b[:])
	e.picture = rms * rms
	for i, near := range nearness {
		rms, fits := cv.RigidResidual(from[:], b[:], near)
		e.head[i], ok = rms*rms, ok && fits
	}
	if ok {
		d.faces = append(d.faces, e)
	}
}

// misfit is what the head leaves over what it may, which grows with what a picture leaves;
// most is how far the faces moved, in degrees, and ok false when that was too little.
func (d *depth) misfit() (misfit, most float64, ok bool) {
	if len(d.faces) < leastFaces {
		return 0, 0, false
	}
	moved := make([]float64, len(d.faces))
	for i, f := range d.faces {
		moved[i] = f.moved
	}
	slices.Sort(moved)
	most = moved[len(moved)-2] // the greatest may be noise
	least := peakPart * most
	n, picture := 0, 0.0
	var head [len(nearness)]float64
	for _, f := range d.faces {
		if f.moved < least {
			continue
		}
		n++
		picture += f.picture
		for i, h := range f.head {
			head[i] += h
		}
	}
	misfit = overAllowed(picture/float64(n), slices.Min(head[:])/float64(n))
	return misfit, most, n >= leastFaces && !math.IsNaN(misfit)
}

// overAllowed is what a head leaves over what it may where a picture leaves so much, both in
// squares of interocular distances.
func overAllowed(picture, head float64) float64 {
	always := leftAlways * min(1, math.Sqrt(picture)/pictureLeast)
	may := always*always + leftMore*leftMore*picture
	return math.Sqrt(head / may)
}

// What a head may leave: leftAlways, in interocular distances, for the mesh's noise, its
// error in depths and grimaces, and leftMore of what a picture leaves. A picture never leaves less
// than pictureLeast of a head that moved by leastAngle; where it leaves less there is none, and
// the allowance shrinks with it.
//
// They and the bounds of the misfit were chosen on the turning heads of data/head (286 stretches of
// six people; 98 % are below 1.38, of those that turned by 12° or more 99 % below 1.18) and on
// sheets made of GRID's s1–s3 (101 that moved enough). On s5, s30 and s31, held out (2026-11-22,
// TestMeasureSheets), of 180 sheets that were tilted by 15–75°, bent, wrapped or being bent 3 pass depth and none
// passes motion, too (95 % upper bound 2 %); of 36 that were warped around the nose 9 and 5.
const (
	leftAlways, leftMore   = 0.03, 0.25
	pictureLeast           = 0.03
	headMisfit, flatMisfit = 0.95, 1.55
)

// A head that moves by less than sureAngle and grimaces meanwhile may leave as much as a picture, up to
// sureMisfit: nothing is said then. Of 16 turns in data/head three were called flat, nods of
// 10° all, before this was so.
const (
	sureAngle  = 12.0 // degrees
	sureMisfit = 2.0
)

// value is the score of one turn.
func (d *depth) value() (value float64, ok bool) {
	misfit, most, ok := d.misfit()
	value, sure := worth(misfit, most)
	return value, ok && sure
}

// worth is the score of a misfit of faces that moved by so many degrees.
func worth(misfit, moved float64) (value float64, sure bool) {
	value = clamp((flatMisfit - misfit) / (flatMisfit - headMisfit))
	if value < explained && moved < sureAngle && misfit < sureMisfit {
		return 0, false
	}
	return value, true
}

// wholeDepth is the score of the session: that of the flattest turn, since a flat picture
// is flat in all and only noise makes it less so.
func wholeDepth(turns []depth, settled bool) pipeline.Score {
	s := pipeline.Score{Name: pipeline.ScoreDepth, Step: pipeline.Whole, Settled: settled}
	for i := range turns {
		if v, ok := turns[i].value(); ok && (!s.Checked || v < s.Value) {
			s.Checked, s.Value = true, v
		}
	}
	switch {
	case !s.Checked:
		s.Reasons = []pipeline.Reason{pipeline.DepthNotChecked}
	case s.Value < explained:
		s.Reasons = []pipeline.Reason{pipeline.DepthFlat}
	}
	return s
}
