package injection

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/pipeline"
)

// browser is a link as Chromium 156 gives it: whole milliseconds with some jitter, a rate control.
func browser(i int, at time.Duration) media.Link {
	r := rand.New(rand.NewPCG(uint64(i), 3))
	ms := at.Milliseconds() + int64(r.IntN(3))
	return media.Link{
		Codec: "VP8", Ticks: 90 * ms, Arrived: at, Bytes: 3000, Quantizer: 20 + r.IntN(6), Partitions: 1,
		Key: i == 0, Asked: i == 0,
	}
}

// TestHints: what each part says of streams that came over a network.
func TestHints(t *testing.T) {
	with := func(change func(l *media.Link, i int, at time.Duration)) func(*scene) {
		return func(s *scene) {
			s.link = func(i int, at time.Duration) media.Link {
				l := browser(i, at)
				change(&l, i, at)
				return l
			}
		}
	}
	for _, test := range []struct {
		name  string
		scene func(*scene)
		part  string
		want  []pipeline.Reason
	}{
		{"a browser's clock", with(func(*media.Link, int, time.Duration) {}), ScoreClock, nil},
		{"a browser's encoder", with(func(*media.Link, int, time.Duration) {}), ScoreSender, nil},
		{"a sensor", with(func(*media.Link, int, time.Duration) {}), ScoreNoise, nil},
		{"every frame after 1/30 s", with(func(l *media.Link, i int, _ time.Duration) { l.Ticks = 3000 * int64(i) }), ScoreClock,
			[]pipeline.Reason{pipeline.InjectionTooRegular}},
		{"a camera at 30 frames/s, in whole ms", with(func(l *media.Link, i int, _ time.Duration) { l.Ticks = 90 * (int64(i) * 1000 / 30) }), ScoreClock, nil},
		{"a clock in ticks", with(func(l *media.Link, i int, at time.Duration) { l.Ticks = int64(at.Seconds()*90000) + int64(i%7) }), ScoreSender,
			[]pipeline.Reason{pipeline.InjectionNotBrowser}},
		{"four partitions", with(func(l *media.Link, _ int, _ time.Duration) { l.Partitions = 4 }), ScoreSender,
			[]pipeline.Reason{pipeline.InjectionNotBrowser}},
		{"a key frame every second", with(func(l *media.Link, i int, _ time.Duration) { l.Key = i%30 == 0 }), ScoreSender,
			[]pipeline.Reason{pipeline.InjectionNotBrowser}},
		{"key frames that were asked for", with(func(l *media.Link, i int, _ time.Duration) { l.Key = i%30 == 0; l.Asked = l.Key }), ScoreSender, nil},
		{"one quantizer", with(func(l *media.Link, _ int, _ time.Duration) { l.Quantizer = 30 }), ScoreSender,
			[]pipeline.Reason{pipeline.InjectionNotBrowser}},
		{"a picture so simple that the finest will do", with(func(l *media.Link, _ int, _ time.Duration) { l.Quantizer = 4 }), ScoreSender, nil},
		{"25 frames/s shown at 30", func(s *scene) {
			s.link, s.sigma = browser, 0
			s.shows = func(at time.Duration) time.Duration { return at / (40 * time.Millisecond) * (40 * time.Millisecond) }
		}, ScoreClock, []pipeline.Reason{pipeline.InjectionRepeatedFrames}},
		{"a rendering", func(s *scene) { s.link, s.sigma, s.still = browser, 0, true }, ScoreNoise,
			[]pipeline.Reason{pipeline.InjectionNoNoise}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := camera()
			test.scene(&s)
			got := finish(t, New(Options{}), s.film(6))[test.part]
			if !got.Checked || !slices.Equal(got.Reasons, test.want) {
				t.Errorf("%+v, want the reasons %v", got, test.want)
			}
		})
	}
}

// TestWithoutALink: of files and local cameras nothing is said that only a network tells.
func TestWithoutALink(t *testing.T) {
	got := finish(t, New(Options{}), camera().film(8))
	for _, name := range []string{ScoreClock, ScoreSender, ScoreNoise, ScoreLatency, ScoreReplay, ScoreDevice} {
		if got[name].Checked {
			t.Errorf("%+v, want not checked", got[name])
		}
	}
	if whole := got[pipeline.ScoreInjection]; !whole.Checked || whole.Value != 1 {
		t.Errorf("%+v, want 1", whole)
	}
}

// TestDevice: a label is a hint, is never evidence alone, and says nothing by itself.
func TestDevice(t *testing.T) {
	for _, test := range []struct {
		label string
		want  []pipeline.Reason
	}{
		{"HD Webcam (046d:0825)", nil},
		{"FaceTime HD Camera", nil},
		{"camera2 1, facing front", nil},
		{"Iriun Webcam", nil},
		{"OBS Virtual Camera", []pipeline.Reason{pipeline.InjectionVirtualCamera}},
		{"ManyCam Virtual Webcam", []pipeline.Reason{pipeline.InjectionVirtualCamera}},
		{"Dummy video device (0x0000)", []pipeline.Reason{pipeline.InjectionVirtualCamera}},
		{"fake_device_0", []pipeline.Reason{pipeline.InjectionVirtualCamera}},
	} {
		t.Run(test.label, func(t *testing.T) {
			all := camera().film(8)
			for i := range all {
				all[i].Device.Label = test.label
			}
			got := finish(t, New(Options{}), all)
			if d := got[ScoreDevice]; !d.Checked || !slices.Equal(d.Reasons, test.want) {
				t.Errorf("%+v, want the reasons %v", d, test.want)
			}
			if whole := got[pipeline.ScoreInjection]; !(whole.Value >= 0.5) {
				t.Errorf("%+v: a label decides", whole)
			}
			if alone := finish(t, New(Options{}), all[:20])[pipeline.ScoreInjection]; alone.Checked {
				t.Errorf("%+v: checked by the label alone", alone)
			}
		})
	}
}

// TestLatency: replies to five turns, each after its own time.
func TestLatency(t *testing.T) {
	const ms = time.Millisecond
	for _, test := range []struct {
		name  string
		after [5]time.Duration
		want  []pipeline.Reason
	}{
		{"a person", [5]time.Duration{310 * ms, 450 * ms, 290 * ms, 520 * ms, 380 * ms}, nil},
		{"a slow person", [5]time.Duration{1310 * ms, 850 * ms, 990 * ms, 1520 * ms, 1180 * ms}, nil},
		{"one started before", [5]time.Duration{40 * ms, 450 * ms, 290 * ms, 520 * ms, 380 * ms}, nil},
		{"a recording that happens to turn", [5]time.Duration{40 * ms, 10 * ms, 70 * ms, 60 * ms, 380 * ms}, []pipeline.Reason{pipeline.InjectionTooEarly}},
		{"always the same", [5]time.Duration{350 * ms, 350 * ms, 350 * ms, 350 * ms, 350 * ms}, []pipeline.Reason{pipeline.InjectionSameDelay}},
		{"late", [5]time.Duration{1810 * ms, 1950 * ms, 1690 * ms, 2020 * ms, 1880 * ms}, []pipeline.Reason{pipeline.InjectionDelayed}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := finish(t, New(Options{}), replies5(test.after))[ScoreLatency]
			if !got.Checked || !slices.Equal(got.Reasons, test.want) {
				t.Errorf("%+v, want the reasons %v", got, test.want)
			}
		})
	}
	if got := finish(t, New(Options{}), replies5([5]time.Duration{9 * time.Second, 9 * time.Second, 9 * time.Second}))[ScoreLatency]; got.Checked {
		t.Errorf("%+v, want not checked without replies", got)
	}
}

// replies5 prompts a turn every four seconds and turns so long after.
func replies5(after [5]time.Duration) (all []pipeline.Observation) {
	s := camera()
	s.still = true
	for _, o := range s.film(20) {
		pts := o.Face.Frame.PTS
		i := int(pts / (4 * time.Second))
		shown := time.Duration(i)*4*time.Second + time.Second
		if pts >= shown {
			o.Prompt = &pipeline.Prompt{Index: i, Step: pipeline.Step{Kind: pipeline.StepTurn, Turn: pipeline.Left}, ShownAt: shown}
			if since := pts - shown - after[i]; since >= 0 {
				o.Face.Pose.Yaw = min(20, 5+200*since.Seconds())
			}
		}
		all = append(all, o)
	}
	return all
}
