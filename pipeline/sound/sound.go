// Package sound is the second witness: does what the microphone hears move with the mouth
// that the camera sees? It compares the shape of the mouth with the loudness of eight bands
// of speech, at lags of up to a second to either side, and gives one score, "sound": near 1
// where they go together within 200 ms, low where speech is heard over a still face, shifted,
// or from somebody else.
//
// Nobody is refused for silence: without a microphone, and for a person who mouths the
// digits, the score is not checked. No policy of ours requires it.
//
// What it does not see: which words are said, and whose voice it is. A recording with its own
// sound goes together with itself.
package sound

import (
	"context"
	"errors"
	"math"
	"time"

	"vivavoce/pipeline"
)

// Options say what the stage works with.
type Options struct {
	Voice Voice // tells speech from other sound; needed
}

// The measures of the score. Where it is not checked the first two alone are given, and none
// without a microphone.
const (
	MeasureSpeech      = "speech_s"    // heard while the face was seen
	MeasureContrast    = "contrast_db" // by which it rises and falls over the room's noise
	MeasureLag         = "lag_ms"      // by which the sound follows the mouth, where they fit best
	MeasureCorrelation = "correlation" // there, -1 to 1
	MeasureDeviations  = "deviations"  // together within 200 ms, in those of unrelated speech
)

// What the score rests on, from s1 of GRID with weights that were learnt from five other
// speakers; figures_test.go prints the figures, of the others by weights without them.
const (
	// leastSpeech is the speech without which nothing is compared.
	leastSpeech = 1500 * time.Millisecond
	// power is the least that a weakly matching person would be expected to reach: below,
	// unrelated speech may reach as much (98 % of it stay below 3.6).
	power = 3.2
	// chance is what unrelated speech reaches at its best lag in 2 of 100 sessions.
	chance = 3.6
	// fair is twice together less apart at which the score is 0.5: 98 % of unrelated speech
	// stay below 5.4, 98 % of true speech are above 5.9 in nine seconds, 7.7 in twelve.
	// At sure the score is 1.
	fair, sure = 5.5, 8.0
	// still is the speed below which a mouth does not speak, shapes a second: that of
	// pipeline/lips. In 98 % of true speech it is above 0.8, on a frozen picture 0.07.
	still = 0.3
	// explained is the value below which a score says why.
	explained = 0.8
	// quiet is the least contrast of speech with the room, dB: 9.7 or more in clips of six
	// people as they are, 9.0 with white noise 30 dB below the voice, 6.8 to 7.4 with 20 dB,
	// where two of five are no longer told from chance.
	quiet = 8.0
	// every is how often a running score is given.
	every = 2 * time.Second
)

// New returns the kind of stage that gives "sound" for the whole session.
func New(o Options) pipeline.Kind {
	return pipeline.Kind{Name: "sound", New: func() (pipeline.Stage, error) {
		if o.Voice == nil {
			return nil, errors.New("sound: no voice")
		}
		w := learnt()
		return &stage{heard: newHeard(o.Voice), weights: &w, due: every}, nil
	}}
}

type stage struct {
	weights *weights
	heard   *heard
	seen    seen
	due     time.Duration // PTS of the next running score
	out     []pipeline.Score
}

// Observe implements pipeline.Stage.
func (s *stage) Observe(ctx context.Context, o pipeline.Observation) ([]pipeline.Score, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for _, block := range o.Face.Frame.Sound {
		if err := s.heard.add(ctx, block); err != nil {
			return nil, err
		}
	}
	s.seen.add(o.Face)
	s.out = s.out[:0]
	if now := o.Face.Frame.PTS; s.heard.any && now >= s.due {
		s.due = now + every
		s.out = append(s.out, s.score())
	}
	return s.out, nil
}

// Finish implements pipeline.Stage.
func (s *stage) Finish(ctx context.Context) ([]pipeline.Score, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	score := s.score()
	score.Settled = true
	return []pipeline.Score{score}, nil
}

// score says how well the mouth and the sound of the session so far go together.
func (s *stage) score() pipeline.Score {
	score := pipeline.Score{Name: pipeline.ScoreSound, Step: pipeline.Whole}
	if !s.heard.any {
		score.Reasons = []pipeline.Reason{pipeline.SoundNotChecked}
		return score
	}
	m := s.weights.assess(s.seen.steps(), s.heard.frames)
	score.Measures = []pipeline.Measure{
		{Name: MeasureSpeech, Value: m.speech.Seconds()}, {Name: MeasureContrast, Value: rounded(m.contrast)},
	}
	if !m.telling() {
		score.Reasons = []pipeline.Reason{pipeline.SoundNotChecked}
		return score
	}
	score.Checked = true
	score.Value = m.value()
	score.Measures = append(score.Measures,
		pipeline.Measure{Name: MeasureLag, Value: float64(m.lag.Milliseconds())},
		pipeline.Measure{Name: MeasureCorrelation, Value: rounded(m.correlation)},
		pipeline.Measure{Name: MeasureDeviations, Value: rounded(m.together)})
	if score.Value < explained {
		score.Reasons = []pipeline.Reason{m.reason()}
	}
	return score
}

// telling reports whether there was enough to compare: speech over the room's noise, a mouth,
// and both for long enough that a person who speaks would stand out from chance. A face that
// is still needs speech only.
func (m match) telling() bool {
	return m.ok && m.speech >= leastSpeech && m.contrast >= quiet && (m.expected >= power || m.movement < still)
}

// value is 0.5 where what speaks for the mouth is fair, 1 where it is sure.
func (m match) value() float64 {
	v := 2*m.together - m.apart
	switch {
	case m.movement < still, !(v > 0):
		return 0
	case v < fair:
		return 0.5 * v / fair
	}
	return min(1, 0.5+0.5*(v-fair)/(sure-fair))
}

// reason is why the score is not good.
func (m match) reason() pipeline.Reason {
	switch {
	case m.movement < still:
		return pipeline.SoundStillFace
	case m.lag.Abs() > inTime && m.apart >= chance && m.apart > m.together:
		return pipeline.SoundShifted
	case m.value() >= 0.5:
		return pipeline.SoundUnclear
	default:
		return pipeline.SoundElsewhere
	}
}

func rounded(v float64) float64 { return math.Round(v*1000) / 1000 }
