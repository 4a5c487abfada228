package media

import "sync"

// poolSize bounds how many idle frames a pool keeps: one being decoded, one
// waiting in a Latest, one under the judge's eyes, and one in hand-over.
const poolSize = 4

// Pool reuses the memory of released frames, so that a steady stream of one size
// allocates nothing. The zero Pool is ready; it is safe for concurrent use.
type Pool struct {
	mu   sync.Mutex
	free []*Frame
}

// Get returns a frame of width×height luma samples with tight planes. The
// samples hold whatever was there before; times and numbers are zero.
func (p *Pool) Get(width, height int) *Frame {
	cw, ch := (width+1)/2, (height+1)/2
	f := p.take()
	if cap(f.Y) < width*height || cap(f.Cb) < cw*ch {
		f.Y = make([]byte, width*height)
		chroma := make([]byte, 2*cw*ch)
		f.Cb, f.Cr = chroma[:cw*ch:cw*ch], chroma[cw*ch:]
	}
	*f = Frame{
		Width: width, Height: height, YStride: width, CStride: cw,
		Y: f.Y[:width*height], Cb: f.Cb[:cw*ch], Cr: f.Cr[:cw*ch],
		pool: p,
	}
	return f
}

func (p *Pool) take() *Frame {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.free)
	if n == 0 {
		return &Frame{}
	}
	f := p.free[n-1]
	p.free = p.free[:n-1]
	return f
}

// Release gives the frame's memory back to its pool. The frame must not be
// touched or released again afterwards. Releasing nil or a frame made without a
// pool does nothing.
func (f *Frame) Release() {
	if f == nil || f.pool == nil {
		return
	}
	p := f.pool
	f.pool = nil
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.free) < poolSize {
		p.free = append(p.free, f)
	}
}
