package webrtc

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	pion "github.com/pion/webrtc/v4"

	"vivavoce/media"
)

// PeerOptions are what one peer reports to. The callbacks come from goroutines of
// the peer's own, never two of a kind at once, and must not block.
type PeerOptions struct {
	// OnCandidate is given the candidates that were found after the answer was
	// made, and at the end of each gathering the zero Candidate. Mostly only
	// that: the ports are known, so the answer holds them all.
	OnCandidate func(Candidate)
	// OnState is told of each change, in order, while Run runs.
	OnState func(State)
	Logger  *slog.Logger // nil means the engine's
}

// Peer is one browser's connection: it answers offers, and gives the camera's
// pictures as a media.Source. Answer, AddCandidate, Stats and Close may be called
// from any goroutine; Next from one at a time.
type Peer struct {
	options PeerOptions
	engine  *Engine
	log     *slog.Logger

	pc      *pion.PeerConnection
	latest  *media.Latest
	counts  counters
	mic     *microphone            // nil: sound is thrown away
	streams atomic.Int32           // made by pion so far
	intake  atomic.Pointer[intake] // of the video track, nil before it
	rtt     atomic.Int64           // as ICE measured it last, ns; 0 before

	tracks   chan incoming
	changed  chan struct{} // one token: state or failure is new
	closing  sync.Once
	answerMu sync.Mutex // one negotiation at a time

	mu         sync.Mutex
	state      State
	connection pion.PeerConnectionState
	failure    error
	closed     bool
	running    bool
	candidates int         // taken so far, those within offers included
	early      []Candidate // came before the first offer
	described  bool        // an offer was set
	answered   bool        // candidates go to OnCandidate from here on
}

// incoming is a track that pion found.
type incoming struct {
	track    *pion.TrackRemote
	receiver *pion.RTPReceiver
}

var _ media.Source = (*Peer)(nil)

// NewPeer returns a peer that waits for an offer. Run it, or Close it.
func (e *Engine) NewPeer(o PeerOptions) (*Peer, error) {
	if o.Logger == nil {
		o.Logger = e.options.Logger
	}
	p := &Peer{
		options: o, engine: e, log: o.Logger, latest: media.NewLatest(), state: StateNew,
		tracks: make(chan incoming, maxStreams), changed: make(chan struct{}, 1),
	}
	if e.options.Microphone {
		p.mic = newMicrophone()
	}
	api, err := e.api(p)
	if err != nil {
		return nil, fmt.Errorf("new peer: %w", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, fmt.Errorf("new peer: engine %w", ErrClosed)
	}
	if p.pc, err = api.NewPeerConnection(pion.Configuration{}); err != nil {
		return nil, fmt.Errorf("new peer: %w", err)
	}
	e.peers[p] = struct{}{}
	p.listen()
	return p, nil
}

// listen connects pion's callbacks. They come on pion's goroutines and only leave
// a note: blocking there would block Close.
func (p *Peer) listen() {
	p.pc.OnConnectionStateChange(func(s pion.PeerConnectionState) {
		p.mu.Lock()
		// Failed and closed are final, whatever pion still says.
		if p.connection != pion.PeerConnectionStateFailed {
			p.connection = s
		}
		p.mu.Unlock()
		p.note()
	})
	p.pc.OnTrack(func(t *pion.TrackRemote, r *pion.RTPReceiver) {
		select {
		case p.tracks <- incoming{t, r}:
		default:
			p.fail(fmt.Errorf("over %d tracks: %w", cap(p.tracks), ErrTooManyTracks))
		}
	})
	p.pc.OnDataChannel(func(d *pion.DataChannel) {
		if err := d.Close(); err != nil {
			p.log.Debug("data_channel_not_closed", "err", err)
		}
	})
	p.pc.OnICECandidate(p.gathered)
}

func (p *Peer) note() {
	select {
	case p.changed <- struct{}{}:
	default:
	}
}

// fail makes Run return err. The first one counts.
func (p *Peer) fail(err error) {
	p.mu.Lock()
	if p.failure == nil {
		p.failure = err
	}
	p.mu.Unlock()
	p.note()
}

// Next implements media.Source: the newest decoded frame. After Run has returned
// it gives the frame still waiting, then io.EOF if Run was told to stop, or Run's
// error.
func (p *Peer) Next(ctx context.Context) (*media.Frame, error) {
	f, err := p.latest.Next(ctx)
	if f != nil && p.mic != nil {
		f.Sound = p.mic.take(time.Now())
	}
	return f, err
}

// Stats returns the peer's counters.
func (p *Peer) Stats() Stats {
	s := p.counts.stats()
	s.Drops.Replaced = p.latest.Replaced()
	if p.mic != nil {
		s.Sound = p.mic.counts.stats()
	}
	p.mu.Lock()
	s.State = p.state
	p.mu.Unlock()
	return s
}

// Close ends the peer. A Run under way returns ErrClosed soon after. It is safe
// to call it more than once.
func (p *Peer) Close() {
	p.fail(ErrClosed)
	p.shut()
	p.mu.Lock()
	running := p.running
	p.mu.Unlock()
	if !running {
		p.latest.Close(io.EOF)
	}
}

// shut ends all that pion started for the peer.
func (p *Peer) shut() {
	p.closing.Do(func() {
		p.mu.Lock()
		p.closed, p.state = true, StateClosed
		p.mu.Unlock()
		// Graceful: it waits for pion's goroutines. Its errors are those of a
		// connection that is going away.
		if err := p.pc.GracefulClose(); err != nil {
			p.log.Debug("peer_connection_closed", "err", err)
		}
		p.engine.forget(p)
	})
}
