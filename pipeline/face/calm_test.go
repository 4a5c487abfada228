package face

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"vivavoce/pipeline"
)

// ramp is a head that rests for a second, turns by 30° in the given time and rests.
func ramp(t, turn float64) float64 { return 30 * min(1, max(0, (t-1)/turn)) }

func TestCalmFollowsTurns(t *testing.T) {
	tests := []struct {
		name string
		fps  float64
		turn float64 // seconds for 30°
		lag  float64 // most that the middle of the turn may come late, seconds
	}{
		{"quick, 30 fps", 30, 0.3, 0.020},
		{"usual, 30 fps", 30, 0.7, 0.025},
		{"slow, 30 fps", 30, 2, 0.040},
		{"usual, 10 fps", 10, 0.7, 0.050},
	}
	for _, test := range tests {
		var c calm
		var late float64
		was := 0.0
		for i := 0; ; i++ {
			at := float64(i) / test.fps
			v := c.pose(pipeline.Pose{Yaw: ramp(at, test.turn)}, time.Duration(at*1e9)).Yaw
			if v >= 15 {
				crossed := at - (v-15)/(v-was)/test.fps
				late = crossed - (1 + test.turn/2)
				break
			}
			was = v
		}
		t.Logf("%s: %.1f ms late, %.2f frames", test.name, late*1e3, late*test.fps)
		if !(late <= test.lag) {
			t.Errorf("%s: the turn's middle is %.3f s late, want at most %.3f", test.name, late, test.lag)
		}
	}
}

func TestCalmStillsNoise(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var c calm
	var in, out float64
	for i := range 600 {
		p := pipeline.Pose{Pitch: 2 * rng.NormFloat64()}
		q := c.pose(p, time.Duration(i)*time.Second/30)
		in, out = in+p.Pitch*p.Pitch, out+q.Pitch*q.Pitch
	}
	if share := math.Sqrt(out / in); share > 0.75 {
		t.Errorf("%.2f of 2° of noise is left, want at most 0.75", share)
	}
}

func TestCalmStartsAnew(t *testing.T) {
	for name, next := range map[string]time.Duration{"gap": time.Second, "PTS falls": -time.Second, "PTS stays": 0} {
		var c calm
		c.pose(pipeline.Pose{Yaw: -20}, 2*time.Second)
		if got := c.pose(pipeline.Pose{Yaw: 20}, 2*time.Second+next).Yaw; got != 20 {
			t.Errorf("%s: yaw = %g, want 20 unfiltered", name, got)
		}
		if got := c.pose(pipeline.Pose{Yaw: 20}, 2*time.Second+next+time.Second/30).Yaw; math.Abs(got-20) > 1e-9 {
			t.Errorf("%s: yaw a frame later = %g, want 20: nothing from before is left", name, got)
		}
	}
	var c calm
	c.pose(pipeline.Pose{Roll: 179}, 0)
	if got := c.pose(pipeline.Pose{Roll: -179}, 33*time.Millisecond).Roll; got != -179 {
		t.Errorf("roll over 180°: %g, want -179", got)
	}
}
