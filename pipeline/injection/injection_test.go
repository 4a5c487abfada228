package injection

import (
	"math"
	"slices"
	"testing"
	"time"

	"vivavoce/pipeline"
	"vivavoce/pipeline/pipelinetest"
)

func TestStage(t *testing.T) {
	s := camera()
	s.shows = loop(3 * time.Second)
	pipelinetest.TestStage(t, New(Options{}), s.film(8))
}

func loop(period time.Duration) func(time.Duration) time.Duration {
	return func(at time.Duration) time.Duration { return at % period }
}

func toAndFro(period time.Duration) func(time.Duration) time.Duration {
	return func(at time.Duration) time.Duration {
		if at %= 2 * period; at > period {
			at = 2*period - at
		}
		return at
	}
}

// TestPictures: what a session's own pictures say.
func TestPictures(t *testing.T) {
	for _, test := range []struct {
		name   string
		scene  func(*scene)
		want   []pipeline.Reason
		absent bool // not checked
	}{
		{name: "a person", scene: func(*scene) {}},
		{name: "a person at 15 frames a second", scene: func(s *scene) { s.fps = 15 }},
		{name: "who sits still", scene: func(s *scene) { s.still = true }, absent: true},
		{name: "a loop", scene: func(s *scene) { s.shows = loop(4 * time.Second) }, want: []pipeline.Reason{pipeline.InjectionLoop, pipeline.InjectionCut}},
		{name: "a loop of no whole number of frames", scene: func(s *scene) { s.shows = loop(3717 * time.Millisecond) }, want: []pipeline.Reason{pipeline.InjectionLoop}},
		{name: "a loop on a machine too busy to keep its pace", scene: func(s *scene) {
			s.shows = func(at time.Duration) time.Duration {
				at += time.Duration(50 * math.Sin(at.Seconds()*3) * float64(time.Millisecond)) // ±15 %
				return at % (4 * time.Second)
			}
		}, want: []pipeline.Reason{pipeline.InjectionLoop, pipeline.InjectionCut}},
		{name: "a loop of which few frames are seen", scene: func(s *scene) {
			s.fps = 7
			s.shows = loop(3717 * time.Millisecond)
		}, want: []pipeline.Reason{pipeline.InjectionLoop}},
		{name: "a person of whom few frames are seen", scene: func(s *scene) { s.fps = 7 }},
		{name: "to and fro", scene: func(s *scene) { s.shows = toAndFro(6 * time.Second) }, want: []pipeline.Reason{pipeline.InjectionMirrored}},
		{name: "lamps that flicker on one who sits still", scene: func(s *scene) {
			s.still = true
			s.light = func(at time.Duration, y int) int { return int(at/(40*time.Millisecond)+time.Duration(y/10)) % 50 }
		}, absent: true},
		{name: "frozen", scene: func(s *scene) {
			s.sigma = 0
			s.shows = func(at time.Duration) time.Duration { return min(at, 4*time.Second) }
		}, want: []pipeline.Reason{pipeline.InjectionFrozen}},
		{name: "a camera that hangs for a second", scene: func(s *scene) {
			s.sigma = 0
			s.shows = func(at time.Duration) time.Duration {
				if at > 4*time.Second && at < 5*time.Second {
					return 4 * time.Second
				}
				return at
			}
		}},
		{name: "two recordings", scene: func(s *scene) {
			s.shows = func(at time.Duration) time.Duration {
				if at > 5*time.Second {
					at += 40 * time.Second
				}
				return at / 20
			}
		}, want: []pipeline.Reason{pipeline.InjectionCut}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := camera()
			test.scene(&s)
			got := finish(t, New(Options{}), s.film(12))[ScoreRepeats]
			if test.absent {
				if got.Checked {
					t.Errorf("%+v, want not checked", got)
				}
				return
			}
			if !got.Checked || !slices.Equal(got.Reasons, test.want) {
				t.Errorf("%+v, want the reasons %v", got, test.want)
			}
		})
	}
}

// TestFarTimes: a file may claim any time; the stage takes no memory for it.
func TestFarTimes(t *testing.T) {
	all := camera().film(3)
	for i := range all {
		all[i].Face.Frame.PTS += time.Duration(i) * 100 * time.Hour
	}
	if got := finish(t, New(Options{}), all)[ScoreRepeats]; got.Checked {
		t.Errorf("%+v, want not checked", got)
	}
}
