package lips

import "math"

// Span says in which steps a digit may be said: From and later, before To.
type Span struct{ From, To int }

// Lattice computes probabilities of digit strings from a reader's posteriors by the CTC
// rule (Graves et al., 2006): each digit takes one step or more, blanks may stand
// anywhere and must between two equal digits. It keeps its memory from call to call; the zero
// Lattice is ready. Not for concurrent use.
//
// logp holds steps × [Classes] natural logarithms. What is not a number, or below
// −30, counts as −30, and above 0 as 0, so that nothing a network gives makes a result NaN.
// spans say where each digit may be said; nil means anywhere.
type Lattice struct {
	e           []float64 // logp, bounded
	steps       int
	alpha, beta []float64
	digits      []float64
	blanks      []float64
	next        []float64
	missing     []float64
	rest        []int
	left        []Span
}

const (
	// floor is the least logarithm that a reader's posterior counts as: 1e-13.
	floor = -30
	never = math.MaxFloat64 * -1 / 4 // a logarithm of 0 that can be added to
)

func (l *Lattice) load(logp []float32) {
	l.steps = len(logp) / Classes
	l.e = l.e[:0]
	for _, v := range logp[:l.steps*Classes] {
		x := float64(v)
		if !(x >= floor) {
			x = floor
		}
		l.e = append(l.e, min(x, 0))
	}
}

func (l *Lattice) blank(t int) float64 { return l.e[t*Classes] }

// said is the posterior of a digit in the string's place i at step t.
func (l *Lattice) said(t, i, digit int, spans []Span) float64 {
	if spans != nil && (t < spans[i].From || t >= spans[i].To) {
		return never
	}
	return l.e[t*Classes+1+digit]
}

// Phrase returns ln P(digits), at most 0; math.Inf(-1) where it cannot be, as in too few steps.
func (l *Lattice) Phrase(logp []float32, digits []int, spans []Span) float64 {
	l.load(logp)
	if l.steps == 0 {
		return certain(len(digits) == 0)
	}
	l.forward(digits, spans)
	return l.end(digits)
}

func certain(yes bool) float64 {
	if yes {
		return 0
	}
	return math.Inf(-1)
}

// forward fills alpha[t][s]: s = 2i is the blank before digit i, 2i+1 the digit.
func (l *Lattice) forward(digits []int, spans []Span) {
	states := 2*len(digits) + 1
	l.alpha = grown(l.alpha, l.steps*states)
	for t := range l.steps {
		row := l.alpha[t*states : (t+1)*states]
		if t == 0 {
			fill(row, never)
			row[0] = l.blank(0)
			if len(digits) > 0 {
				row[1] = l.said(0, 0, digits[0], spans)
			}
			continue
		}
		old := l.alpha[(t-1)*states : t*states]
		for s := range row {
			x := old[s]
			if s > 0 {
				x = add(x, old[s-1])
			}
			i := s / 2
			if s%2 == 0 {
				row[s] = product(x, l.blank(t))
				continue
			}
			if i > 0 && digits[i] != digits[i-1] {
				x = add(x, old[s-2])
			}
			row[s] = product(x, l.said(t, i, digits[i], spans))
		}
	}
}

// end is the probability of having said all digits.
func (l *Lattice) end(digits []int) float64 {
	states := 2*len(digits) + 1
	last := l.alpha[(l.steps-1)*states : l.steps*states]
	x := last[states-1]
	if states > 1 {
		x = add(x, last[states-2])
	}
	return infinite(x)
}

// backward fills beta[t][s]: the probability of what follows step t from state s.
func (l *Lattice) backward(digits []int, spans []Span) {
	states := 2*len(digits) + 1
	l.beta = grown(l.beta, l.steps*states)
	last := l.beta[(l.steps-1)*states : l.steps*states]
	fill(last, never)
	last[states-1] = 0
	if states > 1 {
		last[states-2] = 0
	}
	for t := l.steps - 2; t >= 0; t-- {
		row, next := l.beta[t*states:(t+1)*states], l.beta[(t+1)*states:(t+2)*states]
		for s := range row {
			row[s] = product(next[s], l.emission(t+1, s, digits, spans))
			if s+1 < states {
				row[s] = add(row[s], product(next[s+1], l.emission(t+1, s+1, digits, spans)))
			}
			if i := s / 2; s%2 == 1 && i+1 < len(digits) && digits[i] != digits[i+1] {
				row[s] = add(row[s], product(next[s+2], l.emission(t+1, s+2, digits, spans)))
			}
		}
	}
}

func (l *Lattice) emission(t, s int, digits []int, spans []Span) float64 {
	if s%2 == 0 {
		return l.blank(t)
	}
	return l.said(t, s/2, digits[s/2], spans)
}

// Places returns, for each place of the string, ln P of the ten strings that have each digit
// there and are else as given; out is appended to.
func (l *Lattice) Places(out [][10]float64, logp []float32, digits []int, spans []Span) [][10]float64 {
	l.load(logp)
	if l.steps > 0 {
		l.forward(digits, spans)
		l.backward(digits, spans)
	}
	for i := range digits {
		var p [10]float64
		for d := range p {
			p[d] = math.Inf(-1)
			if l.steps > 0 {
				p[d] = infinite(l.place(i, d, digits, spans))
			}
		}
		out = append(out, p)
	}
	return out
}

// place is ln P of the string with digit d in place i: what comes before is alpha's,
// what follows beta's.
func (l *Lattice) place(i, d int, digits []int, spans []Span) float64 {
	n := len(digits)
	states := 2*n + 1
	total, x := float64(never), float64(never) // x: digit d is being said
	for t := range l.steps {
		enter := float64(never)
		if t == 0 && i == 0 {
			enter = 0
		}
		if t > 0 {
			old := l.alpha[(t-1)*states : t*states]
			enter = old[2*i]
			if i > 0 && digits[i-1] != d {
				enter = add(enter, old[2*i-1])
			}
		}
		x = product(add(x, enter), l.said(t, i, d, spans))
		leave := float64(never)
		if t+1 < l.steps {
			next := l.beta[(t+1)*states : (t+2)*states]
			leave = product(next[2*i+2], l.blank(t+1))
			if i+1 < n && digits[i+1] != d {
				leave = add(leave, product(next[2*i+3], l.said(t+1, i+1, digits[i+1], spans)))
			}
		} else if i == n-1 {
			leave = 0
		}
		total = add(total, product(x, leave))
	}
	return total
}

// PerDigit returns the string's log-posterior among all strings of its length, per digit: 0 at
// best; math.Inf(-1) when it or every one of them is impossible. digits must not be empty.
func (l *Lattice) PerDigit(logp []float32, digits []int, spans []Span) float64 {
	p := l.Phrase(logp, digits, spans) - l.Any(logp, len(digits), spans)
	if math.IsNaN(p) { // both are impossible
		return math.Inf(-1)
	}
	return min(p, 0) / float64(len(digits))
}

func sum(v []float64) float64 {
	x := float64(never)
	for _, y := range v {
		x = add(x, y)
	}
	return x
}

// add returns ln(exp(a) + exp(b)).
func add(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	d := b - a
	if d < -38 { // below the precision of a float64
		return a
	}
	return a + math.Log1p(math.Exp(d))
}

// product returns a + b, which stays never.
func product(a, b float64) float64 { return max(a+b, never) }

// infinite turns the logarithm of 0 into what callers know.
func infinite(x float64) float64 {
	if x < never/2 {
		return math.Inf(-1)
	}
	return min(x, 0)
}

func grown(v []float64, n int) []float64 {
	if cap(v) < n {
		return make([]float64, n)
	}
	return v[:n]
}

func fill(v []float64, x float64) {
	for i := range v {
		v[i] = x
	}
}
