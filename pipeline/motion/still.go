package motion

import (
	"time"

	"vivavoce/pipeline"
	"vivavoce/pipeline/internal/stats"
)

// still remembers the head of the last moments, to compare a turn with.
type still struct {
	n      int // faces seen so far
	pts    [stillFaces]time.Duration
	yaw    [stillFaces]float64
	pitch  [stillFaces]float64
	points [stillFaces]pointSet
}

const (
	// stillFaces at 30 a second are a quarter of a second; at 10, the whole window.
	stillFaces = 8
	// stillFor is how old a face may be to say where the head was.
	stillFor = 900 * time.Millisecond
	// stillLeast is how many faces are needed.
	stillLeast = 3
)

func (s *still) reset() { s.n = 0 }

func (s *still) see(f *pipeline.Face) {
	i := s.n % stillFaces
	s.n++
	s.pts[i], s.yaw[i], s.pitch[i] = f.Frame.PTS, f.Pose.Yaw, f.Pose.Pitch
	s.points[i].take(f)
}

// centre is where the head was.
type centre struct {
	ok         bool
	yaw, pitch float64  // medians, degrees
	set        pointSet // mean
}

// at returns the head as it was in the moments before pts.
func (s *still) at(pts time.Duration) centre {
	var yaws, pitches []float64
	var c centre
	var points mean
	for i := range min(s.n, stillFaces) {
		if pts-s.pts[i] > stillFor {
			continue
		}
		yaws, pitches = append(yaws, s.yaw[i]), append(pitches, s.pitch[i])
		points.add(&s.points[i])
	}
	c.ok = len(yaws) >= stillLeast
	if c.ok {
		c.yaw, c.pitch, c.set = stats.Median(yaws), stats.Median(pitches), points.value()
	}
	return c
}
