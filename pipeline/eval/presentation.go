package eval

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"vivavoce/media/recapture"
)

// The labels of presentations, in the words of ISO/IEC 30107-3.
const (
	BonaFide = "bona_fide"
	Attack   = "attack"
)

// Calibration is the part of a manifest that probabilities are fitted to and no figure rests on.
const Calibration = "calibration"

// Presentation is a line of a manifest: what it shows, and how it should be classified.
type Presentation struct {
	Clip    string  `json:"clip"`           // path of a video or picture, relative to the manifest
	From    float64 `json:"from,omitempty"` // seconds into the clip at which it begins
	Label   string  `json:"label"`          // BonaFide or Attack
	Species string  `json:"species,omitempty"`
	Subject string  `json:"subject"`
	// Part says what the presentation is for: Calibration, or a figure (empty).
	Part string `json:"part,omitempty"`
	// Recapture makes the attack (or the bona fide control) out of the clip; nil shows it as it is.
	Recapture *Recapture `json:"recapture,omitempty"`
}

// Recapture says how a presentation is simulated: by all parameters, or by what they are drawn from.
type Recapture struct {
	Species recapture.Species `json:"species"`
	Split   recapture.Split   `json:"split,omitempty"` // empty means test
	Seed    uint64            `json:"seed"`
	// Donor is the video of another person, for species that take parts of one.
	Donor string `json:"donor,omitempty"`
	// Parameters, where given, are used as they are.
	Parameters *recapture.Parameters `json:"parameters,omitempty"`
}

// draw returns the parameters.
func (r Recapture) draw() recapture.Parameters {
	if r.Parameters != nil {
		return *r.Parameters
	}
	split := r.Split
	if split == "" {
		split = recapture.Test
	}
	return recapture.Draw(r.Species, split, r.Seed)
}

// ReadPresentations reads a manifest of presentations: lines of JSON, paths relative to it.
func ReadPresentations(path string) ([]Presentation, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	all, err := parsePresentations(b, filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("read manifest %s: %w", path, err)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("read manifest %s: nothing in it", path)
	}
	return all, nil
}

// ReadPresented reads presentations with their scores, a JSON object a line, as an earlier run kept them.
func ReadPresented(r io.Reader) ([]Presented, error) {
	var all []Presented
	for d := json.NewDecoder(r); ; {
		var p Presented
		switch err := d.Decode(&p); {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, fmt.Errorf("read scores: presentation %d: %w", len(all), err)
		}
		all = append(all, p)
	}
}

func parsePresentations(b []byte, dir string) ([]Presentation, error) {
	var all []Presentation
	in := bufio.NewScanner(bytes.NewReader(b))
	in.Buffer(nil, 1<<20)
	for n := 1; in.Scan(); n++ {
		if len(bytes.TrimSpace(in.Bytes())) == 0 {
			continue
		}
		t, err := parsePresentation(in.Bytes(), dir)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w: %w", n, errManifest, err)
		}
		all = append(all, t)
	}
	return all, in.Err()
}

// parsePresentation is strict: a misspelt field would change what is measured without a word.
func parsePresentation(b []byte, dir string) (Presentation, error) {
	var t Presentation
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&t); err != nil {
		return t, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return t, errors.New("more than one object on a line")
	}
	if r := t.Recapture; r != nil && t.Species == "" {
		t.Species = string(r.Species)
	}
	switch {
	case t.Clip == "" || t.Subject == "":
		return t, errors.New("a clip and a subject are needed")
	case !(t.From >= 0 && t.From < 86400):
		return t, fmt.Errorf("from %v s, want 0 or more", t.From)
	case t.Label != BonaFide && t.Label != Attack:
		return t, fmt.Errorf("label %q, want %s or %s", t.Label, BonaFide, Attack)
	case t.Part != "" && t.Part != Calibration:
		return t, fmt.Errorf("part %q, want %s or nothing", t.Part, Calibration)
	case t.Label == Attack && t.Species == "":
		return t, errors.New("an attack without a species")
	case t.Recapture != nil && t.Recapture.Species.Attack() != (t.Label == Attack):
		return t, fmt.Errorf("%s is labelled %s", t.Recapture.Species, t.Label)
	}
	t.Clip = under(dir, t.Clip)
	if r := t.Recapture; r != nil && r.Donor != "" {
		r.Donor = under(dir, r.Donor)
	}
	return t, nil
}

func under(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, filepath.FromSlash(path))
}
