package lights_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"vivavoce/media/file/filetest"
	"vivavoce/pipeline"
	"vivavoce/pipeline/lights"
	"vivavoce/pipeline/pipelinetest"
	"vivavoce/pipeline/pipelinetest/recorded"
)

// TestMeasureLights puts recorded people before simulated screens: 9 colours, 12.6 s, as long as
// the default challenge. No reflection of a real screen was recorded.
func TestMeasureLights(t *testing.T) {
	recorded.Measure(t)
	data := filetest.Recordings(t)
	studio := recorded.NewStudio(t)
	studio.Pixels = true
	var sessions [][]pipeline.Observation
	for _, speaker := range []string{"s1", "s2", "s3", "s5", "s30", "s31"} {
		clips, _ := filepath.Glob(filepath.Join(data, "grid", speaker, "*.mp4"))
		sessions = append(sessions, joined(studio, t, clips[:4]))
	}
	for _, name := range []string{"d3", "d6", "d9"} {
		sessions = append(sessions, joined(studio, t, []string{filepath.Join(data, "head", name+".mp4")}))
	}
	for _, c := range []struct {
		name string
		room room
		ask  func(colours []pipeline.Colour, rng *rand.Rand) []pipeline.Colour
	}{
		{"no reflection: a recording", room{}, another},
		{"reflection of other colours, 0.3", room{strength: 0.3, behind: 0.15, balance: 0.5, noise: 1}, another},
		{"0.02 of the room's light", room{strength: 0.02, behind: 0.15, balance: 0.5, noise: 1}, same},
		{"0.05", room{strength: 0.05, behind: 0.15, balance: 0.5, noise: 1}, same},
		{"0.1", room{strength: 0.1, behind: 0.15, balance: 0.5, noise: 1}, same},
		{"0.3", room{strength: 0.3, behind: 0.15, balance: 0.5, noise: 1}, same},
		{"0.3, the wall as bright", room{strength: 0.3, behind: 0.9, balance: 0.9, noise: 1}, same},
	} {
		found, n := 0, 0
		var chances []float64
		for i, seen := range sessions {
			for k := range 4 {
				rng := rand.New(rand.NewPCG(uint64(i), uint64(k)))
				colours := sequence(rng, 9)
				all := pipelinetest.Play(t, lights.New(), light(copies(seen), c.room, colours, c.ask(colours, rng), rng))
				s := all[len(all)-1]
				n++
				if s.Checked && s.Value >= 0.5 {
					found++
				}
				for _, m := range s.Measures {
					chances = append(chances, m.Value)
				}
			}
		}
		t.Logf("%-34s found %d of %d; chance, swing %s", c.name, found, n, fmt.Sprintf("%.3f", chances))
	}
}

func same(colours []pipeline.Colour, _ *rand.Rand) []pipeline.Colour { return colours }

func another(_ []pipeline.Colour, rng *rand.Rand) []pipeline.Colour { return sequence(rng, 9) }

// joined watches clips one after another, for 12.6 s at most, every second frame.
func joined(studio *recorded.Studio, t *testing.T, clips []string) (out []pipeline.Observation) {
	var start time.Duration
	for _, clip := range clips {
		for i, o := range studio.Watch(t, clip, nil) {
			o.Face.Frame.PTS += start
			if o.Face.Frame.PTS < 9*every && i%2 == 0 {
				out = append(out, o)
			}
		}
		start = out[len(out)-1].Face.Frame.PTS + 40*time.Millisecond
	}
	return out
}

func copies(seen []pipeline.Observation) []pipeline.Observation {
	out := make([]pipeline.Observation, len(seen))
	for i, o := range seen {
		out[i] = pipelinetest.Copy(o)
	}
	return out
}
