package webrtc

import (
	"context"
	"fmt"
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

// keeper is the one goroutine that watches a running peer: states, tracks, gaps,
// key frames, time limits, counters.
type keeper struct {
	peer    *Peer
	group   *errgroup.Group
	started time.Time
	told    State
	ice     *pion.ICETransport // of the camera's track; nil before it

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
		k.measure()
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

// measure takes over the round trip that ICE measured last.
func (k *keeper) measure() {
	if k.ice == nil {
		return
	}
	if s, ok := k.ice.GetSelectedCandidatePairStats(); ok {
		k.peer.rtt.Store(int64(s.CurrentRoundTripTime * float64(time.Second)))
	}
}
