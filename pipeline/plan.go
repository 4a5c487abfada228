package pipeline

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Plan says what kind of challenge to make. The zero Plan asks nothing and is
// refused; start from [DefaultPlan].
type Plan struct {
	Digits int // to be said, 0–20
	Turns  int // of the head, 0–8
	// Directions are those that turns may take, each equally likely, never the
	// same twice in a row; nil means all four.
	Directions []Direction
	// MinRun and MaxRun bound how many digits follow one another as a phrase;
	// 0 means 2 (or Digits where that is less) and 4. Without turns there is
	// only one phrase: MaxRun must then not be less than Digits.
	MinRun, MaxRun int
	// Lights asks for slow colour changes of the screen; whoever declines them is not asked again.
	Lights bool
}

// The largest plans that are not refused: far beyond anybody's patience.
const (
	maxDigits = 20
	maxTurns  = 8
)

// spareDigits are the digits of a spare phrase at most.
const spareDigits = 4

// DefaultPlan asks for six digits, in phrases of two to four, and two turns.
// One in 10⁶·12·10 guesses, made blindly and in time, is right.
func DefaultPlan() Plan { return Plan{Digits: 6, Turns: 2} }

// NewChallenge draws a challenge from random, which in production is
// crypto/rand.Reader: where the digits and the turns stand, which digits (each
// of 0–9 as likely, repeats allowed) and which turns. All arrangements that the
// plan permits are equally likely.
func NewChallenge(random io.Reader, p Plan) (Challenge, error) {
	p, err := p.filled()
	if err != nil {
		return Challenge{}, fmt.Errorf("plan a challenge: %w", err)
	}
	d := dice{random: random}
	c := Challenge{Steps: make([]Step, 0, p.Digits+p.Turns)}
	ways := p.arrangements()
	left, last := p.Digits, Direction("")
	for gaps := p.Turns + 1; gaps > 0; gaps-- {
		run := d.run(p, ways[gaps-1], left)
		for range run {
			c.Steps = append(c.Steps, Step{Kind: StepDigit, Digit: d.below(10)})
		}
		left -= run
		if gaps > 1 {
			last = d.turn(p.Directions, last)
			c.Steps = append(c.Steps, Step{Kind: StepTurn, Turn: last})
		}
	}
	if p.Lights {
		c.Lights = d.lights()
	}
	if p.Turns > 0 {
		c.SpareTurns = []Step{{Kind: StepTurn, Turn: d.turn(p.Directions, last), Again: true}}
	}
	for range min(p.Digits, p.MaxRun, spareDigits) {
		c.SparePhrase = append(c.SparePhrase, Step{Kind: StepDigit, Digit: d.below(10), Again: true})
	}
	if d.err != nil {
		return Challenge{}, fmt.Errorf("draw a challenge: %w", d.err)
	}
	return c, nil
}

// filled returns p with defaults in place, or why it makes no sense.
func (p Plan) filled() (Plan, error) {
	if p.Directions == nil {
		p.Directions = []Direction{Left, Right, Up, Down}
	}
	if p.MinRun == 0 {
		p.MinRun = max(1, min(2, p.Digits))
	}
	if p.MaxRun == 0 {
		p.MaxRun = max(4, p.MinRun)
	}
	switch {
	case p.Digits < 0 || p.Digits > maxDigits:
		return p, fmt.Errorf("%d digits, want 0–%d", p.Digits, maxDigits)
	case p.Turns < 0 || p.Turns > maxTurns:
		return p, fmt.Errorf("%d turns, want 0–%d", p.Turns, maxTurns)
	case p.Digits+p.Turns == 0:
		return p, errors.New("it asks for nothing")
	case p.MinRun < 1 || p.MaxRun < p.MinRun:
		return p, fmt.Errorf("phrases of %d–%d digits", p.MinRun, p.MaxRun)
	case p.arrangements()[p.Turns+1][p.Digits] == 0:
		return p, fmt.Errorf("%d digits cannot stand between %d turns in phrases of %d–%d",
			p.Digits, p.Turns, p.MinRun, p.MaxRun)
	}
	return p, p.checkDirections()
}

func (p Plan) checkDirections() error {
	for i, d := range p.Directions {
		if !slices.Contains([]Direction{Left, Right, Up, Down}, d) {
			return fmt.Errorf("unknown direction %q", d)
		}
		if slices.Contains(p.Directions[:i], d) {
			return fmt.Errorf("direction %q twice", d)
		}
	}
	if p.Turns > 0 && len(p.Directions) < 2 {
		return errors.New("turns that can be foreseen: want two directions or more")
	}
	return nil
}

// arrangements counts, as ways[gaps][digits], how many ways there are to put so
// many digits into so many gaps between turns, each gap empty or one phrase.
func (p Plan) arrangements() [][]int {
	ways := make([][]int, p.Turns+2)
	ways[0] = make([]int, p.Digits+1)
	ways[0][0] = 1
	for g := 1; g < len(ways); g++ {
		ways[g] = make([]int, p.Digits+1)
		for n := range ways[g] {
			for run := 0; run <= n; run++ {
				if p.fits(run) {
					ways[g][n] += ways[g-1][n-run]
				}
			}
		}
	}
	return ways
}

func (p Plan) fits(run int) bool { return run == 0 || run >= p.MinRun && run <= p.MaxRun }

// dice draws fair numbers from random bytes and remembers the first error.
type dice struct {
	random io.Reader
	err    error
}

// below returns one of 0…n-1, all equally likely, for n up to 1<<31. Draws above the
// largest multiple of n are thrown away, so that none is favoured; each draw is
// kept with a chance of a half at least, so 128 in vain mean a broken source.
func (d *dice) below(n int) int {
	const draws = 1 << 32
	var b [4]byte
	for range 128 {
		if d.err != nil {
			return 0
		}
		_, d.err = io.ReadFull(d.random, b[:])
		if v := int(binary.BigEndian.Uint32(b[:])); v < draws-draws%n {
			return v % n
		}
	}
	d.err = errors.New("the source of randomness is stuck")
	return 0
}

// run chooses how many of the digits left stand in the next gap; rest[k] is how
// many ways there are to place k digits after it.
func (d *dice) run(p Plan, rest []int, left int) int {
	total := 0
	for n := 0; n <= left; n++ {
		if p.fits(n) {
			total += rest[left-n]
		}
	}
	at := d.below(total)
	for n := 0; n <= left; n++ {
		if !p.fits(n) {
			continue
		}
		if at -= rest[left-n]; at < 0 {
			return n
		}
	}
	return 0
}

func (d *dice) turn(from []Direction, last Direction) Direction {
	n := len(from)
	skip := slices.Index(from, last)
	if skip >= 0 {
		n--
	}
	i := d.below(n)
	if skip >= 0 && i >= skip {
		i++
	}
	return from[i]
}
