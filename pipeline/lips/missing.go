package lips

import "math"

// Missing returns, for each place of the string, ln of how much likelier it is that this digit was
// not said at all, the others being as given; at least 0 means that it was rather not. out is
// appended to.
func (l *Lattice) Missing(out []float64, logp []float32, digits []int, spans []Span) []float64 {
	l.words.load(logp)
	return l.without(out, digits, spans)
}

func (l *Lattice) without(out []float64, digits []int, spans []Span) []float64 {
	whole := l.phrase(digits, spans)
	l.backward(digits, spans)
	row := l.words.steps + 1
	for i := range digits {
		s := total{most: never}
		for t, x := range l.ends[i*row : (i+1)*row] {
			gap := min(rested(i), rested(len(digits)-1-i)) // of those around it
			s.add(x + at(l.after[(i+1)*row:(i+2)*row], t+gap))
		}
		d := infinite(s.log()) - whole
		if math.IsNaN(d) { // neither can be
			d = math.Inf(1)
		}
		out = append(out, d)
	}
	return out
}

// weakest is how much the least believed digit counts besides all of them together: who says one
// digit wrong is believed on the others.
const weakest = 0.3

// Said is how far the string is believed, per digit, 0 at best: [Lattice.PerDigit] and, by weakest,
// the ln posterior of the digit that is believed least, the others given; less for each
// digit that is hardly there. Without that last, a mouth that rests is a guess, ln 1/10 per digit, better
// than many a misread word, and who says half of a phrase passes. digits must not be empty.
func (l *Lattice) Said(logp []float32, digits []int, spans []Span) float64 {
	l.words.load(logp)
	s := l.perDigit(digits, spans)
	l.missing = l.without(l.missing[:0], digits, spans)
	least := 0.0
	for i, d := range digits {
		p, _, _ := among(l.place(i, len(digits), spans), d)
		least = min(least, p)
	}
	s = (s + weakest*least) / (1 + weakest)
	for _, d := range l.missing {
		s -= softplus(d) / float64(len(digits))
	}
	if math.IsNaN(s) {
		return math.Inf(-1)
	}
	return s
}

// softplus is ln(1 + exp(x)).
func softplus(x float64) float64 {
	if x > 40 {
		return x
	}
	return math.Log1p(math.Exp(x))
}
