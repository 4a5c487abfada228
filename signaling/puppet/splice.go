package puppet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"time"

	"vivavoce/media"
	"vivavoce/media/file"
	"vivavoce/pipeline"
	"vivavoce/pipeline/eval"
)

// Speaker is a real person, cut out of clips whose words have known times. It is
// read-only once loaded and safe to share.
type Speaker struct {
	rests  [][]*media.Frame // silences before the first word
	digits [10][][]*media.Frame
}

const (
	// margin is kept around a digit, and quiet before the first word.
	margin, quiet = 80 * time.Millisecond, 250 * time.Millisecond
	// mostTakes of each digit are kept, and of silence: some 50 MB of pictures in all.
	mostTakes = 3
	// frameTime is GRID's: 25 frames a second.
	frameTime = 40 * time.Millisecond
)

// LoadSpeaker cuts one speaker's digits out of the clips listed in manifest (words.jsonl).
func LoadSpeaker(manifest, name string) (*Speaker, error) {
	clips, err := eval.ReadManifest(manifest, eval.Choice{Speakers: []string{name}})
	if err != nil {
		return nil, err
	}
	s := &Speaker{}
	for _, clip := range clips {
		if err := s.cut(clip); err != nil {
			return nil, err
		}
	}
	if len(s.rests) == 0 {
		return nil, fmt.Errorf("splice %s: no silence before any first word", name)
	}
	return s, nil
}

// Missing lists the digits that the speaker says in none of the clips.
func (s *Speaker) Missing() (digits []int) {
	for d, takes := range s.digits {
		if len(takes) == 0 {
			digits = append(digits, d)
		}
	}
	return digits
}

// cut takes the rest and the digits that are still wanted from one clip.
func (s *Speaker) cut(clip eval.Clip) error {
	wanted := slices.IndexFunc(clip.Words, func(w eval.Word) bool {
		return w.Timed && w.Digit >= 0 && len(s.digits[w.Digit]) < mostTakes
	})
	rested := len(s.rests) >= mostTakes || !clip.Words[0].Timed
	if wanted < 0 && rested {
		return nil
	}
	frames, err := decodeAll(clip.Path)
	if err != nil {
		return err
	}
	if wanted >= 0 {
		w := clip.Words[wanted]
		if take := between(frames, w.Start-margin, w.End+margin); len(take) > 0 {
			s.digits[w.Digit] = append(s.digits[w.Digit], take)
		}
	}
	if !rested {
		if rest := between(frames, 0, clip.Words[0].Start-quiet); len(rest) > 0 {
			s.rests = append(s.rests, rest)
		}
	}
	return nil
}

func decodeAll(path string) ([]*media.Frame, error) {
	src, err := file.Open(path, file.Options{})
	if err != nil {
		return nil, err
	}
	defer src.Close()
	var frames []*media.Frame
	for {
		f, err := src.Next(context.Background())
		if errors.Is(err, io.EOF) {
			return frames, nil
		}
		if err != nil {
			return nil, fmt.Errorf("decode %s: %w", path, err)
		}
		frames = append(frames, f)
	}
}

func between(frames []*media.Frame, from, to time.Duration) (cut []*media.Frame) {
	for _, f := range frames {
		if f.PTS >= from && f.PTS < to {
			cut = append(cut, f)
		}
	}
	return cut
}

// Spliced performs a speaker: at rest until a digit is prompted, then the piece of video in
// which they say it, or another. It cannot turn its head.
type Spliced struct {
	// Reaction is the time from a prompt to the digit's piece, which begins 80 ms
	// before the word; 0 means 200 ms.
	Reaction time.Duration

	speaker *Speaker
	says    Answer
	rng     *rand.Rand
	rest    []*media.Frame // played to and fro
	plays   []play
}

// play is a digit on its way from start on.
type play struct {
	start time.Duration
	take  []*media.Frame
}

// NewSpliced lets a speaker answer: a nil answer says what is asked. seed draws which takes
// are shown.
func NewSpliced(s *Speaker, says Answer, seed uint64) *Spliced {
	rng := rand.New(rand.NewPCG(seed, 5))
	return &Spliced{speaker: s, says: says, rng: rng, rest: s.rests[rng.IntN(len(s.rests))]}
}

// Size implements Performance.
func (s *Spliced) Size() (width, height int) { return s.rest[0].Width &^ 1, s.rest[0].Height &^ 1 }

// Hear implements Performance. A digit that the speaker never says is answered by silence.
func (s *Spliced) Hear(step pipeline.Step, now time.Duration) {
	if step.Kind != pipeline.StepDigit {
		return
	}
	takes := s.speaker.digits[s.says.to(step.Digit)]
	if len(takes) == 0 {
		return
	}
	reaction := s.Reaction
	if reaction == 0 {
		reaction = 200 * time.Millisecond
	}
	s.plays = append(s.plays, play{now + reaction, takes[s.rng.IntN(len(takes))]})
}

// Paint implements Performance.
func (s *Spliced) Paint(f *media.Frame, now time.Duration) error {
	for i := len(s.plays) - 1; i >= 0; i-- {
		p := s.plays[i]
		at := int((now - p.start) / frameTime)
		if now >= p.start && at < len(p.take) {
			return copyFrame(f, p.take[at])
		}
	}
	n := len(s.rest)
	at := int(now/frameTime) % (2*n - 1)
	if at >= n {
		at = 2*n - 1 - at
	}
	return copyFrame(f, s.rest[at])
}
