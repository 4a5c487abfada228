package puppet

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"vivavoce/media"
	"vivavoce/media/file"
	"vivavoce/pipeline"
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

// clipWords is a line of words.jsonl; times are in seconds.
type clipWords struct {
	Clip    string `json:"clip"`
	Speaker string `json:"speaker"`
	Words   []struct {
		Word  string  `json:"word"`
		Start float64 `json:"start"`
		End   float64 `json:"end"`
	} `json:"words"`
}

var digitWords = [10]string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}

// frameTime is GRID's: 25 frames a second.
const frameTime = 40 * time.Millisecond

// ErrMissingWord means that a speaker says some digit in none of their clips.
var ErrMissingWord = errors.New("speaker never says the digit")

// NewSpliced cuts one speaker's digits out of the clips listed in manifest
// (words.jsonl). shift makes them say digit+shift instead of the digit asked.
func NewSpliced(manifest, speaker string, shift int) (*Spliced, error) {
	lines, err := readManifest(manifest, speaker)
	if err != nil {
		return nil, err
	}
	s := &Spliced{shift: shift}
	for _, line := range lines {
		if err := s.cut(filepath.Join(filepath.Dir(manifest), line.Clip), line); err != nil {
			return nil, err
		}
	}
	for d := range s.digits {
		if s.digits[d] == nil {
			return nil, fmt.Errorf("splice %s: %s: %w", speaker, digitWords[d], ErrMissingWord)
		}
	}
	return s, nil
}

func readManifest(path, speaker string) ([]clipWords, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	defer f.Close()
	var lines []clipWords
	for in := bufio.NewScanner(f); in.Scan(); {
		var line clipWords
		if err := json.Unmarshal(in.Bytes(), &line); err != nil {
			return nil, fmt.Errorf("read manifest %s: %w", path, err)
		}
		if line.Speaker == speaker {
			lines = append(lines, line)
		}
	}
	return lines, nil
}

// cut takes the rest and the digits that are still missing from one clip.
func (s *Spliced) cut(path string, line clipWords) error {
	var from, to time.Duration
	digit := -1
	for _, w := range line.Words {
		for d, name := range digitWords {
			if w.Word == name && s.digits[d] == nil {
				digit = d
				from, to = seconds(w.Start-0.08), seconds(w.End+0.08)
			}
		}
	}
	if digit < 0 && s.rest != nil {
		return nil
	}
	frames, err := decodeAll(path)
	if err != nil {
		return err
	}
	if digit >= 0 {
		s.digits[digit] = between(frames, from, to)
	}
	if s.rest == nil && len(line.Words) > 0 {
		s.rest = between(frames, 0, seconds(line.Words[0].Start-0.25))
	}
	return nil
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

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
