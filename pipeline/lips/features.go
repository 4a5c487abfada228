package lips

import (
	"math"
	"slices"
	"time"

	"vivavoce/pipeline"
)

// What the reader is given and gives, as models/train/README.md says.
const (
	Width   = 18 // values a step: x, y of nine points
	Classes = 11 // blank, then the digits 0–9
	Rate    = 25 // steps a second

	step = time.Second / Rate
	// bridged is the longest gap between faces that is interpolated over; a longer
	// one splits what was seen.
	bridged = 300 * time.Millisecond
	// shortest is the least number of steps that the reader takes.
	shortest = 16
)

// mouthPoints are the landmarks that the reader sees: mouth corners (the person's right and
// left), middle of the inner lips above and below, chin, inner lips left and right above,
// then right and left below.
var mouthPoints = [Width / 2]int{78, 308, 13, 14, 152, 311, 81, 402, 178}

const (
	innerEyeRight, innerEyeLeft = 133, 362
	// around is how far before and after a face others count for its level and its size.
	around = 240 * time.Millisecond
	// leastEyes is the distance between the inner corners of the eyes, in pixels, below
	// which a mouth of some ten pixels shows nothing.
	leastEyes = 6
	// dense is the least time between two marks: more than 50 frames a second are thinned out.
	dense = 20 * time.Millisecond
	// mostMarks bounds a track: 160 s at 25 frames a second, 11 steps of a digit's length
	// more than the longest session. About 600 kB at most.
	mostMarks = 6000
)

// mark is the mouth of one frame, in pixels, from the midpoint of the eyes' inner corners.
type mark struct {
	pts    time.Duration
	eyes   [2]float32 // from the right eye's corner to the left's
	points [Width]float32
}

// Track remembers the mouths of one session, in the order of PTS. The zero Track is
// empty. Not for concurrent use.
type Track struct {
	marks        []mark
	angles, size []float64 // scratch
	levelled     [][Width]float32
}

// Add remembers a face. Faces that are not there, too small or not numbers are
// left out, and all when the track is full.
func (t *Track) Add(f *pipeline.Face) {
	if !f.Found || len(t.marks) >= mostMarks {
		return
	}
	now := f.Frame.PTS
	if n := len(t.marks); n > 0 && now < t.marks[n-1].pts+dense {
		return
	}
	if m, ok := markOf(f); ok {
		m.pts = now
		t.marks = append(t.marks, m)
	}
}

func markOf(f *pipeline.Face) (m mark, ok bool) {
	r, l := f.Points[innerEyeRight], f.Points[innerEyeLeft]
	m.eyes = [2]float32{l.X - r.X, l.Y - r.Y}
	x, y := (r.X+l.X)/2, (r.Y+l.Y)/2
	sum := 0.0
	for i, p := range mouthPoints {
		m.points[2*i], m.points[2*i+1] = f.Points[p].X-x, f.Points[p].Y-y
		sum += math.Abs(float64(m.points[2*i])) + math.Abs(float64(m.points[2*i+1]))
	}
	apart := math.Hypot(float64(m.eyes[0]), float64(m.eyes[1]))
	// Written so that NaN and infinities are refused; no mouth is 20 eye distances off.
	return m, apart >= leastEyes && sum <= 20*Width*apart && apart < 1e5
}

// Forget drops what was seen before pts.
func (t *Track) Forget(pts time.Duration) {
	i := t.at(pts)
	t.marks = t.marks[:copy(t.marks, t.marks[i:])]
}

// at returns the index of the first mark at pts or later.
func (t *Track) at(pts time.Duration) int {
	i, _ := slices.BinarySearchFunc(t.marks, pts, func(m mark, pts time.Duration) int { return int(m.pts - pts) })
	return i
}

// Span returns the PTS of the first and the last mouth; ok is false when there is none.
func (t *Track) Span() (first, last time.Duration, ok bool) {
	if len(t.marks) == 0 {
		return 0, 0, false
	}
	return t.marks[0].pts, t.marks[len(t.marks)-1].pts, true
}

// Piece is a stretch of mouths without a gap, at [Rate] steps a second.
type Piece struct {
	Start  time.Duration // PTS of the first step
	Points []float32     // steps × Width, in distances between the eyes' inner corners
}

// Steps returns the number of steps.
func (p Piece) Steps() int { return len(p.Points) / Width }

// Pieces returns what was seen from one PTS to another, both included. Each mouth is turned so
// that its eyes are level and divided by their distance, by the medians over ±240 ms: that distance
// is some 30 pixels and shakes, but people lean forward as they speak. A gap of more than
// 300 ms splits.
func (t *Track) Pieces(from, to time.Duration) []Piece {
	i, end := t.at(from), t.at(to+1)
	var out []Piece
	for i < end {
		j := i + 1
		for j < end && t.marks[j].pts-t.marks[j-1].pts <= bridged {
			j++
		}
		out = append(out, t.piece(t.marks[i:j]))
		i = j
	}
	return out
}

// piece levels, scales and resamples marks without a gap.
func (t *Track) piece(marks []mark) Piece {
	t.level(marks)
	first := marks[0].pts
	// A tenth of a millisecond more, as PTS are rounded.
	n := int((marks[len(marks)-1].pts-first+step/400)/step) + 1
	p := Piece{Start: first, Points: make([]float32, n*Width)}
	k := 0
	for s := range n {
		at := first + time.Duration(s)*step
		for k+2 < len(marks) && marks[k+1].pts < at {
			k++
		}
		a, b := &marks[k], &marks[min(k+1, len(marks)-1)]
		w := 0.0
		if b.pts > a.pts {
			w = min(float64(at-a.pts)/float64(b.pts-a.pts), 1)
		}
		row := p.Points[s*Width:]
		u, v := &t.levelled[k], &t.levelled[min(k+1, len(marks)-1)]
		for i := range Width {
			row[i] = float32(float64(u[i])*(1-w) + float64(v[i])*w)
		}
	}
	return p
}

// level turns and scales each mark by the medians of those around it.
func (t *Track) level(marks []mark) {
	t.levelled = t.levelled[:0]
	from, to := 0, 0
	for i := range marks {
		for marks[from].pts < marks[i].pts-around {
			from++
		}
		for to < len(marks) && marks[to].pts <= marks[i].pts+around {
			to++
		}
		t.angles, t.size = t.angles[:0], t.size[:0]
		for _, m := range marks[from:to] {
			x, y := float64(m.eyes[0]), float64(m.eyes[1])
			t.angles = append(t.angles, math.Atan2(y, x))
			t.size = append(t.size, math.Hypot(x, y))
		}
		sin, cos := math.Sincos(-median(t.angles))
		scale := 1 / median(t.size)
		sin, cos = sin*scale, cos*scale
		var row [Width]float32
		for k := 0; k < Width; k += 2 {
			x, y := float64(marks[i].points[k]), float64(marks[i].points[k+1])
			row[k], row[k+1] = float32(cos*x-sin*y), float32(sin*x+cos*y)
		}
		t.levelled = append(t.levelled, row)
	}
}

// median sorts v and returns its middle, or the mean of its two middles.
func median(v []float64) float64 {
	slices.Sort(v)
	n := len(v)
	return (v[(n-1)/2] + v[n/2]) / 2
}
