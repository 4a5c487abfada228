package quality

import "vivavoce/pipeline"

// region is a patch of the face; right and left are the person's.
type region int

const (
	rightForehead region = iota
	leftForehead
	rightCheek
	leftCheek
	noseBridge
	chin
	rightJaw // beside the corner of the mouth
	leftJaw
	upperLip
	lowerLip
	mouth    // both lips and what is between them
	rightEye // between the lids
	leftEye
	rightUnderEye // what a dark lens covers and a socket's shadow does not
	leftUnderEye
	rightLens // from the brow to the cheek
	leftLens
	regions // how many there are
)

// quad is a region's corners by landmark: top left, top right, bottom right and
// bottom left of an upright picture.
type quad [4]uint16

// layout says where each region lies on the mesh. Landmark numbers are those of
// MediaPipe's canonical face.
func layout() [regions]quad {
	return [regions]quad{
		rightForehead: {69, 151, 9, 107},
		leftForehead:  {151, 299, 336, 9},
		rightCheek:    {117, 100, 206, 187},
		leftCheek:     {329, 346, 411, 426},
		noseBridge:    {196, 419, 456, 236},
		chin:          {182, 406, 428, 208},
		rightJaw:      {207, 216, 212, 214},
		leftJaw:       {436, 427, 434, 432},
		upperLip:      {39, 269, 311, 81},
		lowerLip:      {178, 402, 405, 181},
		mouth:         {40, 270, 321, 91},
		rightEye:      {161, 157, 154, 163},
		leftEye:       {384, 388, 390, 381},
		rightUnderEye: {228, 232, 120, 118},
		leftUnderEye:  {452, 448, 347, 349},
		rightLens:     {225, 221, 231, 228},
		leftLens:      {441, 445, 448, 451},
	}
}

// patchSide squared is how many samples a region gives.
const patchSide = 10

// scan is what was seen in each region of one face.
type scan [regions]stats

// take samples every region; what lies outside the picture is left out.
func (s *scan) take(v view, pts *[pipeline.Points]pipeline.Point, at *[regions]quad) {
	for r := range s {
		s[r] = stats{}
		v.patch(&s[r], pts, at[r])
	}
}

// sum sets into to all that the regions rs have seen.
func (s *scan) sum(into *stats, rs ...region) {
	*into = stats{}
	for _, r := range rs {
		into.merge(&s[r])
	}
}
