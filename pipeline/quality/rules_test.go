package quality

import (
	"bufio"
	"os"
	"strings"
	"testing"

	"vivavoce/pipeline"
)

// TestProtocol reads the table of hints in signaling/protocol.md §4: the rules must
// have its codes, in its order, blocking as it says.
func TestProtocol(t *testing.T) {
	file, err := os.Open("../../signaling/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	type row struct {
		code     pipeline.HintCode
		blocking bool
		directed bool
	}
	var want []row
	in := false
	for lines := bufio.NewScanner(file); lines.Scan(); {
		line := lines.Text()
		if strings.HasPrefix(line, "## ") {
			in = strings.HasPrefix(line, "## 4.")
		}
		cells := strings.Split(line, "|")
		if !in || len(cells) < 5 || !strings.Contains(cells[1], "`") {
			continue
		}
		code := pipeline.HintCode(strings.Trim(cells[1], " `"))
		if code != "reconnecting" { // signaling's own
			want = append(want, row{code, strings.TrimSpace(cells[3]) == "yes", strings.TrimSpace(cells[2]) != ""})
		}
	}
	all := rules(Browser())
	if len(all) != len(want) || len(all) == 0 {
		t.Fatalf("%d rules, %d codes in protocol.md", len(all), len(want))
	}
	for i, r := range all {
		if got := (row{r.code, r.blocking, r.where != nil}); got != want[i] {
			t.Errorf("rule %d is %+v, protocol.md says %+v", i, got, want[i])
		}
	}
}

// TestPrecedence breaks two rules at a time: the one that comes first is shown.
func TestPrecedence(t *testing.T) {
	bad := []struct {
		code  pipeline.HintCode
		spoil func(s *sight)
	}{
		{SeveralFaces, func(s *sight) { s.others = 1 }},
		{TooDark, func(s *sight) { s.m.Highlights = read(0.1) }},
		{TooBright, func(s *sight) { s.m.OverExposurePrevention = read(0.2) }},
		{BackLit, func(s *sight) { s.m.BackLight = read(1) }},
		{TooFar, func(s *sight) { s.m.HeadSize = read(0.1) }},
		{OffCentre, func(s *sight) { s.m.OffCentreX = read(0.4) }},
		{Cropped, func(s *sight) { s.m.MarginBelow = read(-0.2) }},
		{TurnToCamera, func(s *sight) { s.m.HeadPoseYaw = read(40) }},
		{Tilted, func(s *sight) { s.m.HeadPoseRoll = read(-40) }},
		{EyesHidden, func(s *sight) { s.m.EyesVisible = read(0.1) }},
		{MouthHidden, func(s *sight) { s.m.MouthOcclusionPrevention = read(0) }},
		{LightUneven, func(s *sight) { s.m.LightBalance = read(0.9) }},
		{Blurred, func(s *sight) { s.m.Sharpness = read(0) }},
		{Moving, func(s *sight) { s.m.HeadSpeed = read(9) }},
		{LowResolution, func(s *sight) { s.m.InterEyeDistance = read(12) }},
		{LowFrameRate, func(s *sight) { s.m.FrameRate = read(5) }},
	}
	for i, first := range bad {
		for _, second := range bad[i:] {
			if first.code == TooDark && second.code == BackLit {
				continue // one excludes the other: see tooDark
			}
			g := newGuide(newShared(Browser()))
			good(&g.sight)
			first.spoil(&g.sight)
			second.spoil(&g.sight)
			for r := range g.rules {
				g.update(r, 0, false)
			}
			if got := g.due(); got.Code != first.code {
				t.Errorf("%s with %s: shown is %q", first.code, second.code, got.Code)
			}
		}
	}
}

// good is a sight that nothing is wrong with.
func good(s *sight) {
	s.found = true
	s.m = Measures{
		Highlights: read(0.6), OverExposurePrevention: read(1), BackLight: read(0), HeadSize: read(0.45),
		OffCentreX: read(0), OffCentreY: read(0), LightBalance: read(0), Sharpness: read(0.6), HeadSpeed: read(0),
		LeftwardCrop: read(1), RightwardCrop: read(1), MarginAbove: read(0.5), MarginBelow: read(0.5),
		HeadPoseYaw: read(0), HeadPosePitch: read(0), HeadPoseRoll: read(0), EyesVisible: read(1),
		MouthOcclusionPrevention: read(1), InterEyeDistance: read(70), FrameRate: read(30),
	}
}

// TestMirror shows that a mirrored picture swaps what is said, so nothing on the way may
// mirror it: the page mirrors only its preview.
func TestMirror(t *testing.T) {
	for _, x := range []float64{180, 460} {
		p := newPortrait()
		p.cx = x
		want := pipeline.Left // of the picture is the person's right; they go to their left
		if x > 320 {
			want = pipeline.Right
		}
		if got := settled(t, guideOf(t, Options{}), p.face(), nil); got.Direction != want {
			t.Errorf("face at %g of 640: told to go %q, want %q", x, got.Direction, want)
		}
	}
}

func TestOptions(t *testing.T) {
	for _, c := range []struct {
		name string
		o    Options
		ok   bool
	}{
		{"zero", Options{}, true},
		{"browser", Browser(), true},
		{"kiosk", Kiosk(), true},
		{"band upside down", Options{Size: Band{0.5, 0.2}}, false},
		{"band from zero", Options{Size: Band{0, 0.2}}, false},
		{"off centre by more than the picture", Options{OffCentre: 0.7}, false},
		{"off centre below zero", Options{OffCentre: -0.1}, false},
	} {
		if _, err := New(c.o); (err == nil) != c.ok {
			t.Errorf("%s: New gave error %v", c.name, err)
		}
	}
}

// TestKiosk stands 40 to 80 cm before lenses that see 45° to 75° upright: nobody is
// told to move, who stands at 25 or 150 cm is.
func TestKiosk(t *testing.T) {
	for _, angle := range []float64{45, 60, 75} {
		for _, distance := range []float64{41, 60, 79} {
			if got := settled(t, guideOf(t, Kiosk()), at(distance, angle), nil); got.Code != "" {
				t.Errorf("at %g cm, %g°: hint %q, want none", distance, angle, got.Code)
			}
		}
	}
	if got := settled(t, guideOf(t, Kiosk()), at(150, 75), nil); got.Code != TooFar {
		t.Errorf("at 150 cm: hint %q, want %q", got.Code, TooFar)
	}
	if got := settled(t, guideOf(t, Kiosk()), at(25, 45), nil); got.Code != TooNear {
		t.Errorf("at 25 cm: hint %q, want %q", got.Code, TooNear)
	}
}

// at stands a face so many centimetres before a lens, in a picture of 1280×720.
func at(distance, angle float64) *pipeline.Face {
	p := newPortrait()
	p.w, p.h, p.cx, p.cy = 1280, 720, 640, 360
	p.scale = At(distance, angle) * 720 / faceHeight
	return p.face()
}
