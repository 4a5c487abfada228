package webrtc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"

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
	streams atomic.Int32           // made by pion so far
	intake  atomic.Pointer[intake] // of the video track, nil before it

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

// Answer answers an offer. A second one renegotiates: after a restart of ICE in
// the browser, the media goes on over the new path. An offer over a limit leaves
// the peer as it was; after any other error, close it.
func (p *Peer) Answer(ctx context.Context, offer string) (string, error) {
	p.answerMu.Lock()
	defer p.answerMu.Unlock()
	answer, err := p.negotiate(ctx, offer)
	if err != nil {
		return "", fmt.Errorf("answer offer: %w", err)
	}
	return answer, nil
}

func (p *Peer) negotiate(ctx context.Context, offer string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	cleaned, candidates, err := checkOffer(offer)
	if err != nil {
		return "", err
	}
	if err := p.admit(candidates); err != nil {
		return "", err
	}
	p.mu.Lock()
	p.answered = false
	p.mu.Unlock()
	if err := p.pc.SetRemoteDescription(pion.SessionDescription{Type: pion.SDPTypeOffer, SDP: cleaned}); err != nil {
		return "", badSDP(err)
	}
	answer, err := p.pc.CreateAnswer(nil)
	if err != nil {
		return "", badSDP(err)
	}
	// Checked before it is set: without a codec there is nothing to connect for.
	start, most := p.engine.options.StartBitrate, p.engine.options.SendBitrate
	if _, err := finishAnswer(answer.SDP, start, most); err != nil {
		return "", err
	}
	gathered := pion.GatheringCompletePromise(p.pc)
	if err := p.pc.SetLocalDescription(answer); err != nil {
		return "", badSDP(err)
	}
	p.addEarly()
	select {
	case <-gathered:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	p.mu.Lock()
	p.answered = true
	p.mu.Unlock()
	return finishAnswer(p.pc.LocalDescription().SDP, start, most)
}

// badSDP: what pion refuses is the offer's fault, but for a peer that is closed.
func badSDP(err error) error {
	if errors.Is(err, pion.ErrConnectionClosed) {
		return ErrClosed
	}
	return fmt.Errorf("%w: %w", ErrBadSDP, err)
}

// admit counts n more candidates.
func (p *Peer) admit(n int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		return ErrClosed
	case p.candidates+n > maxCandidates:
		return fmt.Errorf("%d candidates, at most %d: %w", p.candidates+n, maxCandidates, ErrTooMany)
	}
	p.candidates += n
	return nil
}

// AddCandidate takes one of the browser's candidates. Those that come before the
// offer wait for it.
func (p *Peer) AddCandidate(c Candidate) error {
	if n := len(c.Candidate) + len(c.SDPMid); n > maxCandidate {
		return fmt.Errorf("add candidate of %d bytes, at most %d: %w", n, maxCandidate, ErrTooLarge)
	}
	if err := p.admit(1); err != nil {
		return fmt.Errorf("add candidate: %w", err)
	}
	p.mu.Lock()
	wait := !p.described
	if wait {
		p.early = append(p.early, c) // bounded by admit
	}
	p.mu.Unlock()
	if wait {
		return nil
	}
	return p.add(c)
}

func (p *Peer) add(c Candidate) error {
	if strings.ContainsAny(c.Candidate, "\r\n") {
		return fmt.Errorf("add candidate: line break: %w", ErrBadCandidate)
	}
	line := uint16(c.SDPMLineIndex)
	init := pion.ICECandidateInit{Candidate: c.Candidate, SDPMid: &c.SDPMid, SDPMLineIndex: &line}
	switch err := p.pc.AddICECandidate(init); {
	case errors.Is(err, pion.ErrConnectionClosed):
		return fmt.Errorf("add candidate: %w", ErrClosed)
	case err != nil:
		return fmt.Errorf("add candidate: %w: %w", ErrBadCandidate, err)
	}
	return nil
}

func (p *Peer) addEarly() {
	p.mu.Lock()
	early := p.early
	p.early, p.described = nil, true
	p.mu.Unlock()
	for _, c := range early {
		if err := p.add(c); err != nil {
			p.log.Debug("early_candidate_refused", "err", err)
		}
	}
}

// gathered is told our own candidates; nil ends them.
func (p *Peer) gathered(c *pion.ICECandidate) {
	p.mu.Lock()
	late := p.answered || c == nil
	p.mu.Unlock()
	if !late || p.options.OnCandidate == nil {
		return
	}
	if c == nil {
		p.options.OnCandidate(Candidate{})
		return
	}
	p.options.OnCandidate(candidateOf(c.ToJSON()))
}

func candidateOf(init pion.ICECandidateInit) Candidate {
	c := Candidate{Candidate: init.Candidate}
	if init.SDPMid != nil {
		c.SDPMid = *init.SDPMid
	}
	if init.SDPMLineIndex != nil {
		c.SDPMLineIndex = int(*init.SDPMLineIndex)
	}
	return c
}

// Next implements media.Source: the newest decoded frame. After Run has returned
// it gives the frame still waiting, then io.EOF if Run was told to stop, or Run's
// error.
func (p *Peer) Next(ctx context.Context) (*media.Frame, error) { return p.latest.Next(ctx) }

// Stats returns the peer's counters.
func (p *Peer) Stats() Stats {
	s := p.counts.stats()
	s.Drops.Replaced = p.latest.Replaced()
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
