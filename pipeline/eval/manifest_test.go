package eval

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

const someLines = `{"clip": "a/1.mp4", "speaker": "a", "words": [{"word": "bin", "start": 0.5, "end": 0.7}, {"word": "two", "start": 0.7, "end": 1}]}

{"clip": "a/2.mp4", "speaker": "a", "words": [{"word": "9"}, {"word": "zero"}]}
{"clip": "/b/3.mp4", "speaker": "b", "words": [{"word": "seven", "start": 1.5, "end": 2}]}
{"clip": "b/4.mp4", "speaker": "b", "words": [{"word": "hello"}]}
`

func manifest(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "words.jsonl")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadManifest(t *testing.T) {
	path := manifest(t, someLines)
	clips, err := ReadManifest(path, Choice{})
	if err != nil {
		t.Fatal(err)
	}
	if len(clips) != 3 {
		t.Fatalf("%d clips, want the three with a digit", len(clips))
	}
	if want := filepath.Join(filepath.Dir(path), "a/1.mp4"); clips[0].Path != want || clips[2].Path != "/b/3.mp4" {
		t.Errorf("paths %q, %q", clips[0].Path, clips[2].Path)
	}
	if w := clips[0].Words[1]; w != (Word{"two", 2, 700 * time.Millisecond, time.Second, true}) {
		t.Errorf("word %+v", w)
	}
	if d := clips[1].Digits(); !slices.Equal(d, []int{9, 0}) || clips[1].Words[0].Timed {
		t.Errorf("digits %v, %+v", d, clips[1].Words[0])
	}
	one, err := ReadManifest(path, Choice{Speakers: []string{"a"}, PerSpeaker: 1})
	if err != nil || len(one) != 1 || one[0].Speaker != "a" {
		t.Errorf("one of a: %+v, %v", one, err)
	}
	if _, err := ReadManifest(path, Choice{Speakers: []string{"c"}}); err == nil {
		t.Error("a speaker who is not there was found")
	}
}

func TestReadManifestRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"not JSON":     "hello",
		"no clip":      `{"speaker": "a", "words": []}`,
		"no speaker":   `{"clip": "a", "words": []}`,
		"end first":    `{"clip": "a", "speaker": "a", "words": [{"word": "one", "start": 2, "end": 1}]}`,
		"before birth": `{"clip": "a", "speaker": "a", "words": [{"word": "one", "start": -2, "end": 1}]}`,
		"too late":     `{"clip": "a", "speaker": "a", "words": [{"word": "one", "start": 1, "end": 1e300}]}`,
	} {
		if _, err := ReadManifest(manifest(t, text), Choice{}); !errors.Is(err, errManifest) {
			t.Errorf("%s: err = %v, want errManifest", name, err)
		}
	}
	if _, err := ReadManifest("/nowhere", Choice{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(someLines))
	f.Add([]byte(`{"clip": "x", "speaker": "y", "words": [{"word": "one", "start": 0, "end": 86399}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		clips, err := parseManifest(b, "/d")
		if err != nil {
			return
		}
		for _, c := range clips {
			for _, w := range c.Words {
				if w.Digit < -1 || w.Digit > 9 || w.End < w.Start || w.Start < 0 {
					t.Errorf("word %+v", w)
				}
			}
		}
	})
}
