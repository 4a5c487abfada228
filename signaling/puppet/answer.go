package puppet

import (
	"math/rand/v2"
	"slices"
)

// Answer is what somebody says when a digit is asked. The nil Answer says that digit.
type Answer func(asked int) (said int)

func (a Answer) to(asked int) int {
	if a == nil {
		return asked
	}
	return a(asked)
}

// OtherDigits says a random other digit each time, but none of never.
func OtherDigits(seed uint64, never ...int) Answer {
	rng := rand.New(rand.NewPCG(seed, 3))
	return func(asked int) int {
		for {
			if said := (asked + 1 + rng.IntN(9)) % 10; !slices.Contains(never, said) {
				return said
			}
		}
	}
}

// OneOther says a random other digit once, in a random place of the first n digits; what is asked after those, it says right.
func OneOther(n int, seed uint64, never ...int) Answer {
	rng := rand.New(rand.NewPCG(seed, 4))
	other, place := OtherDigits(seed, never...), rng.IntN(n)
	return func(asked int) int {
		place--
		if place != -1 {
			return asked
		}
		return other(asked)
	}
}
