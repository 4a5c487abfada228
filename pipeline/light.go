package pipeline

import (
	"errors"
	"math"
	"sync"
	"time"
)

// Colour is one of the screen's, sRGB, 0–255.
type Colour struct{ R, G, B uint8 }

// Light is a colour of the screen that the face is watched in.
type Light struct {
	Index  int // in the challenge's lights
	Colour Colour
	// ShownAt is the PTS of the frame that was captured when the colour began to fade in, as
	// the client said.
	ShownAt time.Duration
}

// Palette is what lights are drawn from: rose, leaf, sky and grey. All have the same relative
// luminance, 0.47–0.49, so that a change of colour is no flash by the general threshold of WCAG 2.3.1
// (an opposing change of a tenth of the maximum), and none is the saturated red of its red threshold
// (R/(R+G+B) ≥ 0.8), whatever the area. The changes are at most one a second, too.
func Palette() []Colour {
	return []Colour{{255, 158, 158}, {110, 203, 130}, {150, 182, 255}, {183, 183, 183}}
}

// LeastLight is the shortest time that one colour stays: one change a second, a third of the
// flashes that WCAG 2.3.1 permits.
const LeastLight = time.Second

// Luminance is the relative luminance of WCAG 2, 0–1.
func (c Colour) Luminance() float64 {
	r, g, b := c.Linear()
	return 0.2126*r + 0.7152*g + 0.0722*b
}

// Linear is the light of each channel, 0–1, by the sRGB transfer function as WCAG 2 gives it.
func (c Colour) Linear() (r, g, b float64) { return linear(c.R), linear(c.G), linear(c.B) }

func linear(v uint8) float64 {
	x := float64(v) / 255
	if x <= 0.03928 {
		return x / 12.92
	}
	return math.Pow((x+0.055)/1.055, 2.4)
}

// mostLights bounds a challenge's lights; 40 of 1.4 s are almost a minute.
const mostLights = 40

// lights draws colours, none twice in a row.
func (d *dice) lights() []Colour {
	palette := Palette()
	out := make([]Colour, mostLights)
	last := len(palette) - 1 // grey, which is nearest to what the page was before
	for i := range out {
		k := d.below(len(palette) - 1)
		if k >= last {
			k++
		}
		out[i], last = palette[k], k
	}
	return out
}

// ErrNoLight says that a light was acknowledged that was not asked for.
var ErrNoLight = errors.New("the light was not asked for")

// lamp leads through the lights beside the steps. The attempt's goroutine owns all but what
// lies under mu.
type lamp struct {
	colours []Colour
	every   time.Duration
	next    int           // to be asked for
	due     time.Duration // PTS of that
	asked   time.Duration // PTS at which the newest was asked for
	light   *Light        // on the screen; never changed, only replaced: stages may hold it

	mu       sync.Mutex
	told     int // how many were asked for
	shown    int // index of the newest that is on the screen, -1
	at       time.Time
	declined bool
}

// LightShown says that light index has begun to fade in on the person's screen. It may be called
// from any goroutine; only the newest counts.
func (a *Attempt) LightShown(index int) error {
	l := &a.lamp
	l.mu.Lock()
	defer l.mu.Unlock()
	if index < 0 || index >= l.told {
		return ErrNoLight
	}
	if index > l.shown {
		l.shown, l.at = index, time.Now()
	}
	return nil
}

// DeclineLights says that the person wants no coloured light: none is asked for any more. It may be
// called from any goroutine, at any time.
func (a *Attempt) DeclineLights() {
	l := &a.lamp
	l.mu.Lock()
	defer l.mu.Unlock()
	l.declined = true
}

// ask returns the next light when it is time for it. A light that the screen has not
// taken over holds back the next.
func (l *lamp) ask(pts time.Duration) (Lit, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.declined || l.next >= len(l.colours) || pts < l.due || l.shown < l.told-1 {
		return Lit{}, false
	}
	e := Lit{Index: l.next, Colour: l.colours[l.next], Time: l.every}
	l.next, l.told = l.next+1, l.told+1
	l.asked, l.due = pts, pts+l.every
	return e, true
}

// follow takes over what the client said, by clock, and says what the stages may know at pts.
func (l *lamp) follow(clock *mediaClock, bound time.Duration, pts time.Duration) (light *Light, declined bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.shown >= 0 && (l.light == nil || l.light.Index < l.shown) {
		at := min(max(clock.at(l.at), l.asked), l.asked+bound)
		l.light = &Light{Index: l.shown, Colour: l.colours[l.shown], ShownAt: at}
		l.due = max(l.due, at+l.every) // one change a second, as the screen has it
	}
	if l.light != nil && pts < l.light.ShownAt {
		return nil, l.declined // the fading has not begun in this picture
	}
	return l.light, l.declined
}
