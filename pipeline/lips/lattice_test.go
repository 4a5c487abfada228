package lips

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// posteriors draws steps × Classes logarithms that are normalised.
func posteriors(r *rand.Rand, steps int) []float32 {
	out := make([]float32, steps*Classes)
	for t := range steps {
		row := out[t*Classes : (t+1)*Classes]
		sum := 0.0
		for i := range row {
			p := math.Exp(3 * r.NormFloat64())
			row[i], sum = float32(p), sum+p
		}
		for i := range row {
			row[i] = float32(math.Log(float64(row[i]) / sum))
		}
	}
	return out
}

// weights goes through all ways to cut steps into words and rests, and sums up the weight of what
// each spells, as text; words outside of their span do not count.
func weights(logp []float32, spans []Span) map[string]float64 {
	steps := len(logp) / Classes
	out := map[string]float64{}
	var walk func(t int, said string, weight float64)
	walk = func(t int, said string, weight float64) {
		if t == steps {
			out[said] += weight
			return
		}
		walk(t+1, said, weight)
		for n := leastWord; n <= min(mostWord, steps-t); n++ {
			if i := len(said); spans != nil && (i >= len(spans) || !spans[i].holds(t+n/2)) {
				continue
			}
			is, digits := wordOf(logp, t, n)
			for d, p := range digits {
				if t+n == steps {
					out[said+string(rune('0'+d))] += weight * is * p
					continue
				}
				walk(t+n+1, said+string(rune('0'+d)), weight*is*p)
			}
		}
	}
	walk(0, "", 1)
	return out
}

// wordOf computes what [words.weigh] should for the n steps from t.
func wordOf(logp []float32, t, n int) (is float64, digits [10]float64) {
	odds, sum := 0.0, 0.0
	for i := t; i < t+n; i++ {
		rest := float64(logp[i*Classes])
		odds += max(math.Log(1-math.Exp(rest)), evidence) - max(rest, evidence)
		for d := range digits {
			digits[d] += float64(logp[i*Classes+1+d]) / float64(n)
		}
	}
	for d := range digits {
		digits[d] = math.Exp(digits[d])
		sum += digits[d]
	}
	for d := range digits {
		digits[d] /= sum
	}
	z := math.Log(float64(n)/wordMiddle) / wordSpread
	return math.Exp(moving*odds - z*z/2), digits
}

func text(digits []int) string {
	s := ""
	for _, d := range digits {
		s += string(rune('0' + d))
	}
	return s
}

// near compares logarithms to 1e-6.
func near(got, want float64) bool {
	return math.IsInf(want, -1) && math.IsInf(got, -1) || math.Abs(got-want) < 1e-6
}

func TestLatticeAgainstAllCuts(t *testing.T) {
	var l Lattice
	r := rand.New(rand.NewPCG(1, 2))
	phrases := [][]int{{}, {7}, {9, 9}, {1, 2}, {2, 1}, {5, 9, 7}, {9, 9, 9}, {1, 2, 3, 4}}
	for _, steps := range []int{0, 2, 3, 7, 10} {
		logp := posteriors(r, steps)
		for name, spans := range map[string][]Span{
			"anywhere": nil, "windows": {{0, 4}, {3, 7}, {3, 9}, {4, 9}}, "narrow": {{1, 2}, {4, 5}, {7, 8}, {7, 8}},
			"never": {{3, 3}, {0, 9}, {0, 9}, {0, 9}},
		} {
			want := weights(logp, spans)
			for _, digits := range phrases {
				at := fmt.Sprintf("%d steps, %s, %v", steps, name, digits)
				if got, want := l.Phrase(logp, digits, spans), math.Log(want[text(digits)]); !near(got, want) {
					t.Errorf("%s: Phrase = %v, want %v", at, got, want)
				}
				any := 0.0
				for said, p := range want {
					if len(said) == len(digits) {
						any += p
					}
				}
				if got, want := l.Any(logp, len(digits), spans), math.Log(any); !near(got, want) {
					t.Errorf("%s: Any = %v, want %v", at, got, want)
				}
				for i, got := range l.Missing(nil, logp, digits, spans) {
					other := append(append([]int(nil), digits[:i]...), digits[i+1:]...)
					var left []Span
					if spans != nil {
						left = append(append(left, spans[:i]...), spans[i+1:]...)
					}
					said := l.Phrase(logp, digits, spans)
					want := math.Log(weights(logp, left)[text(other)]) - said
					if math.IsInf(said, -1) {
						want = math.Inf(1)
					}
					if !near(got, want) && got != want {
						t.Errorf("%s: Missing[%d] = %v, want %v", at, i, got, want)
					}
				}
				for i, p := range l.Places(nil, logp, digits, spans) {
					for d := range p {
						other := append([]int(nil), digits...)
						other[i] = d
						if want := math.Log(want[text(other)]); !near(p[d], want) {
							t.Errorf("%s: Places[%d][%d] = %v, want %v", at, i, d, p[d], want)
						}
					}
				}
			}
		}
	}
}

// spoken builds clean posteriors of what is said: 'b' is a blank step, others a digit's.
func spoken(steps string) []float32 {
	var out []float32
	for _, c := range steps {
		for k := range Classes {
			p := 1e-4
			if c == 'b' && k == 0 || c != 'b' && k == 1+int(c-'0') {
				p = 0.999
			}
			out = append(out, float32(math.Log(p)))
		}
	}
	return out
}

func TestReadsWhatIsSaid(t *testing.T) {
	for _, c := range []struct{ name, steps, want string }{
		{"silence", "bbbbbb", ""},
		{"nothing", "", ""},
		{"six digits", "bb5555bb99999bb77777bb666666bb99999bb222222bb", "597692"},
		{"the same twice", "b9999bbb9999b", "99"},
		{"one long", "b9999999999999b", "9"},
		{"a step misread", "b999949999999b", "9"},
		{"hardly a pause", "111111bb222222bb333333", "123"},
		{"from the first step to the last", "44444bb44444", "44"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var l Lattice
			logp := spoken(c.steps)
			if got := text(Read(logp)); got != c.want {
				t.Errorf("read %q, want %q", got, c.want)
			}
			var digits []int
			for _, d := range c.want {
				digits = append(digits, int(d-'0'))
			}
			if p := l.Phrase(logp, digits, nil) - l.Any(logp, len(digits), nil); !(p > -0.5 && p <= 1e-9) {
				t.Errorf("ln P of %q among its length = %v, want about 0", c.want, p)
			}
		})
	}
}

func FuzzLattice(f *testing.F) {
	f.Add([]byte{}, []byte{1, 2}, false)
	f.Add(make([]byte, 4*Classes*3), []byte{9, 9}, true)
	nan := make([]byte, 4*Classes*4)
	for i := range 4 * Classes {
		v := []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1e38, 3, 0}[i%6]
		binary.LittleEndian.PutUint32(nan[4*i:], math.Float32bits(float32(v)))
	}
	f.Add(nan, []byte{5, 9, 7, 6, 9, 2}, false)
	f.Fuzz(func(t *testing.T, raw, said []byte, windows bool) {
		steps := min(len(raw)/4/Classes, 40)
		logp := make([]float32, steps*Classes)
		for i := range logp {
			logp[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		}
		var digits []int
		var spans []Span
		for i, d := range said[:min(len(said), 8)] {
			digits = append(digits, int(d%10))
			if windows {
				spans = append(spans, Span{From: i * 3, To: i*3 + int(d/10)})
			}
		}
		var l Lattice
		if s := l.Said(logp, digits, spans); len(digits) > 0 && !(s <= 0) {
			t.Errorf("Said %v: want at most 0", s)
		}
		whole := l.Phrase(logp, digits, spans)
		any := l.Any(logp, len(digits), spans)
		if !(whole <= any+1e-6) {
			t.Errorf("Phrase %v, Any %v: want no more", whole, any)
		}
		for i, p := range l.Places(nil, logp, digits, spans) {
			if !near(p[digits[i]], whole) && math.Abs(p[digits[i]]-whole) > 1e-6*math.Abs(whole) {
				t.Errorf("place %d: %v, want %v", i, p[digits[i]], whole)
			}
		}
		for _, d := range Read(logp) {
			if d < 0 || d > 9 {
				t.Errorf("read digit %d", d)
			}
		}
	})
}

func TestLatticeAllocatesNothing(t *testing.T) {
	var l Lattice
	logp := posteriors(rand.New(rand.NewPCG(5, 6)), 125)
	digits := []int{5, 9, 7, 6, 9, 2}
	var places [][10]float64
	run := func() {
		l.Phrase(logp, digits, nil)
		l.Said(logp, digits, nil)
		places = l.Places(places[:0], logp, digits, nil)
	}
	run()
	if n := testing.AllocsPerRun(5, run); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func BenchmarkLattice(b *testing.B) {
	var l Lattice
	logp := posteriors(rand.New(rand.NewPCG(5, 6)), 125) // 5 s
	digits := []int{5, 9, 7, 6, 9, 2}
	var places [][10]float64
	for name, run := range map[string]func(){
		"phrase": func() { l.Phrase(logp, digits, nil) },
		"any":    func() { l.Any(logp, len(digits), nil) },
		"places": func() { places = l.Places(places[:0], logp, digits, nil) },
		"said":   func() { l.Said(logp, digits, nil) },
		"read":   func() { Read(logp) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				run()
			}
		})
	}
}
