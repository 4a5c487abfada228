package sound

// components is how many ways of moving together are looked for.
const components = 2

// weights are what mouths and voices have in common, learnt by canonical correlation
// (Hotelling, 1936; for faces and speech Slaney and Covell, 2000): the projections whose
// correlation is largest, and that correlation.
type weights struct {
	Mouth     [components][mouthWidth]float64
	Sound     [components][bands]float64
	Canonical [components]float64
}
