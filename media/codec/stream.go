package codec

import (
	"errors"
	"fmt"

	"github.com/asticode/go-astiav"

	"vivavoce/media"
)

// Stream decodes one video stream of a container, in any codec FFmpeg has, with
// pictures put back into the order they are shown in. Not for concurrent use.
type Stream struct {
	core     core
	timeBase astiav.Rational
}

// OpenStream returns a decoder for a demuxed stream. Close it.
func OpenStream(s *astiav.Stream, l Limits) (*Stream, error) {
	l, err := l.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("open stream %d: %w", s.Index(), err)
	}
	params := s.CodecParameters()
	if !l.allow(params.Width(), params.Height()) {
		return nil, fmt.Errorf("open stream %d of %dx%d: %w", s.Index(), params.Width(), params.Height(), ErrLimit)
	}
	found := astiav.FindDecoder(params.CodecID())
	if found == nil {
		return nil, fmt.Errorf("open stream %d in %s: %w", s.Index(), params.CodecID().Name(), ErrUnsupported)
	}
	d := &Stream{timeBase: s.TimeBase()}
	if err := d.core.open(found, params, l, 1); err != nil {
		return nil, fmt.Errorf("open stream %d: %w", s.Index(), err)
	}
	return d, nil
}

// Decode takes a lent packet of the stream and emits what became showable, with
// Seq set and the container's own PTS: it need not start at 0, and is [NoPTS] where
// there is none. ErrCorrupt costs this packet only; the next may be given.
func (s *Stream) Decode(p *astiav.Packet, emit func(*media.Frame)) error {
	if s.core.context == nil {
		return ErrClosed
	}
	if err := s.core.packet.Ref(p); err != nil {
		return fmt.Errorf("take packet: %w", err)
	}
	defer s.core.packet.Unref()
	s.core.packet.RescaleTs(s.timeBase, nanosecond())
	if err := s.core.send(emit); err != nil {
		return fmt.Errorf("decode packet of %d bytes: %w", p.Size(), err)
	}
	return nil
}

// Flush emits the pictures that waited for later ones. Nothing can be decoded
// afterwards.
func (s *Stream) Flush(emit func(*media.Frame)) error {
	if s.core.context == nil {
		return ErrClosed
	}
	if err := s.core.context.SendPacket(nil); err != nil && !errors.Is(err, astiav.ErrEof) {
		return fmt.Errorf("flush decoder: %w", s.core.broken(err))
	}
	for {
		got, err := s.core.receive(emit)
		if err != nil {
			return fmt.Errorf("flush decoder: %w", err)
		}
		if !got {
			return nil
		}
	}
}

// Close frees the decoder's memory. Emitted frames stay valid.
func (s *Stream) Close() { s.core.close() }

func nanosecond() astiav.Rational { return astiav.NewRational(1, 1e9) }
