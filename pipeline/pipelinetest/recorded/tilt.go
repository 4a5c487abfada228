package recorded

import (
	"math"

	"vivavoce/media"
)

// Tilt shows src in dst, of the same size, as a flat picture on a grey wall, held at 2.9 times
// its width and turned by yaw (the way a head turns left) or by pitch (up), in degrees.
func Tilt(dst, src *media.Frame, yaw, pitch float64) {
	tiltPlane(dst.Y, src.Y, src.Width, src.Height, dst.YStride, src.YStride, yaw, pitch, 90)
	w, h := (src.Width+1)/2, (src.Height+1)/2
	tiltPlane(dst.Cb, src.Cb, w, h, dst.CStride, src.CStride, yaw, pitch, 128)
	tiltPlane(dst.Cr, src.Cr, w, h, dst.CStride, src.CStride, yaw, pitch, 128)
	dst.Seq, dst.PTS, dst.FullRange = src.Seq, src.PTS, src.FullRange
}

func tiltPlane(dst, src []byte, w, h, dstStride, srcStride int, yaw, pitch float64, wall byte) {
	const focal, away = 2.5, 1.15
	sy, cy := math.Sincos(yaw * math.Pi / 180)
	sp, cp := math.Sincos(-pitch * math.Pi / 180)
	f := focal * float64(w)
	d := away * f
	for v := range h {
		for u := range w {
			x, y := float64(u)-float64(w)/2, float64(v)-float64(h)/2
			// Where the ray through u, v meets the plane turned by yaw, or by pitch.
			if yaw != 0 {
				px := x * d / (f*cy - x*sy)
				x, y = px, y*(d+px*sy)/f
			} else {
				py := y * d / (f*cp - y*sp)
				x, y = x*(d+py*sp)/f, py
			}
			dst[v*dstStride+u] = sample(src, w, h, srcStride, x+float64(w)/2, y+float64(h)/2, wall)
		}
	}
}

// sample reads src between its pixels.
func sample(src []byte, w, h, stride int, x, y float64, wall byte) byte {
	x0, y0 := math.Floor(x), math.Floor(y)
	if !(x0 >= 0 && y0 >= 0 && x0 < float64(w-1) && y0 < float64(h-1)) {
		return wall
	}
	i := int(y0)*stride + int(x0)
	fx, fy := x-x0, y-y0
	top := float64(src[i])*(1-fx) + float64(src[i+1])*fx
	low := float64(src[i+stride])*(1-fx) + float64(src[i+stride+1])*fx
	return byte(top*(1-fy) + low*fy + 0.5)
}
