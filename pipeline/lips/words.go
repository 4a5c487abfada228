package lips

import "math"

// Words are pieces of time of leastWord to mostWord steps, 120 ms to 1 s.
const (
	leastWord, mostWord = 3, 26
	lengths             = mostWord - leastWord + 1
	// wordMiddle and wordSpread are how long digits of GRID take, in steps and of the logarithm,
	// widened as people who are prompted speak slower.
	wordMiddle, wordSpread = 9, 0.5
	// moving is how much each step's odds of a word against rest count: neighbours are not
	// independent. Chosen on fold 0, with models/train/README.md's figures.
	moving = 0.4
)

// words holds what there is to know of each piece of time that may be a word: how much speaks for
// one, and which digit it is.
type words struct {
	steps int
	odds  []float64 // ln P(a word)/P(rest) of the steps before
	sums  []float64 // steps+1 × 10: of the logarithms of the digits
	is    []float64 // steps+1 × lengths: ln of how much likelier a word ends here than rest
	digit []float64 // steps+1 × lengths × 10: ln of the digits' posteriors
}

// load reads steps × [Classes] logarithms. What is not a number, or below −30, counts as −30,
// and above 0 as 0, so that nothing a network gives makes a result NaN.
func (w *words) load(logp []float32) {
	w.steps = len(logp) / Classes
	w.odds, w.sums = grown(w.odds, w.steps+1), grown(w.sums, 10*(w.steps+1))
	w.is, w.digit = grown(w.is, (w.steps+1)*lengths), grown(w.digit, (w.steps+1)*lengths*10)
	w.odds[0] = 0
	fill(w.sums[:10], 0)
	for t := range w.steps {
		row := logp[t*Classes : (t+1)*Classes]
		rest := min(bounded(row[0]), -1e-6)
		w.odds[t+1] = w.odds[t] + max(math.Log(-math.Expm1(rest)), evidence) - max(rest, evidence)
		for d := range 10 {
			w.sums[10*(t+1)+d] = w.sums[10*t+d] + bounded(row[1+d])
		}
	}
	for t := leastWord; t <= w.steps; t++ {
		for n := leastWord; n <= min(mostWord, t); n++ {
			w.weigh(t, n)
		}
	}
}

// evidence is the least logarithm that counts for or against a word in one step.
const evidence = -12

func bounded(x float32) float64 {
	if !(x >= floor) {
		return floor
	}
	return min(float64(x), 0)
}

// weigh fills in the word of n steps that ends before step t: its digits' posteriors are the
// softmax of its steps' mean logarithms, as in training.
func (w *words) weigh(t, n int) {
	at := t*lengths + n - leastWord
	z := math.Log(float64(n)/wordMiddle) / wordSpread
	w.is[at] = moving*(w.odds[t]-w.odds[t-n]) - z*z/2
	p := w.digit[at*10 : at*10+10]
	most := math.Inf(-1)
	for d := range p {
		p[d] = (w.sums[10*t+d] - w.sums[10*(t-n)+d]) / float64(n)
		most = max(most, p[d])
	}
	sum := 0.0
	for _, v := range p {
		sum += math.Exp(v - most)
	}
	sum = most + math.Log(sum)
	for d := range p {
		p[d] -= sum
	}
}

// word returns ln of how much likelier a digit in the steps n before t is than rest; any digit
// if it is negative.
func (w *words) word(t, n, digit int) float64 {
	at := t*lengths + n - leastWord
	if digit < 0 {
		return w.is[at]
	}
	return w.is[at] + w.digit[at*10+digit]
}

// most returns the digits of the likeliest words, however many, from the last to the first.
func (w *words) most() []int {
	best, last := make([]float64, w.steps+1), make([]int, w.steps+1)
	for t := 1; t <= w.steps; t++ {
		best[t] = best[t-1]
		for n := leastWord; n <= min(mostWord, t); n++ {
			if x := best[max(t-n-1, 0)] + w.word(t, n, anyDigit); x > best[t] {
				best[t], last[t] = x, n
			}
		}
	}
	said := []int{}
	for t := w.steps; t > 0; {
		n := last[t]
		if n == 0 {
			t--
			continue
		}
		said = append(said, w.digitOf(t, n))
		t -= n + 1
	}
	return said
}

func (w *words) digitOf(t, n int) (digit int) {
	at := t*lengths + n - leastWord
	p := w.digit[at*10 : at*10+10]
	for d, v := range p {
		if v > p[digit] {
			digit = d
		}
	}
	return digit
}
