package lips

import (
	"cmp"
	"slices"
)

const (
	// beamWidth is how many beginnings Read follows at once.
	beamWidth = 48
	// unheard is a posterior's logarithm below which Read does not try a digit; it
	// saves nearly all work where the mouth rests.
	unheard = -12
)

// beginning is a string of digits and ln P of having said just it, resting after it or still at
// its last digit.
type beginning struct {
	said        string // digits as bytes 0–9
	rest, still float64
}

func (b beginning) total() float64 { return add(b.rest, b.still) }

// Read returns the digits that were most probably said, however many, by a prefix beam
// search over logp (steps × [Classes]). It allocates, for reports and not for each frame.
func Read(logp []float32) []int {
	var l Lattice
	l.load(logp)
	beam := []beginning{{rest: 0, still: never}}
	for t := range l.steps {
		next := map[string]*beginning{}
		at := func(said string) *beginning {
			b := next[said]
			if b == nil {
				b = &beginning{said: said, rest: never, still: never}
				next[said] = b
			}
			return b
		}
		for _, b := range beam {
			same := at(b.said)
			same.rest = add(same.rest, product(b.total(), l.blank(t)))
			for d := range 10 {
				p := l.e[t*Classes+1+d]
				if p < unheard {
					continue
				}
				from := b.total()
				if n := len(b.said); n > 0 && b.said[n-1] == byte(d) {
					same.still = add(same.still, product(b.still, p))
					from = b.rest
				}
				longer := at(b.said + string([]byte{byte(d)}))
				longer.still = add(longer.still, product(from, p))
			}
		}
		beam = beam[:0]
		for _, b := range next {
			beam = append(beam, *b)
		}
		slices.SortFunc(beam, func(a, b beginning) int {
			return cmp.Or(cmp.Compare(b.total(), a.total()), cmp.Compare(a.said, b.said))
		})
		beam = beam[:min(len(beam), beamWidth)]
	}
	digits := []int{}
	for _, d := range []byte(beam[0].said) {
		digits = append(digits, int(d))
	}
	return digits
}
