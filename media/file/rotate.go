package file

import "vivavoce/media"

// tile is the side of the squares that are turned at once: both the rows read and
// the rows written then stay in the first cache.
const tile = 32

// turned gives src turned clockwise by quarters (1–3) of a turn, and releases src.
func turned(src *media.Frame, quarters int, pool *media.Pool) *media.Frame {
	if quarters == 0 {
		return src
	}
	width, height := src.Width, src.Height
	if quarters != 2 {
		width, height = height, width
	}
	dst := pool.Get(width, height)
	dst.Seq, dst.PTS, dst.Arrived, dst.FullRange = src.Seq, src.PTS, src.Arrived, src.FullRange
	cw, ch := (src.Width+1)/2, (src.Height+1)/2
	turn(plane{dst.Y, dst.YStride}, plane{src.Y, src.YStride}, src.Width, src.Height, quarters)
	turn(plane{dst.Cb, dst.CStride}, plane{src.Cb, src.CStride}, cw, ch, quarters)
	turn(plane{dst.Cr, dst.CStride}, plane{src.Cr, src.CStride}, cw, ch, quarters)
	src.Release()
	return dst
}

type plane struct {
	samples []byte
	stride  int
}

// turn writes src, width×height, into dst. Sample (x, y) goes to (h−1−y, x) for one
// quarter, (w−1−x, h−1−y) for two and (y, w−1−x) for three.
func turn(dst, src plane, width, height, quarters int) {
	// at(x, y) = start + x·right + y·down, in dst.
	var start, right, down int
	switch quarters {
	case 1:
		start, right, down = height-1, dst.stride, -1
	case 2:
		start, right, down = (height-1)*dst.stride+width-1, -1, -dst.stride
	case 3:
		start, right, down = (width-1)*dst.stride, -dst.stride, 1
	}
	for top := 0; top < height; top += tile {
		for left := 0; left < width; left += tile {
			wide := min(tile, width-left)
			for y := top; y < min(top+tile, height); y++ {
				at := start + left*right + y*down
				for _, v := range src.samples[y*src.stride+left:][:wide] {
					dst.samples[at] = v
					at += right
				}
			}
		}
	}
}
