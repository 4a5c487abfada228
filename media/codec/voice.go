package codec

// #include <libavutil/frame.h>
import "C"

import (
	"errors"
	"fmt"
	"time"
	"unsafe"

	"github.com/asticode/go-astiav"

	"vivavoce/media"
)

// VoiceTime is how long each packet of a [Voice] lasts, as browsers send.
const VoiceTime = 20 * time.Millisecond

// voiceSamples are those of a packet.
const voiceSamples = int(VoiceTime * media.SoundRate / time.Second)

// Voice encodes sound as Opus, for test rigs and the puppet. Not for concurrent use.
type Voice struct {
	context *astiav.CodecContext
	frame   *astiav.Frame
	packet  *astiav.Packet
}

// NewVoice returns an encoder of 24 kbit/s, about what browsers send of a voice. Close it.
func NewVoice() (*Voice, error) {
	found := astiav.FindEncoderByName("libopus")
	if found == nil {
		return nil, fmt.Errorf("new opus encoder: %w", ErrUnsupported)
	}
	Quiet()
	v := &Voice{context: astiav.AllocCodecContext(found), frame: astiav.AllocFrame(), packet: astiav.AllocPacket()}
	v.context.SetSampleRate(media.SoundRate)
	v.context.SetChannelLayout(astiav.ChannelLayoutMono)
	v.context.SetSampleFormat(astiav.SampleFormatFlt)
	v.context.SetBitRate(24000)
	v.context.SetTimeBase(astiav.NewRational(1, media.SoundRate))
	if err := v.context.Open(found, nil); err != nil {
		v.Close()
		return nil, fmt.Errorf("new opus encoder: %w", err)
	}
	return v, nil
}

// Encode takes the samples of one packet, [VoiceTime] at [media.SoundRate], or fewer, which
// silence fills up, and emits it. Decoded, it is heard 6.5 ms late: the encoder looks ahead.
func (v *Voice) Encode(samples []float32, emit func([]byte) error) error {
	if v.context == nil {
		return ErrClosed
	}
	if len(samples) > voiceSamples {
		return fmt.Errorf("encode %d samples, at most %d", len(samples), voiceSamples)
	}
	v.frame.Unref()
	v.frame.SetNbSamples(voiceSamples)
	v.frame.SetSampleRate(media.SoundRate)
	v.frame.SetSampleFormat(astiav.SampleFormatFlt)
	v.frame.SetChannelLayout(astiav.ChannelLayoutMono)
	if err := v.frame.AllocBuffer(0); err != nil {
		return fmt.Errorf("encode sound: allocate: %w", err)
	}
	to := unsafe.Slice((*float32)(unsafe.Pointer((*C.AVFrame)(v.frame.UnsafePointer()).data[0])), voiceSamples)
	clear(to[copy(to, samples):])
	if err := v.context.SendFrame(v.frame); err != nil {
		return fmt.Errorf("encode sound: %w", err)
	}
	for {
		err := v.context.ReceivePacket(v.packet)
		if errors.Is(err, astiav.ErrEagain) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("encode sound: %w", err)
		}
		data := v.packet.Data()
		v.packet.Unref()
		if err := emit(data); err != nil {
			return err
		}
	}
}

// Close frees the encoder's memory.
func (v *Voice) Close() {
	if v.context == nil {
		return
	}
	v.context.Free()
	v.frame.Free()
	v.packet.Free()
	v.context = nil
}
