package webrtc

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/transport/v4/packetio"
	pion "github.com/pion/webrtc/v4"
)

// api builds pion's API for one peer: the ports are the engine's, while the taps
// on streams and interceptors are the peer's.
func (e *Engine) api(p *Peer) (*pion.API, error) {
	m, err := formats()
	if err != nil {
		return nil, err
	}
	registry := &interceptor.Registry{}
	if err := receiverReports(m, registry, e.log, p); err != nil {
		return nil, err
	}
	s, err := e.settings()
	if err != nil {
		return nil, err
	}
	s.BufferFactory = p.newBuffer
	return pion.NewAPI(pion.WithMediaEngine(m), pion.WithInterceptorRegistry(registry), pion.WithSettingEngine(s)), nil
}

func (e *Engine) settings() (pion.SettingEngine, error) {
	s := pion.SettingEngine{LoggerFactory: e.log}
	// GCM decrypts a packet in 0.6 µs where CTR with HMAC-SHA1 takes 3.3.
	s.SetSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80)
	// The DTLS server chooses, and Chromium would choose CTR. We need no cookie
	// round trip: ICE has shown that the address is the browser's.
	if err := s.SetAnsweringDTLSRole(pion.DTLSRoleServer); err != nil {
		return s, fmt.Errorf("set DTLS role: %w", err)
	}
	s.SetDTLSInsecureSkipHelloVerify(true)
	s.SetDTLSExtendedMasterSecret(dtls.RequireExtendedMasterSecret)
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	s.SetNetworkTypes([]pion.NetworkType{
		pion.NetworkTypeUDP4, pion.NetworkTypeUDP6, pion.NetworkTypeTCP4, pion.NetworkTypeTCP6,
	})
	s.DisableActiveTCP(true)
	s.SetIncludeLoopbackCandidate(e.options.Loopback || len(e.options.Addresses) > 0)
	// Those that a page names went through mayName; this is asked of those, too, that
	// a browser's own checks came from.
	s.SetRemoteIPFilter(e.options.mayCheck)
	s.SetICETimeouts(e.options.ICEDisconnected, e.options.ICEFailed, 2*time.Second)
	// Retransmissions come up to gapWait late; 64 packets, pion's default, are
	// less than that at 2 Mbit/s.
	s.SetSRTPReplayProtectionWindow(windowSize)
	s.SetSCTPMaxReceiveBufferSize(64 << 10)
	if e.ports.udp != nil {
		s.SetICEUDPMux(e.ports.udp)
	}
	if e.ports.tcp != nil {
		s.SetICETCPMux(e.ports.tcp)
	}
	if len(e.options.PublicIPs) == 0 {
		return s, nil
	}
	rule := pion.ICEAddressRewriteRule{AsCandidateType: pion.ICECandidateTypeHost, Mode: pion.ICEAddressRewriteAppend}
	for _, ip := range e.options.PublicIPs {
		rule.External = append(rule.External, ip.String())
	}
	if err := s.SetICEAddressRewriteRules(rule); err != nil {
		return s, fmt.Errorf("set public addresses: %w", err)
	}
	return s, nil
}

// mayCheck says whether ICE may send its checks to an address.
func (o Options) mayCheck(ip net.IP) bool {
	a, ok := netip.AddrFromSlice(ip)
	a = a.Unmap()
	switch {
	case !ok, a.IsUnspecified(), a.IsMulticast(), a.IsLinkLocalUnicast(), a == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return false
	case a.IsLoopback():
		return o.Loopback
	}
	return true
}

// mayName says whether a page may name a candidate: it could name any, to have us
// look for what listens inside. A browser on a private address that it may not name
// still connects, by checks of its own.
func (o Options) mayName(candidate string) bool {
	c, err := ice.UnmarshalCandidate(strings.TrimPrefix(candidate, "candidate:"))
	if err != nil {
		return true // pion refuses it
	}
	a, err := netip.ParseAddr(c.Address())
	if err != nil {
		return false // a name: none is looked up
	}
	a = a.WithZone("").Unmap()
	switch {
	case !o.mayCheck(a.AsSlice()):
		return false
	case a.IsLoopback(), a.IsPrivate(), netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64}), 10).Contains(a): // the latter: carriers' NAT, RFC 6598
		return len(o.PublicIPs) == 0
	}
	return true
}

// Limits of one peer's streams.
const (
	// maxStreams: a video and an audio track, the video's retransmissions and the
	// probes on SSRC 0, each with its RTCP, and as many again after a restart.
	maxStreams = 16
	// Packets wait here for their reader, which never blocks for long: half a
	// second at MaxBitrate.
	rtpBuffer  = 512 << 10 // bytes
	rtcpBuffer = 64 << 10
)

// newBuffer is called by pion for each stream that a peer sends, declared or not:
// the place to end one that makes ever more of them.
func (p *Peer) newBuffer(kind packetio.BufferPacketType, _ uint32) io.ReadWriteCloser {
	b := packetio.NewBuffer()
	b.SetLimitSize(rtpBuffer)
	if kind == packetio.RTCPBufferPacket {
		b.SetLimitSize(rtcpBuffer)
	}
	if p.streams.Add(1) > maxStreams {
		p.fail(fmt.Errorf("over %d streams: %w", maxStreams, ErrTooManyTracks))
	}
	return b
}
