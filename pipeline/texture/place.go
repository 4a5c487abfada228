package texture

import (
	"image"

	"vivavoce/media"
	"vivavoce/pipeline"
	"vivavoce/pipeline/internal/cv"
)

const (
	lumaSide   = 64           // samples of a luma window of the spectra, at one to one
	chromaSide = lumaSide / 2 // the same part of the picture in a chroma plane

	// leastFace is the face's side in pixels below which nothing is said: a window of
	// the spectra is then as large as all of it.
	leastFace = 64

	// wide is the context's side over the face's: the whole head and what is next to it.
	wide = 2.7
	// surroundings is where edges of screens and paper are looked for, over the face's side.
	surroundings = 3.4
)

// place is where a face is in its frame, in whole pixels.
type place struct {
	f    *media.Frame
	face image.Rectangle // the square around the face's landmarks
}

// newPlace reports false where there is no face to look at: none, one of NaN, one too small,
// or one whose middle is outside of the picture.
func newPlace(face *pipeline.Face) (place, bool) {
	b := face.Box
	side := max(b.X1-b.X0, b.Y1-b.Y0)
	if !face.Found || !(side >= leastFace && side < 1<<14) {
		return place{}, false
	}
	x, y := (b.X0+b.X1)/2, (b.Y0+b.Y1)/2
	f := face.Frame
	if !(x >= 0 && y >= 0 && x < float32(f.Width) && y < float32(f.Height)) || f.Width < lumaSide || f.Height < lumaSide {
		return place{}, false
	}
	half := int(side / 2)
	c := image.Pt(int(x), int(y))
	return place{f: f, face: image.Rect(c.X-half, c.Y-half, c.X+half, c.Y+half)}, true
}

// side is the face's, in pixels.
func (p place) side() int { return p.face.Dx() }

// centre is the middle of the face.
func (p place) centre() image.Point {
	return image.Pt((p.face.Min.X+p.face.Max.X)/2, (p.face.Min.Y+p.face.Max.Y)/2)
}

// square is the square of scale times the face's side about it, moved into the frame, and
// shrunk where the frame is smaller: the same rule as MiniFASNet's crops.
func (p place) square(scale float64) cv.Region {
	side := min(float64(p.side())*scale, float64(p.f.Width), float64(p.f.Height))
	c := p.centre()
	inside := func(at, length int) float64 {
		return min(max(float64(at), side/2), float64(length)-side/2)
	}
	return cv.Region{CX: inside(c.X, p.f.Width), CY: inside(c.Y, p.f.Height), Side: side, Replicate: true}
}

// window is the n×n part of the frame about a point, moved into the frame. Its corner is even, so
// that it covers whole chroma samples. ok is false where the frame is smaller.
func (p place) window(about image.Point, n int) (r image.Rectangle, ok bool) {
	if p.f.Width < n || p.f.Height < n {
		return r, false
	}
	x := min(max(about.X-n/2, 0), p.f.Width-n) &^ 1
	y := min(max(about.Y-n/2, 0), p.f.Height-n) &^ 1
	return image.Rect(x, y, x+n, y+n), true
}

// inFace are nine windows spread over the face.
func (p place) inFace() []image.Rectangle {
	var out []image.Rectangle
	c, step := p.centre(), max((p.side()-lumaSide)/2, lumaSide/4)
	for dy := -1; dy <= 1; dy++ {
		for dx := -1; dx <= 1; dx++ {
			if r, ok := p.window(c.Add(image.Pt(dx*step, dy*step)), lumaSide); ok {
				out = append(out, r)
			}
		}
	}
	return out
}

// beside are the windows around the face that do not touch it: the wall, the room, or what the
// face's picture lies on.
func (p place) beside() []image.Rectangle {
	var out []image.Rectangle
	c, away := p.centre(), p.side()*7/10+lumaSide/2
	for _, d := range [][2]int{{-1, -1}, {-1, 0}, {-1, 1}, {1, -1}, {1, 0}, {1, 1}, {0, -1}} {
		r, ok := p.window(c.Add(image.Pt(d[0]*away, d[1]*away)), lumaSide)
		if ok && !r.Overlaps(p.face) {
			out = append(out, r)
		}
	}
	return out
}

// luma copies r of the frame's luma, 0–255 whatever its range; r lies in the frame.
func (p place) luma(dst []float32, r image.Rectangle) {
	offset, gain := float32(16), float32(255.0/219)
	if p.f.FullRange {
		offset, gain = 0, 1
	}
	copyPlane(dst, p.f.Y, p.f.YStride, r, offset, gain)
}

// chroma copies the part of a chroma plane that lies under r.
func (p place) chroma(dst []float32, plane []byte, r image.Rectangle) {
	gain := float32(255.0 / 224)
	if p.f.FullRange {
		gain = 1
	}
	half := image.Rect(r.Min.X/2, r.Min.Y/2, r.Max.X/2, r.Max.Y/2)
	copyPlane(dst, plane, p.f.CStride, half, 128, gain)
}

func copyPlane(dst []float32, plane []byte, stride int, r image.Rectangle, offset, gain float32) {
	w := r.Dx()
	for y := range r.Dy() {
		row := plane[(r.Min.Y+y)*stride+r.Min.X:][:w]
		for x, v := range row {
			dst[y*w+x] = (float32(v) - offset) * gain
		}
	}
}
