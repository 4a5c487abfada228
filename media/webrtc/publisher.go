package webrtc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	pion "github.com/pion/webrtc/v4"

	"vivavoce/media/codec"
)

// publisherMTU bounds a packet, RTP header included, in bytes, as Chromium does.
const publisherMTU = 1200

// PublisherOptions say what is sent, and how badly.
type PublisherOptions struct {
	Codec    codec.Name // VP8, H264 or VP9; empty means VP8
	Audio    bool       // also offers an (empty) opus track
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

	connected  chan struct{}
	once       sync.Once
	ended      sync.WaitGroup
	plis, nack atomic.Uint64

	mu         sync.Mutex
	packetizer rtp.Packetizer
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

func (p *Publisher) open() error {
	payloader, err := newPayloader(p.options.Codec)
	if err != nil {
		return err
	}
	p.packetizer = rtp.NewPacketizerWithOptions(publisherMTU, payloader, rtp.NewRandomSequencer(), 90000)
	api, err := p.api()
	if err != nil {
		return err
	}
	if p.pc, err = api.NewPeerConnection(pion.Configuration{}); err != nil {
		return err
	}
	format := pion.RTPCodecCapability{MimeType: "video/" + string(p.options.Codec), ClockRate: 90000}
	for _, f := range videoFormats() {
		if f.name == p.options.Codec {
			format.SDPFmtpLine = f.fmtp
			break
		}
	}
	if p.track, err = pion.NewTrackLocalStaticRTP(format, "video", "camera"); err != nil {
		return err
	}
	if p.sender, err = p.pc.AddTrack(p.track); err != nil {
		return err
	}
	if p.options.Audio {
		if err := p.addAudio(); err != nil {
			return err
		}
	}
	p.listen()
	return nil
}

func (p *Publisher) addAudio() error {
	opus := pion.RTPCodecCapability{MimeType: pion.MimeTypeOpus, ClockRate: 48000, Channels: 2}
	track, err := pion.NewTrackLocalStaticRTP(opus, "audio", "camera")
	if err != nil {
		return err
	}
	_, err = p.pc.AddTrack(track)
	return err
}

func (p *Publisher) api() (*pion.API, error) {
	log := pionLog{p.log}
	m, err := formats()
	if err != nil {
		return nil, err
	}
	responder, err := nack.NewResponderInterceptor(nack.WithResponderLoggerFactory(log))
	if err != nil {
		return nil, err
	}
	reports, err := report.NewSenderInterceptor(report.WithSenderLoggerFactory(log))
	if err != nil {
		return nil, err
	}
	sequence, err := twcc.NewHeaderExtensionInterceptor()
	if err != nil {
		return nil, err
	}
	r := &interceptor.Registry{}
	r.Add(p.link) // first, and so nearest to the network: retransmissions are lost too
	r.Add(sequence)
	r.Add(responder)
	r.Add(reports)
	s := pion.SettingEngine{LoggerFactory: log}
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	s.SetIncludeLoopbackCandidate(p.options.Loopback)
	s.SetNetworkTypes([]pion.NetworkType{pion.NetworkTypeUDP4, pion.NetworkTypeUDP6})
	if p.options.TCP {
		s.SetNetworkTypes([]pion.NetworkType{pion.NetworkTypeTCP4, pion.NetworkTypeTCP6})
	}
	return pion.NewAPI(pion.WithMediaEngine(m), pion.WithInterceptorRegistry(r), pion.WithSettingEngine(s)), nil
}

func newPayloader(c codec.Name) (rtp.Payloader, error) {
	switch c {
	case codec.VP8:
		return &codecs.VP8Payloader{EnablePictureID: true}, nil
	case codec.VP9:
		return &codecs.VP9Payloader{}, nil
	case codec.H264:
		return &codecs.H264Payloader{}, nil
	}
	return nil, fmt.Errorf("%s: %w", c, ErrNoCodec)
}

func (p *Publisher) listen() {
	p.pc.OnConnectionStateChange(func(s pion.PeerConnectionState) {
		if s == pion.PeerConnectionStateConnected {
			p.once.Do(func() { close(p.connected) })
		}
	})
	p.pc.OnICECandidate(func(c *pion.ICECandidate) {
		switch {
		case p.options.OnCandidate == nil:
		case c == nil:
			p.options.OnCandidate(Candidate{})
		default:
			p.options.OnCandidate(candidateOf(c.ToJSON()))
		}
	})
	p.ended.Go(p.readFeedback)
}

// readFeedback counts what the receiver asks for, until Close.
func (p *Publisher) readFeedback() {
	b := make([]byte, 1<<13)
	for {
		n, _, err := p.sender.Read(b)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe) {
			return
		}
		packets, err := rtcp.Unmarshal(b[:n])
		if err != nil {
			continue
		}
		for _, packet := range packets {
			p.feedback(packet)
		}
	}
}

func (p *Publisher) feedback(packet rtcp.Packet) {
	switch packet := packet.(type) {
	case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
		p.plis.Add(1)
		if p.options.OnKeyRequest != nil {
			p.options.OnKeyRequest()
		}
	case *rtcp.TransportLayerNack:
		for _, pair := range packet.Nacks {
			p.nack.Add(uint64(len(pair.PacketList())))
		}
	}
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

// Skip lets d of the sender's time pass without a frame.
func (p *Publisher) Skip(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.packetizer.SkipSamples(uint32(d.Seconds() * 90000))
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
