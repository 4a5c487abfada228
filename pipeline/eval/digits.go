package eval

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"vivavoce/pipeline/lips"
)

// Digits is how well single digits are read, ten ways.
type Digits struct {
	// Untimed: the clip's digits are known but one, and when they are said is not.
	Untimed Figure `json:"untimed"`
	// Timed: the times of the word are given.
	Timed    Figure          `json:"timed"`
	Speakers []SpeakerDigits `json:"speakers"`
	// Confusion[said][read] counts digits, untimed.
	Confusion [10][10]int `json:"confusion"`
}

// SpeakerDigits are one speaker's.
type SpeakerDigits struct {
	Speaker string `json:"speaker"`
	Untimed Figure `json:"untimed"`
	Timed   Figure `json:"timed"`
}

// margin is how many steps around a word belong to it: the lips begin before the voice.
const margin = 2

// count is right answers of all.
type count struct{ right, all int }

func (c *count) add(right bool) {
	c.all++
	if right {
		c.right++
	}
}

// ReadDigits reads the digits of every film.
func ReadDigits(ctx context.Context, r lips.Reader, films []Film) (*Digits, error) {
	out := &Digits{}
	var lattice lips.Lattice
	untimed, timed := map[string]*count{}, map[string]*count{}
	for _, f := range films {
		u, t := at(untimed, f.Speaker), at(timed, f.Speaker)
		logp, err := lips.Posteriors(ctx, r, f.Mouth.Points)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", f.Path, err)
		}
		said := f.Digits()
		for i, p := range lattice.Places(nil, logp, said, nil) {
			read := most(p)
			out.Confusion[said[i]][read]++
			u.add(read == said[i])
		}
		for _, w := range f.Words {
			if part := f.part(logp, w); w.Digit >= 0 && len(part) > 0 {
				t.add(most(lattice.Places(nil, part, []int{w.Digit}, nil)[0]) == w.Digit)
			}
		}
	}
	var allUntimed, allTimed count
	for speaker, u := range untimed {
		t := timed[speaker]
		out.Speakers = append(out.Speakers, SpeakerDigits{speaker, Wilson(u.right, u.all), Wilson(t.right, t.all)})
		allUntimed = count{allUntimed.right + u.right, allUntimed.all + u.all}
		allTimed = count{allTimed.right + t.right, allTimed.all + t.all}
	}
	slices.SortFunc(out.Speakers, func(a, b SpeakerDigits) int { return bySpeaker(a.Speaker, b.Speaker) })
	out.Untimed, out.Timed = Wilson(allUntimed.right, allUntimed.all), Wilson(allTimed.right, allTimed.all)
	return out, nil
}

func at(counts map[string]*count, speaker string) *count {
	if counts[speaker] == nil {
		counts[speaker] = &count{}
	}
	return counts[speaker]
}

// bySpeaker sorts s2 before s10.
func bySpeaker(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) }

// part returns the posteriors of a word whose times are known and that was seen.
func (f Film) part(logp []float32, w Word) []float32 {
	if !w.Timed {
		return nil
	}
	n := len(logp) / lips.Classes
	from, to := max(f.at(w.Start)-margin, 0), min(f.at(w.End)+margin, n)
	if from >= to {
		return nil
	}
	return logp[from*lips.Classes : to*lips.Classes]
}

func most(p [10]float64) int {
	best := 0
	for d, v := range p {
		if v > p[best] || math.IsNaN(p[best]) {
			best = d
		}
	}
	return best
}
