// Package eval measures, through the pipeline that the server runs, the digit reader on recorded speakers
// (ReadDigits, TryPhrases) and the detection of presentation attacks on people and attacks, recorded or
// simulated (Lab, Figures). Its figures come with intervals, per speaker and per species.
package eval

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Clip is a line of a manifest: a video in which one speaker says words.
type Clip struct {
	Path    string // of the video
	Speaker string
	Words   []Word
}

// Word is something said; Start and End mean something where Timed.
type Word struct {
	Text       string
	Digit      int // 0–9; -1 for every other word
	Start, End time.Duration
	Timed      bool
}

// Digits returns the digits said in the clip, in order.
func (c Clip) Digits() []int {
	var out []int
	for _, w := range c.Words {
		if w.Digit >= 0 {
			out = append(out, w.Digit)
		}
	}
	return out
}

// digitWords are the digits as manifests spell them, besides "0"–"9".
func digitWords() []string {
	return []string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}
}

func digitOf(word string) int {
	if len(word) == 1 && word[0] >= '0' && word[0] <= '9' {
		return int(word[0] - '0')
	}
	return slices.Index(digitWords(), word)
}

// Choice narrows a manifest down.
type Choice struct {
	Speakers   []string // nil means all
	PerSpeaker int      // at most so many clips of each, the first; 0 means all
}

var errManifest = errors.New("malformed manifest")

// ReadManifest reads lines of JSON: {"clip": path relative to the manifest, "speaker": "s1", "words":
// [{"word": "bin", "start": 0.95, "end": 1.18}, …]}; times are in seconds and may be missing.
// Clips without a digit are left out.
func ReadManifest(path string, c Choice) ([]Clip, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	clips, err := parseManifest(b, filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("read manifest %s: %w", path, err)
	}
	taken := map[string]int{}
	clips = slices.DeleteFunc(clips, func(clip Clip) bool {
		if c.Speakers != nil && !slices.Contains(c.Speakers, clip.Speaker) || len(clip.Digits()) == 0 {
			return true
		}
		taken[clip.Speaker]++
		return c.PerSpeaker > 0 && taken[clip.Speaker] > c.PerSpeaker
	})
	if len(clips) == 0 {
		return nil, fmt.Errorf("read manifest %s: no clip of these speakers with a digit", path)
	}
	return clips, nil
}

// line is how a clip is written.
type line struct {
	Clip    string `json:"clip"`
	Speaker string `json:"speaker"`
	Words   []struct {
		Word  string   `json:"word"`
		Start *float64 `json:"start"`
		End   *float64 `json:"end"`
	} `json:"words"`
}

func parseManifest(b []byte, dir string) ([]Clip, error) {
	var clips []Clip
	in := bufio.NewScanner(bytes.NewReader(b))
	in.Buffer(nil, 1<<20)
	for n := 1; in.Scan(); n++ {
		if len(bytes.TrimSpace(in.Bytes())) == 0 {
			continue
		}
		var l line
		if err := json.Unmarshal(in.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("line %d: %w: %w", n, errManifest, err)
		}
		clip, err := l.clip(dir)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w: %w", n, errManifest, err)
		}
		clips = append(clips, clip)
	}
	return clips, in.Err()
}

func (l line) clip(dir string) (Clip, error) {
	if l.Clip == "" || l.Speaker == "" {
		return Clip{}, errors.New("a clip and a speaker are needed")
	}
	c := Clip{Path: filepath.Join(dir, filepath.FromSlash(l.Clip)), Speaker: l.Speaker}
	if filepath.IsAbs(l.Clip) {
		c.Path = l.Clip
	}
	for _, w := range l.Words {
		word := Word{Text: w.Word, Digit: digitOf(w.Word)}
		if w.Start != nil && w.End != nil {
			const day = 86400
			if !(*w.Start >= 0 && *w.End >= *w.Start && *w.End < day) {
				return Clip{}, fmt.Errorf("word %q from %v to %v s", w.Word, *w.Start, *w.End)
			}
			word.Timed, word.Start, word.End = true, seconds(*w.Start), seconds(*w.End)
		}
		c.Words = append(c.Words, word)
	}
	return c, nil
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
