package puppet

import "math/rand/v2"

// Answer is what somebody says when a digit is asked. The nil Answer says that digit.
type Answer func(asked int) (said int)

func (a Answer) to(asked int) int {
	if a == nil {
		return asked
	}
	return a(asked)
}

// OtherDigits says a random other digit each time.
func OtherDigits(seed uint64) Answer {
	rng := rand.New(rand.NewPCG(seed, 3))
	return func(asked int) int { return (asked + 1 + rng.IntN(9)) % 10 }
}

// OneOther says a random other digit once, in a random place of a phrase of n.
func OneOther(n int, seed uint64) Answer {
	rng := rand.New(rand.NewPCG(seed, 4))
	other, place := OtherDigits(seed), rng.IntN(n)
	return func(asked int) int {
		place--
		if place != -1 {
			return asked
		}
		return other(asked)
	}
}
