package puppet

import "math"

type vec struct{ x, y, z float32 }
type vec2 struct{ x, y float32 }

func (a vec) add(b vec) vec           { return vec{a.x + b.x, a.y + b.y, a.z + b.z} }
func (a vec) sub(b vec) vec           { return vec{a.x - b.x, a.y - b.y, a.z - b.z} }
func (a vec) scale(s float32) vec     { return vec{a.x * s, a.y * s, a.z * s} }
func (a vec) to(b vec, w float32) vec { return a.add(b.sub(a).scale(w)) }

// matrix is a rotation, row by row.
type matrix [9]float32

// rotation turns a head that looks at the camera by degrees, with the signs of
// pipeline.Pose: yaw to the person's own left moves the nose (towards the camera,
// -z) to +x; pitch up moves it to -y; roll to the own left shoulder moves the
// crown (-y) to +x. Roll is applied first, yaw last.
func rotation(yaw, pitch, roll float64) matrix {
	sy, cy := sincos(yaw)
	sp, cp := sincos(pitch)
	sr, cr := sincos(roll)
	return matrix{cy, 0, -sy, 0, 1, 0, sy, 0, cy}.
		times(matrix{1, 0, 0, 0, cp, sp, 0, -sp, cp}).
		times(matrix{cr, -sr, 0, sr, cr, 0, 0, 0, 1})
}

func sincos(degrees float64) (sin, cos float32) {
	s, c := math.Sincos(degrees * math.Pi / 180)
	return float32(s), float32(c)
}

func (m matrix) times(n matrix) (r matrix) {
	for i := range 3 {
		for j := range 3 {
			for k := range 3 {
				r[3*i+j] += m[3*i+k] * n[3*k+j]
			}
		}
	}
	return r
}

func (m matrix) transposed() matrix {
	return matrix{m[0], m[3], m[6], m[1], m[4], m[7], m[2], m[5], m[8]}
}

func (m matrix) apply(v vec) vec {
	return vec{
		m[0]*v.x + m[1]*v.y + m[2]*v.z,
		m[3]*v.x + m[4]*v.y + m[5]*v.z,
		m[6]*v.x + m[7]*v.y + m[8]*v.z,
	}
}

func abs(x float32) float32 { return float32(math.Abs(float64(x))) }

// smooth is the smoothstep of x, bounded to 0–1.
func smooth(x float32) float32 {
	x = min(max(x, 0), 1)
	return x * x * (3 - 2*x)
}
