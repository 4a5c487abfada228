package quality

import (
	"math"
	"time"

	"vivavoce/pipeline"
)

// rate counts how many frames a second the source gives. It goes by Seq, so that
// frames which were decoded and dropped on our side count: they are not the
// person's fault.
type rate struct {
	marks [9]mark // oldest first, an eighth of a second apart
	n     int
}

type mark struct {
	pts time.Duration
	seq uint64
}

const (
	markEvery = time.Second / 8
	// A longer silence is a break in the connection and not a slow camera.
	breakAfter = 2 * time.Second
)

// observe returns frames a second over the last second, once there was one.
func (r *rate) observe(pts time.Duration, seq uint64) Reading {
	if r.n > 0 && pts-r.marks[r.n-1].pts > breakAfter {
		r.n = 0
	}
	if r.n == 0 || pts-r.marks[r.n-1].pts >= markEvery {
		if r.n == len(r.marks) {
			copy(r.marks[:], r.marks[1:])
			r.n--
		}
		r.marks[r.n] = mark{pts, seq}
		r.n++
	}
	first := r.marks[0]
	span := pts - first.pts
	if span < time.Second {
		return Reading{}
	}
	return read(float64(seq-first.seq) / span.Seconds())
}

// speed tells how fast the head moves in the picture.
type speed struct {
	past [16]place // oldest first
	n    int
}

type place struct {
	pts  time.Duration
	x, y float32
}

// Between two places this far apart in time, landmark jitter is small against
// movement and a movement is not over yet.
const (
	speedShort = 100 * time.Millisecond
	speedLong  = 300 * time.Millisecond
)

// observe returns distances between the eyes a second, of the middle between the eyes.
func (s *speed) observe(f *pipeline.Face) Reading {
	right, left := eyeCentres(f)
	m := midpoint(right, left)
	now := place{f.Frame.PTS, m.X, m.Y}
	for s.n > 0 && (now.pts-s.past[0].pts > speedLong || s.n == len(s.past)) {
		copy(s.past[:], s.past[1:s.n])
		s.n--
	}
	s.past[s.n] = now
	s.n++
	first := s.past[0]
	span := now.pts - first.pts
	if span < speedShort || !(f.Interocular > 0) {
		return Reading{}
	}
	moved := math.Hypot(float64(now.x-first.x), float64(now.y-first.y))
	return read(moved / f.Interocular / span.Seconds())
}
