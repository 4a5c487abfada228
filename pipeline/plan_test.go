package pipeline

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	mathrand "math/rand/v2"
	"slices"
	"testing"
)

// seeded is a reader of pseudo-random bytes, so that a statistical test never flickers.
type seeded struct{ rng *mathrand.Rand }

func newSeeded(seed uint64) seeded { return seeded{mathrand.New(mathrand.NewPCG(seed, 1))} }

func (s seeded) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(s.rng.Uint32())
	}
	return len(p), nil
}

type constant byte

func (c constant) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(c)
	}
	return len(p), nil
}

func TestNewChallengeRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		plan Plan
	}{
		{"nothing", Plan{}},
		{"fewer than no digits", Plan{Digits: -1, Turns: 2}},
		{"too many digits", Plan{Digits: 21, Turns: 2, MaxRun: 21}},
		{"fewer than no turns", Plan{Digits: 6, Turns: -1}},
		{"too many turns", Plan{Digits: 6, Turns: 9}},
		{"unknown direction", Plan{Turns: 1, Directions: []Direction{Left, "sideways"}}},
		{"a direction twice", Plan{Turns: 1, Directions: []Direction{Left, Left}}},
		{"one direction", Plan{Turns: 1, Directions: []Direction{Left}}},
		{"no directions", Plan{Turns: 1, Directions: []Direction{}}},
		{"phrases of less than one", Plan{Digits: 6, Turns: 2, MinRun: -1}},
		{"longest below shortest", Plan{Digits: 6, Turns: 2, MinRun: 3, MaxRun: 2}},
		{"does not fit one phrase", Plan{Digits: 6}},
		{"cannot be divided", Plan{Digits: 5, Turns: 1, MinRun: 3, MaxRun: 4}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := NewChallenge(rand.Reader, c.plan); err == nil {
				t.Errorf("challenge = %+v, want an error", got)
			}
		})
	}
}

func TestNewChallengeNeedsRandomness(t *testing.T) {
	if _, err := NewChallenge(bytes.NewReader([]byte{1, 2, 3}), DefaultPlan()); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("short source: err = %v, want io.ErrUnexpectedEOF", err)
	}
	if c, err := NewChallenge(constant(0xFF), DefaultPlan()); err == nil {
		t.Errorf("stuck source: challenge = %+v, want an error", c)
	}
}

// checkChallenge says how c differs from what p asks for.
func checkChallenge(c Challenge, p Plan) error {
	p, err := p.filled()
	if err != nil {
		return err
	}
	digits, turns, run := 0, 0, 0
	last := Direction("")
	for i, s := range append(c.Steps, Step{Kind: StepTurn, Turn: "end"}) {
		if i < len(c.Steps) {
			if err := s.check(); err != nil {
				return err
			}
		}
		if s.Kind == StepDigit {
			digits, run = digits+1, run+1
			continue
		}
		if !p.fits(run) {
			return fmt.Errorf("a phrase of %d digits", run)
		}
		run = 0
		if s.Turn == last {
			return fmt.Errorf("%s twice in a row", last)
		}
		last = s.Turn
		turns++
	}
	if digits != p.Digits || turns-1 != p.Turns {
		return fmt.Errorf("%d digits and %d turns", digits, turns-1)
	}
	if len(c.SpareTurns) != min(p.Turns, 1) || len(c.SparePhrase) != min(p.Digits, p.MaxRun, 4) {
		return fmt.Errorf("spare: %v, %v", c.SpareTurns, c.SparePhrase)
	}
	for i, s := range slices.Concat(c.SpareTurns, c.SparePhrase) {
		if err := s.check(); err != nil || !s.Again {
			return fmt.Errorf("spare step %d: %+v, %v", i, s, err)
		}
	}
	return nil
}

func TestNewChallengeKeepsThePlan(t *testing.T) {
	for _, p := range []Plan{
		DefaultPlan(), {Digits: 4, MaxRun: 4}, {Turns: 3}, {Digits: 1}, {Digits: 1, Turns: 1},
		{Digits: 20, Turns: 8}, {Digits: 8, Turns: 2, MinRun: 4, MaxRun: 4},
		{Digits: 3, Turns: 2, MinRun: 1, MaxRun: 1, Directions: []Direction{Up, Down}},
	} {
		for range 200 {
			c, err := NewChallenge(rand.Reader, p)
			if err != nil {
				t.Fatalf("%+v: %v", p, err)
			}
			if err := checkChallenge(c, p); err != nil {
				t.Fatalf("%+v gave %+v: %v", p, c, err)
			}
		}
	}
}

// uniform fails unless counts look like draws of equally likely things: Pearson's χ² within
// five standard deviations of what it should be.
func uniform(t *testing.T, what string, counts map[string]int, kinds int) {
	t.Helper()
	if len(counts) != kinds {
		t.Errorf("%s: %d kinds were drawn, want %d: %v", what, len(counts), kinds, counts)
		return
	}
	total := 0
	for _, n := range counts {
		total += n
	}
	want := float64(total) / float64(kinds)
	chi := 0.0
	for _, n := range counts {
		chi += (float64(n) - want) * (float64(n) - want) / want
	}
	df := float64(kinds - 1)
	if limit := df + 5*math.Sqrt(2*df); chi > limit {
		t.Errorf("%s: χ² = %.1f with %v degrees of freedom, want at most %.1f: %v", what, chi, df, limit, counts)
	}
}

func TestNewChallengeIsUniform(t *testing.T) {
	random := newSeeded(1)
	digits, firsts, pairs, shapes := map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	for range 20000 {
		c, err := NewChallenge(random, DefaultPlan())
		if err != nil {
			t.Fatal(err)
		}
		shape, turns := "", []Direction{}
		for i, s := range c.Steps {
			if s.Kind == StepDigit {
				digits[fmt.Sprint(s.Digit)]++
				shape += "d"
				if i == 0 {
					firsts[fmt.Sprint(s.Digit)]++
				}
			} else {
				shape += "t"
				turns = append(turns, s.Turn)
			}
		}
		shapes[shape]++
		pairs[string(turns[0]+turns[1])]++
	}
	uniform(t, "digits", digits, 10)
	uniform(t, "first digits", firsts, 10)
	uniform(t, "pairs of turns", pairs, 12)
	// Six digits in three gaps of 0 or 2–4: 222, 033 ×3, 024 ×6.
	uniform(t, "arrangements", shapes, 10)
}

func FuzzNewChallenge(f *testing.F) {
	f.Add(6, 2, 0, 0, []byte("0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz"))
	f.Add(1, 0, 0, 0, []byte{0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 1, 1, 1, 1})
	f.Add(-5, 1<<40, 3, -9, []byte{})
	f.Fuzz(func(t *testing.T, digits, turns, minRun, maxRun int, random []byte) {
		p := Plan{Digits: digits, Turns: turns, MinRun: minRun, MaxRun: maxRun}
		c, err := NewChallenge(bytes.NewReader(random), p)
		if err != nil {
			return
		}
		if err := checkChallenge(c, p); err != nil {
			t.Errorf("%+v gave %+v: %v", p, c, err)
		}
	})
}

func TestDiceThrowAwayTheUnfair(t *testing.T) {
	// 2³² is 4 over a multiple of 6: the last four values must not count.
	var b []byte
	for _, v := range []uint32{1<<32 - 1, 1<<32 - 4, 1<<32 - 5} {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	d := dice{random: bytes.NewReader(b)}
	want := (1<<32 - 5) % 6
	if got := d.below(6); got != want || d.err != nil {
		t.Errorf("below(6) = %d, %v, want %d from the third draw", got, d.err, want)
	}
}
