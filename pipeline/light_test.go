package pipeline

import (
	"crypto/rand"
	"errors"
	"math"
	"testing"
	"testing/synctest"
	"time"
)

// TestPaletteIsSafe: WCAG 2.3.1, Success Criterion and definitions of general flash and red flash.
func TestPaletteIsSafe(t *testing.T) {
	for _, a := range Palette() {
		for _, b := range Palette() {
			if d := math.Abs(a.Luminance() - b.Luminance()); d >= 0.1/2 {
				t.Errorf("%v and %v differ by %.3f of relative luminance: a change of 0.1 is half a flash", a, b, d)
			}
		}
		r, g, bl := a.Linear()
		if share := r / (r + g + bl); share >= 0.8 {
			t.Errorf("%v: red is %.2f of it, saturated from 0.8 on", a, share)
		}
		// 4.5:1 for the page's dark ink, #14161b, and its softer #30343d.
		for _, ink := range []Colour{{0x14, 0x16, 0x1b}, {0x30, 0x34, 0x3d}} {
			if c := (a.Luminance() + 0.05) / (ink.Luminance() + 0.05); c < 4.5 {
				t.Errorf("%v under %v: contrast %.1f, want 4.5", ink, a, c)
			}
		}
	}
	if LeastLight < time.Second {
		t.Errorf("a colour stays %v, want a second at least", LeastLight)
	}
}

func TestLightsAreDrawn(t *testing.T) {
	seen := map[Colour]int{}
	for range 50 {
		c, err := NewChallenge(rand.Reader, Plan{Digits: 2, Turns: 1, Lights: true})
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Lights) != mostLights {
			t.Fatalf("%d lights, want %d", len(c.Lights), mostLights)
		}
		for i, l := range c.Lights {
			seen[l]++
			if i > 0 && l == c.Lights[i-1] {
				t.Fatalf("light %d is the one before", i)
			}
		}
	}
	for _, c := range Palette() {
		if share := float64(seen[c]) / (50 * mostLights); share < 0.2 || share > 0.3 {
			t.Errorf("%v is %.2f of the lights, want a quarter", c, share)
		}
	}
	c, err := NewChallenge(rand.Reader, Plan{Digits: 2, Turns: 1})
	if err != nil || c.Lights != nil {
		t.Errorf("lights %v, %v unasked", c.Lights, err)
	}
}

// TestLampWaitsForTheScreen: a light that was not taken over holds back the next, and one that was stays its time.
func TestLampWaitsForTheScreen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &Attempt{}
		a.lamp = lamp{colours: Palette(), every: 1400 * time.Millisecond, shown: -1}
		var clock mediaClock
		const ms = time.Millisecond
		if err := a.LightShown(0); !errors.Is(err, ErrNoLight) {
			t.Errorf("err = %v, want ErrNoLight: none was asked for", err)
		}
		if e, ok := a.lamp.ask(0); !ok || e.Index != 0 || e.Time != 1400*ms {
			t.Fatalf("first light %+v, %v", e, ok)
		}
		if _, ok := a.lamp.ask(5000 * ms); ok {
			t.Error("a second light, though the first was not shown")
		}
		if l, _ := a.lamp.follow(&clock, time.Second, 5000*ms); l != nil {
			t.Errorf("light %+v before it was shown", l)
		}
		clock.last = 5100 * ms
		if err := a.LightShown(0); err != nil {
			t.Error(err)
		}
		l, _ := a.lamp.follow(&clock, time.Second, 5200*ms)
		if l == nil || l.Index != 0 || l.ShownAt != time.Second { // asked at 0; an acknowledgement counts as a second late at most
			t.Fatalf("light %+v, want the first from 1 s on", l)
		}
		if _, ok := a.lamp.ask(2300 * ms); ok {
			t.Error("a second light 1.3 s after the first was shown")
		}
		if e, ok := a.lamp.ask(2400 * ms); !ok || e.Index != 1 {
			t.Errorf("second light %+v, %v", e, ok)
		}
		a.DeclineLights()
		if _, off := a.lamp.follow(&clock, time.Second, 6000*ms); !off {
			t.Error("declined, and the stages do not know")
		}
		if err := a.LightShown(1); err != nil {
			t.Error(err)
		}
		if _, ok := a.lamp.ask(9000 * ms); ok {
			t.Error("a light after they were declined")
		}
	})
}

func TestLightsAreNeverRequired(t *testing.T) {
	p := Policy{Checks: []Check{{Name: ScoreMotion, Threshold: 0.5, Required: true}, {Name: ScoreLights, Threshold: 0.5, Required: true}}}
	if p.Validate() == nil {
		t.Error("a policy that requires lights is valid")
	}
	p.Checks[1].Required = false
	if err := p.Validate(); err != nil {
		t.Error(err)
	}
	if _, err := (Timing{Light: 900 * time.Millisecond}).filled(); err == nil {
		t.Error("a light every 0.9 s is accepted")
	}
}
