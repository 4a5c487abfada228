package signaling

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"vivavoce/pipeline"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func ptr[T any](v T) *T { return &v }

// sampleSDP is an offer cut to the lines that matter; the real ones are longer.
const sampleSDP = "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n" +
	"m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendonly\r\na=rtpmap:96 VP8/90000\r\n"

const sampleCandidate = "candidate:842163049 1 udp 1677729535 203.0.113.7 46154 typ srflx raddr 0.0.0.0 rport 0 generation 0"

func pageGolden() map[string]Message {
	return map[string]Message{
		"hello":           Hello{Token: "b0Jc8cQJ5kZ0cBvJb8nX9d1uQe4l6yTtWmYp2sVq3rA", Client: &Client{Name: "vivavoce-page", Version: "1"}},
		"hello.bare":      Hello{Token: "b0Jc8cQJ5kZ0cBvJb8nX9d1uQe4l6yTtWmYp2sVq3rA"},
		"offer":           Offer{SDP: sampleSDP},
		"candidate":       Candidate{Candidate: sampleCandidate, SDPMid: ptr("0"), SDPMLineIndex: ptr(0)},
		"candidate.bare":  Candidate{Candidate: sampleCandidate},
		"candidate.end":   Candidate{},
		"prompt_shown":    PromptShown{Index: 2},
		"light_shown":     LightShown{Index: 3},
		"lights_declined": LightsDeclined{},
		"device":          Device{Label: "HD Webcam (046d:0825)", Width: 640, Height: 480, FrameRate: 29.97, FacingMode: "user"},
		"device.bare":     Device{},
		"restart":         Restart{SDP: sampleSDP},
		"bye":             Bye{},
		"bye.cancelled":   Bye{Reason: "cancelled"},
		"bye.camera_lost": Bye{Reason: "camera_lost"},
		"bye.navigated":   Bye{Reason: "navigated"},
	}
}

func serverGolden() map[string]Message {
	spoof := []pipeline.Reason{"depth.flat", "motion.no_return"}
	return map[string]Message{
		"welcome":             Welcome{Session: "s_5gQ0bX2rT7uJ9mWc1kVzNw", Media: MediaWebRTC, Digits: 4, Turns: 2, ExpiresInMS: 300000, ICEServers: []ICEServer{{URLs: []string{"stun:stun.example.org:3478"}}, {URLs: []string{"turns:turn.example.org:443?transport=tcp"}, Username: "1795212000:s_5gQ0", Credential: "Y3JlZGVudGlhbA=="}}},
		"welcome.bare":        Welcome{Session: "s_5gQ0bX2rT7uJ9mWc1kVzNw", Media: MediaWebRTC, Digits: 4, Turns: 2, ExpiresInMS: 300000, ICEServers: []ICEServer{}},
		"welcome.local":       Welcome{Session: "s_5gQ0bX2rT7uJ9mWc1kVzNw", Media: MediaLocal, Digits: 3, Turns: 2, ExpiresInMS: 300000, ICEServers: []ICEServer{}},
		"welcome.microphone":  Welcome{Session: "s_5gQ0bX2rT7uJ9mWc1kVzNw", Media: MediaWebRTC, Digits: 4, Turns: 2, Microphone: true, ExpiresInMS: 300000, ICEServers: []ICEServer{}},
		"welcome.lights":      Welcome{Session: "s_5gQ0bX2rT7uJ9mWc1kVzNw", Media: MediaWebRTC, Digits: 4, Turns: 2, Lights: true, ExpiresInMS: 300000, ICEServers: []ICEServer{}},
		"light":               Light{Index: 3, Colour: "#6ecb82", TimeMS: 1400},
		"answer":              Answer{SDP: strings.Replace(sampleSDP, "sendonly", "recvonly", 1)},
		"candidate":           Candidate{Candidate: "candidate:1 1 udp 2130706431 192.0.2.10 8443 typ host", SDPMid: ptr("0"), SDPMLineIndex: ptr(0)},
		"candidate.end":       Candidate{},
		"state.connecting":    StateChange{StateConnecting},
		"state.framing":       StateChange{StateFraming},
		"state.challenge":     StateChange{StateChallenge},
		"state.deciding":      StateChange{StateDeciding},
		"state.done":          StateChange{StateDone},
		"state.expired":       StateChange{StateExpired},
		"state.failed":        StateChange{StateFailed},
		"hint":                Hint{Code: "too_dark", Blocking: true},
		"hint.direction":      Hint{Code: "off_centre", Direction: pipeline.Left, Blocking: true},
		"hint.advice":         Hint{Code: "light_uneven", Direction: pipeline.Right},
		"hint.none":           Hint{Code: "none"},
		"prompt.turn":         Prompt{Index: 0, Of: 6, Kind: pipeline.StepTurn, Direction: pipeline.Left, TimeMS: 6000},
		"prompt.digit":        Prompt{Index: 2, Of: 6, Kind: pipeline.StepDigit, Digit: "7", Phrase: "0725", Position: ptr(1), TimeMS: 1500},
		"prompt.digit.again":  Prompt{Index: 6, Of: 8, Kind: pipeline.StepDigit, Digit: "4", Phrase: "41", Position: ptr(0), Again: true, TimeMS: 900},
		"prompt.digit.zero":   Prompt{Index: 1, Of: 6, Kind: pipeline.StepDigit, Digit: "0", Phrase: "0725", Position: ptr(0), TimeMS: 1500},
		"progress":            Progress{Index: 0, Phase: pipeline.PhaseGo, Fraction: 0.35, Band: Weak},
		"progress.return":     Progress{Index: 0, Phase: pipeline.PhaseReturn, Fraction: 0.6, Band: Fair},
		"progress.done":       Progress{Index: 0, Phase: pipeline.PhaseDone, Fraction: 1, Band: Good},
		"score":               Score{Name: "motion", Step: ptr(0), Checked: true, Value: ptr(0.8125), Reasons: []pipeline.Reason{}},
		"score.whole":         Score{Name: "depth", Checked: true, Value: ptr(0.03125), Settled: true, Reasons: []pipeline.Reason{"depth.flat"}},
		"score.unchecked":     Score{Name: "lips", Settled: true, Reasons: []pipeline.Reason{"lips.not_checked"}},
		"score.measures":      Score{Name: "sound", Checked: true, Value: ptr(0.875), Reasons: []pipeline.Reason{}, Measures: map[string]float64{"correlation": 0.5, "lag_ms": 40, "speech_s": 3.25}},
		"verdict.live":        Verdict{Outcome: "live", Reasons: []pipeline.Reason{}, Witnesses: []pipeline.Witness{pipeline.WitnessVideo, pipeline.WitnessSound}, Checks: []Check{{Name: "depth", Checked: true, Band: Good}, {Name: "lips"}, {Name: "motion", Checked: true, Band: Good}, {Name: "mouth", Checked: true, Band: Fair}}},
		"verdict.spoof":       Verdict{Outcome: "spoof", Reasons: spoof, Checks: []Check{{Name: "depth", Checked: true, Band: Weak}, {Name: "motion", Checked: true, Band: Fair}}},
		"verdict.undecided":   Verdict{Outcome: "undecided", Reasons: []pipeline.Reason{"session.no_face"}},
		"verdict.exact":       Verdict{Outcome: "spoof", Confidence: ptr(4), Reasons: spoof, Scores: []Score{{Name: "depth", Checked: true, Value: ptr(0.03125), Settled: true, Reasons: []pipeline.Reason{"depth.flat"}}, {Name: "motion", Step: ptr(0), Checked: true, Value: ptr(0.5), Settled: true, Reasons: []pipeline.Reason{"motion.no_return"}}, {Name: "lips", Settled: true, Reasons: []pipeline.Reason{"lips.not_checked"}}}},
		"error":               Error{Code: CodeOutOfOrder, Text: "offer before hello"},
		"error.fatal":         Error{Code: CodeTimeout, Text: "no picture came in time", Fatal: true},
		"error.camera_absent": Error{Code: CodeCameraAbsent, Text: "the camera is not there"},
	}
}

func httpGolden() map[string]any {
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	exact := serverGolden()["verdict.exact"].(Verdict)
	return map[string]any{
		"created":        Created{ID: "s_5gQ0bX2rT7uJ9mWc1kVzNw", Token: "b0Jc8cQJ5kZ0cBvJb8nX9d1uQe4l6yTtWmYp2sVq3rA", ExpiresAt: at.Add(2 * time.Minute), URL: "/v1/sessions/s_5gQ0bX2rT7uJ9mWc1kVzNw/ws"},
		"status.running": Status{ID: "s_5gQ0bX2rT7uJ9mWc1kVzNw", State: StateChallenge, CreatedAt: at, ExpiresAt: at.Add(2 * time.Minute)},
		"status.done":    Status{ID: "s_5gQ0bX2rT7uJ9mWc1kVzNw", State: StateDone, CreatedAt: at, ExpiresAt: at.Add(2 * time.Minute), EndedAt: ptr(at.Add(20 * time.Second)), Policy: "strict", Metadata: map[string]string{"order": "4711"}, Verdict: &exact, Signed: "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJzXzVnUTAifQ.c2lnbmF0dXJl"},
		"page":           PageOptions{Microphone: true},
		"problem.full":   problemOf(CodeFull, "every slot is taken"),
	}
}

// compareGolden checks got against testdata/folder/name.json, or rewrites it.
func compareGolden(t *testing.T, folder, name string, got []byte) []byte {
	t.Helper()
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, got, "", "  "); err != nil {
		t.Fatalf("%s: not JSON: %v", name, err)
	}
	pretty.WriteByte('\n')
	path := filepath.Join("testdata", folder, name+".json")
	if *update {
		if err := os.WriteFile(path, pretty.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (run go test -update)", err)
	}
	if !bytes.Equal(pretty.Bytes(), want) {
		t.Errorf("%s:\ngot  %s\nwant %s", path, pretty.Bytes(), want)
	}
	return want
}

func TestGoldenMessages(t *testing.T) {
	for _, side := range []struct {
		folder   string
		messages map[string]Message
		decode   func([]byte) (Message, error)
	}{
		{"page", pageGolden(), DecodePage},
		{"server", serverGolden(), DecodeServer},
	} {
		for name, m := range side.messages {
			t.Run(side.folder+"/"+name, func(t *testing.T) {
				got, err := Encode(m)
				if err != nil {
					t.Fatal(err)
				}
				file := compareGolden(t, side.folder, name, got)
				back, err := side.decode(file)
				if err != nil {
					t.Fatalf("decode: %v", err)
				}
				if !reflect.DeepEqual(back, m) {
					t.Errorf("decoded %+v, want %+v", back, m)
				}
			})
		}
		onlyGolden(t, side.folder, side.messages)
	}
}

func TestGoldenHTTP(t *testing.T) {
	for name, v := range httpGolden() {
		got, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		compareGolden(t, "http", name, got)
	}
	onlyGolden(t, "http", httpGolden())
}

// onlyGolden fails on files that no message makes, which JS would still test.
func onlyGolden[M any](t *testing.T, folder string, messages map[string]M) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", folder, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if _, ok := messages[strings.TrimSuffix(filepath.Base(f), ".json")]; !ok {
			t.Errorf("%s: no message makes this file", f)
		}
	}
}

func codeOf(err error) Code {
	var d *ProtocolError
	if !errors.As(err, &d) {
		return ""
	}
	return d.Code
}

func TestDecodePage(t *testing.T) {
	long := strings.Repeat("x", maxSDP+1)
	for _, tt := range []struct {
		name, data string
		want       Code // "" accepts
	}{
		{"unknown field", `{"v":1,"type":"bye","mood":"good"}`, ""},
		{"null optional", `{"v":1,"type":"candidate","candidate":"a","sdp_mid":null,"sdp_mline_index":null}`, ""},
		{"end of candidates", `{"v":1,"type":"candidate","candidate":""}`, ""},
		{"empty", ``, CodeMalformed},
		{"garbage", `{"v":1`, CodeMalformed},
		{"array", `[1]`, CodeMalformed},
		{"null", `null`, CodeMalformed},
		{"two objects", `{"v":1,"type":"bye"}{}`, CodeMalformed},
		{"no version", `{"type":"bye"}`, CodeMalformed},
		{"string version", `{"v":"1","type":"bye"}`, CodeMalformed},
		{"version 2", `{"v":2,"type":"bye"}`, CodeUnsupportedVersion},
		{"no type", `{"v":1}`, CodeMalformed},
		{"number type", `{"v":1,"type":7}`, CodeMalformed},
		{"unknown type", `{"v":1,"type":"verdict","outcome":"live"}`, CodeUnknownType},
		{"hello without token", `{"v":1,"type":"hello"}`, CodeMalformed},
		{"hello with null token", `{"v":1,"type":"hello","token":null}`, CodeMalformed},
		{"hello with number token", `{"v":1,"type":"hello","token":5}`, CodeMalformed},
		{"offer with empty sdp", `{"v":1,"type":"offer","sdp":""}`, CodeMalformed},
		{"offer too long", `{"v":1,"type":"offer","sdp":"` + long + `"}`, CodeMalformed},
		{"negative index", `{"v":1,"type":"prompt_shown","index":-1}`, CodeMalformed},
		{"fractional index", `{"v":1,"type":"prompt_shown","index":0.5}`, CodeMalformed},
		{"huge index", `{"v":1,"type":"prompt_shown","index":1001}`, CodeMalformed},
		{"candidate line out of range", `{"v":1,"type":"candidate","candidate":"a","sdp_mline_index":-1}`, CodeMalformed},
		{"device with negative width", `{"v":1,"type":"device","width":-1}`, CodeMalformed},
		{"bye with unknown reason", `{"v":1,"type":"bye","reason":"bored"}`, CodeMalformed},
		{"too large", `{"v":1,"type":"bye","pad":"` + strings.Repeat("x", MaxMessage) + `"}`, CodeTooLarge},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, err := DecodePage([]byte(tt.data))
			if codeOf(err) != tt.want || (m == nil) != (tt.want != "") {
				t.Errorf("DecodePage = %v, %v; want code %q", m, err, tt.want)
			}
		})
	}
}

func TestBandsAndFractions(t *testing.T) {
	nan := func() float64 { var z float64; return z / z }()
	for _, tt := range []struct {
		value    float64
		band     Band
		fraction float64
	}{
		{nan, Weak, 0}, {-1, Weak, 0}, {0, Weak, 0}, {0.024, Weak, 0}, {0.026, Weak, 0.05},
		{0.499, Weak, 0.5}, {0.5, Fair, 0.5}, {0.75, Good, 0.75}, {1, Good, 1}, {7, Good, 1},
	} {
		if got := bandOf(tt.value); got != tt.band {
			t.Errorf("bandOf(%v) = %s, want %s", tt.value, got, tt.band)
		}
		if got := coarse(tt.value); got != tt.fraction {
			t.Errorf("coarse(%v) = %v, want %v", tt.value, got, tt.fraction)
		}
	}
}
