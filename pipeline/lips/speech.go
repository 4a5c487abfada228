package lips

import (
	"context"
	"fmt"
	"math"
	"time"

	"vivavoce/pipeline"
)

const (
	// before is what is read of the time before a phrase: a mouth at rest.
	before = 500 * time.Millisecond
	// late is how long into the next prompt a digit may still be said.
	late = 500 * time.Millisecond
	// tail is how long after the last prompt's end a phrase is still listened to.
	tail = 300 * time.Millisecond
	// running is the time between two readings of an unfinished phrase.
	running = 400 * time.Millisecond
	// enough is the least share of a digit's time in which the mouth must be seen.
	enough = 0.7
	// sure is the posterior from which another digit counts as read: likelier than all others together.
	sure = 0.5
)

// speech reads the digits of one session: phrase by phrase as they are prompted, or one over a
// whole recording.
type speech struct {
	reader  Reader
	track   Track
	lattice Lattice
	phrases []phrase
	due     time.Duration // PTS of the next running reading
	said    []int         // what should be said in a recording
	heard   func(Heard)   // may be nil
	places  [][10]float64
	missing []float64
	out     []pipeline.Score
}

// phrase is digits that were asked one after the other.
type phrase struct {
	digits []place
	until  time.Duration // PTS when a digit of it was last on the screen
	margin float64       // ln of the posterior of all digits together
	over   bool
}

// place is one digit of a phrase.
type place struct {
	index, digit int
	shown        time.Duration
	checked      bool
	logp         float64 // ln of its posterior among ten and none, the others given
	read         int     // the most probable digit here
	share        float64 // that one's posterior
	silent       bool    // rather none was said
}

// observe takes the next face and what is asked.
func (s *speech) observe(ctx context.Context, o pipeline.Observation) ([]pipeline.Score, error) {
	s.out = s.out[:0]
	now := o.Face.Frame.PTS
	if len(s.said) > 0 {
		s.track.Add(o.Face)
		return s.out, nil
	}
	if s.open() == nil {
		s.track.Forget(now - 2*before)
	}
	s.track.Add(o.Face)
	if o.Prompt != nil && o.Prompt.Step.Kind == pipeline.StepDigit {
		if err := s.asked(ctx, o.Prompt, now); err != nil {
			return nil, err
		}
	}
	p := s.open()
	switch {
	case p == nil:
	case now >= p.until+tail:
		return s.out, s.settle(ctx, p, now)
	case now >= s.due && now >= p.digits[0].shown+late:
		s.due = now + running
		if err := s.read(ctx, p, now, false); err != nil {
			return nil, err
		}
		s.tell(p)
	}
	return s.out, nil
}

// open returns the phrase that is being said.
func (s *speech) open() *phrase {
	if n := len(s.phrases); n > 0 && !s.phrases[n-1].over {
		return &s.phrases[n-1]
	}
	return nil
}

// asked keeps account of a prompt; one that does not follow the last begins a new phrase.
func (s *speech) asked(ctx context.Context, p *pipeline.Prompt, now time.Duration) error {
	open := s.open()
	if open != nil {
		last := &open.digits[len(open.digits)-1]
		if last.index == p.Index {
			last.shown, open.until = p.ShownAt, now
			return nil
		}
		if last.index+1 != p.Index {
			if err := s.settle(ctx, open, now); err != nil {
				return err
			}
			open = nil
		}
	}
	if open == nil {
		s.phrases = append(s.phrases, phrase{margin: math.Inf(-1)})
		open = &s.phrases[len(s.phrases)-1]
	}
	open.until = now
	open.digits = append(open.digits, place{index: p.Index, digit: p.Step.Digit, shown: p.ShownAt})
	return nil
}

// settle reads a phrase for the last time.
func (s *speech) settle(ctx context.Context, p *phrase, now time.Duration) error {
	if err := s.read(ctx, p, now, true); err != nil {
		return err
	}
	p.over = true
	s.tell(p)
	s.out = append(s.out, s.whole(false))
	return nil
}

// tell puts out what is known of each digit that was begun.
func (s *speech) tell(p *phrase) {
	for _, d := range p.digits {
		if d.checked || p.over {
			s.out = append(s.out, s.score(d, p.over))
		}
	}
}

// read reads what was said until now of a phrase: of all its digits, or of those that may have
// been said.
func (s *speech) read(ctx context.Context, p *phrase, now time.Duration, all bool) error {
	begun := 0
	for begun < len(p.digits) && (all || p.digits[begun].shown+late <= now) {
		begun++
	}
	if begun == 0 {
		return nil
	}
	from := p.digits[0].shown - before
	l, err := s.track.Timeline(ctx, s.reader, from, now)
	if err != nil {
		return fmt.Errorf("read digits: %w", err)
	}
	digits := make([]int, begun)
	spans := make([]Span, begun)
	for i := range digits {
		d := &p.digits[i]
		end, seen := now+step, now
		if i+1 < len(p.digits) {
			next := p.digits[i+1].shown
			end, seen = min(end, next+late), min(seen, next+lead)
		}
		digits[i], spans[i] = d.digit, Span{l.at(d.shown), l.at(end)}
		d.checked = l.seen(d.shown, seen) >= enough
	}
	s.weigh(p, l, digits, spans)
	return nil
}

// weigh compares what was asked with everything else that could have been said.
func (s *speech) weigh(p *phrase, l Timeline, digits []int, spans []Span) {
	s.places = s.lattice.Places(s.places[:0], l.Logp, digits, spans)
	for i := range digits {
		p.digits[i].logp, p.digits[i].read, p.digits[i].share = among(s.places[i], digits[i])
	}
	s.missing = s.lattice.Missing(s.missing[:0], l.Logp, digits, spans)
	for i, d := range s.missing {
		p.digits[i].logp -= softplus(d)
		p.digits[i].silent = d >= 0
	}
	if len(digits) < len(p.digits) {
		return // the phrase as a whole counts when it is over
	}
	p.margin = s.believed(p, l, spans)
}

// hidden is what a digit that was not seen counts: twice ln 1/10, so that who hides the one that they cannot
// say gains next to nothing. Of 900 phrases of 15 strangers (folds 1–3, six digits, prompts' windows, from 0.18 on), with
// one hidden or none: true ones refused 4.0 or 2.5 %, random others accepted 1.5 or 1.2 %; by once ln 1/10 3.6 %.
const hidden = -2 * math.Ln10

// believed is how far the phrase is believed, over all its digits.
func (s *speech) believed(p *phrase, l Timeline, spans []Span) float64 {
	var digits []int
	var where []Span
	for i, d := range p.digits {
		if d.checked {
			digits, where = append(digits, d.digit), append(where, spans[i])
		}
	}
	unseen := float64(len(p.digits)-len(digits)) * hidden
	if len(digits) == 0 {
		return unseen
	}
	return s.lattice.Said(l.Logp, digits, where)*float64(len(digits)) + unseen
}

// among returns ln of a digit's posterior among ten, and the most probable one with its posterior.
func among(p [10]float64, digit int) (logp float64, most int, share float64) {
	all := total{most: never}
	for d, v := range p {
		if all.add(max(v, never)); v > p[most] {
			most = d
		}
	}
	if math.IsInf(p[most], -1) {
		return p[most], digit, 0
	}
	return p[digit] - all.log(), most, math.Exp(p[most] - all.log())
}

// ReadDigit is the measure of a digit's score that says which digit was most probably said; it is
// absent where none was, rather.
const ReadDigit = "read_digit"

// score is what is told of one digit.
func (s *speech) score(d place, settled bool) pipeline.Score {
	score := pipeline.Score{Name: pipeline.ScoreLips, Step: d.index, Settled: settled}
	if !d.checked {
		score.Reasons = []pipeline.Reason{pipeline.LipsNotChecked}
		return score
	}
	score.Checked, score.Value = true, s.reader.Calibration().Value(d.logp)
	if !d.silent {
		score.Measures = []pipeline.Measure{{Name: ReadDigit, Value: float64(d.read)}}
	}
	if settled && score.Value < explained {
		score.Reasons = []pipeline.Reason{d.why()}
	}
	return score
}

// why says what a digit that is not believed looked like.
func (d place) why() pipeline.Reason {
	if d.read != d.digit && d.share >= sure {
		return pipeline.LipsWrongDigit
	}
	return pipeline.LipsUnreadable
}

// finish settles what is open and gives every score, the session's last.
func (s *speech) finish(ctx context.Context) ([]pipeline.Score, error) {
	s.out = s.out[:0]
	if len(s.said) > 0 {
		score, err := s.recorded(ctx)
		return append(s.out, score), err
	}
	if p := s.open(); p != nil {
		now := p.until + tail
		if _, last, ok := s.track.Span(); ok {
			now = min(now, last)
		}
		if err := s.settle(ctx, p, max(now, p.digits[0].shown)); err != nil {
			return nil, err
		}
		s.out = s.out[:0]
	}
	for i := range s.phrases {
		s.tell(&s.phrases[i])
	}
	return append(s.out, s.whole(true)), nil
}

// whole is the score of the session: of all digits of the phrases that are over, of which nearly all must have been seen.
func (s *speech) whole(settled bool) pipeline.Score {
	n, unseen, sum, why := 0, 0, 0.0, pipeline.LipsUnreadable
	for _, p := range s.phrases {
		sum += p.margin
		for _, d := range p.digits {
			n++
			if !d.checked {
				unseen++
			} else if d.why() == pipeline.LipsWrongDigit {
				why = pipeline.LipsWrongDigit
			}
		}
	}
	if n == 0 || unseen*pipeline.DigitsUnseen > n {
		return unread(settled)
	}
	return s.valued(sum/float64(n), why, settled)
}

// valued is the session's score of a log-posterior per digit, and why if it is low.
func (s *speech) valued(logp float64, why pipeline.Reason, settled bool) pipeline.Score {
	score := pipeline.Score{
		Name: pipeline.ScoreLips, Step: pipeline.Whole, Settled: settled,
		Checked: true, Value: s.reader.Calibration().Value(logp),
	}
	if score.Value < explained {
		score.Reasons = []pipeline.Reason{why}
	}
	return score
}
