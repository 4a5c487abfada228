package sound

import (
	"math"
	"time"

	"vivavoce/pipeline"
	"vivavoce/pipeline/internal/stats"
)

// Landmarks of MediaPipe's face mesh.
const (
	innerTop, innerBottom   = 13, 14
	outerTop, outerBottom   = 0, 17
	cornerRight, cornerLeft = 78, 308
	eyeRight, eyeLeft       = 33, 263
	noseRoot, noseBase      = 168, 2
	chin                    = 152
)

const (
	// lengths describe a mouth: the gap between the lips, its width, its height with the
	// lips, and how far the chin hangs; each over a length of the same face that lies the
	// same way, so that nearness and small turns change little.
	lengths = 4
	// stepTime is the grid that mouths are put on: 25 a second, as the recordings that the
	// weights were learnt from; cameras give 10 to 60.
	stepTime = 40 * time.Millisecond
	// stale is between two faces when the mouth between them is not known.
	stale = 260 * time.Millisecond
	// turned is by how many degrees a head is off its usual pose when its mouth is left out:
	// what changes then may not be the mouth.
	turned = 12.0
)

// mouth is one face's.
type mouth struct {
	pts        time.Duration
	shape      [lengths]float64
	yaw, pitch float64
}

// seen is the mouth of a session, in the order of PTS.
type seen struct{ mouths []mouth }

func (s *seen) add(f *pipeline.Face) {
	if !f.Found || f.Frame.PTS >= longest || len(s.mouths) > 0 && f.Frame.PTS <= s.mouths[len(s.mouths)-1].pts {
		return
	}
	m := mouth{
		pts: f.Frame.PTS, yaw: f.Pose.Yaw, pitch: f.Pose.Pitch,
		shape: [lengths]float64{
			gap(f, innerTop, innerBottom) / f.Interocular,
			gap(f, cornerRight, cornerLeft) / gap(f, eyeRight, eyeLeft),
			gap(f, outerTop, outerBottom) / gap(f, noseRoot, noseBase),
			gap(f, chin, noseBase) / gap(f, noseRoot, noseBase),
		},
	}
	for _, v := range append(m.shape[:], m.yaw, m.pitch) {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return
		}
	}
	s.mouths = append(s.mouths, m)
}

func gap(f *pipeline.Face, a, b int) float64 {
	p, q := f.Points[a], f.Points[b]
	return math.Hypot(float64(p.X-q.X), float64(p.Y-q.Y))
}

// step is the mouth at one place of the grid: step i is at (i + ½)·stepTime.
type step struct {
	shape [lengths]float64
	known bool
}

// steps puts the mouths on the grid, without those of a turned head.
func (s *seen) steps() []step {
	if len(s.mouths) == 0 {
		return nil
	}
	yaw := stats.MedianOf(s.mouths, func(m mouth) float64 { return m.yaw })
	pitch := stats.MedianOf(s.mouths, func(m mouth) float64 { return m.pitch })
	straight := func(m mouth) bool {
		return math.Abs(m.yaw-yaw) <= turned && math.Abs(m.pitch-pitch) <= turned
	}
	last := s.mouths[len(s.mouths)-1].pts
	out := make([]step, int(last/stepTime)+1)
	for i, after := 0, 0; i < len(out); i++ {
		at := stepTime*time.Duration(i) + stepTime/2
		for after < len(s.mouths) && s.mouths[after].pts < at {
			after++
		}
		if after == 0 || after == len(s.mouths) {
			continue
		}
		a, b := s.mouths[after-1], s.mouths[after]
		if b.pts-a.pts > stale || !straight(a) || !straight(b) {
			continue
		}
		w := float64(at-a.pts) / float64(b.pts-a.pts)
		for k := range lengths {
			out[i].shape[k] = a.shape[k] + w*(b.shape[k]-a.shape[k])
		}
		out[i].known = true
	}
	return out
}
