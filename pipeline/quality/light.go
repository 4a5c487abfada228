package quality

import "math"

// lumaMoments gives the mean (0–1) and the variance (0–0.25) of the luma.
func lumaMoments(s *stats) (mean, variance float64) {
	m := s.mean()
	for i, n := range s.luma {
		d := float64(i) - m
		variance += d * d * float64(n)
	}
	return m / 255, variance / s.count() / (255 * 255)
}

// dynamicRange gives the entropy of the luma, 0–8 bits.
func dynamicRange(s *stats) float64 {
	bits := 0.0
	for _, n := range s.luma {
		if n > 0 {
			p := float64(n) / s.count()
			bits -= p * math.Log2(p)
		}
	}
	return bits
}

// underExposurePrevention gives the share of samples that are not nearly black,
// 0–1. OFIQ counts luma up to 25 as black.
func underExposurePrevention(s *stats) float64 {
	black := 0
	for _, n := range s.luma[:26] {
		black += int(n)
	}
	return 1 - float64(black)/s.count()
}

// overExposurePrevention gives the share of samples that are not burnt out, 0–1.
func overExposurePrevention(s *stats) float64 { return 1 - float64(s.clipped)/s.count() }

// uniformity gives the overlap of two patches' histograms, 0–1, in bins of 16 so
// that noise does not part equal cheeks.
func uniformity(a, b *stats) float64 {
	sum := 0.0
	for i := 0; i < 256; i += 16 {
		na, nb := 0, 0
		for j := range 16 {
			na += int(a.luma[i+j])
			nb += int(b.luma[i+j])
		}
		sum += min(float64(na)/a.count(), float64(nb)/b.count())
	}
	return sum
}

// cheekTurn is how much a turn of the head shifts light from one cheek to the
// other under a lamp at the camera: tan of the angle at which cheeks stand off the
// face's axis (40°), halved for the light that comes from everywhere else.
const cheekTurn = 0.42

// lightBalance gives (left − right)/(left + right) of the person's cheeks' linear
// light, −1…1, less what the turn of the head explains. yaw is in degrees.
func lightBalance(left, right *stats, yaw float64) float64 {
	l, r := left.meanLight(), right.meanLight()
	if l+r <= 0 {
		return 0
	}
	b := (l-r)/(l+r) + cheekTurn*math.Tan(yaw*math.Pi/180)
	return min(max(b, -1), 1)
}

// backLight gives 0–1: how far the face drowns before a bright background. All
// three must hold: the background has several times the face's light, it is bright
// by itself, and even the highlights of the face (eye whites, nose) stay dark, which tells
// a dark skin in good light before a white wall from a face in the shade.
func backLight(face, background *stats, highlights float64) float64 {
	stops := math.Log2((background.meanLight() + 1e-3) / (face.meanLight() + 1e-3))
	bright := background.quantile(0.75) / 255
	return min(ramp(stops, 1, 3), ramp(bright, 0.6, 0.9), ramp(-highlights, -0.5, -0.3))
}

// ramp goes from 0 at lo to 1 at hi.
func ramp(v, lo, hi float64) float64 { return min(max((v-lo)/(hi-lo), 0), 1) }
