package eval

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"vivavoce/pipeline"
)

// ridge keeps weights small that few presentations speak for.
const ridge = 0.02

// Fit fits a fusion of the named scores to presentations: logistic regression on the log odds of the
// scores that were checked, weights not below 0. Bona fide presentations and attacks count as if
// there were as many of both, and each species as much as the others.
//
// Scores that were never checked get no term.
func Fit(scores []string, seen []Presented) (pipeline.Fusion, error) {
	scores = slices.DeleteFunc(slices.Clone(scores), func(name string) bool {
		return !slices.ContainsFunc(seen, func(p Presented) bool { return p.Scores[name].Checked })
	})
	x, y, w := design(scores, seen)
	if len(x) == 0 {
		return pipeline.Fusion{}, errors.New("fit fusion: bona fide presentations and attacks with a score are needed")
	}
	beta := regress(x, y, w, len(scores))
	f := pipeline.Fusion{}
	for i, name := range scores {
		f.Terms = append(f.Terms, pipeline.Term{Score: name, Weight: beta[2*i], Bias: beta[2*i+1]})
	}
	return f, f.Validate()
}

// design has a row of each presentation with a score: for each score its log odds and 1 where it was
// checked, 0 and 0 where not.
func design(scores []string, seen []Presented) (x [][]float64, y, w []float64) {
	count := map[string]float64{}
	kind := func(p Presented) string {
		if p.Label == BonaFide {
			return ""
		}
		return p.Species
	}
	var kinds []string
	for _, p := range seen {
		row, any := make([]float64, 2*len(scores)), false
		for i, name := range scores {
			if s, ok := p.Scores[name]; ok && s.Checked && !math.IsNaN(s.Value) {
				row[2*i], row[2*i+1], any = pipeline.LogOdds(s.Value), 1, true
			}
		}
		if !any {
			continue
		}
		live := 0.0
		if p.Label == BonaFide {
			live = 1
		}
		x, y, kinds = append(x, row), append(y, live), append(kinds, kind(p))
		count[kind(p)]++
	}
	species := float64(len(count) - 1)
	if count[""] == 0 || species < 1 {
		return nil, nil, nil
	}
	for _, k := range kinds {
		if k == "" {
			w = append(w, 1/count[k])
		} else {
			w = append(w, 1/(count[k]*species))
		}
	}
	return x, y, w
}

// regress minimises the weighted logistic loss by gradient descent; every even coefficient is a
// weight, kept at 0 or more.
func regress(x [][]float64, y, w []float64, scores int) []float64 {
	beta, gradient := make([]float64, 2*scores), make([]float64, 2*scores)
	for i := range scores {
		beta[2*i] = 1 / float64(scores)
	}
	// The loss has at most this curvature: log odds are within ±7, the weights sum up to 2.
	const rate = 1 / (0.25 * 2 * 12)
	for range 20000 {
		for j := range gradient {
			gradient[j] = ridge * beta[j]
		}
		for i, row := range x {
			z := 0.0
			for j, v := range row {
				z += v * beta[j]
			}
			miss := w[i] * (1/(1+math.Exp(-z)) - y[i])
			for j, v := range row {
				gradient[j] += miss * v
			}
		}
		moved := 0.0
		for j, before := range beta {
			beta[j] -= rate / float64(scores) * gradient[j]
			if j%2 == 0 {
				beta[j] = max(beta[j], 0)
			}
			moved = max(moved, math.Abs(beta[j]-before))
		}
		if moved < 1e-6 {
			break
		}
	}
	return beta
}

// Plain is the fusion of scores that nothing was fitted for: the mean of their log odds.
func Plain(scores []string) pipeline.Fusion {
	var f pipeline.Fusion
	for _, name := range scores {
		f.Terms = append(f.Terms, pipeline.Term{Score: name, Weight: 1 / float64(len(scores))})
	}
	return f
}

// Part returns the presentations of a part.
func Part(seen []Presented, part string) []Presented {
	var out []Presented
	for _, p := range seen {
		if p.Part == part {
			out = append(out, p)
		}
	}
	return out
}

// Thresholds returns policy with the thresholds of its passive checks moved to where each, alone, refuses at most that
// share of the bona fide presentations that were seen.
func Thresholds(policy pipeline.Policy, seen []Presented, share float64) (pipeline.Policy, error) {
	policy.Checks = slices.Clone(policy.Checks)
	for i, c := range policy.Checks {
		var values []float64
		for _, p := range seen {
			if s, ok := p.Scores[c.Name]; ok && s.Checked && p.Label == BonaFide {
				values = append(values, s.Value)
			}
		}
		if asked(c.Name) {
			continue
		}
		if len(values) == 0 {
			return policy, fmt.Errorf("choose thresholds: no bona fide presentation for calibration has the score %s", c.Name)
		}
		slices.Sort(values)
		policy.Checks[i].Threshold = values[min(int(share*float64(len(values))), len(values)-1)]
	}
	return policy, nil
}
