package codec

// #cgo pkg-config: libavutil
// #include <libavutil/frame.h>
import "C"

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
	"unsafe"

	"github.com/asticode/go-astiav"

	"vivavoce/media"
)

// tick is the encoders' unit of time: small enough that PTS survive a round trip.
const tick = time.Microsecond

// EncoderOptions describe a stream to make.
type EncoderOptions struct {
	Codec         Name
	Width, Height int     // luma samples, even
	FPS           float64 // for rate control; times come from the frames. 0 means 30
	BitrateKbps   int     // 0 means 1000
	// Container puts H.264's parameter sets into [Encoder.Parameters] and not
	// before each key frame, as MP4 wants it. A network stream needs the default.
	Container bool
	// Steady makes a VP8 stream depend on its pictures only. Otherwise libvpx takes less trouble
	// when the machine is slow.
	Steady bool
}

// Packet is one encoded picture.
type Packet struct {
	Data []byte
	PTS  time.Duration
	Key  bool
}

// Encoder makes streams for test rigs and the puppet, set up as a browser's:
// real-time, no B pictures, key frames when asked. Not for concurrent use.
type Encoder struct {
	options EncoderOptions
	context *astiav.CodecContext
	frame   *astiav.Frame
	packet  *astiav.Packet
}

// NewEncoder returns an encoder. Close it.
func NewEncoder(o EncoderOptions) (*Encoder, error) {
	if o.FPS == 0 {
		o.FPS = 30
	}
	if o.BitrateKbps == 0 {
		o.BitrateKbps = 1000
	}
	if o.Width <= 0 || o.Height <= 0 || o.Width%2 != 0 || o.Height%2 != 0 || !(o.FPS > 0) || o.BitrateKbps < 0 {
		return nil, fmt.Errorf("new %s encoder: %dx%d at %v fps, %d kbit/s: out of range",
			o.Codec, o.Width, o.Height, o.FPS, o.BitrateKbps)
	}
	names := map[Name]string{VP8: "libvpx", VP9: "libvpx-vp9", H264: "libx264", AV1: "libaom-av1"}
	found := astiav.FindEncoderByName(names[o.Codec])
	if names[o.Codec] == "" || found == nil {
		return nil, fmt.Errorf("new %s encoder: %w", o.Codec, ErrUnsupported)
	}
	e := &Encoder{options: o}
	if err := e.open(found); err != nil {
		e.Close()
		return nil, fmt.Errorf("new %s encoder: %w", o.Codec, err)
	}
	return e, nil
}

func (e *Encoder) open(c *astiav.Codec) error {
	Quiet()
	o := e.options
	e.context = astiav.AllocCodecContext(c)
	e.packet, e.frame = astiav.AllocPacket(), astiav.AllocFrame()
	e.context.SetWidth(o.Width)
	e.context.SetHeight(o.Height)
	e.context.SetPixelFormat(astiav.PixelFormatYuv420P)
	e.context.SetTimeBase(astiav.NewRational(1, int(time.Second/tick)))
	e.context.SetFramerate(astiav.NewRational(int(math.Round(o.FPS*1000)), 1000))
	e.context.SetBitRate(int64(o.BitrateKbps) * 1000)
	e.context.SetThreadCount(1)
	e.context.SetGopSize(math.MaxInt32 / 2) // key frames only when asked
	if o.Container {
		e.context.SetFlags(e.context.Flags().Add(astiav.CodecContextFlagGlobalHeader))
	}
	options := astiav.NewDictionary()
	defer options.Free()
	for key, value := range e.settings() {
		if err := options.Set(key, value, 0); err != nil {
			return fmt.Errorf("set %s: %w", key, err)
		}
	}
	if err := e.context.Open(c, options); err != nil {
		return fmt.Errorf("open %s: %w", c.Name(), err)
	}
	return nil
}

// settings are those of WebRTC senders, with the least work for the processor.
func (e *Encoder) settings() map[string]string {
	rate := strconv.Itoa(e.options.BitrateKbps * 1000)
	switch e.options.Codec {
	case H264:
		return map[string]string{
			"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline", "forced-idr": "1",
			"maxrate": rate, "bufsize": rate,
		}
	case AV1:
		return map[string]string{"usage": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
	}
	speed := "8"
	if e.options.Steady {
		speed = "-8" // libvpx: below 0 it is the speed, and not the share of time to keep free
	}
	return map[string]string{
		"deadline": "realtime", "cpu-used": speed, "lag-in-frames": "0", "auto-alt-ref": "0",
		"error-resilient": "default", "maxrate": rate, "minrate": rate, "bufsize": rate,
	}
}

// Parameters describe the stream for a container. The caller frees them.
func (e *Encoder) Parameters() (*astiav.CodecParameters, error) {
	if e.context == nil {
		return nil, ErrClosed
	}
	p := astiav.AllocCodecParameters()
	if err := p.FromCodecContext(e.context); err != nil {
		p.Free()
		return nil, fmt.Errorf("describe stream: %w", err)
	}
	return p, nil
}

// Encode takes a lent frame of the encoder's size and emits its packet, and any
// that were held back. forceKey makes it a key frame. emit's error ends the call.
func (e *Encoder) Encode(f *media.Frame, forceKey bool, emit func(Packet) error) error {
	if e.context == nil {
		return ErrClosed
	}
	if f.Width != e.options.Width || f.Height != e.options.Height {
		return fmt.Errorf("encode %dx%d frame: encoder is for %dx%d", f.Width, f.Height, e.options.Width, e.options.Height)
	}
	if err := e.fill(f); err != nil {
		return fmt.Errorf("encode frame %d: %w", f.Seq, err)
	}
	e.frame.SetPts(int64(f.PTS / tick))
	e.frame.SetPictureType(astiav.PictureTypeNone)
	if forceKey {
		e.frame.SetPictureType(astiav.PictureTypeI)
	}
	return e.send(e.frame, emit)
}

// Flush emits what the encoder still holds. It takes no more frames afterwards.
func (e *Encoder) Flush(emit func(Packet) error) error {
	if e.context == nil {
		return ErrClosed
	}
	return e.send(nil, emit)
}

func (e *Encoder) send(f *astiav.Frame, emit func(Packet) error) error {
	if err := e.context.SendFrame(f); err != nil {
		return fmt.Errorf("encode %s: %w", e.options.Codec, err)
	}
	for {
		err := e.context.ReceivePacket(e.packet)
		if errors.Is(err, astiav.ErrEagain) || errors.Is(err, astiav.ErrEof) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("encode %s: %w", e.options.Codec, err)
		}
		p := Packet{
			Data: e.packet.Data(), PTS: time.Duration(e.packet.Pts()) * tick,
			Key: e.packet.Flags().Has(astiav.PacketFlagKey),
		}
		e.packet.Unref()
		if err := emit(p); err != nil {
			return err
		}
	}
}

// fill copies f's planes into the encoder's picture; the last one may still be
// held inside the encoder, so it is not written in place but made anew.
func (e *Encoder) fill(f *media.Frame) error {
	e.frame.Unref()
	e.frame.SetWidth(f.Width)
	e.frame.SetHeight(f.Height)
	e.frame.SetPixelFormat(astiav.PixelFormatYuv420P)
	if err := e.frame.AllocBuffer(0); err != nil {
		return fmt.Errorf("allocate picture: %w", err)
	}
	e.frame.SetColorRange(astiav.ColorRangeMpeg)
	if f.FullRange {
		e.frame.SetColorRange(astiav.ColorRangeJpeg)
	}
	c := (*C.AVFrame)(e.frame.UnsafePointer())
	fillPlane(unsafe.Pointer(c.data[0]), int(c.linesize[0]), f.Y, f.YStride, f.Width, f.Height)
	fillPlane(unsafe.Pointer(c.data[1]), int(c.linesize[1]), f.Cb, f.CStride, (f.Width+1)/2, (f.Height+1)/2)
	fillPlane(unsafe.Pointer(c.data[2]), int(c.linesize[2]), f.Cr, f.CStride, (f.Width+1)/2, (f.Height+1)/2)
	return nil
}

func fillPlane(dst unsafe.Pointer, dstStride int, src []byte, stride, width, height int) {
	for y := range height {
		row := unsafe.Slice((*byte)(unsafe.Add(dst, y*dstStride)), width)
		copy(row, src[y*stride:y*stride+width])
	}
}

// Close frees the encoder's memory.
func (e *Encoder) Close() {
	if e.context == nil {
		return
	}
	e.context.Free()
	e.frame.Free()
	e.packet.Free()
	e.context = nil
}
