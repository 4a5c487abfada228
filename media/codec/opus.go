package codec

import (
	"fmt"
	"time"
)

// Limits of an Opus packet.
const (
	maxOpus     = 1500                   // bytes: one RTP packet's
	maxOpusTime = 120 * time.Millisecond // RFC 6716 §3.2.5
)

// OpusTime reads how long an Opus packet lasts, from its first two bytes (RFC 6716
// §3.1, §3.2). ErrCorrupt says that it lasts nothing or too long.
func OpusTime(data []byte) (time.Duration, error) {
	if len(data) == 0 || len(data) > maxOpus {
		return 0, fmt.Errorf("opus packet of %d bytes: %w", len(data), ErrCorrupt)
	}
	frames := 2
	switch data[0] & 3 {
	case 0:
		frames = 1
	case 3:
		if len(data) < 2 {
			return 0, fmt.Errorf("opus packet without a count: %w", ErrCorrupt)
		}
		frames = int(data[1] & 63)
	}
	d := time.Duration(frames) * opusFrame(data[0]>>3)
	if d <= 0 || d > maxOpusTime {
		return 0, fmt.Errorf("opus packet of %v: %w", d, ErrCorrupt)
	}
	return d, nil
}

// opusFrame is the length of a frame by configuration number: table 2 of RFC 6716.
func opusFrame(config byte) time.Duration {
	const ms = time.Millisecond
	switch {
	case config < 12: // SILK
		return [...]time.Duration{10 * ms, 20 * ms, 40 * ms, 60 * ms}[config&3]
	case config < 16: // hybrid
		return [...]time.Duration{10 * ms, 20 * ms}[config&1]
	default: // CELT
		return [...]time.Duration{2500 * time.Microsecond, 5 * ms, 10 * ms, 20 * ms}[config&3]
	}
}
