package face

import (
	"math"
	"time"

	"vivavoce/pipeline"
)

// A still head's pose trembles by 0.1–0.2° in a clean picture, which nobody sees, and by
// 2° in the dark, when the sensor's noise is strong. So the pose, and nothing else, goes
// through a One-Euro filter (Casiez 2012). The points stay as they are: lips that move at
// 12 Hz must not be smoothed away.
const (
	restCutoff  = 3.0 // Hz, for a head at rest
	turnCutoff  = 0.3 // Hz more for each degree a second: at 60°/s it lags by 8 ms
	speedCutoff = 2.0 // Hz, of the speed itself
	// calmGap is the PTS between two faces from which the next one starts anew.
	calmGap = 500 * time.Millisecond
)

// calm filters the poses of one face. The zero calm has seen none.
type calm struct {
	begun            bool
	at               time.Duration
	yaw, pitch, roll euro
}

func (c *calm) pose(p pipeline.Pose, at time.Duration) pipeline.Pose {
	step := (at - c.at).Seconds()
	jump := math.Abs(p.Roll-c.roll.value) > 90 // over ±180°, or another face
	if !c.begun || step <= 0 || at-c.at > calmGap || jump {
		*c = calm{begun: true, yaw: euro{value: p.Yaw}, pitch: euro{value: p.Pitch}, roll: euro{value: p.Roll}}
	}
	c.at = at
	if step > 0 {
		p = pipeline.Pose{Yaw: c.yaw.next(p.Yaw, step), Pitch: c.pitch.next(p.Pitch, step), Roll: c.roll.next(p.Roll, step)}
	}
	return p
}

// euro is one filtered value and its speed per second.
type euro struct{ value, speed float64 }

func (e *euro) next(v, step float64) float64 {
	speed := (v - e.value) / step
	e.speed += share(speedCutoff, step) * (speed - e.speed)
	e.value += share(restCutoff+turnCutoff*math.Abs(e.speed), step) * (v - e.value)
	return e.value
}

// share is how much of a new value a low pass of cutoff Hz takes after step seconds.
func share(cutoff, step float64) float64 { return 1 / (1 + 1/(2*math.Pi*cutoff*step)) }
