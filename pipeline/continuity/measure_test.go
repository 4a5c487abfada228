package continuity_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"vivavoce/media/file/filetest"
	"vivavoce/models"
	"vivavoce/pipeline"
	"vivavoce/pipeline/identity"
	"vivavoce/pipeline/pipelinetest/recorded"
)

// TestMeasureContinuity shows whole recordings of turning heads, and sessions of four GRID clips
// one after another: of one speaker, whose clips were not recorded in a row, so this is harder
// than a session is, and of two. The bounds are dlib's, not of these people.
func TestMeasureContinuity(t *testing.T) {
	recorded.Measure(t)
	data := filetest.Recordings(t)
	studio := recorded.NewStudio(t)
	studio.Pixels = true
	net, err := identity.Load(studio.Library(), models.Background)
	if err != nil {
		t.Fatal(err)
	}
	scored := func(seen []pipeline.Observation) pipeline.Score { return settled(t, net, seen) }
	heads, _ := filepath.Glob(filepath.Join(data, "head", "*.mp4"))
	for _, clip := range heads {
		s := scored(studio.Watch(t, clip, nil))
		t.Logf("%s: %v, %.2f %v", filepath.Base(clip), s.Checked, s.Value, s.Reasons)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for _, group := range [][]string{{"s1", "s2", "s3"}, {"s5", "s30", "s31"}} {
		clips := map[string][][]pipeline.Observation{}
		for _, speaker := range group {
			paths, _ := filepath.Glob(filepath.Join(data, "grid", speaker, "*.mp4"))
			for _, path := range paths[:min(20, len(paths))] {
				clips[speaker] = append(clips[speaker], studio.Watch(t, path, nil))
			}
		}
		var single, one, two tally
		for _, a := range group {
			for _, clip := range clips[a] {
				single.add(scored(clip))
			}
			for range 20 {
				p := rng.Perm(len(clips[a]))
				one.add(scored(splice(clips[a][p[0]], clips[a][p[1]], clips[a][p[2]], clips[a][p[3]])))
				for _, b := range group {
					if q := rng.Perm(len(clips[b])); a != b {
						two.add(scored(splice(clips[a][p[0]], clips[a][p[1]], clips[b][q[0]], clips[b][q[1]])))
					}
				}
			}
		}
		t.Logf("%v: single clips %v; one speaker spliced %v; two speakers spliced %v", group, single, one, two)
	}
}

// splice plays clips one after another.
func splice(clips ...[]pipeline.Observation) (out []pipeline.Observation) {
	var start time.Duration
	for _, clip := range clips {
		for _, o := range clip {
			face, frame := *o.Face, *o.Face.Frame
			frame.PTS += start
			face.Frame = &frame
			out = append(out, pipeline.Observation{Face: &face})
		}
		start = out[len(out)-1].Face.Frame.PTS + period
	}
	return out
}

// limits are the policies' thresholds.
func limits() [3]float64 { return [3]float64{0.3, 0.4, 0.5} }

type tally struct {
	n, checked int
	below      [3]int // each of limits
	why        map[pipeline.Reason]int
}

func (c *tally) add(s pipeline.Score) {
	if c.why == nil {
		c.why = map[pipeline.Reason]int{}
	}
	c.n++
	if s.Checked {
		c.checked++
	}
	for i, limit := range limits() {
		if s.Checked && s.Value < limit {
			c.below[i]++
		}
	}
	for _, r := range s.Reasons {
		c.why[r]++
	}
}

func (c tally) String() string {
	return fmt.Sprintf("n=%d checked %d, below %v: %v %v", c.n, c.checked, limits(), c.below, c.why)
}
