package motion_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
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
func watch(t *testing.T, seen []pipeline.Observation, dir pipeline.Direction, shown time.Duration) (moved, deep, around pipeline.Score) {
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
		case score.Name == pipeline.ScoreDepth:
			deep = score
		default:
			around = score
		}
	}
	return moved, deep, around
}

// tally counts what became of some tries.
type tally struct {
	n, moved, deep, flat, both int
	looked, carried            int // parallax was checked, and said no
	why                        map[pipeline.Reason]int
}

func (c *tally) add(moved, deep, around pipeline.Score) {
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
	if around.Checked {
		c.looked++
	}
	if around.Checked && around.Value < 0.5 {
		c.carried++
	}
	for _, r := range moved.Reasons {
		c.why[r]++
	}
}

func (c tally) String() string {
	return fmt.Sprintf("n=%d motion %d, depth %d, called flat %d, both pass %d; parallax checked %d, carried %d; %v", c.n, c.moved, c.deep, c.flat, c.both, c.looked, c.carried, c.why)
}

// TestMeasureHeads finds the turns that recorded people make by themselves and asks for
// them 200 ms before they begin, for the opposite, and for one across.
func TestMeasureHeads(t *testing.T) {
	recorded.Measure(t)
	clips, _ := filepath.Glob(filepath.Join(filetest.Recordings(t), "head", "*.mp4"))
	studio := recorded.NewStudio(t)
	studio.Pixels = true
	var right, wrong, across, idle tally
	for _, clip := range clips {
		seen := studio.Watch(t, clip, nil)
		for _, m := range natural(seen) {
			moved, deep, around := watch(t, seen[m.from:], m.dir, m.shown)
			t.Logf("%s at %v %s: motion %.2f %v, depth %.2f %v, parallax %.2f %v", filepath.Base(clip), m.shown, m.dir, moved.Value, moved.Reasons, deep.Value, deep.Reasons, around.Value, around.Reasons)
			right.add(moved, deep, around)
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

// TestMeasureSheets holds videos of talking people in front of the camera and moves them the way
// that was asked, and back: flat and tilted, bent and tilted, wrapped round a post and
// turned, bent meanwhile, and warped around the nose. Nothing was chosen on these speakers.
func TestMeasureSheets(t *testing.T) {
	recorded.Measure(t)
	data := filetest.Recordings(t)
	studio := recorded.NewStudio(t)
	studio.Pixels = true
	rng := rand.New(rand.NewPCG(1, 2))
	for _, kind := range sheets() {
		var c tally
		for _, speaker := range []string{"s5", "s30", "s31"} {
			clips, _ := filepath.Glob(filepath.Join(data, "grid", speaker, "*.mp4"))
			for k, dir := range []pipeline.Direction{pipeline.Left, pipeline.Right, pipeline.Up, pipeline.Down} {
				clip := clips[(4*len(kind.name)+k)%len(clips)]
				seen := studio.Watch(t, clip, moving(kind.make(dir, rng)))
				c.add(watch(t, seen, dir, 400*time.Millisecond))
			}
		}
		t.Logf("%-10s %v", kind.name, c)
		// The warps are shown for what they are: nothing here stops all of them.
		if c.both > 1 && !strings.HasPrefix(kind.name, "pushed") {
			t.Errorf("%d of %d %s pass motion and depth, want at most one", c.both, c.n, kind.name)
		}
	}
}

// sheetKind makes sheets that are moved by 0–1.
type sheetKind struct {
	name string
	make func(dir pipeline.Direction, rng *rand.Rand) func(part float64) recorded.Sheet
}

func sheets() (out []sheetKind) {
	for _, angle := range []float64{15, 25, 35, 45, 55, 65, 75} {
		out = append(out, sheetKind{fmt.Sprintf("tilt %v", angle), func(dir pipeline.Direction, rng *rand.Rand) func(float64) recorded.Sheet {
			focal := 1.1 + 1.4*rng.Float64()
			return func(part float64) recorded.Sheet {
				s := tilted(dir, angle*part)
				s.Focal = focal
				return s
			}
		}})
	}
	for _, angle := range []float64{15, 30, 45, 60} {
		out = append(out, sheetKind{fmt.Sprintf("bent %v", angle), func(dir pipeline.Direction, rng *rand.Rand) func(float64) recorded.Sheet {
			focal, bend, level := 1.1+1.4*rng.Float64(), 0.7+1.6*rng.Float64(), rng.IntN(3) == 0
			return func(part float64) recorded.Sheet {
				s := tilted(dir, angle*part)
				s.Focal, s.Bend, s.Level = focal, bend, level
				return s
			}
		}})
	}
	for _, angle := range []float64{20, 35, 50} {
		out = append(out, sheetKind{fmt.Sprintf("wrapped %v", angle), func(dir pipeline.Direction, rng *rand.Rand) func(float64) recorded.Sheet {
			bend := 2 + 2*rng.Float64()
			return func(part float64) recorded.Sheet {
				s := recorded.Sheet{Bend: bend, Spin: angle * part, Level: dir == pipeline.Up || dir == pipeline.Down}
				if dir == pipeline.Right || dir == pipeline.Up {
					s.Spin = -s.Spin
				}
				return s
			}
		}})
	}
	out = append(out, sheetKind{"bending", func(dir pipeline.Direction, rng *rand.Rand) func(float64) recorded.Sheet {
		bend, level := 1+1.5*rng.Float64(), rng.IntN(2) == 0
		return func(part float64) recorded.Sheet {
			s := tilted(dir, 30*part)
			s.Bend, s.Level = 0.01+bend*part, level
			return s
		}
	}})
	for _, far := range []float64{0.04, 0.08, 0.12} {
		out = append(out, sheetKind{fmt.Sprintf("pushed %v", far), func(dir pipeline.Direction, rng *rand.Rand) func(float64) recorded.Sheet {
			reach := 0.1 + 0.1*rng.Float64()
			return func(part float64) recorded.Sheet {
				p := recorded.Push{Y: 0.05, Reach: reach}
				way := tilted(dir, far*part)
				p.DX, p.DY = way.Yaw, -way.Pitch
				return recorded.Sheet{Push: p}
			}
		}})
	}
	return out
}

// tilted is a flat sheet turned the way a head turns.
func tilted(dir pipeline.Direction, angle float64) recorded.Sheet {
	switch dir {
	case pipeline.Left:
		return recorded.Sheet{Yaw: angle}
	case pipeline.Right:
		return recorded.Sheet{Yaw: -angle}
	case pipeline.Up:
		return recorded.Sheet{Pitch: angle}
	default:
		return recorded.Sheet{Pitch: -angle}
	}
}

// moving moves the sheet from 0.6 to 1.2 s, holds it, and moves it back from 1.6 to 2.2 s.
func moving(at func(part float64) recorded.Sheet) recorded.Alter {
	var dst *media.Frame
	pool := new(media.Pool)
	return func(f *media.Frame) *media.Frame {
		if dst == nil {
			dst = pool.Get(f.Width, f.Height)
		}
		s := f.PTS.Seconds()
		u := min(max((s-0.6)/0.6, 0), 1) - min(max((s-1.6)/0.6, 0), 1)
		at(u*u*(3-2*u)).Show(dst, f)
		return dst
	}
}
