package webrtc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"vivavoce/media"
	"vivavoce/media/codec"
)

// maxRefused is how many key frames over the resolution limit end the peer.
const maxRefused = 5

// decoding turns a track's frames into pictures, on a goroutine of its own so that
// arrival times are those of the network.
type decoding struct {
	peer   *Peer
	intake *intake

	decoder Decoder
	codec   codec.Name
	clock   senderClock
	unit    *unit // being decoded
	seq     uint64
	shown   bool // the unit gave a picture
	shownTS uint32
	shownAt time.Duration // PTS of the last picture
	samples int           // luma samples that the unit gave
	limit   decodeLimit
	headers codec.HeaderReader
	refused int
	way     way
}

func (d *decoding) run(ctx context.Context) error {
	defer func() {
		if d.decoder != nil {
			d.decoder.Close()
		}
	}()
	emit := d.emit // bound once: a method value allocates
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case d.unit = <-d.intake.frames.queue:
		}
		if err := d.decode(emit); err != nil {
			return err
		}
		d.intake.frames.put(d.unit)
	}
}

func (d *decoding) decode(emit func(*media.Frame)) error {
	u, c := d.unit, &d.peer.counts
	if err := d.open(u.codec); err != nil {
		return err
	}
	if u.gap {
		d.decoder.NeedKey()
	}
	if drop, err := d.refuse(); drop || err != nil {
		return err
	}
	pts := d.clock.pts(u.ts, u.arrived)
	c.clockClamps.Store(d.clock.clamped)
	if d.peer.mic != nil {
		d.peer.mic.saw(d.clock.anchor())
	}
	head := d.headers.Read(u.codec, u.data)
	d.way.tell(u, head, d.intake.keys.waiting(), time.Duration(d.peer.rtt.Load()))
	d.shown, d.samples = false, 0
	err := d.decoder.Decode(u.data, pts, emit)
	d.limit.spent(d.cost(err))
	switch {
	case err == nil:
		if d.shown && head.Key {
			c.keyFrames.Add(1)
			d.intake.keys.got()
		}
		return nil
	case errors.Is(err, codec.ErrKeyNeeded):
		c.noKey.Add(1)
	case errors.Is(err, codec.ErrLimit):
		c.oversize.Add(1)
		if d.refused++; d.refused >= maxRefused {
			return fmt.Errorf("%w: %w", ErrResolution, err)
		}
	case errors.Is(err, codec.ErrCorrupt):
		c.corrupt.Add(1)
	default:
		return err
	}
	d.peer.log.Debug("frame_not_decoded", "codec", u.codec, "bytes", len(u.data), "err", err)
	d.intake.wantKey()
	return nil
}

// refuse drops a unit that must not be decoded, and with it all up to the next key
// frame; the error ends the peer.
func (d *decoding) refuse() (bool, error) {
	u, o, c := d.unit, d.peer.engine.options, &d.peer.counts
	switch {
	case d.seq > 0 && u.ts == d.shownTS:
		c.duplicate.Add(1)
	case d.limit.allow(u.arrived):
		return false, nil
	case d.limit.abused():
		return true, fmt.Errorf("more than %d frames/s or %d samples/s for %s: %w", o.MaxFrames, o.MaxSamples, overRateFor, ErrOverRate)
	default:
		c.overRate.Add(1)
	}
	d.decoder.NeedKey()
	d.intake.wantKey()
	return true, nil
}

// cost is what decoding the unit took, in luma samples: without a picture to tell,
// it may have been the largest.
func (d *decoding) cost(err error) int {
	switch {
	case errors.Is(err, codec.ErrKeyNeeded), errors.Is(err, codec.ErrLimit):
		return 0
	case d.samples == 0:
		return d.limit.most
	}
	return d.samples
}

// open changes the decoder when the sender changed its codec.
func (d *decoding) open(name codec.Name) error {
	if d.decoder != nil && d.codec == name {
		return nil
	}
	if d.decoder != nil {
		d.decoder.Close()
		d.decoder = nil
	}
	fresh, err := d.peer.engine.options.NewDecoder(name)
	if err != nil {
		return err
	}
	d.decoder, d.codec = fresh, name
	return nil
}

// emit puts one picture into the source. PTS grows: a second picture of one unit
// goes.
func (d *decoding) emit(f *media.Frame) {
	d.samples += f.Width * f.Height
	if d.seq > 0 && f.PTS <= d.shownAt {
		d.peer.counts.duplicate.Add(1)
		f.Release()
		return
	}
	f.Seq, f.Arrived, f.Link = d.seq, d.unit.arrived, d.way.link
	d.seq++
	d.shown, d.shownTS, d.shownAt = true, d.unit.ts, f.PTS
	d.peer.counts.frames.Add(1)
	d.peer.counts.saw(picture{d.codec, f.Width, f.Height})
	d.peer.latest.Put(f)
}
