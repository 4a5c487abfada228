package codec

// #cgo pkg-config: libavutil libavcodec
// #include <libavutil/frame.h>
// #include <libavcodec/avcodec.h>
import "C"

import (
	"errors"
	"fmt"
	"slices"
	"time"
	"unsafe"

	"github.com/asticode/go-astiav"

	"vivavoce/media"
)

// Limits of sound.
const (
	maxChannels = 8
	// maxSamples bounds what one packet may hold, in samples of each channel: a second at
	// 96 kHz. Codecs have 20 to 60 ms; raw PCM has what the container cuts.
	maxSamples = 96000
)

// Ear decodes one stream of sound to mono at [media.SoundRate]. Not for concurrent use.
type Ear struct {
	context *astiav.CodecContext
	packet  *astiav.Packet
	frame   *astiav.Frame
	// timeBase is of a container's stream; the zero one says that packets are Opus
	// from a network.
	timeBase astiav.Rational

	rate      int
	resampler *resampler // nil where rate is SoundRate already
	mono      []float32
}

// NewEar returns a decoder of Opus packets as RTP brings them (RFC 7587). Close it.
func NewEar() (*Ear, error) {
	e := &Ear{}
	if err := e.open(astiav.FindDecoderByName("opus"), nil); err != nil {
		return nil, fmt.Errorf("new opus decoder: %w", err)
	}
	return e, nil
}

// soundCodecs are FFmpeg's decoders that an uploaded file's sound may choose.
func soundCodecs() []string {
	return []string{
		"aac", "opus", "vorbis", "mp3float", "mp3", "mp2", "mp2float", "flac", "alac", "amrnb", "amrwb", "ac3", "eac3",
		"pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_u8", "pcm_alaw", "pcm_mulaw",
	}
}

// OpenSound returns a decoder for a demuxed stream of sound. Close it.
func OpenSound(s *astiav.Stream) (*Ear, error) {
	params := s.CodecParameters()
	found := astiav.FindDecoder(params.CodecID())
	if found == nil || !slices.Contains(soundCodecs(), found.Name()) {
		return nil, fmt.Errorf("open sound in %s: %w", params.CodecID().Name(), ErrUnsupported)
	}
	e := &Ear{timeBase: s.TimeBase()}
	if err := e.open(found, params); err != nil {
		return nil, fmt.Errorf("open sound: %w", err)
	}
	return e, nil
}

func (e *Ear) open(c *astiav.Codec, params *astiav.CodecParameters) error {
	if c == nil {
		return ErrUnsupported
	}
	Quiet()
	e.context = astiav.AllocCodecContext(c)
	e.packet, e.frame = astiav.AllocPacket(), astiav.AllocFrame()
	if params != nil {
		if err := params.ToCodecContext(e.context); err != nil {
			e.Close()
			return fmt.Errorf("take parameters: %w", err)
		}
	} else {
		e.context.SetSampleRate(48000)
		e.context.SetChannelLayout(astiav.ChannelLayoutStereo)
	}
	e.context.SetThreadCount(1)
	// FFmpeg trims the priming that encoders begin with, and moves PTS by it.
	e.c().pkt_timebase = C.AVRational{num: 1, den: 1e9}
	if err := e.context.Open(c, nil); err != nil {
		e.Close()
		return fmt.Errorf("open %s: %w", c.Name(), err)
	}
	return nil
}

// Close frees the decoder's memory.
func (e *Ear) Close() {
	if e.context == nil {
		return
	}
	e.context.Free()
	e.packet.Free()
	e.frame.Free()
	e.context = nil
}

// Gap says that packets before the next one were lost: what the decoder and the filter
// remember is of another time.
func (e *Ear) Gap() {
	if e.context == nil {
		return
	}
	C.avcodec_flush_buffers(e.c())
	if e.resampler != nil {
		e.resampler.reset()
	}
}

// Decode reads one Opus packet whose first sample has this PTS and emits its sound, which
// is lent until emit returns. ErrCorrupt costs this packet only.
func (e *Ear) Decode(data []byte, pts time.Duration, emit func(media.Sound)) error {
	if e.context == nil {
		return ErrClosed
	}
	if _, err := OpusTime(data); err != nil {
		return fmt.Errorf("decode sound: %w", err)
	}
	if err := e.packet.AllocPayload(len(data)); err != nil {
		return fmt.Errorf("decode sound: allocate packet: %w", err)
	}
	defer e.packet.Unref()
	copy(payloadOf(e.packet), data)
	e.packet.SetPts(int64(pts))
	return e.send(emit)
}

// DecodePacket takes a lent packet of a container's stream and emits its sound, with the
// container's own time: it need not start at 0, and is [NoPTS] where there is none.
func (e *Ear) DecodePacket(p *astiav.Packet, emit func(media.Sound)) error {
	if e.context == nil {
		return ErrClosed
	}
	if err := e.packet.Ref(p); err != nil {
		return fmt.Errorf("decode sound: take packet: %w", err)
	}
	defer e.packet.Unref()
	e.packet.RescaleTs(e.timeBase, nanosecond())
	return e.send(emit)
}

// send gives e.packet to FFmpeg and emits what comes out.
func (e *Ear) send(emit func(media.Sound)) error {
	if err := e.context.SendPacket(e.packet); err != nil {
		return fmt.Errorf("decode sound: %w: %w", ErrCorrupt, err)
	}
	for {
		switch err := e.context.ReceiveFrame(e.frame); {
		case errors.Is(err, astiav.ErrEagain), errors.Is(err, astiav.ErrEof):
			return nil
		case err != nil:
			return fmt.Errorf("decode sound: %w: %w", ErrCorrupt, err)
		}
		err := e.hear(emit)
		e.frame.Unref()
		if err != nil {
			return fmt.Errorf("decode sound: %w", err)
		}
	}
}

// hear mixes and resamples the frame.
func (e *Ear) hear(emit func(media.Sound)) error {
	if rate := e.frame.SampleRate(); rate != e.rate {
		if !slices.Contains(soundRates(), rate) {
			return fmt.Errorf("%d samples a second: %w", rate, ErrUnsupported)
		}
		e.rate, e.resampler = rate, newResampler(rate)
	}
	if err := e.mix(); err != nil {
		return err
	}
	s := media.Sound{PTS: timeOf(e.frame), Samples: e.mono}
	if e.resampler != nil {
		var offset float64
		s.Samples, offset = e.resampler.add(e.mono)
		if s.PTS != NoPTS {
			s.PTS += time.Duration(offset * 1e9 / float64(e.rate))
		}
	}
	if len(s.Samples) > 0 {
		emit(s)
	}
	return nil
}

// c is FFmpeg's struct: go-astiav 0.14.0 has no way to some of it; a CodecContext begins
// with a pointer to it (TestEarTrimsPriming watches over it).
func (e *Ear) c() *C.AVCodecContext { return *(**C.AVCodecContext)(unsafe.Pointer(e.context)) }

// mix averages the channels into e.mono.
func (e *Ear) mix() error {
	f := (*C.AVFrame)(e.frame.UnsafePointer())
	n, channels := int(f.nb_samples), int(f.ch_layout.nb_channels)
	if n <= 0 || n > maxSamples || channels <= 0 || channels > maxChannels {
		return fmt.Errorf("%d samples of %d channels: %w", n, channels, ErrLimit)
	}
	e.mono = slices.Grow(e.mono[:0], n)[:n]
	clear(e.mono)
	switch e.frame.SampleFormat() {
	case astiav.SampleFormatFlt:
		mix[float32](e.mono, f, false, channels, 1)
	case astiav.SampleFormatFltp:
		mix[float32](e.mono, f, true, channels, 1)
	case astiav.SampleFormatS16:
		mix[int16](e.mono, f, false, channels, 1<<15)
	case astiav.SampleFormatS16P:
		mix[int16](e.mono, f, true, channels, 1<<15)
	case astiav.SampleFormatS32:
		mix[int32](e.mono, f, false, channels, 1<<31)
	case astiav.SampleFormatS32P:
		mix[int32](e.mono, f, true, channels, 1<<31)
	case astiav.SampleFormatU8:
		mix[uint8](e.mono, f, false, channels, 1<<7)
		for i := range e.mono {
			e.mono[i]-- // 128 is silence
		}
	default:
		return fmt.Errorf("samples of %s: %w", e.frame.SampleFormat().Name(), ErrUnsupported)
	}
	return nil
}

// mix adds every channel's samples, full scale to 1, over the number of channels. What is
// no number, or far over full scale, becomes silence.
func mix[T float32 | int16 | int32 | uint8](mono []float32, f *C.AVFrame, planar bool, channels int, full float32) {
	planes := unsafe.Slice((**T)(unsafe.Pointer(f.extended_data)), channels)
	gain := 1 / (full * float32(channels))
	for c := range channels {
		samples, step, first := planes[0], channels, c
		if planar {
			samples, step, first = planes[c], 1, 0
		}
		all := unsafe.Slice(samples, len(mono)*step)
		for i := range mono {
			if v := gain * float32(all[first+i*step]); v > -4 && v < 4 {
				mono[i] += v
			}
		}
	}
}
