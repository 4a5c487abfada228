package recapture

import (
	"math"
	"math/rand/v2"
)

// The room behind an instrument, out of focus: few soft patches of dull colour.
const roomWidth, roomHeight = 8, 6

func newRoom(seed uint64) *light {
	r := rand.New(rand.NewPCG(seed, 0x4003))
	room := newLight(roomWidth, roomHeight)
	base, warm := 0.05+0.3*r.Float64(), 0.8+0.4*r.Float64()
	for i := 0; i < len(room.pix); i += 3 {
		v := base * (0.3 + 1.4*r.Float64())
		tint := warm * (0.9 + 0.2*r.Float64())
		room.pix[i], room.pix[i+1], room.pix[i+2] = float32(v*tint), float32(v), float32(v/tint)
	}
	return room
}

// veil is the light of the room that glass or gloss reflects. It is in the camera's place, where
// a small movement hardly moves it.
type veil struct {
	w     int
	light []float32
}

const veilStep = 4 // pixels of the picture: reflections are soft

// newVeil is an even haze and the spots, for a picture of w×h; nil when there is nothing of both.
func newVeil(haze float64, spots []Spot, w, h int) *veil {
	if haze == 0 && len(spots) == 0 {
		return nil
	}
	v := &veil{w: w/veilStep + 2}
	for y := range h/veilStep + 2 {
		for x := range v.w {
			lum := haze
			for _, s := range spots {
				dx := (float64(x*veilStep)/float64(w) - s.X) / s.W
				dy := (float64(y*veilStep)/float64(h) - s.Y) / s.H
				d := dx*dx + dy*dy
				lum += s.Light * math.Exp(-d*math.Sqrt(d)) // flatter than a bell: lamps and windows have a size
			}
			v.light = append(v.light, float32(lum))
		}
	}
	return v
}

// add puts the reflections onto a line of the sensor at height y.
func (v *veil) add(y float32, out []float32) {
	if v == nil {
		return
	}
	at := max(y/veilStep, 0)
	row := int(at)
	f := at - float32(row)
	above, below := v.light[row*v.w:][:v.w], v.light[(row+1)*v.w:]
	const places = 2 * veilStep // of the sensor, to a sample
	for i := range out {
		k, fx := i/places, float32(i%places)/places
		top := above[k] + fx*(above[k+1]-above[k])
		bottom := below[k] + fx*(below[k+1]-below[k])
		out[i] += top + f*(bottom-top)
	}
}
