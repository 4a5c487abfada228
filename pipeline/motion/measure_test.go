package motion_test

import (
	"fmt"
	"math"
	"path/filepath"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/media/file/filetest"
	"vivavoce/pipeline"
	"vivavoce/pipeline/motion"
	"vivavoce/pipeline/pipelinetest/recorded"
)

// watch shows observations from first on to a stage, with a prompt for dir from shown on,
// and returns the scores of the session.
func watch(t *testing.T, seen []pipeline.Observation, dir pipeline.Direction, shown time.Duration) (moved, deep pipeline.Score) {
	t.Helper()
	s, err := motion.New(motion.Options{}).New()
	if err != nil {
		t.Fatal(err)
	}
	p := &pipeline.Prompt{Step: pipeline.Step{Kind: pipeline.StepTurn, Turn: dir}, ShownAt: shown, Acked: true}
	for _, o := range seen {
		pts := o.Face.Frame.PTS
		if pts >= shown {
			o.Prompt = p
		}
		if pts > shown+6*time.Second {
			break
		}
		if _, err := s.Observe(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	scores, err := s.Finish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, score := range scores {
		switch {
		case score.Step != pipeline.Whole:
		case score.Name == pipeline.ScoreMotion:
			moved = score
		default:
			deep = score
		}
	}
	return moved, deep
}

// tally counts what became of some tries.
type tally struct {
	n, moved, deep, flat, both int
	why                        map[pipeline.Reason]int
}

func (c *tally) add(moved, deep pipeline.Score) {
	if c.why == nil {
		c.why = map[pipeline.Reason]int{}
	}
	c.n++
	m, d := moved.Checked && moved.Value >= 0.5, deep.Checked && deep.Value >= 0.5
	if m {
		c.moved++
	}
	if d {
		c.deep++
	}
	if m && d {
		c.both++
	}
	if deep.Checked && !d {
		c.flat++
	}
	for _, r := range moved.Reasons {
		c.why[r]++
	}
}

func (c tally) String() string {
	return fmt.Sprintf("n=%d motion %d, depth %d, called flat %d, both pass %d; %v", c.n, c.moved, c.deep, c.flat, c.both, c.why)
}

// TestMeasureHeads finds the turns that recorded people make by themselves and asks for
// them 200 ms before they begin, for the opposite, and for one across.
func TestMeasureHeads(t *testing.T) {
	recorded.Measure(t)
	clips, _ := filepath.Glob(filepath.Join(filetest.Recordings(t), "head", "*.mp4"))
	studio := recorded.NewStudio(t)
	var right, wrong, across, idle tally
	for _, clip := range clips {
		seen := studio.Watch(t, clip, nil)
		for _, m := range natural(seen) {
			moved, deep := watch(t, seen[m.from:], m.dir, m.shown)
			t.Logf("%s at %v %s: motion %.2f %v, depth %.2f %v", filepath.Base(clip), m.shown, m.dir, moved.Value, moved.Reasons, deep.Value, deep.Reasons)
			right.add(moved, deep)
			wrong.add(watch(t, seen[m.from:], opposite(m.dir), m.shown))
			across.add(watch(t, seen[m.from:], sideways(m.dir), m.shown))
		}
		// Whatever these people do, none is flat.
		for i := 0; i+75 <= len(seen); i += 9 {
			idle.add(watch(t, seen[i:i+75], pipeline.Left, seen[i+10].Face.Frame.PTS))
		}
	}
	t.Logf("asked for:  %v", right)
	t.Logf("opposite:   %v", wrong)
	t.Logf("across:     %v", across)
	t.Logf("any 3 s:    %v", idle)
	if 50*idle.flat > idle.n {
		t.Errorf("%d of %d stretches of real heads are called flat, want at most 2 %%", idle.flat, idle.n)
	}
	// Across may pass: some of these people move diagonally.
	if wrong.moved > 0 {
		t.Error("a turn the opposite way passes")
	}
}

func opposite(d pipeline.Direction) pipeline.Direction {
	return map[pipeline.Direction]pipeline.Direction{
		pipeline.Left: pipeline.Right, pipeline.Right: pipeline.Left, pipeline.Up: pipeline.Down, pipeline.Down: pipeline.Up,
	}[d]
}

func sideways(d pipeline.Direction) pipeline.Direction {
	return map[pipeline.Direction]pipeline.Direction{
		pipeline.Left: pipeline.Up, pipeline.Right: pipeline.Down, pipeline.Up: pipeline.Left, pipeline.Down: pipeline.Right,
	}[d]
}

// movement is a turn that somebody made unasked.
type movement struct {
	from  int
	dir   pipeline.Direction
	shown time.Duration
}

// natural finds turns: 300 ms of stillness within 4°, then 16° of yaw or 11° of pitch,
// whichever comes first, within two seconds, and back within 6° in six.
func natural(seen []pipeline.Observation) (out []movement) {
	for i := 0; i < len(seen); i++ {
		from, pose := seen[i].Face.Frame.PTS, seen[i].Face.Pose
		var dir pipeline.Direction
		var began time.Duration
		for j := i; j < len(seen); j++ {
			f := seen[j].Face
			pts := f.Frame.PTS - from
			yaw, pitch := f.Pose.Yaw-pose.Yaw, f.Pose.Pitch-pose.Pitch
			off := math.Hypot(yaw, pitch)
			if !f.Found || pts < 300*time.Millisecond && off > 4 || pts > 6*time.Second {
				break
			}
			if began == 0 && off > 5 {
				began = f.Frame.PTS
			}
			if dir == "" && began > 0 && f.Frame.PTS-began > 2*time.Second {
				break
			}
			if dir == "" {
				dir = direction(yaw, pitch)
			}
			if dir != "" && off < 6 {
				out = append(out, movement{from: i, dir: dir, shown: began - 200*time.Millisecond})
				i = j
				break
			}
		}
	}
	return out
}

func direction(yaw, pitch float64) pipeline.Direction {
	switch {
	case yaw >= 16:
		return pipeline.Left
	case yaw <= -16:
		return pipeline.Right
	case pitch >= 11:
		return pipeline.Up
	case pitch <= -11:
		return pipeline.Down
	}
	return ""
}

// TestMeasureFlat tilts videos of talking people, as flat pictures, the way that was
// asked, and back, at five angles.
func TestMeasureFlat(t *testing.T) {
	recorded.Measure(t)
	data := filetest.Recordings(t)
	studio := recorded.NewStudio(t)
	angles := []float64{20, 30, 40, 50, 60}
	for _, angle := range angles {
		var c tally
		for _, speaker := range []string{"s1", "s2", "s3", "s5", "s30", "s31"} {
			clips, _ := filepath.Glob(filepath.Join(data, "grid", speaker, "*.mp4"))
			for k, dir := range []pipeline.Direction{pipeline.Left, pipeline.Right, pipeline.Up, pipeline.Down} {
				seen := studio.Watch(t, clips[5+k], tilting(dir, angle))
				c.add(watch(t, seen, dir, 400*time.Millisecond))
			}
		}
		t.Logf("tilted by %v: %v", angle, c)
		if 20*c.both > c.n {
			t.Errorf("%d of %d flat pictures tilted by %v pass motion and depth, want at most 5 %%", c.both, c.n, angle)
		}
	}
}

// tilting turns the picture from 0.6 to 1.2 s, holds it, and turns it back from 1.6 to 2.2 s.
func tilting(dir pipeline.Direction, angle float64) recorded.Alter {
	var dst *media.Frame
	pool := new(media.Pool)
	return func(f *media.Frame) *media.Frame {
		if dst == nil {
			dst = pool.Get(f.Width, f.Height)
		}
		s := f.PTS.Seconds()
		u := min(max((s-0.6)/0.6, 0), 1) - min(max((s-1.6)/0.6, 0), 1)
		u *= u * (3 - 2*u)
		switch dir {
		case pipeline.Left:
			recorded.Tilt(dst, f, angle*u, 0)
		case pipeline.Right:
			recorded.Tilt(dst, f, -angle*u, 0)
		case pipeline.Up:
			recorded.Tilt(dst, f, 0, angle*u)
		default:
			recorded.Tilt(dst, f, 0, -angle*u)
		}
		return dst
	}
}
