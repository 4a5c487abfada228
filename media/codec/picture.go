package codec

// #cgo pkg-config: libavutil
// #include <libavutil/frame.h>
// #include <libavcodec/packet.h>
import "C"

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unsafe"

	"github.com/asticode/go-astiav"

	"vivavoce/media"
)

// picture copies FFmpeg's frames into pooled Go frames, and converts what is not
// 8-bit 4:2:0 on the way. go-astiav reaches planes only by copying them into fresh
// slices, so the planes are read through FFmpeg's own struct.
type picture struct {
	pool   media.Pool
	limits Limits

	scaler *astiav.SoftwareScaleContext // made for the source below, nil before
	from   source
	scaled *astiav.Frame
}

// source is what a scaler is made for.
type source struct {
	width, height int
	format        astiav.PixelFormat
}

func (p *picture) close() {
	if p.scaler != nil {
		p.scaler.Free()
		p.scaler = nil
	}
	if p.scaled != nil {
		p.scaled.Free()
		p.scaled = nil
	}
}

// damaged tells that the decoder had to guess parts of the picture.
func damaged(f *astiav.Frame) bool {
	c := (*C.AVFrame)(f.UnsafePointer())
	return c.flags&C.AV_FRAME_FLAG_CORRUPT != 0 || c.decode_error_flags != 0
}

// NoPTS is the PTS of a picture whose container tells no time.
const NoPTS = time.Duration(math.MinInt64) // FFmpeg's AV_NOPTS_VALUE

// timeOf is the picture's time in the unit of the packets, guessed from their
// order where the container is inconsistent.
func timeOf(f *astiav.Frame) time.Duration {
	return time.Duration((*C.AVFrame)(f.UnsafePointer()).best_effort_timestamp)
}

// payloadOf is the C memory of a packet that AllocPayload made, to be written.
//
// go-astiav 0.14.0 has no way to it: a Packet is a struct of one pointer to FFmpeg's,
// which is what is read here (TestPayload watches over it). Its FromData is no
// help: it leaves out the padding that FFmpeg's bit readers run into, and
// allocates for each packet.
func payloadOf(p *astiav.Packet) []byte {
	c := *(**C.AVPacket)(unsafe.Pointer(p))
	return unsafe.Slice((*byte)(c.data), int(c.size))
}

// take copies f, which stays the caller's. The result has planes, sizes and range.
func (p *picture) take(f *astiav.Frame) (*media.Frame, error) {
	if !p.limits.allow(f.Width(), f.Height()) {
		return nil, fmt.Errorf("%dx%d: %w", f.Width(), f.Height(), ErrLimit)
	}
	full := f.ColorRange() == astiav.ColorRangeJpeg
	switch f.PixelFormat() {
	case astiav.PixelFormatYuv420P:
	case astiav.PixelFormatYuvj420P:
		full = true
	default:
		var err error
		if f, full, err = p.convert(f, full); err != nil {
			return nil, err
		}
		defer f.Unref()
	}
	out := p.pool.Get(f.Width(), f.Height())
	out.FullRange = full
	c := (*C.AVFrame)(f.UnsafePointer())
	copyPlane(out.Y, out.YStride, unsafe.Pointer(c.data[0]), int(c.linesize[0]))
	copyPlane(out.Cb, out.CStride, unsafe.Pointer(c.data[1]), int(c.linesize[1]))
	copyPlane(out.Cr, out.CStride, unsafe.Pointer(c.data[2]), int(c.linesize[2]))
	return out, nil
}

// copyPlane fills dst, whose rows are tight, from C rows that are stride bytes
// apart (negative where a picture is stored bottom up).
func copyPlane(dst []byte, width int, src unsafe.Pointer, stride int) {
	for len(dst) >= width {
		copy(dst[:width], unsafe.Slice((*byte)(src), width))
		dst = dst[width:]
		if len(dst) == 0 {
			return // do not step past the last row
		}
		src = unsafe.Add(src, stride)
	}
}

// convert scales f's format, not its size, to I420. Samples keep their range:
// 4:2:2 JPEG stays full, 10-bit video stays limited. RGB becomes limited BT.601.
func (p *picture) convert(f *astiav.Frame, full bool) (*astiav.Frame, bool, error) {
	to := astiav.PixelFormatYuv420P
	name := f.PixelFormat().Name()
	switch {
	case strings.HasPrefix(name, "yuvj"):
		to, full = astiav.PixelFormatYuvj420P, true
	case strings.HasPrefix(name, "gray"), strings.HasPrefix(name, "ya"):
		to = astiav.PixelFormatYuvj420P // swscale takes grey for full range: leave it alone
	case strings.HasPrefix(name, "yuv"), strings.HasPrefix(name, "nv"),
		strings.HasPrefix(name, "uyvy"), strings.HasPrefix(name, "yvyu"), strings.HasPrefix(name, "p0"):
	default:
		full = false
	}
	if err := p.prepare(source{f.Width(), f.Height(), f.PixelFormat()}, to); err != nil {
		return nil, false, err
	}
	if err := p.scaler.ScaleFrame(f, p.scaled); err != nil {
		p.scaled.Unref()
		return nil, false, fmt.Errorf("convert %s picture: %w", name, err)
	}
	return p.scaled, full, nil
}

func (p *picture) prepare(s source, to astiav.PixelFormat) error {
	if p.scaler != nil && p.from == s {
		return nil
	}
	p.close()
	scaler, err := astiav.CreateSoftwareScaleContext(s.width, s.height, s.format, s.width, s.height, to,
		astiav.NewSoftwareScaleContextFlags(astiav.SoftwareScaleContextFlagBilinear))
	if err != nil {
		return fmt.Errorf("%s pictures of %dx%d: %w", s.format.Name(), s.width, s.height, ErrUnsupported)
	}
	p.scaler, p.from, p.scaled = scaler, s, astiav.AllocFrame()
	return nil
}
