package eval

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"vivavoce/pipeline/lips"
)

// Kinds of phrases that a genuine recording is scored against besides its own.
const (
	Random  = "random"  // any other phrase of the length
	Changed = "changed" // one digit is another
	Swapped = "swapped" // two neighbours that differ stand the other way round
)

// Kinds lists them.
func Kinds() []string { return []string{Random, Changed, Swapped} }

// PhraseOptions say what to measure.
type PhraseOptions struct {
	Length int // digits; 0 means 6
	Trials int // genuine phrases, evenly from the speakers; 0 means 500
	Seed   uint64
	// Paced gives the scorer when each digit was asked, as in a live session; otherwise it
	// finds out by itself.
	Paced bool
	// Hard leaves words where they were in their own recordings and cuts without easing over, as
	// in a film of jump cuts; otherwise the head stays in place.
	Hard bool
}

// Trial is one spliced recording and its scores: ln of the posterior per digit.
type Trial struct {
	Speaker string             `json:"speaker"`
	Said    string             `json:"said"`
	Genuine float64            `json:"genuine"`
	Other   map[string]float64 `json:"other"` // by kind
}

// Phrases is how well phrases are told apart.
type Phrases struct {
	Length   int            `json:"length"`
	Paced    bool           `json:"paced"`
	Hard     bool           `json:"hard"`
	Kinds    []KindFigures  `json:"kinds"`
	Speakers []SpeakerRates `json:"speakers"`
	Trials   []Trial        `json:"trials"`
}

// KindFigures are those of all speakers together.
type KindFigures struct {
	Kind  string `json:"kind"`
	EER   Figure `json:"eer"`
	FRR1  Figure `json:"frr_at_far_1"`
	FRR2  Figure `json:"frr_at_far_2"`
	AUC   Figure `json:"auc"`
	Marks Marks  `json:"-"`
}

// SpeakerRates are one speaker's equal error rates, by kind.
type SpeakerRates struct {
	Speaker string            `json:"speaker"`
	EER     map[string]Figure `json:"eer"`
}

// ErrNoVoice says that no speaker's films can be spliced.
var ErrNoVoice = errors.New("no speaker has rests and two digits with times")

// TryPhrases splices phrases and scores them.
func TryPhrases(ctx context.Context, r lips.Reader, films []Film, o PhraseOptions) (*Phrases, error) {
	if o.Length == 0 {
		o.Length = 6
	}
	if o.Trials == 0 {
		o.Trials = 500
	}
	if o.Length < 2 || o.Length > 20 || o.Trials < 0 {
		return nil, fmt.Errorf("try phrases: length %d, %d trials: out of range", o.Length, o.Trials)
	}
	voices := voicesOf(films)
	if len(voices) == 0 {
		return nil, fmt.Errorf("try phrases: %w", ErrNoVoice)
	}
	out := &Phrases{Length: o.Length, Paced: o.Paced, Hard: o.Hard}
	rng := rand.New(rand.NewPCG(o.Seed, 0x9e37))
	t := &trier{reader: r, paced: o.Paced, hard: o.Hard}
	for i := range o.Trials {
		trial, err := t.try(ctx, rng, voices[i%len(voices)], o.Length)
		if err != nil {
			return nil, err
		}
		out.Trials = append(out.Trials, trial)
	}
	out.sumUp(o.Seed)
	return out, nil
}

// trier scores one trial after the other.
type trier struct {
	reader  lips.Reader
	paced   bool
	hard    bool
	lattice lips.Lattice
}

func (t *trier) try(ctx context.Context, rng *rand.Rand, v *voice, length int) (Trial, error) {
	have := v.have()
	said := make([]int, length)
	for i := range said {
		said[i] = have[rng.IntN(len(have))]
	}
	s := v.splice(rng, said, t.hard)
	others := othersOf(rng, said)
	logp, err := lips.Posteriors(ctx, t.reader, s.points)
	if err != nil {
		return Trial{}, fmt.Errorf("read a phrase of %s: %w", v.speaker, err)
	}
	var spans []lips.Span
	if t.paced {
		spans = s.spans
	}
	trial := Trial{Speaker: v.speaker, Genuine: t.score(logp, said, spans), Other: map[string]float64{}}
	for _, d := range said {
		trial.Said += string(rune('0' + d))
	}
	for kind, digits := range others {
		trial.Other[kind] = t.score(logp, digits, spans)
	}
	return trial, nil
}

// impossible is the score of what cannot be: JSON knows no infinity.
const impossible = -1000

func (t *trier) score(logp []float32, digits []int, spans []lips.Span) float64 {
	return max(t.lattice.Said(logp, digits, spans), impossible)
}

// othersOf draws a phrase of each kind; none is the one said. A phrase of one repeated digit
// has nothing to swap.
func othersOf(r *rand.Rand, said []int) map[string][]int {
	out := map[string][]int{}
	any := make([]int, len(said))
	for copy(any, said); slices.Equal(any, said); {
		for i := range any {
			any[i] = r.IntN(10)
		}
	}
	out[Random] = any
	changed := slices.Clone(said)
	i := r.IntN(len(said))
	changed[i] = (changed[i] + 1 + r.IntN(9)) % 10
	out[Changed] = changed
	var pairs []int
	for i := range len(said) - 1 {
		if said[i] != said[i+1] {
			pairs = append(pairs, i)
		}
	}
	if len(pairs) > 0 {
		i := pairs[r.IntN(len(pairs))]
		swapped := slices.Clone(said)
		swapped[i], swapped[i+1] = said[i+1], said[i]
		out[Swapped] = swapped
	}
	return out
}

// sumUp computes the figures from the trials.
func (p *Phrases) sumUp(seed uint64) {
	speakers := map[string]map[string]Marks{} // by kind, by speaker
	rates := map[string]*SpeakerRates{}
	var names []string
	for _, t := range p.Trials {
		if rates[t.Speaker] == nil {
			rates[t.Speaker] = &SpeakerRates{Speaker: t.Speaker, EER: map[string]Figure{}}
			names = append(names, t.Speaker)
		}
		for kind, score := range t.Other {
			if speakers[kind] == nil {
				speakers[kind] = map[string]Marks{}
			}
			m := speakers[kind][t.Speaker]
			m.Genuine, m.Other = append(m.Genuine, t.Genuine), append(m.Other, score)
			speakers[kind][t.Speaker] = m
		}
	}
	slices.SortFunc(names, bySpeaker)
	for _, kind := range Kinds() {
		var groups []Marks
		for _, name := range names {
			m := speakers[kind][name]
			groups = append(groups, m)
			rates[name].EER[kind] = Bootstrap([]Marks{m}, seed, Marks.EER)
		}
		p.Kinds = append(p.Kinds, KindFigures{
			Kind: kind, Marks: pool(groups),
			EER:  Bootstrap(groups, seed, Marks.EER),
			FRR1: Bootstrap(groups, seed, func(m Marks) float64 { return m.FRRAt(0.01).FRR }),
			FRR2: Bootstrap(groups, seed, func(m Marks) float64 { return m.FRRAt(0.02).FRR }),
			AUC:  Bootstrap(groups, seed, Marks.AUC),
		})
	}
	for _, name := range names {
		p.Speakers = append(p.Speakers, *rates[name])
	}
}
