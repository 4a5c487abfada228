package injection

import (
	"math"
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
		{"a browser's way", with(func(*media.Link, int, time.Duration) {}), ScoreNetwork, nil},
		{"a file that is sent by the clock", with(func(l *media.Link, i int, at time.Duration) {
			l.Ticks, l.Arrived = 90*at.Milliseconds(), at.Truncate(time.Millisecond)+time.Duration(i%3)*20*time.Microsecond
		}), ScoreNetwork, []pipeline.Reason{pipeline.InjectionTooSmooth}},
		{"25 frames/s shown at 30", func(s *scene) {
			s.link, s.sigma = browser, 0
			s.shows = func(at time.Duration) time.Duration { return at / (40 * time.Millisecond) * (40 * time.Millisecond) }
		}, ScoreClock, []pipeline.Reason{pipeline.InjectionRepeatedFrames}},
		{"a rendering", func(s *scene) { s.link, s.sigma, s.still = browser, 0, true }, ScoreNoise,
			[]pipeline.Reason{pipeline.InjectionNoNoise}},
		{"a rendering as H.264", func(s *scene) {
			s.sigma, s.still = 0, true
			s.link = func(i int, at time.Duration) media.Link {
				l := browser(i, at)
				l.Codec, l.Quantizer = "H264", 18
				return l
			}
		}, ScoreNoise, []pipeline.Reason{pipeline.InjectionNoNoise}},
		{"H.264 that rests at a fine quantizer", with(func(l *media.Link, _ int, _ time.Duration) { l.Codec, l.Quantizer = "H264", 20 }), ScoreSender, nil},
		{"H.264 of one coarse quantizer", with(func(l *media.Link, _ int, _ time.Duration) { l.Codec, l.Quantizer = "H264", 30 }), ScoreSender,
			[]pipeline.Reason{pipeline.InjectionNotBrowser}},
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

// TestAcknowledgements: what is said of a client by when it says that prompts are on its screen.
func TestAcknowledgements(t *testing.T) {
	for _, test := range []struct {
		name  string
		after func(i int) time.Duration // 0: none came
		want  []pipeline.Reason
	}{
		{"a page at 60 Hz, 40 ms away", func(i int) time.Duration { return 57*time.Millisecond + time.Duration(i*7%17)*time.Millisecond }, nil},
		{"a page at 240 Hz on this machine", func(i int) time.Duration { return 4500*time.Microsecond + time.Duration(i*7%17)*250*time.Microsecond }, nil},
		{"one that paints nothing", func(int) time.Duration { return 800 * time.Microsecond }, []pipeline.Reason{pipeline.InjectionNotPainted}},
		{"one that waits by the clock", func(i int) time.Duration { return 50*time.Millisecond + time.Duration(i%3)*50*time.Microsecond }, []pipeline.Reason{pipeline.InjectionNotPainted}},
		{"one that says nothing", func(int) time.Duration { return 0 }, []pipeline.Reason{pipeline.InjectionNotChecked}},
		{"one that says it five times", func(i int) time.Duration { return time.Duration(max(0, 5-i)) * time.Millisecond }, []pipeline.Reason{pipeline.InjectionNotChecked}},
	} {
		t.Run(test.name, func(t *testing.T) {
			all := camera().film(8)
			for i := range all {
				p := &pipeline.Prompt{Index: i / 30, Step: pipeline.Step{Kind: pipeline.StepDigit}}
				if after := test.after(p.Index); after > 0 && i%30 > 2 {
					p.Acked, p.AckedAfter = true, after
				}
				all[i].Prompt = p
			}
			if got := finish(t, New(Options{}), all)[ScoreClient]; !slices.Equal(got.Reasons, test.want) {
				t.Errorf("%+v, want the reasons %v", got, test.want)
			}
		})
	}
}

// TestTrack: the stream against what the browser says of its camera. The scene is 160×120 at 30.
func TestTrack(t *testing.T) {
	for _, test := range []struct {
		name string
		said pipeline.Device
		want []pipeline.Reason
	}{
		{"the camera's own", pipeline.Device{Width: 160, Height: 120, FrameRate: 30}, nil},
		{"scaled down, held upright, slowed", pipeline.Device{Width: 480, Height: 640, FrameRate: 60}, nil},
		{"rounded", pipeline.Device{Width: 159, Height: 119, FrameRate: 29.97}, nil},
		{"larger than the camera", pipeline.Device{Width: 120, Height: 90, FrameRate: 30}, []pipeline.Reason{pipeline.InjectionOtherTrack}},
		{"quicker than the camera", pipeline.Device{Width: 160, Height: 120, FrameRate: 15}, []pipeline.Reason{pipeline.InjectionOtherTrack}},
		{"only a rate", pipeline.Device{FrameRate: 15}, []pipeline.Reason{pipeline.InjectionOtherTrack}},
		{"nothing", pipeline.Device{}, []pipeline.Reason{pipeline.InjectionNotChecked}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := camera()
			s.link = browser
			all := s.film(4)
			for i := range all {
				all[i].Device = test.said
			}
			if got := finish(t, New(Options{}), all)[ScoreDevice]; !slices.Equal(got.Reasons, test.want) {
				t.Errorf("%+v, want the reasons %v", got, test.want)
			}
		})
	}
}

// TestHistory: the figures of the encoder are those of its frames.
func TestHistory(t *testing.T) {
	s := camera()
	s.link = func(i int, at time.Duration) media.Link {
		l := browser(i, at)
		l.Bytes, l.Quantizer = 2400, 20+10*(i%2) // 160×120 bits
		return l
	}
	got := map[string]float64{}
	for _, m := range finish(t, New(Options{}), s.film(6))[ScoreSender].Measures {
		got[m.Name] = m.Value
	}
	if got["size_changes"] != 0 || got["bits_per_pixel"] != 1 || math.Abs(got["quantizer_mean"]-25) > 0.1 || math.Abs(got["quantizer_sd"]-5) > 0.1 {
		t.Errorf("%v, want 0 changes, 1 bit a pixel, quantizers of 25 ± 5", got)
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
