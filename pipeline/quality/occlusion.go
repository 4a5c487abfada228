package quality

import (
	"math"

	"vivavoce/pipeline"
)

// eyeVisible gives 0–1 for one eye: the upper quarter of the luma from brow to
// cheek against the cheek of the same side. Skin and lids fill that patch, so it stays above
// 0.6 of the cheek with deep sockets, make-up, shut eyes and clear glasses on all
// the faces that were tried; behind lenses that let 45 % of the light through it falls
// to 0.5, behind 25 % to 0.35. A patch without any contrast is no eye either.
func eyeVisible(lens, cheek *stats) float64 {
	skin := max(cheek.mean(), 1)
	bright := lens.quantile(0.75) / skin
	contrast := (lens.quantile(0.9) - lens.quantile(0.1)) / skin
	return min(ramp(bright, 0.2, 0.7), ramp(contrast, 0.03, 0.1))
}

// eyesVisible gives that of the better eye: a patch or a strand of hair over the
// other one hides nothing that we need.
func eyesVisible(s *scan) Reading {
	r := Reading{}
	for _, eye := range [...][2]region{{rightLens, rightCheek}, {leftLens, leftCheek}} {
		lens, cheek := &s[eye[0]], &s[eye[1]]
		if lens.seen(1) && cheek.seen(1) {
			r = read(max(r.Value, eyeVisible(lens, cheek)))
		}
	}
	return r
}

// How much lips differ from the skin around them on a face of medium brightness;
// each of these alone makes a mouth half visible.
const (
	lipChroma = 10   // of Cr (redder) or Cb (less yellow)
	lipLuma   = 0.25 // darker, as a share of the skin's luma
	lipClear  = 1.4  // their sum that leaves no doubt; painted masks had up to 0.5
)

// lipsVisible gives 0–1: how clearly the patches where the mesh puts the lips
// stand out from the skin around the mouth. The mesh draws lips on a mask or a
// hand too; the pixels there are of one kind.
func lipsVisible(lips, around, cheeks *stats) float64 {
	skin := max(around.mean(), 1)
	darker := (skin - lips.mean()) / skin
	if darker < 0 {
		darker /= -2 // pale lips in a beard; a highlight on a hand
	}
	sum := darker / lipLuma
	if math.Hypot(cheeks.meanCb(), cheeks.meanCr()) < 4 {
		return min(2*sum/lipClear, 1) // no colour to go by: an infra-red camera
	}
	scale := 128 / max(skin, 32)
	sum += scale * max(lips.meanCr()-around.meanCr(), 0) / lipChroma
	sum += scale * max(lips.meanCb()-around.meanCb(), 0) / lipChroma
	return min(sum/lipClear, 1)
}

// drawn gives 0–1: whether the patch of the mouth has contrast in itself. Lips, teeth
// and the line between them had 0.14 of their middle luma on every face that was tried,
// also coded at 60 kbit/s; masks and cards had up to 0.12.
func drawn(mouth *stats) float64 {
	return ramp((mouth.quantile(0.9)-mouth.quantile(0.1))/max(mouth.quantile(0.5), 1), 0.05, 0.15)
}

// mouthVisible gives the lesser of both signs, and 0 when the mouth lies outside the
// picture.
func mouthVisible(s *scan) Reading {
	var lips, around, cheeks stats
	s.sum(&lips, upperLip, lowerLip)
	s.sum(&around, chin, rightJaw, leftJaw)
	s.sum(&cheeks, rightCheek, leftCheek)
	if !lips.seen(2) {
		return read(0)
	}
	if !around.seen(3) || !cheeks.seen(2) {
		return Reading{}
	}
	return read(min(lipsVisible(&lips, &around, &cheeks), drawn(&s[mouth])))
}

// frontal says that neither side of the face is hidden by the face itself.
func frontal(p pipeline.Pose) bool { return math.Abs(p.Yaw) <= 25 && math.Abs(p.Pitch) <= 25 }
