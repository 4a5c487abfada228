package lips

import "math"

// Span says in which steps a digit may be said: its middle is at From or later, before To.
type Span struct{ From, To int }

func (s Span) holds(middle int) bool { return middle >= s.From && middle < s.To }

// Lattice weighs digit strings by a reader's posteriors. A string is said in words, one after
// the other with any rest between, wherever they may lie: all ways to cut the time
// count, each by how much the mouth speaks in its words and rests outside, how long they are, and,
// word by word, the digits' posteriors over the whole word (a semi-Markov model: Sarawagi and
// Cohen, 2004). At least one step of rest is between words: training takes a word's first and last
// step for rest. By steps alone, as CTC has it, one strange step spoils a word, and a stranger's
// words are cut in pieces; see models/train/README.md for what that cost.
//
// All are natural logarithms of how much likelier something is than that nothing was said at all. The
// Lattice keeps its memory from call to call; the zero Lattice is ready. Not for concurrent use.
//
// logp holds steps × [Classes] natural logarithms of posteriors; nothing in them makes a result
// NaN. spans say where each digit may be said; nil means anywhere.
type Lattice struct {
	words               words
	ends, before, after []float64
	missing             []float64
	digits              []int
}

const (
	// floor is the least logarithm that a reader's posterior counts as: 1e-13.
	floor = -30
	never = math.MaxFloat64 * -1 / 4 // a logarithm of 0 that can be added to
)

// anyDigit stands for all ten in a string.
const anyDigit = -1

// Phrase returns ln P(digits); math.Inf(-1) where it cannot be, as in too few steps.
func (l *Lattice) Phrase(logp []float32, digits []int, spans []Span) float64 {
	l.words.load(logp)
	return l.phrase(digits, spans)
}

// Any returns ln of the probability of all strings of n digits together.
func (l *Lattice) Any(logp []float32, n int, spans []Span) float64 {
	l.words.load(logp)
	return l.any(n, spans)
}

func (l *Lattice) any(n int, spans []Span) float64 {
	l.digits = l.digits[:0]
	for range n {
		l.digits = append(l.digits, anyDigit)
	}
	return l.phrase(l.digits, spans)
}

func (l *Lattice) phrase(digits []int, spans []Span) float64 {
	l.forward(digits, spans)
	return infinite(l.before[len(l.before)-1])
}

// forward fills ends[i][t]: the first i digits are said and the last of them ends just before step
// t; and before[i][t], where rest may follow up to t.
func (l *Lattice) forward(digits []int, spans []Span) {
	row := l.words.steps + 1
	l.ends, l.before = grown(l.ends, (len(digits)+1)*row), grown(l.before, (len(digits)+1)*row)
	fill(l.ends[:row], never)
	l.ends[0] = 0
	fill(l.before[:row], 0)
	for i, d := range digits {
		from, to := l.before[i*row:(i+1)*row], l.before[(i+1)*row:(i+2)*row]
		ends := l.ends[(i+1)*row : (i+2)*row]
		to[0], ends[0] = never, never
		for t := 1; t < row; t++ {
			s := total{most: never}
			for n := leastWord; n <= min(mostWord, t); n++ {
				if allowed(spans, i, t, n) {
					s.add(at(from, t-n-rested(i)) + l.words.word(t, n, d))
				}
			}
			ends[t] = s.log()
			s.add(to[t-1])
			to[t] = s.log()
		}
	}
}

// backward fills after[i][t]: digits i and later are said from step t on.
func (l *Lattice) backward(digits []int, spans []Span) {
	row, n := l.words.steps+1, len(digits)
	l.after = grown(l.after, (n+1)*row)
	fill(l.after[n*row:], 0)
	for i := n - 1; i >= 0; i-- {
		from, to := l.after[(i+1)*row:(i+2)*row], l.after[i*row:(i+1)*row]
		to[row-1] = never
		for t := row - 2; t >= 0; t-- {
			s := total{most: never}
			s.add(to[t+1])
			for n := leastWord; n <= min(mostWord, row-1-t); n++ {
				if allowed(spans, i, t+n, n) {
					s.add(at(from, t+n+rested(len(digits)-1-i)) + l.words.word(t+n, n, digits[i]))
				}
			}
			to[t] = s.log()
		}
	}
}

// rested is how many steps of rest there are at least between a word and those others before it, or
// after it.
func rested(others int) int { return min(others, 1) }

// at returns a value of a row, and that something cannot be beyond its ends.
func at(row []float64, t int) float64 {
	if t < 0 || t >= len(row) {
		return never
	}
	return row[t]
}

// allowed says whether place i may be said in the n steps before t.
func allowed(spans []Span, i, t, n int) bool {
	return spans == nil || spans[i].holds(t-(n+1)/2)
}

// Places returns, for each place of the string, ln P of the ten strings that have each digit
// there and are else as given; out is appended to.
func (l *Lattice) Places(out [][10]float64, logp []float32, digits []int, spans []Span) [][10]float64 {
	l.words.load(logp)
	l.forward(digits, spans)
	l.backward(digits, spans)
	for i := range digits {
		out = append(out, l.place(i, len(digits), spans))
	}
	return out
}

// place sums over where the word of a place may lie: what comes before is forward's, what
// follows backward's.
func (l *Lattice) place(i, of int, spans []Span) (p [10]float64) {
	row := l.words.steps + 1
	before, after := l.before[i*row:(i+1)*row], l.after[(i+1)*row:(i+2)*row]
	all := func(t, n int) float64 {
		return at(before, t-n-rested(i)) + l.words.word(t, n, anyDigit) + at(after, t+rested(of-1-i))
	}
	most := float64(never)
	l.each(i, spans, func(t, n int) { most = max(most, all(t, n)) })
	l.each(i, spans, func(t, n int) {
		w := math.Exp(all(t, n) - most)
		if w < 1e-18 { // below what a sum shows
			return
		}
		at := (t*lengths + n - leastWord) * 10
		for d, q := range l.words.digit[at : at+10] {
			p[d] += w * math.Exp(q)
		}
	})
	for d := range p {
		p[d] = infinite(max(math.Log(p[d])+most, never))
	}
	return p
}

// each calls f for every word that place i may be: n steps before t.
func (l *Lattice) each(i int, spans []Span, f func(t, n int)) {
	for t := leastWord; t <= l.words.steps; t++ {
		for n := leastWord; n <= min(mostWord, t); n++ {
			if allowed(spans, i, t, n) {
				f(t, n)
			}
		}
	}
}

// PerDigit returns the string's log-posterior among all strings of its length, per digit: 0 at
// best; math.Inf(-1) when it or every one of them is impossible. digits must not be empty.
func (l *Lattice) PerDigit(logp []float32, digits []int, spans []Span) float64 {
	l.words.load(logp)
	return l.perDigit(digits, spans)
}

func (l *Lattice) perDigit(digits []int, spans []Span) float64 {
	p := l.phrase(digits, spans) - l.any(len(digits), spans)
	if math.IsNaN(p) { // both are impossible
		return math.Inf(-1)
	}
	return min(p, 0) / float64(len(digits))
}

// Read returns the digits that were most probably said, however many. It allocates, for reports
// and not for each frame.
func Read(logp []float32) []int {
	var w words
	w.load(logp)
	said := w.most()
	for i, j := 0, len(said)-1; i < j; i, j = i+1, j-1 {
		said[i], said[j] = said[j], said[i]
	}
	return said
}

// total sums what is given as logarithms.
type total struct{ most, sum float64 }

func (s *total) add(x float64) {
	switch {
	case x <= s.most-40: // below the precision of a float64
	case x > s.most:
		s.sum, s.most = 1+s.sum*math.Exp(max(s.most-x, -700)), x
	default:
		s.sum += math.Exp(x - s.most)
	}
}

func (s *total) log() float64 { return max(s.most+math.Log(s.sum), never) }

// infinite turns the logarithm of 0 into what callers know.
func infinite(x float64) float64 {
	if x < never/2 {
		return math.Inf(-1)
	}
	return x
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
