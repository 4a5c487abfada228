package webrtc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/pion/rtcp"
	pion "github.com/pion/webrtc/v4"
	"golang.org/x/sync/errgroup"
)

// How often the keeper looks: at an open gap, while a key frame is awaited, and
// otherwise (watchdog and counters).
const (
	tickGap  = 5 * time.Millisecond
	tickKey  = 50 * time.Millisecond
	tickIdle = 250 * time.Millisecond
)

// Run receives until ctx ends, which is no error, or the peer fails, and then
// closes it. When Run returns, all that it and pion started has ended. A peer
// runs once.
func (p *Peer) Run(ctx context.Context) error {
	p.mu.Lock()
	again := p.running
	p.running = true
	p.mu.Unlock()
	if again {
		return errors.New("run peer: it ran already")
	}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		<-gctx.Done()
		p.shut() // readers of tracks end with it
		return nil
	})
	k := &keeper{peer: p, group: g, started: time.Now(), reported: map[string]uint64{}}
	g.Go(func() error { return k.run(gctx) })
	err := g.Wait()
	k.report()
	if p.options.OnState != nil {
		p.options.OnState(StateClosed)
	}
	if ctx.Err() != nil {
		p.latest.Close(io.EOF)
		return nil
	}
	err = fmt.Errorf("run peer: %w", err)
	p.latest.Close(err)
	return err
}

// keeper is the one goroutine that watches a running peer: states, tracks, gaps,
// key frames, time limits, counters.
type keeper struct {
	peer    *Peer
	group   *errgroup.Group
	started time.Time
	told    State
	stalled bool

	reported   map[string]uint64
	reportedAt time.Time
}

func (k *keeper) run(ctx context.Context) error {
	timer := time.NewTimer(tickIdle)
	defer timer.Stop()
	for {
		var wake <-chan struct{}
		if in := k.peer.intake.Load(); in != nil {
			wake = in.wake
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case t := <-k.peer.tracks:
			k.accept(ctx, t)
		case <-k.peer.changed:
		case <-wake:
		case <-timer.C:
		}
		next, err := k.tick(time.Now())
		if err != nil {
			return err
		}
		timer.Reset(next)
	}
}

// tick does what is due and says when to look again.
func (k *keeper) tick(now time.Time) (time.Duration, error) {
	if err := k.watch(now); err != nil {
		return 0, err
	}
	if now.Sub(k.reportedAt) > time.Second {
		k.report()
		k.reportedAt = now
	}
	in := k.peer.intake.Load()
	if in == nil {
		return tickIdle, nil
	}
	nacks, open := in.tend(now)
	k.ask(in, nacks, now)
	switch {
	case open:
		return tickGap, nil
	case in.keys.waiting():
		return tickKey, nil
	}
	return tickIdle, nil
}

// ask sends NACKs, and a PLI when one is due. An error means that the connection
// is going; its state says so too.
func (k *keeper) ask(in *intake, nacks []uint16, now time.Time) {
	var out []rtcp.Packet
	if len(nacks) > 0 {
		out = append(out, &rtcp.TransportLayerNack{
			MediaSSRC: in.ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(nacks),
		})
	}
	if in.keys.due(now) {
		k.peer.counts.plis.Add(1)
		out = append(out, &rtcp.PictureLossIndication{MediaSSRC: in.ssrc})
	}
	if len(out) == 0 {
		return
	}
	if err := k.peer.pc.WriteRTCP(out); err != nil {
		k.peer.log.Debug("rtcp_not_sent", "err", err)
	}
}

// watch tells new states and returns what ends the peer.
func (k *keeper) watch(now time.Time) error {
	p := k.peer
	p.mu.Lock()
	failure, connection := p.failure, p.connection
	p.mu.Unlock()
	if failure != nil {
		return failure
	}
	last, err := k.silence(now)
	if err != nil {
		return err
	}
	state := StateNew
	switch connection {
	case pion.PeerConnectionStateConnecting:
		state = StateConnecting
	case pion.PeerConnectionStateConnected:
		state = StateConnected
		if !last.IsZero() && now.Sub(last) > p.engine.options.Stall {
			state = StateStalled
		}
	case pion.PeerConnectionStateDisconnected:
		state = StateDisconnected
	case pion.PeerConnectionStateFailed:
		k.tell(StateFailed)
		return ErrFailed
	case pion.PeerConnectionStateClosed:
		return ErrHungUp
	}
	k.tell(state)
	return nil
}

// silence is the media watchdog.
func (k *keeper) silence(now time.Time) (last time.Time, err error) {
	o := k.peer.engine.options
	in := k.peer.intake.Load()
	if in != nil {
		var abused bool
		if last, abused = in.quiet(now); abused {
			return last, fmt.Errorf("more than %d bit/s for %s: %w", o.MaxBitrate, overRateFor, ErrOverRate)
		}
	}
	switch {
	case last.IsZero() && now.Sub(k.started) > o.Connect:
		return last, fmt.Errorf("no packet within %s: %w", o.Connect, ErrNoMedia)
	case !last.IsZero() && now.Sub(last) > o.NoMedia:
		return last, fmt.Errorf("no packet for %s: %w", o.NoMedia, ErrNoMedia)
	}
	return last, nil
}

func (k *keeper) tell(s State) {
	if s == k.told {
		return
	}
	k.told = s
	k.peer.mu.Lock()
	k.peer.state = s
	k.peer.mu.Unlock()
	k.peer.log.Debug("media_state", "state", s)
	if k.peer.options.OnState != nil {
		k.peer.options.OnState(s)
	}
}

// report gives the counters' growth to Options.Count.
func (k *keeper) report() {
	k.peer.Stats().Each(func(name string, n uint64) {
		if grown := n - k.reported[name]; grown > 0 {
			k.reported[name] = n
			k.peer.engine.options.Count(name, grown)
		}
	})
}

// accept starts the readers of a track. The first video track is the camera; any
// other track is read and thrown away, so that it does not pile up.
func (k *keeper) accept(ctx context.Context, t incoming) {
	p := k.peer
	k.group.Go(func() error { return readRTCP(t.receiver) })
	if t.track.Kind() == pion.RTPCodecTypeVideo && p.intake.Load() == nil {
		names, originals := payloadTypes(t.receiver.GetParameters().Codecs)
		in := newIntake(intakeOptions{
			ssrc: uint32(t.track.SSRC()), codecs: names, originals: originals,
			bitrate: p.engine.options.MaxBitrate, counts: &p.counts,
		})
		p.intake.Store(in)
		d := &decoding{peer: p, intake: in}
		k.group.Go(func() error { return d.run(ctx) })
		k.group.Go(func() error { return p.readTrack(ctx, t.track, in.push) })
		return
	}
	drop := func([]byte, time.Time) { p.counts.audio.Add(1) }
	if t.track.Kind() == pion.RTPCodecTypeVideo {
		drop = func([]byte, time.Time) { p.counts.foreign.Add(1) }
	}
	k.group.Go(func() error { return p.readTrack(ctx, t.track, drop) })
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

// readRTCP lets pion's interceptors see the sender reports of a track.
func readRTCP(r *pion.RTPReceiver) error {
	b := make([]byte, 1<<13)
	for failed := 0; failed <= maxReadErrors; {
		switch _, _, err := r.Read(b); {
		case err == nil:
			failed = 0
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrClosedPipe):
			return nil
		default:
			failed++
		}
	}
	return nil
}
