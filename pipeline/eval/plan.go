package eval

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"vivavoce/media/file"
	"vivavoce/media/recapture"
)

// PlanOptions say which presentations to make of bona fide video.
type PlanOptions struct {
	PerSpecies int    // attacks of each species for the figures; 0 means 20
	Bona       int    // bona fide clips of each subject, as recorded and through the simulated camera; 0 means 12
	Seed       uint64 // of what is drawn
	// Subjects are those for the figures, Calibration those that probabilities are fitted to. No
	// network may have been trained on either.
	Subjects, Calibration []string
}

// Plan returns presentations of the bona fide video below data, which is laid out as $VIVAVOCE_DATA:
// grid/SUBJECT/*.mp4 and head/SUBJECT.mp4. Attacks for the figures are drawn from the test ranges of
// all species; those for calibration from the training ranges, without the hidden species.
func Plan(data string, o PlanOptions) ([]Presentation, error) {
	if o.PerSpecies == 0 {
		o.PerSpecies = 20
	}
	if o.Bona == 0 {
		o.Bona = 12
	}
	p := planner{o: o, random: rand.New(rand.NewPCG(o.Seed, 0x91a2)), clips: map[string][]piece{}}
	for _, s := range append(slices.Clone(o.Subjects), o.Calibration...) {
		clips, err := clipsOf(data, s)
		if err != nil {
			return nil, err
		}
		p.clips[s] = clips
	}
	out := p.part(o.Calibration, recapture.Train, Calibration)
	return append(out, p.part(o.Subjects, recapture.Test, "")...), nil
}

// piece is a part of a clip that is long enough to be presented.
type piece struct {
	clip string
	from float64 // seconds
}

// pieceLength is how far apart the parts of a long clip begin, in seconds: as long as GRID's clips.
const pieceLength = 3

func clipsOf(data, subject string) ([]piece, error) {
	head := filepath.Join(data, "head", subject+".mp4")
	if _, err := os.Stat(head); err == nil {
		return pieces(head)
	}
	clips, err := filepath.Glob(filepath.Join(data, "grid", subject, "*.mp4"))
	if err != nil || len(clips) == 0 {
		return nil, fmt.Errorf("no video of %q below %s: %w", subject, data, os.ErrNotExist)
	}
	out := make([]piece, len(clips))
	for i, c := range clips {
		out[i].clip = c
	}
	return out, nil
}

func pieces(path string) ([]piece, error) {
	src, err := file.Open(path, file.Options{})
	if err != nil {
		return nil, err
	}
	defer src.Close()
	out := []piece{{clip: path}}
	for from := 2.0 * pieceLength; from <= src.Duration().Seconds(); from += pieceLength {
		out = append(out, piece{path, from - pieceLength})
	}
	return out, nil
}

type planner struct {
	o      PlanOptions
	random *rand.Rand
	clips  map[string][]piece
	seed   uint64
}

func (p *planner) part(subjects []string, split recapture.Split, part string) []Presentation {
	if len(subjects) == 0 {
		return nil
	}
	var out []Presentation
	for _, s := range subjects {
		for _, clip := range p.some(p.clips[s], p.o.Bona) {
			out = append(out,
				Presentation{Clip: clip.clip, From: clip.from, Label: BonaFide, Subject: s, Part: part},
				p.simulated(clip, s, recapture.Camera, split, part, subjects))
		}
	}
	for _, species := range recapture.All() {
		// What a replay sends is bona fide video: only the stream can tell, and a recording has none.
		if !species.Attack() || species == recapture.Replay || part == Calibration && species.Hidden() {
			continue
		}
		for i := range p.o.PerSpecies {
			s := subjects[i%len(subjects)]
			clip := p.clips[s][p.random.IntN(len(p.clips[s]))]
			out = append(out, p.simulated(clip, s, species, split, part, subjects))
		}
	}
	return out
}

// some draws n of the clips without repeating one.
func (p *planner) some(clips []piece, n int) []piece {
	clips = slices.Clone(clips)
	p.random.Shuffle(len(clips), func(i, j int) { clips[i], clips[j] = clips[j], clips[i] })
	return clips[:min(n, len(clips))]
}

func (p *planner) simulated(clip piece, subject string, s recapture.Species, split recapture.Split, part string, subjects []string) Presentation {
	p.seed++
	out := Presentation{Clip: clip.clip, From: clip.from, Label: Attack, Species: string(s), Subject: subject, Part: part}
	if !s.Attack() {
		out.Label = BonaFide
	}
	out.Recapture = &Recapture{Species: s, Split: split, Seed: p.o.Seed<<32 | p.seed}
	if s.NeedsDonor() {
		others := slices.DeleteFunc(slices.Clone(subjects), func(o string) bool { return o == subject })
		if len(others) > 0 {
			from := p.clips[others[p.random.IntN(len(others))]]
			out.Recapture.Donor = from[p.random.IntN(len(from))].clip
		}
	}
	return out
}
