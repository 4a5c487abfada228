package puppet_test

import (
	"os"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"vivavoce/media/codec"
	"vivavoce/pipeline"
	"vivavoce/signaling/puppet"
)

// TestAPersonPassesOnPoorLines runs sessions under what people's cameras and networks
// do, two at a time. With VIVAVOCE_FIGURES=1 ten of each, as a table.
func TestAPersonPassesOnPoorLines(t *testing.T) {
	h, newFinder := head(t, 0)
	server := open(t, newFinder, pipeline.Timing{}, pipeline.DefaultPlan())
	runs := 1
	if os.Getenv("VIVAVOCE_FIGURES") != "" {
		runs = 10
	}
	for _, c := range []struct {
		name          string
		o             puppet.Options
		width, height int
		always        bool // tested without VIVAVOCE_FIGURES, too
	}{
		{"VP8 640×480 at 30", puppet.Options{FPS: 30}, 640, 480, false},
		{"H.264 640×480 at 25", puppet.Options{FPS: 25, Codec: codec.H264}, 640, 480, true},
		{"VP9 640×480 at 25", puppet.Options{FPS: 25, Codec: codec.VP9}, 640, 480, false},
		{"VP8 640×480 at 15", puppet.Options{FPS: 15}, 640, 480, true},
		{"VP8 640×480 at 10", puppet.Options{FPS: 10}, 640, 480, false},
		{"VP8 640×480 at 20, 300 kbit/s", puppet.Options{FPS: 20, Kbps: 300}, 640, 480, false},
		{"VP8 320×240 at 20, 150 kbit/s", puppet.Options{FPS: 20, Kbps: 150}, 320, 240, false},
		{"VP8 640×480 at 25, 5 % lost, 5 % swapped", puppet.Options{FPS: 25, Loss: 0.05, Swap: 0.05}, 640, 480, true},
		{"VP8 640×480 at 25, acknowledgements 250 ms late", puppet.Options{FPS: 25, AckLag: 250 * time.Millisecond}, 640, 480, true},
		{"VP8 640×480 at 25, no acknowledgements", puppet.Options{FPS: 25, NoAck: true}, 640, 480, false},
	} {
		if runs == 1 && !c.always {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			live := 0
			verdicts := make([]string, runs)
			var g errgroup.Group
			g.SetLimit(2)
			for i := range runs {
				g.Go(func() error {
					scene, err := puppet.NewScene(puppet.Person, h, puppet.Camera{Width: c.width, Height: c.height, Noise: 2}, uint64(i))
					if err != nil {
						return err
					}
					o := c.o
					o.Server, o.Scene = server, scene
					v, err := puppet.Run(t.Context(), o)
					if err != nil {
						return err
					}
					verdicts[i] = v.Outcome
					for _, r := range v.Reasons {
						verdicts[i] += " " + string(r)
					}
					return nil
				})
			}
			if err := g.Wait(); err != nil {
				t.Fatal(err)
			}
			for _, v := range verdicts {
				if v == pipeline.Live.String() {
					live++
				} else {
					t.Log(v)
				}
			}
			t.Logf("%d of %d live", live, runs)
			if 10*live < 7*runs {
				t.Errorf("%d of %d live, want most", live, runs)
			}
		})
	}
}
