package webrtc

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"vivavoce/media/codec"
)

var update = flag.Bool("update", false, "write the offers of the browsers at hand to testdata/offers")

// chromiumPage is the smallest page that sends a camera: it offers, trickles,
// restarts ICE when asked to, and tells its statistics.
const chromiumPage = `<!doctype html><script type="module">
const q = new URLSearchParams(location.search);
const post = (path, body) => fetch(path, {method: "POST", body: JSON.stringify(body)});
try {
	const stream = await navigator.mediaDevices.getUserMedia({audio: q.has("audio"), video: {width: 640, height: 480, frameRate: 30}});
	const pc = new RTCPeerConnection();
	for (const t of stream.getTracks()) pc.addTrack(t, stream);
	const prefer = q.get("prefer");
	if (prefer) {
		const all = RTCRtpReceiver.getCapabilities("video").codecs;
		pc.getTransceivers().find((t) => t.sender.track.kind === "video")
			.setCodecPreferences(all.filter((c) => c.mimeType.endsWith(prefer) || c.mimeType.endsWith("rtx")));
	}
	pc.onicecandidate = (e) => post("candidate", e.candidate ? e.candidate.toJSON() : {});
	const negotiate = async () => {
		await pc.setLocalDescription();
		const r = await post("offer", {sdp: pc.localDescription.sdp});
		await pc.setRemoteDescription({type: "answer", sdp: (await r.json()).sdp});
	};
	await negotiate();
	const began = performance.now();
	if (q.has("restart")) setTimeout(() => { pc.restartIce(); negotiate(); }, 1500);
	setInterval(async () => {
		const out = {ms: Math.round(performance.now() - began)};
		for (const s of (await pc.getStats()).values()) {
			if (s.type === "outbound-rtp" && s.kind === "video") Object.assign(out, {
				width: s.frameWidth, height: s.frameHeight, bytes: s.bytesSent, frames: s.framesEncoded, qp: s.qpSum,
				target: s.targetBitrate, limited: s.qualityLimitationReason, pli: s.pliCount});
			if (s.type === "transport") Object.assign(out, {srtp: s.srtpCipher, dtls: s.dtlsCipher, version: s.tlsVersion});
			if (s.type === "candidate-pair" && s.nominated) out.estimate = s.availableOutgoingBitrate;
		}
		post("stats", out);
	}, 500);
} catch (e) { post("failed", {error: String(e)}); }
</script>`

// browserStats is what the page tells.
type browserStats struct {
	MS       int64   `json:"ms"`
	Width    int     `json:"width"`
	Height   int     `json:"height"`
	Bytes    uint64  `json:"bytes"`
	Frames   uint64  `json:"frames"`
	QP       uint64  `json:"qp"`
	Target   float64 `json:"target"`
	Estimate float64 `json:"estimate"`
	Limited  string  `json:"limited"`
	PLI      uint64  `json:"pli"`
	SRTP     string  `json:"srtp"`
	DTLS     string  `json:"dtls"`
	Version  string  `json:"version"`
}

// browser is headless Chromium with a fake camera on a page of ours.
type browser struct {
	t     testing.TB
	peer  *Peer
	edit  func(answer string) string // before the browser gets it
	offer chan string
	stats chan browserStats
	fail  chan string
}

// newBrowser opens the page with a query; clip is an absolute .y4m or .mjpeg, or
// empty for Chromium's own test picture; more are further flags.
func newBrowser(t testing.TB, peer *Peer, query, clip string, more ...string) *browser {
	t.Helper()
	bin, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed")
	}
	b := &browser{t: t, peer: peer, edit: func(a string) string { return a }, offer: make(chan string, 10), stats: make(chan browserStats, 1000), fail: make(chan string, 10)}
	server := httptest.NewServer(b.handler())
	t.Cleanup(server.Close)
	args := []string{
		"--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
		"--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", "--user-data-dir=" + t.TempDir(),
	}
	if clip != "" {
		args = append(args, "--use-file-for-fake-video-capture="+clip)
	}
	cmd := exec.Command(bin, append(append(args, more...), server.URL+"/?"+query)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // its children die with it
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
	return b
}

func (b *browser) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, chromiumPage)
	})
	mux.HandleFunc("POST /offer", func(w http.ResponseWriter, r *http.Request) {
		var m struct{ SDP string }
		if !b.read(w, r, &m) {
			return
		}
		b.offer <- m.SDP
		answer, err := b.peer.Answer(r.Context(), m.SDP)
		if err != nil {
			b.fail <- err.Error()
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"sdp": b.edit(answer)})
	})
	mux.HandleFunc("POST /candidate", func(w http.ResponseWriter, r *http.Request) {
		var m struct {
			Candidate     string `json:"candidate"`
			SDPMid        string `json:"sdpMid"`
			SDPMLineIndex int    `json:"sdpMLineIndex"`
		}
		if b.read(w, r, &m) {
			if err := b.peer.AddCandidate(Candidate(m)); err != nil {
				b.fail <- err.Error()
			}
		}
	})
	mux.HandleFunc("POST /stats", func(w http.ResponseWriter, r *http.Request) {
		var s browserStats
		if b.read(w, r, &s) {
			b.stats <- s
		}
	})
	mux.HandleFunc("POST /failed", func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		b.fail <- string(body)
	})
	return mux
}

func (b *browser) read(w http.ResponseWriter, r *http.Request, into any) bool {
	if err := json.NewDecoder(r.Body).Decode(into); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		b.fail <- err.Error()
		return false
	}
	return true
}

// TestChromium: a real browser connects in each codec, with AES-GCM, goes on after
// an ICE restart, and its offer is within our limits.
func TestChromium(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	for _, test := range []struct {
		query string
		want  codec.Name
	}{
		{"audio&restart", codec.VP8},
		{"prefer=H264", codec.H264},
		{"prefer=VP9", codec.VP9},
	} {
		t.Run(test.query, func(t *testing.T) {
			e := newEngine(t, func(o *Options) { o.Connect = time.Minute; o.NoMedia = time.Minute })
			peer, ended := runPeer(t, e)
			b := newBrowser(t, peer, test.query, "")
			frames, last := 0, browserStats{}
			offered := 0
			deadline := time.After(60 * time.Second)
			for frames < 60 || last.SRTP == "" || (strings.Contains(test.query, "restart") && offered < 2) {
				select {
				case err := <-ended:
					t.Fatalf("run: %v", err)
				case why := <-b.fail:
					t.Fatal(why)
				case offer := <-b.offer:
					offered++
					if offered == 1 {
						saveOffer(t, "chromium-"+strings.ReplaceAll(test.query, "&", "-"), offer)
					}
				case last = <-b.stats:
				case <-deadline:
					t.Fatalf("%d frames, %d offers, browser %+v, stats %+v", frames, offered, last, peer.Stats())
				default:
					ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
					if f, err := peer.Next(ctx); err == nil {
						frames++
						f.Release()
					}
					cancel()
				}
			}
			t.Logf("browser %+v", last)
			s := peer.Stats()
			t.Logf("peer %+v", s)
			if s.Codec != test.want {
				t.Errorf("codec = %s, want %s", s.Codec, test.want)
			}
			if !strings.Contains(last.SRTP, "GCM") {
				t.Errorf("SRTP cipher = %q, want AES-GCM", last.SRTP)
			}
			if strings.Contains(test.query, "audio") && s.AudioPackets == 0 {
				t.Error("no audio packet was counted")
			}
		})
	}
}

// runPeer starts a peer and gives the channel that its error comes to.
func runPeer(t testing.TB, e *Engine) (*Peer, <-chan error) {
	t.Helper()
	peer, err := e.NewPeer(PeerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		ended <- peer.Run(ctx)
	}()
	t.Cleanup(func() { cancel(); <-done })
	return peer, ended
}

func saveOffer(t testing.TB, name, offer string) {
	t.Helper()
	if !*update {
		return
	}
	path := filepath.Join("testdata", "offers", strings.ReplaceAll(name, "=", "-")+".sdp")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(offer), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestStartBitrate measures what the bitrate hints do to a session's first
// seconds. It takes long and asserts nothing: VIVAVOCE_CLIP=/abs/clip.y4m turns it
// on.
func TestStartBitrate(t *testing.T) {
	clip := os.Getenv("VIVAVOCE_CLIP")
	if clip == "" {
		t.Skip("VIVAVOCE_CLIP is not set")
	}
	hint := regexp.MustCompile(`;?x-google-[a-z]+-bitrate=\d+`)
	for _, hinted := range []bool{false, true} {
		t.Run(fmt.Sprintf("hinted %v", hinted), func(t *testing.T) {
			e := newEngine(t, func(o *Options) { o.Connect = time.Minute })
			peer, ended := runPeer(t, e)
			b := newBrowser(t, peer, "", clip)
			if !hinted {
				b.edit = func(answer string) string { return hint.ReplaceAllString(answer, "") }
			}
			var before browserStats
			for {
				select {
				case err := <-ended:
					t.Fatal(err)
				case why := <-b.fail:
					t.Fatal(why)
				case <-b.offer:
				case s := <-b.stats:
					d := float64(max(s.Frames-before.Frames, 1))
					t.Logf("%5d ms: %dx%d, %.0f kbit/s, qp %.1f, %.0f frames, target %.0f, estimate %.0f, limited by %s", s.MS, s.Width, s.Height,
						float64(s.Bytes-before.Bytes)*8/float64(max(s.MS-before.MS, 1)), float64(s.QP-before.QP)/d, d, s.Target/1000, s.Estimate/1000, s.Limited)
					if before = s; s.MS > 3000 {
						return
					}
				}
			}
		})
	}
}
