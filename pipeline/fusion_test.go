package pipeline

import (
	"math"
	"testing"
)

func TestFusionProbability(t *testing.T) {
	f := Fusion{Terms: []Term{{Score: "texture", Weight: 1}, {Score: "injection", Weight: 0.5, Bias: 1}}}
	whole := func(name string, v float64) Score { return Score{Name: name, Step: Whole, Checked: true, Value: v} }
	tests := []struct {
		name   string
		scores []Score
		want   float64
		ok     bool
	}{
		{"none", nil, 0, false},
		{"one", []Score{whole("texture", 0.9)}, 0.9, true},
		{"one not checked", []Score{whole("texture", 0.9), {Name: "injection", Step: Whole}}, 0.9, true},
		{"both", []Score{whole("texture", 0.5), whole("injection", 0.5)}, 1 / (1 + math.Exp(-1)), true},
		{"a step's", []Score{{Name: "texture", Step: 0, Checked: true, Value: 0.9}}, 0, false},
		{"unknown", []Score{whole("lips", 0.9)}, 0, false},
		{"sure, bounded", []Score{whole("texture", 1)}, 1 / (1 + math.Exp(-mostOdds)), true},
		{"sure of an attack", []Score{whole("texture", 0)}, 1 / (1 + math.Exp(mostOdds)), true},
		{"NaN", []Score{whole("injection", 0.9), whole("texture", math.NaN())}, 0, false},
		{"out of range", []Score{whole("texture", 1.1)}, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := f.Probability(tt.scores)
			if ok != tt.ok || !(math.Abs(got-tt.want) < 1e-9) {
				t.Errorf("Probability = %v, %v, want %v, %v", got, ok, tt.want, tt.ok)
			}
		})
	}
}

func TestFusionValidate(t *testing.T) {
	tests := []struct {
		name string
		f    Fusion
		ok   bool
	}{
		{"good", Fusion{Terms: []Term{{Score: "texture", Weight: 1}}}, true},
		{"no name", Fusion{Terms: []Term{{Weight: 1}}}, false},
		{"twice", Fusion{Terms: []Term{{Score: "a"}, {Score: "a"}}}, false},
		{"negative weight", Fusion{Terms: []Term{{Score: "a", Weight: -1}}}, false},
		{"NaN", Fusion{Terms: []Term{{Score: "a", Weight: math.NaN()}}}, false},
		{"infinite", Fusion{Bias: math.Inf(1)}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.f.Validate(); (err == nil) != tt.ok {
				t.Errorf("Validate = %v, want good: %v", err, tt.ok)
			}
		})
	}
}
