package quality

import (
	"vivavoce/media"
	"vivavoce/pipeline"
)

// view reads a frame's samples on one scale.
type view struct {
	f *media.Frame
	t *tone
}

// stats sums up samples.
type stats struct {
	n, clipped int
	light      float64     // sum of linear light
	cb, cr     float64     // sums of chroma, −127…127
	luma       [256]uint16 // histogram; a patch has far fewer samples than 65,536
}

// patch adds an even grid of samples between the corners of q.
func (v view) patch(s *stats, pts *[pipeline.Points]pipeline.Point, q quad) {
	a, b, c, d := pts[q[0]], pts[q[1]], pts[q[2]], pts[q[3]]
	for i := range patchSide {
		t := (float32(i) + 0.5) / patchSide
		lx, ly := a.X+t*(d.X-a.X), a.Y+t*(d.Y-a.Y)
		rx, ry := b.X+t*(c.X-b.X), b.Y+t*(c.Y-b.Y)
		dx, dy := (rx-lx)/patchSide, (ry-ly)/patchSide
		x, y := lx+dx/2, ly+dy/2
		for range patchSide {
			v.add(s, x, y)
			x, y = x+dx, y+dy
		}
	}
}

// add takes the sample at x, y when the picture has one there.
func (v view) add(s *stats, x, y float32) {
	if !(x >= 0 && y >= 0 && x < float32(v.f.Width) && y < float32(v.f.Height)) {
		return
	}
	ix, iy := int(x), int(y)
	raw := v.f.Y[iy*v.f.YStride+ix]
	at := iy/2*v.f.CStride + ix/2
	cb, cr := v.t.chromaOf(v.f.Cb[at]), v.t.chromaOf(v.f.Cr[at])
	luma := v.t.luma[raw]
	s.n++
	s.luma[luma]++
	s.light += float64(v.t.linear[raw])
	s.cb += float64(cb)
	s.cr += float64(cr)
	if burnt(float32(luma), cr) {
		s.clipped++
	}
}

// burnt says that a sample has lost its detail to too much light. OFIQ counts luma
// from 247; lit skin loses its red first (BT.601: R = Y + 1.402 Cr).
func burnt(luma, cr float32) bool { return luma >= 247 || luma >= 230 && luma+1.402*cr >= 254 }

// merge adds what o has seen.
func (s *stats) merge(o *stats) {
	s.n += o.n
	s.clipped += o.clipped
	s.light += o.light
	s.cb += o.cb
	s.cr += o.cr
	for i, n := range o.luma {
		s.luma[i] += n
	}
}

// seen says that at least half of so many patches were inside the picture.
func (s *stats) seen(patches int) bool { return 2*s.n >= patches*patchSide*patchSide }

// quantile gives the luma, 0–255, below which share q of the samples lies.
func (s *stats) quantile(q float64) float64 {
	want, sum := q*float64(s.n), 0.0
	for i, n := range s.luma {
		sum += float64(n)
		if sum >= want && sum > 0 {
			return float64(i)
		}
	}
	return 0
}

// mean gives the mean luma, 0–255.
func (s *stats) mean() float64 {
	sum := 0
	for i, n := range s.luma {
		sum += i * int(n)
	}
	return float64(sum) / s.count()
}

// meanLight gives the mean linear light, 0–1; meanCb and meanCr the mean chroma.
func (s *stats) meanLight() float64 { return s.light / s.count() }
func (s *stats) meanCb() float64    { return s.cb / s.count() }
func (s *stats) meanCr() float64    { return s.cr / s.count() }

func (s *stats) count() float64 { return float64(max(s.n, 1)) }
