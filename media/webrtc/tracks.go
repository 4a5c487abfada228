package webrtc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	pion "github.com/pion/webrtc/v4"
)

// accept starts the readers of a track. The first video track is the camera, the first
// sound track the microphone where one is wanted; any other track is read and thrown
// away, so that it does not pile up.
func (k *keeper) accept(ctx context.Context, t incoming) {
	p := k.peer
	video := t.track.Kind() == pion.RTPCodecTypeVideo
	reports := &senderReports{ssrc: uint32(t.track.SSRC())}
	take := func([]byte, time.Time) { p.counts.audio.Add(1) }
	ended := func() {}
	switch {
	case video && p.intake.Load() == nil:
		reports.counts = &p.counts
		if p.mic != nil {
			reports.told = func(ntp uint64, rtp uint32) { p.mic.told(ofVideo, ntp, rtp) }
		}
		take = k.camera(ctx, t)
	case video:
		take = func([]byte, time.Time) { p.counts.foreign.Add(1) }
	case p.mic != nil:
		if heard := k.hear(t); heard != nil {
			take, ended = heard, p.mic.close
			reports.told = func(ntp uint64, rtp uint32) { p.mic.told(ofSound, ntp, rtp) }
		}
	}
	k.group.Go(func() error { return readRTCP(t.receiver, reports) })
	k.group.Go(func() error {
		defer ended()
		return p.readTrack(ctx, t.track, take)
	})
}

// hear gives what takes the packets of a sound track, nil for one that is not heard.
func (k *keeper) hear(t incoming) func([]byte, time.Time) {
	p := k.peer
	open, err := p.mic.open(uint8(t.track.PayloadType()))
	if err != nil {
		p.log.Warn("microphone_not_opened", "err", err) // the camera alone will do
	}
	if !open {
		return nil
	}
	return func(raw []byte, now time.Time) {
		p.counts.audio.Add(1)
		p.mic.push(raw, now)
	}
}

// camera starts the decoder for a track and gives what takes its packets.
func (k *keeper) camera(ctx context.Context, t incoming) func([]byte, time.Time) {
	p := k.peer
	names, originals := payloadTypes(t.receiver.GetParameters().Codecs)
	in := newIntake(intakeOptions{
		ssrc: uint32(t.track.SSRC()), codecs: names, originals: originals,
		bitrate: p.engine.options.MaxBitrate, counts: &p.counts,
	})
	p.intake.Store(in)
	k.ice = t.receiver.Transport().ICETransport()
	d := &decoding{peer: p, intake: in, limit: newDecodeLimit(p.engine.options)}
	k.group.Go(func() error { return d.run(ctx) })
	return in.push
}

// maxReadErrors is how many packets in a row may be unreadable (an unknown payload
// type, a broken header extension) before the track is given up.
const maxReadErrors = 1000

// readTrack gives each packet of a track to take, until the track ends.
func (p *Peer) readTrack(ctx context.Context, t *pion.TrackRemote, take func([]byte, time.Time)) error {
	b := make([]byte, 1<<13) // pion reads 8,192 bytes at most from a socket
	for failed := 0; ctx.Err() == nil; {
		n, _, err := t.Read(b)
		if n > 0 { // also with an unknown payload type, which is an error to pion
			take(b[:n], time.Now())
		}
		switch {
		case err == nil:
			failed = 0
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrClosedPipe):
			return nil
		default:
			if n == 0 {
				p.counts.corrupt.Add(1)
			}
			if failed++; failed > maxReadErrors {
				return fmt.Errorf("read %s track: %w", t.Kind(), err)
			}
		}
	}
	return nil
}
