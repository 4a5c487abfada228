package lips

import "math"

// Any returns ln of the probability of all strings of n digits together.
func (l *Lattice) Any(logp []float32, n int, spans []Span) float64 {
	l.load(logp)
	if l.steps == 0 || n == 0 {
		return l.silence(n)
	}
	// digits[10k+d]: digit d is being said as the string's place k; blanks[k]: rest before it.
	l.digits, l.next, l.blanks = grown(l.digits, 10*n), grown(l.next, 10*n), grown(l.blanks, n+1)
	fill(l.digits, never)
	fill(l.blanks, never)
	l.blanks[0] = 0
	for t := range l.steps {
		for k := range n {
			l.say(t, k, spans)
		}
		for k := n; k >= 0; k-- {
			x := l.blanks[k]
			if k > 0 {
				x = add(x, sum(l.digits[10*k-10:10*k]))
			}
			l.blanks[k] = product(x, l.blank(t))
		}
		l.digits, l.next = l.next, l.digits
	}
	return infinite(add(l.blanks[n], sum(l.digits[10*n-10:])))
}

// say fills next for place k: a digit goes on, or begins after a blank or another digit.
func (l *Lattice) say(t, k int, spans []Span) {
	var before [10]float64
	if k > 0 {
		before = others(l.digits[10*k-10 : 10*k])
	}
	for d := range 10 {
		x := add(l.digits[10*k+d], l.blanks[k])
		if k > 0 {
			x = add(x, before[d])
		}
		l.next[10*k+d] = product(x, l.said(t, k, d, spans))
	}
}

// silence is the probability of blanks alone.
func (l *Lattice) silence(n int) float64 {
	if n > 0 {
		return math.Inf(-1)
	}
	x := 0.0
	for t := range l.steps {
		x += l.blank(t)
	}
	return x
}

// others returns for each place of ten the sum of all but itself.
func others(v []float64) (out [10]float64) {
	left, right := float64(never), float64(never)
	for i := range v {
		out[i] = left
		left = add(left, v[i])
	}
	for i := len(v) - 1; i >= 0; i-- {
		out[i] = add(out[i], right)
		right = add(right, v[i])
	}
	return out
}
