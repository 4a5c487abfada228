package file

// #cgo pkg-config: libavformat
// #include <libavformat/avformat.h>
import "C"

import (
	"errors"
	"fmt"
	"io"
	"math"
	"time"
	"unsafe"

	"github.com/asticode/go-astiav"

	"vivavoce/media"
	"vivavoce/media/codec"
)

// formats are FFmpeg's demuxers that may look at a file: what phones, browsers and
// cameras record, and the sound-only ones so that sound is told from garbage.
// None of them opens other files or the network.
const formats = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,ogg,asf," +
	"yuv4mpegpipe,mjpeg,h264,hevc,ivf,obu," +
	"wav,mp3,aac,flac,amr"

// maxAgain bounds reads in which a demuxer found nothing and asked for another try:
// some do, where they skip; none may do it for ever.
const maxAgain = 10_000

// errDamaged says that one packet was left out.
var errDamaged = errors.New("damaged packet")

// container is an open file: its demuxer, and the decoders of its video and sound.
type container struct {
	format   *astiav.FormatContext
	packet   *astiav.Packet
	stream   *astiav.Stream
	decoder  *codec.Stream
	sound    *astiav.Stream // the first that can be heard, nil without one
	ear      *codec.Ear
	quarters int // clockwise turns that put the pictures upright
	pool     media.Pool
	short    bool // a packet was cut short
	again    int  // reads that gave nothing
}

func openContainer(path string, o Options) (*container, error) {
	codec.Quiet()
	c := &container{format: astiav.AllocFormatContext(), packet: astiav.AllocPacket()}
	if err := c.open(path, o); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *container) open(path string, o Options) error {
	options := astiav.NewDictionary()
	defer options.Free()
	for key, value := range map[string]string{
		"protocol_whitelist": "file",
		"format_whitelist":   formats,
		// Probing must decode nothing: it would allocate what the limits forbid.
		"codec_whitelist": "none",
	} {
		if err := options.Set(key, value, 0); err != nil {
			return fmt.Errorf("set %s: %w", key, err)
		}
	}
	if err := c.format.OpenInput("file:"+path, nil, options); err != nil {
		c.format = nil // FFmpeg has freed it
		return fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	if err := c.find(); err != nil {
		return err
	}
	c.quarters = quartersOf(c.stream)
	limits := codec.Limits{MaxWidth: o.MaxWidth, MaxHeight: o.MaxHeight}
	if c.quarters%2 == 1 {
		limits = codec.Limits{MaxWidth: o.MaxHeight, MaxHeight: o.MaxWidth}
	}
	var err error
	if c.decoder, err = codec.OpenStream(c.stream, limits); err != nil {
		return refused(err)
	}
	c.listen()
	return nil
}

// listen opens the file's sound. One that cannot be opened is no sound: it is the second
// witness, and nobody is refused for being without.
func (c *container) listen() {
	for _, s := range c.format.Streams() {
		if s.CodecParameters().MediaType() != astiav.MediaTypeAudio {
			continue
		}
		if ear, err := codec.OpenSound(s); err == nil {
			c.sound, c.ear = s, ear
			return
		}
	}
}

// find picks the largest video. Most containers describe it up front; in the
// others FFmpeg reads on until its parsers know.
func (c *container) find() error {
	if c.pick(); c.stream == nil || c.stream.CodecParameters().Width() == 0 {
		if err := c.format.FindStreamInfo(nil); err != nil {
			return fmt.Errorf("%w: %w", ErrUnreadable, err)
		}
		c.pick()
	}
	switch {
	case c.stream != nil:
		return nil
	case c.format.NbStreams() == 0:
		return fmt.Errorf("no tracks: %w", ErrUnreadable)
	}
	return ErrNoVideo
}

func (c *container) pick() {
	most := -1
	for _, s := range c.format.Streams() {
		p := s.CodecParameters()
		if p.MediaType() != astiav.MediaTypeVideo || isCover(s) {
			continue
		}
		if area := p.Width() * p.Height(); area > most {
			most, c.stream = area, s
		}
	}
}

// isCover tells a still cover picture, which FFmpeg gives as a video stream of one
// packet. go-astiav 0.14.0 cannot read the disposition; a Stream is a struct of one
// pointer to FFmpeg's (TestCover watches over it).
func isCover(s *astiav.Stream) bool {
	const still = C.AV_DISPOSITION_ATTACHED_PIC | C.AV_DISPOSITION_TIMED_THUMBNAILS
	return (*(**C.AVStream)(unsafe.Pointer(s))).disposition&still != 0
}

// quartersOf reads how a phone was held. Angles between are rounded; mirroring,
// which no phone's camera was seen to write, is not undone.
func quartersOf(s *astiav.Stream) int {
	m, err := astiav.NewDisplayMatrixFromBytes(s.SideData(astiav.PacketSideDataTypeDisplaymatrix))
	if err != nil {
		return 0 // none, or cut
	}
	angle := m.Rotation()
	if math.IsNaN(angle) {
		return 0 // a singular matrix
	}
	return (int(math.Round(angle/90))%4 + 4) % 4
}

// duration is what the file claims, 0 when it does not.
func (c *container) duration() time.Duration {
	if c.format == nil {
		return 0
	}
	var seconds float64
	if d := c.stream.Duration(); d > 0 {
		seconds = float64(d) * c.stream.TimeBase().Float64()
	} else if d := c.format.Duration(); d > 0 {
		seconds = float64(d) / 1e6 // AV_TIME_BASE
	}
	// Through nanoseconds of a float: absurd claims become the longest Duration.
	return time.Duration(min(seconds*1e9, math.MaxInt64/2))
}

// next reads one packet and emits the upright pictures that became showable, or lends
// the sound to hear. It returns io.EOF after the last, and errDamaged for a packet of
// pictures that is left out.
func (c *container) next(emit func(*media.Frame), hear func(media.Sound)) error {
	defer c.packet.Unref()
	upright := func(f *media.Frame) { emit(turned(f, c.quarters, &c.pool)) }
	switch err := c.format.ReadFrame(c.packet); {
	case errors.Is(err, astiav.ErrEof):
		return c.end(upright)
	case errors.Is(err, astiav.ErrEagain) && c.again < maxAgain:
		c.again++
		return nil
	case err != nil:
		return fmt.Errorf("cut short or broken: %w: %w", ErrUnreadable, err)
	}
	if c.ear != nil && c.packet.StreamIndex() == c.sound.Index() {
		// Damaged sound is a hole in it, which the times of what follows tell.
		_ = c.ear.DecodePacket(c.packet, hear)
		return nil
	}
	if c.packet.StreamIndex() != c.stream.Index() || c.packet.Size() == 0 {
		return nil
	}
	if c.packet.Flags().Has(astiav.PacketFlagCorrupt) {
		c.short = true
		return errDamaged
	}
	return refused(c.decoder.Decode(c.packet, upright))
}

func (c *container) end(emit func(*media.Frame)) error {
	if err := refused(c.decoder.Flush(emit)); err != nil && !errors.Is(err, errDamaged) {
		return err
	}
	if c.short {
		return fmt.Errorf("cut short: %w", ErrUnreadable)
	}
	return io.EOF
}

// refused gives the decoder's errors our names.
func refused(err error) error {
	switch {
	case errors.Is(err, codec.ErrLimit):
		return fmt.Errorf("%w: %w", ErrTooLarge, err)
	case errors.Is(err, codec.ErrCorrupt):
		return fmt.Errorf("%w: %w", errDamaged, err)
	case err != nil:
		return fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	return nil
}

// close may be called twice.
func (c *container) close() {
	if c.decoder != nil {
		c.decoder.Close()
	}
	if c.ear != nil {
		c.ear.Close()
	}
	if c.format != nil {
		c.format.CloseInput()
		c.format = nil
	}
	c.packet.Free()
}
