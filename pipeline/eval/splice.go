package eval

import (
	"math/rand/v2"
	"slices"

	"vivavoce/pipeline/lips"
)

// voice is what can be spliced of one speaker.
type voice struct {
	speaker string
	digits  [10][]cut
	rests   []cut
}

// cut is some steps of a film, around that film's own mean.
type cut struct {
	mean [lips.Width]float32
	rows []float32 // steps × Width, less mean
}

// ease is how many steps on either side a joint is smoothed over.
const ease = 3

// voicesOf groups films by speaker; speakers without rests or with fewer than two different
// digits that have times cannot be spliced.
func voicesOf(films []Film) []*voice {
	by := map[string]*voice{}
	for _, f := range films {
		v := by[f.Speaker]
		if v == nil {
			v = &voice{speaker: f.Speaker}
			by[f.Speaker] = v
		}
		v.take(f)
	}
	var out []*voice
	for _, v := range by {
		if len(v.have()) >= 2 && len(v.rests) > 0 {
			out = append(out, v)
		}
	}
	slices.SortFunc(out, func(a, b *voice) int { return bySpeaker(a.speaker, b.speaker) })
	return out
}

// take cuts a film's digits and the rest before its first and after its last word.
func (v *voice) take(f Film) {
	if !slices.ContainsFunc(f.Words, func(w Word) bool { return w.Timed }) {
		return
	}
	mean := meanOf(f.Mouth.Points)
	n := f.Mouth.Steps()
	first, last := n, 0
	for _, w := range f.Words {
		if !w.Timed {
			continue
		}
		from, to := f.at(w.Start), f.at(w.End)
		first, last = min(first, from), max(last, to)
		if from, to = from-margin, to+margin; w.Digit >= 0 && from >= 0 && to <= n && to-from > 2*margin {
			v.digits[w.Digit] = append(v.digits[w.Digit], cutOf(f.Mouth.Points, mean, from, to))
		}
	}
	const quiet = 5 // steps between a rest and a word
	for _, r := range [][2]int{{1, first - quiet}, {last + quiet, n - 1}} {
		if r[0] >= 0 && r[1]-r[0] >= 6 && r[1] <= n {
			v.rests = append(v.rests, cutOf(f.Mouth.Points, mean, r[0], r[1]))
		}
	}
}

func (v *voice) have() (digits []int) {
	for d, cuts := range v.digits {
		if len(cuts) > 0 {
			digits = append(digits, d)
		}
	}
	return digits
}

func meanOf(points []float32) (mean [lips.Width]float32) {
	var sum [lips.Width]float64
	for i, v := range points {
		sum[i%lips.Width] += float64(v)
	}
	for i := range mean {
		mean[i] = float32(sum[i] / float64(len(points)/lips.Width))
	}
	return mean
}

func cutOf(points []float32, mean [lips.Width]float32, from, to int) cut {
	c := cut{mean: mean, rows: slices.Clone(points[from*lips.Width : to*lips.Width])}
	for i := range c.rows {
		c.rows[i] -= mean[i%lips.Width]
	}
	return c
}

// spliced is a made-up recording of a phrase.
type spliced struct {
	hard   bool
	points []float32
	spans  []lips.Span // of each digit, as if prompts had been shown
}

// Times of a splice in steps: rest before, between and after the digits (0.12–0.56 s between,
// as in people who read digits off a screen), and how long before a digit its prompt is.
const (
	restBefore, restBetween, restAfter = 12, 3, 9
	react, lateness                    = 8, 12
)

// splice says digits, each by a word from another recording of the speaker, in one place. How far
// apart they are is drawn anew.
func (v *voice) splice(r *rand.Rand, digits []int, hard bool) spliced {
	s := spliced{hard: hard}
	words := make([]cut, len(digits))
	for i, d := range digits {
		words[i] = v.digits[d][r.IntN(len(v.digits[d]))]
	}
	home := words[0].mean
	s.rest(r, v, home, restBefore-4+r.IntN(8))
	var joints, starts []int
	for _, w := range words {
		joints = append(joints, s.steps())
		starts = append(starts, s.steps())
		s.add(home, w)
		joints = append(joints, s.steps())
		s.rest(r, v, home, restBetween+r.IntN(12))
	}
	s.rest(r, v, home, restAfter-3+r.IntN(6))
	for _, j := range joints {
		if !hard {
			s.smooth(j)
		}
	}
	for i, at := range starts {
		end := s.steps()
		if i+1 < len(starts) {
			end = min(end, starts[i+1]-react+lateness)
		}
		s.spans = append(s.spans, lips.Span{From: max(at-react, 0), To: end})
	}
	return s
}

func (s *spliced) steps() int { return len(s.points) / lips.Width }

// add appends a cut, moved to home or, in a hard splice, where it was.
func (s *spliced) add(home [lips.Width]float32, c cut) {
	if s.hard {
		home = c.mean
	}
	for i, v := range c.rows {
		s.points = append(s.points, v+home[i%lips.Width])
	}
}

// rest adds so many steps of silence, played to and fro.
func (s *spliced) rest(r *rand.Rand, v *voice, home [lips.Width]float32, steps int) {
	c := v.rests[r.IntN(len(v.rests))]
	n := len(c.rows) / lips.Width
	at := r.IntN(n)
	for range steps {
		k := at % (2 * n)
		if k >= n {
			k = 2*n - 1 - k
		}
		s.add(home, cut{c.mean, c.rows[k*lips.Width : (k+1)*lips.Width]})
		at++
	}
}

// smooth spreads the jump before step at over some steps on either side.
func (s *spliced) smooth(at int) {
	n := s.steps()
	if at < 1 || at >= n {
		return
	}
	a, b := max(at-ease, 0), min(at+ease, n)
	for i := range lips.Width {
		jump := s.points[at*lips.Width+i] - s.points[(at-1)*lips.Width+i]
		for t := a; t < at; t++ {
			w := float32(t-a+1) / float32(at-a+1)
			s.points[t*lips.Width+i] += jump / 2 * w * w
		}
		for t := at; t < b; t++ {
			w := float32(b-t) / float32(b-at+1)
			s.points[t*lips.Width+i] -= jump / 2 * w * w
		}
	}
}
