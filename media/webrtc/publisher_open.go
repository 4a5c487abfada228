package webrtc

import (
	"errors"
	"fmt"
	"io"

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
	p.voice = rtp.NewPacketizerWithOptions(publisherMTU, &codecs.OpusPayloader{}, rtp.NewRandomSequencer(), 48000)
	var err error
	if p.sound, err = pion.NewTrackLocalStaticRTP(opus, "audio", "camera"); err != nil {
		return err
	}
	sender, err := p.pc.AddTrack(p.sound)
	if err != nil {
		return err
	}
	p.ended.Go(func() { drain(sender) })
	return nil
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

// drain reads what the receiver says of the sound, so that pion's interceptors see it.
func drain(sender *pion.RTPSender) {
	b := make([]byte, 1<<13)
	for {
		if _, _, err := sender.Read(b); errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe) {
			return
		}
	}
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
