package recapture

import (
	"fmt"
	"math"

	"vivavoce/media"
	"vivavoce/media/codec"
)

// recode sends frames through a stream and back. The zero Coding leaves them as they are.
type recode struct {
	Coding
	encoder *codec.Encoder
	decoder *codec.Decoder
	out     *media.Frame
}

// pass owns f and returns what comes out for it: real-time streams hold nothing back.
func (r *recode) pass(f *media.Frame) (*media.Frame, error) {
	if r.Codec == "" || f.Width%2 != 0 || f.Height%2 != 0 {
		return f, nil
	}
	if r.encoder == nil {
		if err := r.open(f); err != nil {
			return nil, err
		}
	}
	defer f.Release()
	r.out.Release()
	r.out = nil
	err := r.encoder.Encode(f, false, func(p codec.Packet) error {
		return r.decoder.Decode(p.Data, p.PTS, func(got *media.Frame) {
			r.out.Release()
			r.out = got
		})
	})
	if err != nil {
		return nil, fmt.Errorf("recode: %w", err)
	}
	got := r.out
	r.out = nil
	if got == nil {
		return nil, fmt.Errorf("recode: %s gave no picture for frame %d", r.Codec, f.Seq)
	}
	got.Seq, got.PTS, got.Arrived, got.FullRange = f.Seq, f.PTS, f.Arrived, f.FullRange
	return got, nil
}

func (r *recode) open(f *media.Frame) (err error) {
	share := math.Sqrt(float64(f.Width*f.Height) / (640 * 480))
	r.encoder, err = codec.NewEncoder(codec.EncoderOptions{
		Codec: r.Codec, Width: f.Width, Height: f.Height, FPS: 25, BitrateKbps: max(100, int(float64(r.Kbps)*share)),
		Steady: true, // parameters say all
	})
	if err != nil {
		return err
	}
	r.decoder, err = codec.NewDecoder(r.Codec, codec.Limits{MaxWidth: f.Width, MaxHeight: f.Height})
	return err
}

func (r *recode) close() {
	r.out.Release()
	r.out = nil
	if r.encoder != nil {
		r.encoder.Close()
	}
	if r.decoder != nil {
		r.decoder.Close()
	}
}
