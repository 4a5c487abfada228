package webrtc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"
	pion "github.com/pion/webrtc/v4"

	"vivavoce/media/codec"
)

// publisherMTU bounds a packet, RTP header included, in bytes, as Chromium does.
const publisherMTU = 1200

// PublisherOptions say what is sent, and how badly.
type PublisherOptions struct {
	Codec    codec.Name // VP8, H264 or VP9; empty means VP8
	Audio    bool       // also offers an opus track, for WriteSound
	TCP      bool       // connects over TCP only
	Loopback bool       // offers 127.0.0.1, to an engine on this machine

	// Loss is the share of packets thrown away, 0 to 1, and Swap of those sent
	// after their successor. Both come from Seed, so a run can be repeated.
	Loss, Swap float64
	Seed       uint64

	// The callbacks come from goroutines of the publisher's and must not block.
	OnCandidate  func(Candidate) // zero ends them; nil: Offer waits and holds them all
	OnKeyRequest func()          // PLI or FIR
	Logger       *slog.Logger    // nil discards
}

// PublisherStats is what the receiver asked for, and what was thrown away.
type PublisherStats struct{ PLIs, Nacked, Thrown, Sent uint64 }

// Publisher sends one video track: what a browser with a camera does, for tests,
// the puppet, and the demo.
type Publisher struct {
	options PublisherOptions
	log     *slog.Logger
	pc      *pion.PeerConnection
	sender  *pion.RTPSender
	track   *pion.TrackLocalStaticRTP
	link    *lossyLink
	sound   *pion.TrackLocalStaticRTP // nil without Audio

	connected  chan struct{}
	once       sync.Once
	ended      sync.WaitGroup
	plis, nack atomic.Uint64

	mu         sync.Mutex
	packetizer rtp.Packetizer
	voice      rtp.Packetizer
	rest       float64 // of a tick of 1/90,000 s, so that rounding does not add up
}

// NewPublisher returns a publisher that has not offered yet. Close it.
func NewPublisher(o PublisherOptions) (*Publisher, error) {
	if o.Codec == "" {
		o.Codec = codec.VP8
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if !(o.Loss >= 0 && o.Loss <= 1 && o.Swap >= 0 && o.Swap <= 1) {
		return nil, fmt.Errorf("new publisher: loss %v and swap %v: want 0 to 1", o.Loss, o.Swap)
	}
	p := &Publisher{options: o, log: o.Logger, connected: make(chan struct{}), link: newLossyLink(o)}
	if err := p.open(); err != nil {
		return nil, fmt.Errorf("new publisher: %w", errors.Join(err, p.Close()))
	}
	return p, nil
}

// Offer makes an offer; restart asks for new ICE credentials and a new path.
func (p *Publisher) Offer(ctx context.Context, restart bool) (string, error) {
	offer, err := p.pc.CreateOffer(&pion.OfferOptions{ICERestart: restart})
	if err != nil {
		return "", fmt.Errorf("create offer: %w", err)
	}
	gathered := pion.GatheringCompletePromise(p.pc)
	if err := p.pc.SetLocalDescription(offer); err != nil {
		return "", fmt.Errorf("set offer: %w", err)
	}
	if p.options.OnCandidate != nil {
		return offer.SDP, nil
	}
	select {
	case <-gathered:
		return p.pc.LocalDescription().SDP, nil
	case <-ctx.Done():
		return "", fmt.Errorf("gather candidates: %w", ctx.Err())
	}
}

// Accept takes the answer to the last offer.
func (p *Publisher) Accept(answer string) error {
	err := p.pc.SetRemoteDescription(pion.SessionDescription{Type: pion.SDPTypeAnswer, SDP: answer})
	if err != nil {
		return fmt.Errorf("accept answer: %w", err)
	}
	return nil
}

// AddCandidate takes one of the receiver's candidates.
func (p *Publisher) AddCandidate(c Candidate) error {
	line := uint16(c.SDPMLineIndex)
	init := pion.ICECandidateInit{Candidate: c.Candidate, SDPMid: &c.SDPMid, SDPMLineIndex: &line}
	if err := p.pc.AddICECandidate(init); err != nil {
		return fmt.Errorf("add candidate: %w", err)
	}
	return nil
}

// Connected is closed once media can be sent.
func (p *Publisher) Connected() <-chan struct{} { return p.connected }

// Write sends one encoded frame; its successor is d later. One frame before the
// connection stands is lost, as are all.
func (p *Publisher) Write(frame []byte, d time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	ticks := d.Seconds()*90000 + p.rest
	whole := uint32(ticks)
	p.rest = ticks - float64(whole)
	for _, packet := range p.packetizer.Packetize(frame, whole) {
		if err := p.track.WriteRTP(packet); err != nil {
			return fmt.Errorf("write packet: %w", err)
		}
	}
	return nil
}

// WriteSound sends one Opus packet; its successor is d later, in steps of 20 µs.
func (p *Publisher) WriteSound(packet []byte, d time.Duration) error {
	if p.sound == nil {
		return errors.New("write sound: no audio track")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, packet := range p.voice.Packetize(packet, uint32(d*48/time.Millisecond)) {
		if err := p.sound.WriteRTP(packet); err != nil {
			return fmt.Errorf("write sound packet: %w", err)
		}
	}
	return nil
}

// SkipSound lets d of the sender's time pass without sound.
func (p *Publisher) SkipSound(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.voice.SkipSamples(uint32(d * 48 / time.Millisecond))
}

// Skip lets d of the sender's time pass without a frame.
func (p *Publisher) Skip(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.packetizer.SkipSamples(uint32(d * 9 / 100_000)) // 90 kHz; whole for whole milliseconds
}

// WriteRTP encrypts and sends a packet as it is, whatever its stream, payload type
// or sequence number. Only tests want that.
func (p *Publisher) WriteRTP(raw []byte) error {
	var packet rtp.Packet
	if err := packet.Unmarshal(raw); err != nil {
		return fmt.Errorf("write raw packet: %w", err)
	}
	return p.link.raw(&packet)
}

// SSRC and PayloadType are those that Write sends with, for WriteRTP to imitate.
func (p *Publisher) SSRC() uint32 {
	return uint32(p.sender.GetParameters().Encodings[0].SSRC)
}

// PayloadType is the one that was negotiated for the codec.
func (p *Publisher) PayloadType() uint8 {
	for _, c := range p.sender.GetParameters().Codecs {
		if c.MimeType == "video/"+string(p.options.Codec) {
			return uint8(c.PayloadType)
		}
	}
	return 0
}

// Stats returns what happened so far.
func (p *Publisher) Stats() PublisherStats {
	return PublisherStats{
		PLIs: p.plis.Load(), Nacked: p.nack.Load(),
		Thrown: p.link.thrown.Load(), Sent: p.link.sent.Load(),
	}
}

// Close ends the connection and all goroutines.
func (p *Publisher) Close() error {
	var err error
	if p.pc != nil {
		err = p.pc.GracefulClose()
	}
	p.ended.Wait()
	if err != nil {
		return fmt.Errorf("close publisher: %w", err)
	}
	return nil
}
