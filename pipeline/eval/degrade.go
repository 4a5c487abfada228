package eval

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"vivavoce/media"
	"vivavoce/media/codec"
	"vivavoce/pipeline"
)

// Degrade makes recordings worse, in this order. The zero value leaves them as they are.
type Degrade struct {
	FPS    float64 // frames a second, each the newest there is; 0 keeps them
	Height int     // of the picture in pixels, even; 0, or more than it has, keeps it
	Kbps   int     // bit rate of a VP8 stream in between; 0 sends none
	// Yaw turns the landmarks by so many degrees about the upright axis, in the depth
	// that the mesh gives them: an approximation of a head that looks aside, as nothing is hidden.
	Yaw float64
}

func (d Degrade) check() error {
	switch {
	case d.FPS != 0 && !(d.FPS >= 1 && d.FPS <= 120):
		return fmt.Errorf("degrade: %v frames a second, want 1–120", d.FPS)
	case d.Height < 0 || d.Height > 0 && d.Height < 32 || d.Height%2 != 0:
		return fmt.Errorf("degrade: height %d, want an even number of 32 or more", d.Height)
	case d.Kbps < 0:
		return fmt.Errorf("degrade: %d kbit/s", d.Kbps)
	case !(math.Abs(d.Yaw) <= 60):
		return fmt.Errorf("degrade: yaw %v degrees, want -60 to 60", d.Yaw)
	}
	return nil
}

// source returns what d makes of src, and what frees it.
func (d Degrade) source(src media.Source) (media.Source, func(), error) {
	if err := d.check(); err != nil {
		return nil, nil, err
	}
	if d.FPS > 0 {
		src = &paced{src: src, fps: d.FPS}
	}
	if d.Height > 0 {
		src = &scaled{src: src, height: d.Height}
	}
	if d.Kbps == 0 {
		return src, func() {}, nil
	}
	r := &recoded{src: src, kbps: d.Kbps, fps: d.FPS}
	return r, r.close, nil
}

// paced gives the newest frame at even times, as a camera of another rate.
type paced struct {
	src         media.Source
	fps         float64
	n           int
	held, ahead *media.Frame
	ended       error
}

// Next implements media.Source. Frames keep their memory, so the same may come twice.
func (p *paced) Next(ctx context.Context) (*media.Frame, error) {
	at := time.Duration(math.Round(float64(p.n) / p.fps * float64(time.Second)))
	for p.ended == nil && (p.ahead == nil || p.ahead.PTS <= at) {
		if p.ahead != nil {
			p.held = p.ahead
		}
		if p.ahead, p.ended = p.src.Next(ctx); p.ended != nil && p.held == nil {
			return nil, p.ended
		}
	}
	if p.held == nil || p.ended != nil && at > p.held.PTS {
		if p.ended == nil {
			p.ended = errors.New("no frame at the start")
		}
		return nil, p.ended
	}
	f := bare(p.held)
	f.Seq, f.PTS = uint64(p.n), at
	p.n++
	return f, nil
}

// bare returns a frame of the same memory that no pool owns: it may be given out twice.
func bare(f *media.Frame) *media.Frame {
	return &media.Frame{
		Seq: f.Seq, PTS: f.PTS, Arrived: f.Arrived, Width: f.Width, Height: f.Height,
		Y: f.Y, Cb: f.Cb, Cr: f.Cr, YStride: f.YStride, CStride: f.CStride, FullRange: f.FullRange,
	}
}

// scaled makes pictures smaller.
type scaled struct {
	src    media.Source
	height int
	pool   media.Pool
}

// Next implements media.Source.
func (s *scaled) Next(ctx context.Context) (*media.Frame, error) {
	f, err := s.src.Next(ctx)
	if err != nil || f.Height <= s.height {
		return f, err
	}
	defer f.Release()
	out := s.pool.Get((f.Width*s.height/f.Height+1)&^1, s.height)
	out.Seq, out.PTS, out.Arrived, out.FullRange = f.Seq, f.PTS, f.Arrived, f.FullRange
	shrink(plane{out.Y, out.YStride, out.Width, out.Height}, plane{f.Y, f.YStride, f.Width, f.Height})
	cw, ch, fw, fh := (out.Width+1)/2, (out.Height+1)/2, (f.Width+1)/2, (f.Height+1)/2
	shrink(plane{out.Cb, out.CStride, cw, ch}, plane{f.Cb, f.CStride, fw, fh})
	shrink(plane{out.Cr, out.CStride, cw, ch}, plane{f.Cr, f.CStride, fw, fh})
	return out, nil
}

type plane struct {
	pix                   []byte
	stride, width, height int
}

// shrink makes each pixel the mean of those that it covers, to whole pixels.
func shrink(dst, src plane) {
	for y := range dst.height {
		y0 := y * src.height / dst.height
		y1 := max((y+1)*src.height/dst.height, y0+1)
		for x := range dst.width {
			x0 := x * src.width / dst.width
			x1 := max((x+1)*src.width/dst.width, x0+1)
			sum := 0
			for v := y0; v < y1; v++ {
				for _, p := range src.pix[v*src.stride+x0 : v*src.stride+x1] {
					sum += int(p)
				}
			}
			dst.pix[y*dst.stride+x] = byte(sum / ((y1 - y0) * (x1 - x0)))
		}
	}
}

// recoded sends the frames through a VP8 stream, as a browser does.
type recoded struct {
	src     media.Source
	kbps    int
	fps     float64
	encoder *codec.Encoder
	decoder *codec.Decoder
	out     []*media.Frame
}

// Next implements media.Source.
func (r *recoded) Next(ctx context.Context) (*media.Frame, error) {
	for len(r.out) == 0 {
		f, err := r.src.Next(ctx)
		if err != nil {
			return nil, err
		}
		err = r.pass(f)
		f.Release()
		if err != nil {
			return nil, fmt.Errorf("recode at %d kbit/s: %w", r.kbps, err)
		}
	}
	f := r.out[0]
	r.out = r.out[1:]
	return f, nil
}

func (r *recoded) pass(f *media.Frame) error {
	if r.encoder == nil {
		if err := r.open(f); err != nil {
			return err
		}
	}
	return r.encoder.Encode(f, false, func(p codec.Packet) error {
		return r.decoder.Decode(p.Data, p.PTS, func(f *media.Frame) { r.out = append(r.out, f) })
	})
}

func (r *recoded) open(f *media.Frame) (err error) {
	fps := r.fps
	if fps == 0 {
		fps = 25
	}
	r.encoder, err = codec.NewEncoder(codec.EncoderOptions{
		Codec: codec.VP8, Width: f.Width &^ 1, Height: f.Height &^ 1, FPS: fps, BitrateKbps: r.kbps,
	})
	if err != nil {
		return err
	}
	r.decoder, err = codec.NewDecoder(codec.VP8, codec.Limits{})
	return err
}

func (r *recoded) close() {
	if r.encoder != nil {
		r.encoder.Close()
	}
	if r.decoder != nil {
		r.decoder.Close()
	}
}

// turn is what d makes of a face.
func (d Degrade) turn(f *pipeline.Face) {
	if d.Yaw == 0 || !f.Found {
		return
	}
	sin, cos := math.Sincos(d.Yaw * math.Pi / 180)
	for i := range f.Points {
		p := &f.Points[i]
		x, z := float64(p.X-f.Box.X0), float64(p.Z)
		p.X = f.Box.X0 + float32(cos*x+sin*z)
		p.Z = float32(cos*z - sin*x)
	}
}
