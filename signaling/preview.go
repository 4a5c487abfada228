package signaling

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"sync"
	"time"

	"vivavoce/media"
)

// The preview is for the person to find their face by: 12 pictures a second look
// fluent, and quality 70 makes about 25 kB of 640×480.
const (
	previewEvery    = time.Second / 12
	previewQuality  = 70
	previewWidth    = 800 // a wider picture is thinned: 1280×720 would cost a fifth of a core
	previewWatchers = 4
)

// preview turns some of the camera's frames into JPEG for those who watch. Whoever
// offers a frame is never kept longer than copying it takes.
type preview struct {
	work chan *shot // a copy to pack
	free chan *shot // the one copy's memory; taken while it is packed

	mu       sync.Mutex
	watchers int
	copied   time.Time
	jpeg     []byte
	wake     chan struct{} // closed when jpeg is new
}

// shot is a copy of a frame.
type shot struct {
	image.YCbCr
	full bool // its samples are 0–255
}

func newPreview() *preview {
	p := &preview{work: make(chan *shot, 1), free: make(chan *shot, 1), wake: make(chan struct{})}
	p.free <- &shot{}
	return p
}

// offer copies f when somebody watches, it is time, and the last copy is packed.
func (p *preview) offer(f *media.Frame) {
	if !p.due(time.Now()) {
		return
	}
	select {
	case c := <-p.free:
		c.take(f)
		p.work <- c // there is one copy and one place: never blocks
	default:
	}
}

func (p *preview) due(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.watchers == 0 || now.Sub(p.copied) < previewEvery {
		return false
	}
	p.copied = now
	return true
}

// run packs until ctx ends.
func (p *preview) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case c := <-p.work:
			picture, err := c.pack()
			p.free <- c
			if err != nil {
				return err
			}
			p.publish(picture)
		}
	}
}

func (p *preview) publish(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.jpeg = b
	close(p.wake)
	p.wake = make(chan struct{})
}

// join counts a watcher in, unless there are too many.
func (p *preview) join() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.watchers >= previewWatchers {
		return false
	}
	p.watchers++
	return true
}

// leave counts a watcher out; the last one takes the picture along, so that the
// next person's page never shows this one's face.
func (p *preview) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.watchers--; p.watchers == 0 {
		p.jpeg = nil
	}
}

// next waits for a picture newer than what came with after; nil for the first.
func (p *preview) next(ctx context.Context, after <-chan struct{}) ([]byte, <-chan struct{}, error) {
	for {
		p.mu.Lock()
		picture, wake := p.jpeg, p.wake
		p.mu.Unlock()
		if picture != nil && after != wake {
			return picture, wake, nil
		}
		select {
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		case <-wake:
		}
	}
}

// take makes c a copy of f, of every step-th sample where f is wider than the screen
// shows it.
func (c *shot) take(f *media.Frame) {
	step := 1
	for f.Width/step > previewWidth {
		step++
	}
	w, h := f.Width/step, f.Height/step
	cw, ch := (w+1)/2, (h+1)/2
	if cap(c.Y) < w*h || cap(c.Cb) < cw*ch {
		c.Y, c.Cb, c.Cr = make([]byte, w*h), make([]byte, cw*ch), make([]byte, cw*ch)
	}
	c.Y, c.Cb, c.Cr = c.Y[:w*h], c.Cb[:cw*ch], c.Cr[:cw*ch]
	c.YStride, c.CStride = w, cw
	c.SubsampleRatio, c.Rect, c.full = image.YCbCrSubsampleRatio420, image.Rect(0, 0, w, h), f.FullRange
	thin(c.Y, f.Y, w, h, f.YStride, step)
	thin(c.Cb, f.Cb, cw, ch, f.CStride, step)
	thin(c.Cr, f.Cr, cw, ch, f.CStride, step)
}

// pack makes c a JPEG, which has the full range.
func (c *shot) pack() ([]byte, error) {
	if !c.full {
		stretch(c.Y, 16, 0, 219)
		stretch(c.Cb, 128, 128, 224)
		stretch(c.Cr, 128, 128, 224)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, &c.YCbCr, &jpeg.Options{Quality: previewQuality}); err != nil {
		return nil, fmt.Errorf("pack a preview of %v: %w", c.Rect, err)
	}
	return b.Bytes(), nil
}

// thin copies every step-th sample of every step-th row.
func thin(dst, src []byte, width, height, stride, step int) {
	for y := range height {
		row, from := dst[y*width:(y+1)*width], src[y*step*stride:]
		if step == 1 {
			copy(row, from)
			continue
		}
		for x := range row {
			row[x] = from[x*step]
		}
	}
}

// stretch maps BT.601's studio range to 0–255: zero goes to to, and span samples
// fill 255.
func stretch(plane []byte, zero, to, span int) {
	var table [256]byte
	for v := range table {
		table[v] = byte(min(max((v-zero)*255/span+to, 0), 255))
	}
	for i, v := range plane {
		plane[i] = table[v]
	}
}
