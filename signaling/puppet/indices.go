package puppet

// meshPoints is the size of MediaPipe's face mesh without irises.
const meshPoints = 468

// Vertex lists of MediaPipe's face mesh (face_mesh_connections.py, Apache-2.0).
var (
	oval = []int{
		10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
		152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
	}
	// innerLips goes round: the upper lip from the right corner to the left, then back below.
	innerLips = []int{78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95}
	lowerLip  = [][]int{
		{95, 88, 178, 87, 14, 317, 402, 318, 324},
		{96, 89, 179, 86, 15, 316, 403, 319, 325},
		{77, 90, 180, 85, 16, 315, 404, 320, 307},
		{146, 91, 181, 84, 17, 314, 405, 321, 375},
	}
	upperLip = [][]int{
		{78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308},
		{62, 183, 42, 41, 38, 12, 268, 271, 272, 407, 292},
		{76, 184, 74, 73, 72, 11, 302, 303, 304, 408, 306},
		{61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291},
	}
	// lids pairs each point of an upper lid with the one below it.
	lids = [][2]int{
		{246, 7}, {161, 163}, {160, 144}, {159, 145}, {158, 153}, {157, 154}, {173, 155},
		{466, 249}, {388, 390}, {387, 373}, {386, 374}, {385, 380}, {384, 381}, {398, 382},
	}
)
