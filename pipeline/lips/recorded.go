package lips

import (
	"context"
	"fmt"
	"time"

	"vivavoce/pipeline"
)

// Heard is what was read of a recording.
type Heard struct {
	Digits  string // that were most probably said, however many
	Nearest string // of the phrase's places each one's most probable digit
	// LogP is [Lattice.Said] of the phrase: 0 at best.
	LogP float64
}

// leastSpoken is about the least time that a digit takes; less of a mouth was not a phrase.
const leastSpoken = 200 * time.Millisecond

// digitsOf returns the digits of a phrase.
func digitsOf(phrase string) ([]int, error) {
	var digits []int
	for _, c := range phrase {
		if c < '0' || c > '9' {
			return nil, fmt.Errorf("lips: phrase %q: only the digits 0–9", phrase)
		}
		digits = append(digits, int(c-'0'))
	}
	return digits, nil
}

func phraseOf(digits []int) string {
	b := make([]byte, len(digits))
	for i, d := range digits {
		b[i] = '0' + byte(d)
	}
	return string(b)
}

// recorded reads the phrase anywhere in the whole recording.
func (s *speech) recorded(ctx context.Context) (pipeline.Score, error) {
	first, last, _ := s.track.Span()
	l, err := s.track.Timeline(ctx, s.reader, first, last)
	if err != nil {
		return pipeline.Score{}, fmt.Errorf("read digits: %w", err)
	}
	seen := 0
	for _, is := range l.Seen {
		if is {
			seen++
		}
	}
	if seen < shortest || time.Duration(seen)*step < time.Duration(len(s.said))*leastSpoken || 2*seen < len(l.Seen) {
		return unread(true), nil
	}
	digits := make([]int, len(s.said))
	why := pipeline.LipsUnreadable
	s.places = s.lattice.Places(s.places[:0], l.Logp, s.said, nil)
	for i, d := range s.said {
		d := place{digit: d}
		d.logp, d.read, d.share = among(s.places[i], d.digit)
		if digits[i] = d.read; d.why() == pipeline.LipsWrongDigit {
			why = pipeline.LipsWrongDigit
		}
	}
	logp := s.lattice.Said(l.Logp, s.said, nil)
	if s.heard != nil {
		s.heard(Heard{Digits: phraseOf(Read(l.Logp)), Nearest: phraseOf(digits), LogP: logp})
	}
	return s.valued(logp, why, true), nil
}
