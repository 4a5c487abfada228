package eval

import "math"

// ClopperPearson returns k of n with the exact 95 % interval (1934), which for none of n, or all,
// still has a bound on the open side. Of nothing it is 0 to 1.
func ClopperPearson(k, n int) Figure {
	if n == 0 {
		return Figure{CI: Interval{0, 1}}
	}
	f := Figure{Value: float64(k) / float64(n), CI: Interval{0, 1}, N: n}
	const tail = 0.025
	if k > 0 { // the share at which k or more are as rare as the tail
		f.CI[0] = root(func(p float64) float64 { return 1 - binomial(k-1, n, p) - tail })
	}
	if k < n { // and at which k or less are
		f.CI[1] = root(func(p float64) float64 { return tail - binomial(k, n, p) })
	}
	return f
}

// binomial is the chance of at most k of n at a share of p.
func binomial(k, n int, p float64) float64 {
	if p <= 0 {
		return 1
	}
	if p >= 1 {
		return 0
	}
	all, _ := math.Lgamma(float64(n + 1))
	sum := 0.0
	for i := 0; i <= k; i++ {
		a, _ := math.Lgamma(float64(i + 1))
		b, _ := math.Lgamma(float64(n - i + 1))
		sum += math.Exp(all - a - b + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return sum
}

// root is where a rising function of 0–1 becomes positive.
func root(f func(float64) float64) float64 {
	lo, hi := 0.0, 1.0
	for range 60 {
		mid := (lo + hi) / 2
		if f(mid) > 0 {
			hi = mid
		} else {
			lo = mid
		}
	}
	return (lo + hi) / 2
}
