package seam_test

import (
	"errors"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/media/file"
	"vivavoce/media/file/filetest"
	"vivavoce/media/recapture"
	"vivavoce/pipeline"
	"vivavoce/pipeline/eval"
	"vivavoce/pipeline/face"
	"vivavoce/pipeline/pipelinetest/recorded"
	"vivavoce/pipeline/seam"
)

// TestMeasureSeam prints how much inner face and mouth of recorded people tremble against the edge, in sessions of four of GRID's clips or
// of one long one, as recorded and through a simulated camera, at half the frames, and dark; and with another one's face or mouth pasted in
// (test ranges). The bounds were chosen on s2, s3, s5, s30, s31, d9, d12 and s32; the others are held out.
func TestMeasureSeam(t *testing.T) {
	recorded.Measure(t)
	data := filetest.Recordings(t)
	finders, err := face.New(recorded.NewStudio(t).Library(), face.Options{})
	if err != nil {
		t.Fatal(err)
	}
	clips := func(people []string, sessions int) (all [][]string) {
		for _, p := range people {
			found, _ := filepath.Glob(filepath.Join(data, "grid", p, "*.mp4"))
			if len(found) == 0 {
				found = []string{filepath.Join(data, "head", p+".mp4")}
			}
			rand.New(rand.NewPCG(1, 1)).Shuffle(len(found), func(i, j int) { found[i], found[j] = found[j], found[i] })
			for s := range slices.Chunk(found[:min(4*sessions, len(found))], 4) {
				all = append(all, s)
			}
		}
		return all
	}
	chosen, held := []string{"s2", "s3", "s5", "s30", "s31", "d9", "d12", "s32"}, []string{"s1", "d0", "d3", "d6", "d19", "s13"}
	for _, group := range []struct {
		name          string
		films, donors [][]string
	}{
		{"bounds chosen on", clips(chosen, 2), clips(held, 2)},
		{"held out", clips(held, 4), clips(chosen, 2)},
	} {
		for _, v := range []view{
			{name: "as recorded"}, {name: "camera", species: recapture.Camera},
			{name: "half the frames", every: 2}, {name: "a third", every: 3}, {name: "a quarter", every: 4}, {name: "dark", dark: true}, {name: "camera, dark", species: recapture.Camera, dark: true},
			{name: "swap", species: recapture.Swap}, {name: "mouth", species: recapture.Mouth},
			{name: "swap, half the frames", species: recapture.Swap, every: 2},
			{name: "mouth, half the frames", species: recapture.Mouth, every: 2},
			{name: "swap, a third", species: recapture.Swap, every: 3}, {name: "swap, a quarter", species: recapture.Swap, every: 4},
		} {
			var c tally
			for i, film := range group.films {
				c.add(v.score(t, finders, film, group.donors[i%len(group.donors)][0], uint64(100*i)+1))
			}
			c.print(t, group.name+": "+v.name)
		}
	}
}

// view is how a clip is shown.
type view struct {
	name    string
	species recapture.Species
	every   int  // so many frames one is shown; 0 all
	dark    bool // a fifth of the light, and noise
}

// score is what seam says of the clips, one after another.
func (v view) score(t *testing.T, finders func() (pipeline.Finder, error), clips []string, donor string, seed uint64) pipeline.Score {
	t.Helper()
	stage, err := seam.New().New()
	if err != nil {
		t.Fatal(err)
	}
	var start time.Duration
	for i, clip := range clips {
		start = v.show(t, stage, finders, clip, donor, seed+uint64(i), start) + 40*time.Millisecond
	}
	scores, err := stage.Finish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return scores[0]
}

// show shows a clip from a time on, and returns that of its last frame.
func (v view) show(t *testing.T, stage pipeline.Stage, finders func() (pipeline.Finder, error), clip, donor string, seed uint64, start time.Duration) (last time.Duration) {
	t.Helper()
	open := func(path string) media.Source {
		src, err := file.Open(path, file.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { src.Close() })
		return src
	}
	finder := func() pipeline.Finder {
		f, err := finders()
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	src := open(clip)
	if v.species != "" {
		split := recapture.Test
		if v.species == recapture.Camera {
			split = recapture.Train
		}
		attack, err := recapture.New(src, recapture.Draw(v.species, split, seed), recapture.Rig{
			Locate: eval.Locate(finder()), Donor: open(donor), LocateDonor: eval.Locate(finder()),
		})
		if err != nil {
			t.Fatal(err)
		}
		defer attack.Close()
		src = attack
	}
	look, rng := finder(), rand.New(rand.NewPCG(seed, 2))
	for i := range 250 {
		f, err := src.Next(t.Context())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%s: %v", clip, err)
		}
		f.PTS += start
		last = f.PTS
		if v.every == 0 || i%v.every == 0 {
			if v.dark {
				for k, y := range f.Y {
					f.Y[k] = byte(min(max(16+(float64(y)-16)*0.2+3*rng.NormFloat64(), 0), 255))
				}
			}
			seen, err := look.Find(t.Context(), f)
			if err == nil {
				_, err = stage.Observe(t.Context(), pipeline.Observation{Face: seen})
			}
			if err != nil {
				t.Fatalf("%s: %v", clip, err)
			}
		}
		f.Release()
	}
	return last
}

type tally struct {
	n, low      int
	face, mouth []float64
}

func (c *tally) add(s pipeline.Score) {
	c.n++
	if !s.Checked {
		return
	}
	c.face, c.mouth = append(c.face, s.Measures[0].Value), append(c.mouth, s.Measures[1].Value)
	if s.Value < 0.5 {
		c.low++
	}
}

func (c *tally) print(t *testing.T, name string) {
	t.Helper()
	if len(c.face) == 0 {
		t.Logf("%s: none of %d checked", name, c.n)
		return
	}
	at := func(v []float64) [5]float64 {
		slices.Sort(v)
		return [5]float64{v[0], v[len(v)/10], v[len(v)/2], v[len(v)*9/10], v[len(v)-1]}
	}
	t.Logf("%s: %d of %d checked, below one half %d; face least, 10 %%, median, 90 %%, most %.2f; mouth %.2f", name, len(c.face), c.n, c.low, at(c.face), at(c.mouth))
}
