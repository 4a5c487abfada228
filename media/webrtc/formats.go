package webrtc

import (
	"fmt"
	"strings"

	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/interceptor/pkg/twcc"
	pion "github.com/pion/webrtc/v4"

	"vivavoce/media/codec"
)

// videoFormat is one line of what we can receive. Payload types are ours only
// where we offer; in an answer they are the browser's.
type videoFormat struct {
	name codec.Name
	fmtp string
	pt   pion.PayloadType
}

// videoFormats in the order of preference: every browser has VP8, which gives one
// decoder for all; H.264 constrained baseline is in phones' hardware; VP9
// profile 0 last.
func videoFormats() []videoFormat {
	const mode = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id="
	return []videoFormat{
		{codec.VP8, "", 96},
		{codec.H264, mode + "42e01f", 102},
		{codec.H264, mode + "42001f", 104}, // baseline: Chromium offers it before the constrained one
		{codec.VP9, "profile-id=0", 98},
	}
}

// formats registers what we can receive and nothing else. Header extensions are
// transport-wide congestion control only: without urn:3gpp:video-orientation a
// browser turns the picture itself before it encodes.
func formats() (*pion.MediaEngine, error) {
	m := &pion.MediaEngine{}
	feedback := []pion.RTCPFeedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}, {Type: pion.TypeRTCPFBTransportCC}}
	for _, f := range videoFormats() {
		video := pion.RTPCodecParameters{PayloadType: f.pt, RTPCodecCapability: pion.RTPCodecCapability{
			MimeType: "video/" + string(f.name), ClockRate: 90000, SDPFmtpLine: f.fmtp, RTCPFeedback: feedback,
		}}
		// Retransmissions need a stream of their own (RFC 4588): sent again on the
		// first one with another header, they would use a GCM nonce twice.
		rtx := pion.RTPCodecParameters{PayloadType: f.pt + 1, RTPCodecCapability: pion.RTPCodecCapability{
			MimeType: pion.MimeTypeRTX, ClockRate: 90000, SDPFmtpLine: fmt.Sprintf("apt=%d", f.pt),
		}}
		for _, c := range []pion.RTPCodecParameters{video, rtx} {
			if err := m.RegisterCodec(c, pion.RTPCodecTypeVideo); err != nil {
				return nil, fmt.Errorf("register %s: %w", c.MimeType, err)
			}
		}
	}
	opus := pion.RTPCodecParameters{PayloadType: 111, RTPCodecCapability: pion.RTPCodecCapability{
		MimeType: pion.MimeTypeOpus, ClockRate: 48000, Channels: 2, SDPFmtpLine: "minptime=10;useinbandfec=1",
		RTCPFeedback: []pion.RTCPFeedback{{Type: pion.TypeRTCPFBTransportCC}},
	}}
	if err := m.RegisterCodec(opus, pion.RTPCodecTypeAudio); err != nil {
		return nil, fmt.Errorf("register opus: %w", err)
	}
	for _, kind := range []pion.RTPCodecType{pion.RTPCodecTypeVideo, pion.RTPCodecTypeAudio} {
		if err := m.RegisterHeaderExtension(pion.RTPHeaderExtensionCapability{URI: transportCC}, kind); err != nil {
			return nil, fmt.Errorf("register transport-cc: %w", err)
		}
	}
	return m, nil
}

const transportCC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"

// receiverReports adds what a receiver tells a sender: receiver reports, and
// transport-wide feedback, from which a browser's estimator raises its bitrate.
// NACKs are ours (see window): pion's generator does not see retransmissions and
// would ask for a packet until it is out of its log.
func receiverReports(_ *pion.MediaEngine, r *interceptor.Registry, log pionLog, p *Peer) error {
	reports, err := report.NewReceiverInterceptor(report.WithReceiverLoggerFactory(log))
	if err != nil {
		return fmt.Errorf("add receiver reports: %w", err)
	}
	feedback, err := twcc.NewSenderInterceptor(twcc.WithLoggerFactory(log))
	if err != nil {
		return fmt.Errorf("add transport-cc: %w", err)
	}
	r.Add(reports)
	r.Add(feedback)
	r.Add(rtxTap{p}) // last, so that the others have seen the packet
	return nil
}

// payloadTypes reads what was negotiated: the codec of each payload type, and
// what each retransmission type repeats.
func payloadTypes(codecs []pion.RTPCodecParameters) (names map[uint8]codec.Name, originals map[uint8]uint8) {
	names, originals = map[uint8]codec.Name{}, map[uint8]uint8{}
	for _, c := range codecs {
		kind := strings.ToUpper(strings.TrimPrefix(strings.ToLower(c.MimeType), "video/"))
		switch name := codec.Name(kind); name {
		case codec.VP8, codec.VP9, codec.H264:
			names[uint8(c.PayloadType)] = name
		case "RTX":
			var apt uint8
			if _, err := fmt.Sscanf(c.SDPFmtpLine, "apt=%d", &apt); err == nil {
				originals[uint8(c.PayloadType)] = apt
			}
		}
	}
	return names, originals
}
