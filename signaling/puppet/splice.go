package puppet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"vivavoce/media"
	"vivavoce/media/file"
	"vivavoce/pipeline"
	"vivavoce/pipeline/eval"
)

// Spliced performs a real person, from clips whose words have known times: at rest
// until a digit is prompted, then the piece of video in which they say it. It cannot
// turn its head.
type Spliced struct {
	rest   []*media.Frame // silence, played to and fro
	digits [10][]*media.Frame
	plays  []play
	shift  int // says digit+shift, for somebody who says others
}

// play is a digit on its way from start on.
type play struct {
	start time.Duration
	digit int
}

// frameTime is GRID's: 25 frames a second.
const frameTime = 40 * time.Millisecond

// ErrMissingWord means that a speaker says some digit in none of their clips.
var ErrMissingWord = errors.New("speaker never says the digit")

// NewSpliced cuts one speaker's digits out of the clips listed in manifest
// (words.jsonl). shift makes them say digit+shift instead of the digit asked.
func NewSpliced(manifest, speaker string, shift int) (*Spliced, error) {
	clips, err := eval.ReadManifest(manifest, eval.Choice{Speakers: []string{speaker}})
	if err != nil {
		return nil, err
	}
	s := &Spliced{shift: shift}
	for _, clip := range clips {
		if err := s.cut(clip); err != nil {
			return nil, err
		}
	}
	for d := range s.digits {
		if s.digits[d] == nil {
			return nil, fmt.Errorf("splice %s: %d: %w", speaker, d, ErrMissingWord)
		}
	}
	return s, nil
}

// margin is kept around a digit, and quiet before the first word.
const margin, quiet = 80 * time.Millisecond, 250 * time.Millisecond

// cut takes the rest and the digits that are still missing from one clip.
func (s *Spliced) cut(clip eval.Clip) error {
	said := slices.IndexFunc(clip.Words, func(w eval.Word) bool {
		return w.Timed && w.Digit >= 0 && s.digits[w.Digit] == nil
	})
	if said < 0 && s.rest != nil {
		return nil
	}
	frames, err := decodeAll(clip.Path)
	if err != nil {
		return err
	}
	if said >= 0 {
		w := clip.Words[said]
		s.digits[w.Digit] = between(frames, w.Start-margin, w.End+margin)
	}
	if s.rest == nil && clip.Words[0].Timed {
		s.rest = between(frames, 0, clip.Words[0].Start-quiet)
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

// Size implements Performance.
func (s *Spliced) Size() (width, height int) { return s.rest[0].Width &^ 1, s.rest[0].Height &^ 1 }

// Hear implements Performance.
func (s *Spliced) Hear(step pipeline.Step, now time.Duration) {
	if step.Kind == pipeline.StepDigit {
		s.plays = append(s.plays, play{now + 200*time.Millisecond, (step.Digit + s.shift) % 10})
	}
}

// Paint implements Performance.
func (s *Spliced) Paint(f *media.Frame, now time.Duration) error {
	for i := len(s.plays) - 1; i >= 0; i-- {
		p := s.plays[i]
		at := int((now - p.start) / frameTime)
		if now >= p.start && at < len(s.digits[p.digit]) {
			return copyFrame(f, s.digits[p.digit][at])
		}
	}
	n := len(s.rest)
	at := int(now/frameTime) % (2*n - 1)
	if at >= n {
		at = 2*n - 1 - at
	}
	return copyFrame(f, s.rest[at])
}
