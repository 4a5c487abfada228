package lips

import (
	"context"
	"math"
	"time"
)

// Reader is the network that reads lips.
type Reader interface {
	// Read computes logp, steps × [Classes] natural logarithms of posteriors, from
	// points, steps × [Width] as in [Piece]. There are 16 steps or more and at most 256.
	Read(ctx context.Context, points, logp []float32) error
	// Calibration is that of the network's posteriors.
	Calibration() Calibration
}

// Calibration turns a phrase's log-posterior per digit s (0 at best) into 0–1:
// 1 / (1 + exp(−(Slope·s + Offset))). It was fitted to [Lattice.Said] of strangers who say the
// phrase or another one.
type Calibration struct {
	Slope  float64 `json:"slope"`
	Offset float64 `json:"offset"`
}

// Value is the calibrated belief; 0 for what is not a number.
func (c Calibration) Value(s float64) float64 {
	v := 1 / (1 + math.Exp(-(c.Slope*s + c.Offset)))
	if !(v >= 0) {
		return 0
	}
	return v
}

const (
	// The network centres what it sees on its mean, and was trained on 3–6 s: longer pieces
	// are read in parts, of which the outermost steps, whose surroundings it does not
	// see, are taken from the neighbour.
	longest = 250
	margin  = 40
)

// Timeline is what was read over some time.
type Timeline struct {
	Start time.Duration // PTS of the first step
	Logp  []float32     // steps × Classes; a sure blank where nothing was seen
	Seen  []bool        // steps in which the mouth was seen
}

// at returns the step of a PTS, within the timeline.
func (l Timeline) at(pts time.Duration) int {
	return min(max(int((pts-l.Start+step/2)/step), 0), len(l.Seen))
}

// seen returns the share of steps with a mouth between two PTS.
func (l Timeline) seen(from, to time.Duration) float64 {
	i, j := l.at(from), l.at(to)
	n := 0
	for _, s := range l.Seen[i:j] {
		if s {
			n++
		}
	}
	return float64(n) / float64(max(j-i, 1))
}

// Timeline reads what the track saw from one PTS to another.
func (t *Track) Timeline(ctx context.Context, r Reader, from, to time.Duration) (Timeline, error) {
	n := int(max(to-from, 0)/step) + 1
	l := Timeline{Start: from, Logp: make([]float32, n*Classes), Seen: make([]bool, n)}
	for i := range l.Logp {
		if i%Classes != 0 {
			l.Logp[i] = floor
		}
	}
	for _, p := range t.Pieces(from, to) {
		if p.Steps() < shortest {
			continue
		}
		logp, err := Posteriors(ctx, r, p.Points)
		if err != nil {
			return Timeline{}, err
		}
		first := l.at(p.Start)
		copy(l.Logp[first*Classes:], logp)
		for i := first; i < min(first+p.Steps(), n); i++ {
			l.Seen[i] = true
		}
	}
	return l, nil
}

// Posteriors reads a piece of 16 steps or more, in overlapping parts where it is long.
func Posteriors(ctx context.Context, r Reader, points []float32) ([]float32, error) {
	n := len(points) / Width
	logp := make([]float32, n*Classes)
	if n <= longest {
		return logp, r.Read(ctx, points, logp)
	}
	part := make([]float32, longest*Classes)
	for from := 0; ; from += longest - 2*margin {
		from = min(from, n-longest)
		if err := r.Read(ctx, points[from*Width:(from+longest)*Width], part); err != nil {
			return nil, err
		}
		skip := margin
		if from == 0 {
			skip = 0
		}
		copy(logp[(from+skip)*Classes:], part[skip*Classes:])
		if from == n-longest {
			return logp, nil
		}
	}
}
