package webrtc

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"vivavoce/media/codec"
)

func containsCandidate(sdp, ip string) bool {
	for line := range strings.Lines(sdp) {
		if strings.HasPrefix(line, "a=candidate:") && strings.Contains(line, " "+ip+" ") {
			return true
		}
	}
	return false
}

const videoSection = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:%d\r\na=sendonly\r\na=rtpmap:96 VP8/90000\r\n" +
	"a=setup:actpass\r\na=rtcp-mux\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n" +
	"a=fingerprint:sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n"

const sessionSection = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n"

func section(i int) string { return fmt.Sprintf(videoSection, i) }

func TestOfferLimits(t *testing.T) {
	leaks(t)
	e := newEngine(t, nil)
	audio := strings.NewReplacer("m=video", "m=audio", "VP8/90000", "opus/48000/2").Replace(section(1))
	for _, test := range []struct {
		name  string
		offer string
		want  error
	}{
		{"good", sessionSection + section(0), nil},
		{"with audio", sessionSection + section(0) + audio, nil},
		{"video bundled onto audio", sessionSection + audio + strings.Replace(strings.Replace(section(0),
			"m=video 9", "m=video 0", 1), "a=mid", "a=bundle-only\r\na=mid", 1), nil},
		{"not bundled", strings.Replace(sessionSection, "a=group:BUNDLE 0 1\r\n", "", 1) + section(0), ErrBadSDP},
		{"empty", "", ErrNoVideo},
		{"not SDP", "hello", ErrBadSDP},
		{"too large", sessionSection + section(0) + strings.Repeat("a=x:"+strings.Repeat("y", 1000)+"\r\n", 70), ErrTooLarge},
		{"too many lines", sessionSection + section(0) + strings.Repeat("a=x\r\n", 3000), ErrTooLarge},
		{"no media", sessionSection, ErrNoVideo},
		{"audio alone", sessionSection + audio, ErrNoVideo},
		{"video that receives", sessionSection + strings.Replace(section(0), "sendonly", "recvonly", 1), ErrNoVideo},
		{"video switched off", sessionSection + strings.Replace(section(0), "m=video 9", "m=video 0", 1), ErrNoVideo},
		{"two videos", sessionSection + section(0) + section(1), ErrTooManyTracks},
		{"two audios", sessionSection + section(0) + audio + audio, ErrTooManyTracks},
		{"some other media", sessionSection + section(0) + "m=text 9 UDP/TLS/RTP/SAVPF 96\r\n", ErrTooManyTracks},
		{"a flood of ssrc", sessionSection + section(0) + strings.Repeat("a=ssrc:1 cname:x\r\n", 65), ErrTooManyTracks},
		{"a flood of candidates", sessionSection + section(0) + strings.Repeat("a=candidate:1 1 udp 1 127.0.0.1 9 typ host\r\n", 65), ErrTooMany},
		{"no codec of ours", sessionSection + strings.Replace(section(0), "VP8", "AV1", 1), ErrNoCodec},
		{"H.264 main profile alone: FFmpeg decodes it all the same", sessionSection + strings.Replace(section(0), "VP8/90000\r\n",
			"H264/90000\r\na=fmtp:96 packetization-mode=1;profile-level-id=4d001f\r\n", 1), nil},
		{"no mid", sessionSection + strings.Replace(section(0), "a=mid:0\r\n", "", 1), ErrBadSDP},
		{"no fingerprint", sessionSection + section(0)[:strings.Index(section(0), "a=fingerprint")], ErrBadSDP},
		{"no credentials", sessionSection + strings.Replace(section(0), "a=ice-ufrag:abcd\r\n", "", 1), ErrBadSDP},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := e.NewPeer(PeerOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			answer, err := p.Answer(t.Context(), test.offer)
			if test.want == nil && (err != nil || !strings.Contains(answer, "m=video")) {
				t.Fatalf("answer %q, err %v", answer, err)
			}
			if test.want != nil {
				wantErr(t, err, test.want)
			}
		})
	}
}

// TestAnswer: our order of codecs, the browser's payload types, the bitrates, one
// layer, one direction.
func TestAnswer(t *testing.T) {
	leaks(t)
	e := newEngine(t, nil)
	p, err := e.NewPeer(PeerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	offer := sessionSection + strings.Replace(section(0), "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n",
		"m=video 9 UDP/TLS/RTP/SAVPF 45 98 99 39 40 120 121\r\n", 1)
	offer = strings.Replace(offer, "a=rtpmap:96 VP8/90000\r\n", "a=rtpmap:45 AV1/90000\r\n"+
		"a=rtpmap:98 VP9/90000\r\na=fmtp:98 profile-id=0\r\na=rtpmap:99 rtx/90000\r\na=fmtp:99 apt=98\r\n"+
		"a=rtpmap:39 H264/90000\r\na=fmtp:39 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n"+
		"a=rtpmap:40 rtx/90000\r\na=fmtp:40 apt=39\r\n"+
		"a=rtpmap:120 VP8/90000\r\na=rtcp-fb:120 nack\r\na=rtcp-fb:120 nack pli\r\na=rtcp-fb:120 transport-cc\r\n"+
		"a=rtpmap:121 rtx/90000\r\na=fmtp:121 apt=120\r\n"+
		"a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n"+
		"a=extmap:4 urn:3gpp:video-orientation\r\n"+
		"a=rid:h send\r\na=simulcast:send h\r\n", 1)
	answer, err := p.Answer(t.Context(), offer)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"m=video 9 UDP/TLS/RTP/SAVPF 120 121 39 40 98 99\r\n",
		"b=TIAS:1200000\r\n", "b=AS:1200\r\n", "a=recvonly\r\n", "a=rtcp-fb:120 nack pli\r\n", "a=rtcp-fb:120 transport-cc\r\n",
		"a=fmtp:120 x-google-min-bitrate=100;x-google-start-bitrate=1000;x-google-max-bitrate=1200\r\n",
		"profile-level-id=42e01f;x-google-min-bitrate=100;",
		fmt.Sprintf(" 127.0.0.1 %d typ host", e.UDPPort()),
		fmt.Sprintf(" 127.0.0.1 %d typ host tcptype passive", e.TCPPort()),
		"a=end-of-candidates\r\n",
	} {
		if !strings.Contains(answer, want) {
			t.Errorf("no %q in the answer", want)
		}
	}
	for _, not := range []string{"AV1", "video-orientation", "simulcast", "a=rid", "goog-remb"} {
		if strings.Contains(answer, not) {
			t.Errorf("%q in the answer", not)
		}
	}
	if t.Failed() {
		t.Log(answer)
	}
}

func TestCandidateLimits(t *testing.T) {
	leaks(t)
	e := newEngine(t, nil)
	good := Candidate{Candidate: "candidate:1 1 udp 2113937151 127.0.0.1 9 typ host"}
	for _, described := range []bool{false, true} {
		p, err := e.NewPeer(PeerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		if described {
			if _, err := p.Answer(t.Context(), sessionSection+section(0)); err != nil {
				t.Fatal(err)
			}
			wantErr(t, p.AddCandidate(Candidate{Candidate: "nonsense"}), ErrBadCandidate)
			wantErr(t, p.AddCandidate(Candidate{Candidate: "candidate:1 1 udp 1 127.0.0.1 9 typ host\r\na=x"}), ErrBadCandidate)
		}
		wantErr(t, p.AddCandidate(Candidate{Candidate: strings.Repeat("x", 1025)}), ErrTooLarge)
		wantErr(t, p.AddCandidate(Candidate{SDPMid: strings.Repeat("x", 1025)}), ErrTooLarge)
		var last error
		n := 0
		for ; n < 100 && last == nil; n++ {
			last = p.AddCandidate(good)
		}
		wantErr(t, last, ErrTooMany)
		if n > maxCandidates+1 {
			t.Errorf("took %d candidates, want at most %d", n-1, maxCandidates)
		}
	}
}

// TestOverRate: a sender over the limit loses packets, and its connection when it
// goes on.
func TestOverRate(t *testing.T) {
	r := newRateLimit(100_000) // bytes
	now := time.Now()
	for i := range 100 { // a second's burst is allowed
		if !r.allow(1000, now) {
			t.Fatalf("packet %d of a burst refused", i)
		}
	}
	if r.allow(1000, now) {
		t.Error("more than a second's worth was allowed at once")
	}
	refused := 0
	for i := range 2200 { // 11 s at twice the rate
		now = now.Add(5 * time.Millisecond)
		if !r.allow(1000, now) {
			refused++
		}
		if i == 1900 && r.abused(now) {
			t.Error("abused before the time")
		}
	}
	if refused < 1000 || refused > 1200 || !r.abused(now) {
		t.Errorf("refused %d of 2200, abused %v; want half, true", refused, r.abused(now))
	}
	now = now.Add(2 * time.Second)
	if !r.allow(1000, now) || r.abused(now) {
		t.Error("a rest of two seconds is not forgiven")
	}
}

// TestOverRatePeer: the same on the wire, and the picture comes back after it.
func TestOverRatePeer(t *testing.T) {
	leaks(t)
	var cam *camera
	e := newEngine(t, func(o *Options) { o.MaxBitrate, o.SendBitrate, o.StartBitrate = 400_000, 400_000, 400_000 })
	c := newCall(t, e, PublisherOptions{OnKeyRequest: func() { cam.keys.Store(true) }})
	cam = &camera{pub: c.pub, film: film(t, codec.VP8, 320, 240, 60, first), pace: time.Second / 30}
	c.connect()
	for c.peer.Stats().Drops.OverRate == 0 {
		cam.send(t)
		c.pause()
	}
	seen := c.peer.Stats().Frames
	cam.film = film(t, codec.VP8, 64, 48, 30, first) // a few kbit/s
	cam.keys.Store(true)
	stop := cam.roll(t)
	defer stop()
	for c.peer.Stats().Frames < seen+30 {
		c.next().Release()
	}
	if s := c.peer.Stats(); s.Nacks != 0 {
		t.Errorf("asked %d times for packets that we threw away", s.Nacks)
	}
}

// TestResolution: pictures over the limit end the peer.
func TestResolution(t *testing.T) {
	leaks(t)
	e := newEngine(t, func(o *Options) { o.MaxWidth, o.MaxHeight = 160, 160 })
	c := newCall(t, e, PublisherOptions{})
	c.connect()
	cam := &camera{pub: c.pub, film: film(t, codec.VP8, 320, 240, 1, first), pace: time.Second / 30}
	stop := cam.roll(t)
	defer stop()
	wantErr(t, c.wait(), ErrResolution)
	if s := c.peer.Stats(); s.Frames != 0 || s.Drops.Oversize < maxRefused {
		t.Errorf("stats = %+v, want no frames, %d oversize", s, maxRefused)
	}
}
