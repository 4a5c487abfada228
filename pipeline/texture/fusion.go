package texture

import (
	"encoding/json"
	"fmt"
	"math"
)

// Fusion puts the network and the evidence together: a logistic, fitted by models/train/texture on attacks that
// are not those it is measured on. It is models/texture/calibration.json.
type Fusion struct {
	Bias float64 `json:"bias"`
	// Net weighs the network's log odds of bona fide against each class of attack, from Screen on, cut
	// to ±NetLimit: some are seen well and some hardly, and those must not drown the others.
	Net      [Classes - 1]float64 `json:"net"`
	NetLimit float64              `json:"net_limit"`
	// Evidence has one entry for each of EvidenceNames, in their order. Values are taken as
	// (value − Mean) / Scale, cut to Low … 3; what could not be measured counts as Mean.
	Evidence []Term `json:"evidence"`
}

// Term is one piece of evidence in a Fusion.
type Term struct {
	Name   string  `json:"name"`
	Mean   float64 `json:"mean"`
	Scale  float64 `json:"scale"`
	Low    float64 `json:"low"` // −3, or 0 where only much of it means anything: a strong pattern, a long edge
	Weight float64 `json:"weight"`
}

// termLimit keeps one odd measurement from deciding alone.
const termLimit = 3

func parseFusion(b []byte) (f Fusion, err error) {
	if err := json.Unmarshal(b, &f); err != nil {
		return f, fmt.Errorf("read texture calibration: %w", err)
	}
	return f, f.check()
}

func (f Fusion) check() error {
	names := EvidenceNames()
	if len(f.Evidence) != len(names) {
		return fmt.Errorf("texture calibration: %d terms, want %d", len(f.Evidence), len(names))
	}
	sum := f.Bias + f.NetLimit
	for _, w := range f.Net {
		sum += w
	}
	for i, t := range f.Evidence {
		if t.Name != names[i] || !(t.Scale > 0) || !(t.Low >= -termLimit && t.Low <= 0) {
			return fmt.Errorf("texture calibration: term %d is %q with scale %v and low %v, want %q, above 0 and -3 to 0", i, t.Name, t.Scale, t.Low, names[i])
		}
		sum += t.Mean + t.Scale + t.Weight
	}
	if math.IsNaN(sum) || math.IsInf(sum, 0) || f.NetLimit < 0 {
		return fmt.Errorf("texture calibration: bias %v, net %v, limit %v and the terms are not all numbers, or the limit is below 0", f.Bias, f.Net, f.NetLimit)
	}
	return nil
}

// logOdds of bona fide, natural logarithm.
func (f Fusion) logOdds(l Look) float64 {
	z := f.Bias
	for i, w := range f.Net {
		if l.Judged {
			z += w * min(max(l.LogP[BonaFide]-l.LogP[i+1], -f.NetLimit), f.NetLimit)
		}
	}
	for i, t := range f.Evidence {
		if v := (l.Evidence[i] - t.Mean) / t.Scale; !math.IsNaN(v) {
			z += t.Weight * min(max(v, t.Low), termLimit)
		}
	}
	return z
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
