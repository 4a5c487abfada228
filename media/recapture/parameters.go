package recapture

import (
	"hash/fnv"
	"math/rand/v2"

	"vivavoce/media/codec"
)

// Split says which part of the ranges parameters are drawn from.
type Split string

// The splits. What matters most of an instrument (pixel pitch, angle, display gamma, halftone
// frequency, warp size …) is cut in five: the first, third and fourth fifth are Train's, the second
// and the last are Test's. So tests see values between those trained on, and beyond them.
const (
	Train Split = "train"
	Test  Split = "test"
)

// Parameters say all about a simulated attack but the frames. Their JSON is the log.
type Parameters struct {
	Species Species `json:"species"`
	Split   Split   `json:"split"`
	Seed    uint64  `json:"seed"` // of noise, shake and whatever has no field here

	Lens     *Lens     `json:"lens,omitempty"`
	Pose     *Pose     `json:"pose,omitempty"`
	Display  *Display  `json:"display,omitempty"`
	Page     *Page     `json:"page,omitempty"`
	Disguise *Disguise `json:"disguise,omitempty"`
	Animate  *Animate  `json:"animate,omitempty"`
	Paste    *Paste    `json:"paste,omitempty"`
	Coding   Coding    `json:"coding"`
}

// Lens is the attacked camera.
type Lens struct {
	Blur     float64 `json:"blur"`     // standard deviation of the lens's spot, pixels of the picture
	Exposure float64 `json:"exposure"` // mean luminance over the clip's own
	Red      float64 `json:"red"`      // white balance over green
	Blue     float64 `json:"blue"`
	Contrast float64 `json:"contrast"` // exponent on top of sRGB's curve
	Noise    float64 `json:"noise"`    // standard deviation at mid-grey, of 255
	Sharpen  float64 `json:"sharpen"`  // share of the unsharp mask that the camera adds
}

// Pose is how a flat instrument lies before the camera and moves.
type Pose struct {
	Zoom  float64 `json:"zoom"` // its picture's size over the clip's own
	Yaw   float64 `json:"yaw"`  // degrees
	Pitch float64 `json:"pitch"`
	Roll  float64 `json:"roll"`
	X     float64 `json:"x"` // shift, share of the picture's width
	Y     float64 `json:"y"`
	// Shake is how far a hand trembles (4–9 Hz), in pixels; Drift how far it wanders, share of the width;
	// Sway how far it tilts in time, degrees.
	Shake float64 `json:"shake"`
	Drift float64 `json:"drift"`
	Sway  float64 `json:"sway"`
}

// Display is a screen.
type Display struct {
	Pitch      float64 `json:"pitch"`  // its pixels to one pixel of the camera's picture
	Stripe     float64 `json:"stripe"` // lit width of a sub-pixel, share of the pixel
	Row        float64 `json:"row"`    // lit height, share of the pixel
	Gamma      float64 `json:"gamma"`  // from samples to light
	Black      float64 `json:"black"`  // light of black, share of white
	Red        float64 `json:"red"`    // white point over green
	Blue       float64 `json:"blue"`
	Saturation float64 `json:"saturation"` // 1 keeps the colours
	Response   float64 `json:"response"`   // share of the last picture that is still there
	Band       float64 `json:"band"`       // depth of the backlight's rolling bands
	BandRows   float64 `json:"band_rows"`  // their period, share of the picture's height
	BandHz     float64 `json:"band_hz"`    // and how fast they roll
	Falloff    float64 `json:"falloff"`    // loss of light from the middle to the corner
	Veil       float64 `json:"veil"`       // room light off the glass, share of white
	Glare      []Spot  `json:"glare,omitempty"`
	Bezel      float64 `json:"bezel"`      // its width, share of the picture's width
	BezelGrey  float64 `json:"bezel_grey"` // its light
}

// Spot is a lamp mirrored in glass or gloss.
type Spot struct {
	X     float64 `json:"x"` // place and size, shares of the picture's width and height
	Y     float64 `json:"y"`
	W     float64 `json:"w"`
	H     float64 `json:"h"`
	Light float64 `json:"light"`
}

// Page is a print.
type Page struct {
	Halftone  string  `json:"halftone"`  // "dots", "drops" or "none"
	Frequency float64 `json:"frequency"` // dots or drops to one pixel of the camera's picture
	Angle     float64 `json:"angle"`     // of the black screen; the others follow
	Gain      float64 `json:"gain"`      // dot gain: exponent on the light
	White     float64 `json:"white"`     // the paper's reflectance
	Warm      float64 `json:"warm"`      // its tint, red over blue
	Ink       float64 `json:"ink"`       // strength of the inks, 1 is full
	Bend      float64 `json:"bend"`      // a cylinder's sag over the width
	BendAxis  float64 `json:"bend_axis"` // degrees from upright
	Shade     float64 `json:"shade"`     // light from one side
	Gloss     []Spot  `json:"gloss,omitempty"`
	Border    float64 `json:"border"` // white margin, share of the width
	Flex      float64 `json:"flex"`   // share of Bend that comes and goes
	// Cutout has holes for living eyes and mouth; Hole is their size over the features'.
	CutEyes  bool    `json:"cut_eyes,omitempty"`
	CutMouth bool    `json:"cut_mouth,omitempty"`
	Hole     float64 `json:"hole,omitempty"`
}

// Disguise is a mask.
type Disguise struct {
	Hole   float64 `json:"hole"`   // size of the eye holes over the eyes
	Mouth  bool    `json:"mouth"`  // a hole for the mouth too
	Smooth float64 `json:"smooth"` // blur of the skin, share of the face's width
	Chroma float64 `json:"chroma"` // saturation of the material over skin's
	Gloss  float64 `json:"gloss"`  // specular light
	Rim    float64 `json:"rim"`    // darkness of the holes' rims
	Stiff  float64 `json:"stiff"`  // how much of the head's motion it follows late, frames
}

// Animate is how a still is bent.
type Animate struct {
	Blink  float64 `json:"blink"`  // blinks a second
	Speech float64 `json:"speech"` // openings of the mouth a second
	Open   float64 `json:"open"`   // how far, share of the face's height
	Turn   float64 `json:"turn"`   // faked yaw, degrees
	TurnHz float64 `json:"turn_hz"`
	Nod    float64 `json:"nod"`  // faked pitch, degrees
	Flat   bool    `json:"flat"` // turns by one homography, not by made-up depth
	Sway   float64 `json:"sway"` // of the whole picture, pixels
}

// Paste is a part of another face.
type Paste struct {
	Size    float64 `json:"size"`    // over the part's own
	Feather float64 `json:"feather"` // width of the seam, share of the part
	Blur    float64 `json:"blur"`    // the part as a network of 96 or 128 pixels gives it: blur in pixels
	Match   float64 `json:"match"`   // how much of the colour is matched, 1 is all
	Jitter  float64 `json:"jitter"`  // of its place from frame to frame, pixels
	Steady  float64 `json:"steady"`  // how much of its last place is kept: trackers that smooth hide what jitter there is
}

// Coding is the stream that is sent. The zero Coding sends the pictures as they are.
type Coding struct {
	Codec codec.Name `json:"codec,omitempty"`
	Kbps  int        `json:"kbps,omitempty"` // for 640×480 at 25; others by their area's root
}

// dice draws.
type dice struct {
	*rand.Rand
	split Split
}

func newDice(species Species, split Split, seed uint64) dice {
	h := fnv.New64a()
	h.Write([]byte(species))
	h.Write([]byte(split))
	return dice{rand.New(rand.NewPCG(seed, h.Sum64())), split}
}

// any draws from the whole range, whatever the split.
func (d dice) any(lo, hi float64) float64 { return lo + (hi-lo)*d.Float64() }

// apart draws from the split's fifths of the range.
func (d dice) apart(lo, hi float64) float64 {
	fifth := []int{0, 2, 3}[d.IntN(3)]
	if d.split == Test {
		fifth = []int{1, 4}[d.IntN(2)]
	}
	// A tenth of each fifth's end is left out: neighbours are not the same.
	at := (float64(fifth) + 0.1 + 0.8*d.Float64()) / 5
	return lo + (hi-lo)*at
}

// aside draws from the split's fifths of a range of sizes, to either side.
func (d dice) aside(lo, hi float64) float64 {
	if d.chance(0.5) {
		return -d.apart(lo, hi)
	}
	return d.apart(lo, hi)
}

func (d dice) chance(p float64) bool { return d.Float64() < p }

// Draw returns random parameters of a species, the same for the same seed.
func Draw(species Species, split Split, seed uint64) Parameters {
	d := newDice(species, split, seed)
	p := Parameters{Species: species, Split: split, Seed: seed, Coding: d.coding()}
	switch species {
	case Camera:
		p.Lens = d.lens()
	case Screen, ScreenOLED:
		p.Lens, p.Display = d.lens(), d.display()
		p.Pose = d.pose(p.Display.Bezel > 0)
	case Print, PrintInkjet, PrintPhoto, PrintCutout:
		p.Lens, p.Page = d.lens(), d.page(species)
		p.Pose = d.pose(p.Page.Border > 0)
		p.Pose.Shake, p.Pose.Drift, p.Pose.Sway = d.any(0.2, 1.2), d.any(0.005, 0.03), d.any(1, 8)
	case Mask:
		p.Lens, p.Disguise = d.lens(), d.disguise()
	case Warp:
		p.Animate = d.animate()
	case Mouth, Swap:
		p.Paste = d.paste()
	}
	return p
}

func (d dice) coding() Coding {
	name := codec.VP8
	if d.chance(0.3) {
		name = codec.H264
	}
	return Coding{Codec: name, Kbps: int(d.any(500, 2500))}
}

func (d dice) lens() *Lens {
	return &Lens{
		Blur: d.any(0.15, 0.75), Exposure: d.any(0.8, 1.15), Red: d.any(0.93, 1.07), Blue: d.any(0.92, 1.08),
		Contrast: d.any(0.9, 1.12), Noise: d.any(0.6, 4), Sharpen: d.any(0, 0.9),
	}
}

// pose: with its edges in view an instrument is smaller than the picture.
func (d dice) pose(edges bool) *Pose {
	p := &Pose{
		Zoom: d.any(1.12, 1.35), Yaw: d.aside(0, 22), Pitch: d.aside(0, 16), Roll: d.aside(0, 7),
		X: d.any(-0.02, 0.02), Y: d.any(-0.02, 0.02),
	}
	if edges {
		p.Zoom = d.any(0.68, 0.95)
		p.X, p.Y = d.any(-0.06, 0.06), d.any(-0.06, 0.06)
	}
	if d.chance(0.6) { // held in a hand and not on a stand
		p.Shake, p.Drift, p.Sway = d.any(0.1, 1), d.any(0, 0.015), d.any(0, 2)
	}
	return p
}

func (d dice) display() *Display {
	s := &Display{
		Pitch: d.apart(0.7, 3.2), Stripe: d.any(0.22, 0.31), Row: d.any(0.7, 0.92), Gamma: d.apart(1.75, 2.7),
		Black: d.any(0.001, 0.02), Red: d.any(0.82, 1.06), Blue: d.any(0.95, 1.3), Saturation: d.any(0.75, 1.25),
		Response: d.any(0, 0.3), Falloff: d.any(0, 0.35), Veil: d.any(0, 0.03),
	}
	if d.chance(0.5) {
		s.Band, s.BandRows, s.BandHz = d.any(0.02, 0.15), d.apart(0.15, 1.5), d.aside(0.2, 8)
	}
	for range max(0, d.IntN(4)-1) { // none in half of them
		s.Glare = append(s.Glare, d.spot(0.03, 0.4))
	}
	if d.chance(0.5) {
		s.Bezel, s.BezelGrey = d.any(0.02, 0.09), d.any(0.004, 0.06)
		if d.chance(0.2) {
			s.BezelGrey = d.any(0.3, 0.7)
		}
	}
	return s
}

func (d dice) spot(lo, hi float64) Spot {
	return Spot{X: d.any(0, 1), Y: d.any(0, 1), W: d.any(0.02, 0.2), H: d.any(0.02, 0.2), Light: d.any(lo, hi)}
}

func (d dice) page(species Species) *Page {
	p := &Page{
		Halftone: "dots", Frequency: d.apart(0.3, 0.9), Angle: d.apart(0, 90), Gain: d.any(0.85, 1.35),
		White: d.any(0.72, 0.95), Warm: d.any(0.94, 1.08), Ink: d.any(0.8, 0.98), Bend: d.aside(0, 0.3),
		BendAxis: d.any(-30, 30), Shade: d.any(-0.35, 0.35), Flex: d.any(0, 0.4),
	}
	switch species {
	case PrintInkjet:
		p.Halftone, p.Frequency = "drops", d.apart(1.6, 5)
	case PrintPhoto:
		p.Halftone = "none"
		for range 1 + d.IntN(2) {
			p.Gloss = append(p.Gloss, d.spot(0.05, 0.4))
		}
	case PrintCutout:
		p.CutEyes, p.CutMouth, p.Hole = true, d.chance(0.6), d.apart(1.1, 1.8)
		if d.chance(0.5) {
			p.Halftone, p.Frequency = "drops", d.apart(1.6, 5)
		}
	}
	if d.chance(0.5) {
		p.Border = d.any(0.005, 0.08)
	}
	return p
}

func (d dice) disguise() *Disguise {
	return &Disguise{
		Hole: d.apart(1, 1.7), Mouth: d.chance(0.5), Smooth: d.apart(0.002, 0.016), Chroma: d.apart(0.5, 1.2),
		Gloss: d.apart(0, 0.25), Rim: d.any(0.1, 0.7), Stiff: d.any(0, 2),
	}
}

func (d dice) animate() *Animate {
	return &Animate{
		Blink: d.any(0.15, 0.6), Speech: d.any(0.8, 2.2), Open: d.apart(0.02, 0.09), Turn: d.apart(4, 26),
		TurnHz: d.any(0.1, 0.35), Nod: d.apart(0, 10), Flat: d.chance(0.3), Sway: d.any(0, 3),
	}
}

func (d dice) paste() *Paste {
	p := &Paste{
		Size: d.apart(0.95, 1.3), Feather: d.apart(0.05, 0.45), Blur: d.apart(0.4, 2.4), Match: d.apart(0.3, 1), Jitter: d.any(0, 0.8),
	}
	if d.chance(0.5) {
		p.Steady = d.any(0.3, 0.9)
	}
	return p
}
