package recorded

import (
	"math"

	"vivavoce/media"
)

// Sheet is a picture, or a screen, as it is held in front of a camera. Lengths are in widths of the
// picture; the zero Sheet is held upright and fills the camera's picture but for a seventh.
type Sheet struct {
	Yaw, Pitch float64 // degrees; the way a head turns left, and up
	Focal      float64 // of the camera; 0 means 2.5, a long lens
	// Bend is one over the radius of a sheet that bulges towards the camera, about an upright axis
	// or, when Level, a level one; Spin moves the picture along it by so many degrees.
	Bend, Spin float64
	Level      bool
	X, Y       float64 // where the sheet's middle is in the camera's picture
	Push       Push
	Wall       *media.Frame // behind the sheet, of the picture's size; nil is grey
}

// Push is a 2-D warp: the surroundings of X, Y, within about Reach, are shown moved by
// DX, DY. Positions are from the picture's middle.
type Push struct{ X, Y, Reach, DX, DY float64 }

// away is how far the sheet is, in focal lengths: so much larger is the camera's picture.
const away = 1.15

// Tilt shows src in dst, of the same size, as a flat picture on a grey wall, turned by yaw or
// by pitch.
func Tilt(dst, src *media.Frame, yaw, pitch float64) { Sheet{Yaw: yaw, Pitch: pitch}.Show(dst, src) }

// Show paints the sheet with src on it into dst, of the same size.
func (s Sheet) Show(dst, src *media.Frame) {
	if s.Focal == 0 {
		s.Focal = 2.5
	}
	v := s.view()
	w, h := (src.Width+1)/2, (src.Height+1)/2
	wall := plane{}
	if s.Wall != nil {
		wall = plane{s.Wall.Y, src.Width, src.Height, s.Wall.YStride, 0}
	}
	v.show(dst.Y, dst.YStride, plane{src.Y, src.Width, src.Height, src.YStride, 90}, wall)
	v.show(dst.Cb, dst.CStride, plane{src.Cb, w, h, src.CStride, 128}, plane{})
	v.show(dst.Cr, dst.CStride, plane{src.Cr, w, h, src.CStride, 128}, plane{})
	dst.Seq, dst.PTS, dst.FullRange = src.Seq, src.PTS, src.FullRange
}

// plane is one of a frame's, and what is seen beside it.
type plane struct {
	pix          []byte
	w, h, stride int
	beside       byte
}

// view is a sheet with its sines ready.
type view struct {
	Sheet
	sy, cy, sp, cp float64
	ox, oy, oz     float64 // the camera, in the sheet's axes
}

func (s Sheet) view() *view {
	v := &view{Sheet: s}
	v.sy, v.cy = math.Sincos(s.Yaw * math.Pi / 180)
	v.sp, v.cp = math.Sincos(-s.Pitch * math.Pi / 180)
	v.ox, v.oy, v.oz = v.turn(0, 0, -away*s.Focal)
	return v
}

// turn brings a direction into the sheet's axes.
func (v *view) turn(x, y, z float64) (float64, float64, float64) {
	x, z = x*v.cy+z*v.sy, -x*v.sy+z*v.cy
	y, z = y*v.cp+z*v.sp, -y*v.sp+z*v.cp
	return x, y, z
}

// source is the place on the picture that is seen at x, y, all from the middles; NaN where
// the sheet is not.
func (v *view) source(x, y float64) (float64, float64) {
	x, y = x-v.X, y-v.Y
	rx, ry, rz := v.turn(x/v.Focal, y/v.Focal, 1)
	if v.Bend == 0 {
		t := -v.oz / rz
		return v.pushed(v.ox+t*rx, v.oy+t*ry)
	}
	o, r := v.ox, rx // across the axis
	if v.Level {
		o, r = v.oy, ry
	}
	radius := 1 / v.Bend
	z := v.oz - radius
	a, b, c := r*r+rz*rz, o*r+z*rz, o*o+z*z-radius*radius
	t := (-b - math.Sqrt(b*b-a*c)) / a
	along := radius * (math.Atan2(o+t*r, -(z+t*rz)) - v.Spin*math.Pi/180)
	if v.Level {
		return v.pushed(v.ox+t*rx, along)
	}
	return v.pushed(along, v.oy+t*ry)
}

func (v *view) pushed(x, y float64) (float64, float64) {
	p := v.Push
	if p.Reach == 0 {
		return x, y
	}
	far := ((x-p.X)*(x-p.X) + (y-p.Y)*(y-p.Y)) / (2 * p.Reach * p.Reach)
	g := math.Exp(-far)
	return x - p.DX*g, y - p.DY*g
}

func (v *view) show(dst []byte, stride int, src, wall plane) {
	w, h := float64(src.w), float64(src.h)
	for j := range src.h {
		for i := range src.w {
			x, y := v.source((float64(i)-w/2)/w, (float64(j)-h/2)/w)
			beside := src.beside
			if wall.pix != nil {
				beside = wall.pix[j*wall.stride+i]
			}
			dst[j*stride+i] = src.at(x*w+w/2, y*w+h/2, beside)
		}
	}
}

// at reads between the pixels.
func (p *plane) at(x, y float64, beside byte) byte {
	x0, y0 := math.Floor(x), math.Floor(y)
	if !(x0 >= 0 && y0 >= 0 && x0 < float64(p.w-1) && y0 < float64(p.h-1)) {
		return beside
	}
	i := int(y0)*p.stride + int(x0)
	fx, fy := x-x0, y-y0
	top := float64(p.pix[i])*(1-fx) + float64(p.pix[i+1])*fx
	low := float64(p.pix[i+p.stride])*(1-fx) + float64(p.pix[i+p.stride+1])*fx
	return byte(top*(1-fy) + low*fy + 0.5)
}
