package puppet_test

import (
	"slices"
	"testing"

	"vivavoce/signaling/puppet"
)

func TestAnswers(t *testing.T) {
	phrase := []int{5, 9, 0, 2, 2, 7}
	for seed := range uint64(50) {
		others, one := puppet.OtherDigits(seed, 0, 1), puppet.OneOther(len(phrase), seed)
		changed := 0
		for _, asked := range phrase {
			if said := others(asked); said == asked || slices.Contains([]int{0, 1}, said) || said < 0 || said > 9 {
				t.Errorf("seed %d: asked %d, said %d, want another and neither 0 nor 1", seed, asked, said)
			}
			if one(asked) != asked {
				changed++
			}
		}
		if changed != 1 {
			t.Errorf("seed %d: %d digits changed, want one", seed, changed)
		}
	}
}
