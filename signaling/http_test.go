package signaling

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"vivavoce/media"
	"vivavoce/pipeline"
)

func TestCalls(t *testing.T) {
	const key = "Bearer " + testKey
	for _, tt := range []struct {
		name, method, path, body string
		header                   []string
		open                     bool
		status                   int
		code                     Code // "" for answers that are no problem
	}{
		{name: "create without key", method: "POST", path: "/v1/sessions", status: 401, code: CodeUnauthorized},
		{name: "create with wrong key", method: "POST", path: "/v1/sessions", header: []string{"Authorization", "Bearer nope"}, status: 401, code: CodeUnauthorized},
		{name: "create with wrong key when open", open: true, method: "POST", path: "/v1/sessions", header: []string{"Authorization", "Bearer nope"}, status: 401, code: CodeUnauthorized},
		{name: "create with the key's prefix", method: "POST", path: "/v1/sessions", header: []string{"Authorization", key[:len(key)-1]}, status: 401, code: CodeUnauthorized},
		{name: "create with another scheme", method: "POST", path: "/v1/sessions", header: []string{"Authorization", "Basic " + testKey}, status: 401, code: CodeUnauthorized},
		{name: "create with the second key", method: "POST", path: "/v1/sessions", header: []string{"Authorization", "bearer another-key-0123456789"}, status: 201},
		{name: "create when open", open: true, method: "POST", path: "/v1/sessions", status: 201},
		{name: "create with a body", method: "POST", path: "/v1/sessions", body: `{"note":1}`, header: []string{"Authorization", key}, status: 201},
		{name: "create with a bad body", method: "POST", path: "/v1/sessions", body: `[]`, header: []string{"Authorization", key}, status: 400, code: CodeBadRequest},
		{name: "create with a null body", method: "POST", path: "/v1/sessions", body: `null`, header: []string{"Authorization", key}, status: 400, code: CodeBadRequest},
		{name: "create with a large body", method: "POST", path: "/v1/sessions", body: `{"a":"` + strings.Repeat("x", 5000) + `"}`, header: []string{"Authorization", key}, status: 413, code: CodeTooLarge},
		{name: "create from another site", open: true, method: "POST", path: "/v1/sessions", header: []string{"Sec-Fetch-Site", "cross-site"}, status: 403, code: CodeForbidden},
		{name: "create from another origin", open: true, method: "POST", path: "/v1/sessions", header: []string{"Origin", "https://evil.example"}, status: 403, code: CodeForbidden},
		{name: "metrics on this machine", method: "GET", path: "/metrics", status: 200},
		{name: "metrics by a proxy on this machine", method: "GET", path: "/metrics", header: []string{"Host", "liveness.example"}, status: 401, code: CodeUnauthorized},
		{name: "metrics by a proxy with a key", method: "GET", path: "/metrics", header: []string{"Host", "liveness.example", "Authorization", key}, status: 200},
		{name: "list", method: "GET", path: "/v1/sessions", header: []string{"Authorization", key}, status: 405, code: CodeMethodNotAllowed},
		{name: "status without key", method: "GET", path: "/v1/sessions/s_x", open: true, status: 401, code: CodeUnauthorized},
		{name: "status of nobody", method: "GET", path: "/v1/sessions/s_x", header: []string{"Authorization", key}, status: 404, code: CodeNotFound},
		{name: "delete without key", method: "DELETE", path: "/v1/sessions/s_x", open: true, status: 401, code: CodeUnauthorized},
		{name: "delete nobody", method: "DELETE", path: "/v1/sessions/s_x", header: []string{"Authorization", key}, status: 404, code: CodeNotFound},
		{name: "put", method: "PUT", path: "/v1/sessions/s_x", header: []string{"Authorization", key}, status: 405, code: CodeMethodNotAllowed},
		{name: "events without key", method: "GET", path: "/v1/sessions/s_x/events", open: true, status: 401, code: CodeUnauthorized},
		{name: "events of nobody", method: "GET", path: "/v1/sessions/s_x/events", header: []string{"Authorization", key}, status: 404, code: CodeNotFound},
		{name: "socket without upgrade", method: "GET", path: "/v1/sessions/s_x/ws", status: 400, code: CodeBadRequest},
		{name: "post to socket", method: "POST", path: "/v1/sessions/s_x/ws", status: 405, code: CodeMethodNotAllowed},
		{name: "unknown call", method: "GET", path: "/v1/users", status: 404, code: CodeNotFound},
		{name: "unknown page", method: "GET", path: "/nothing.html", status: 404, code: CodeNotFound},
		{name: "directory climb", method: "GET", path: "/..%2f..%2fetc/passwd", status: 404, code: CodeNotFound},
		{name: "post to a page", method: "POST", path: "/", status: 405, code: CodeMethodNotAllowed},
		{name: "healthz", method: "GET", path: "/healthz", status: 200},
		{name: "readyz", method: "GET", path: "/readyz", status: 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, untilDone, func(o *Options) { o.Open, o.Gather = tt.open, prometheus.NewRegistry() })
			resp := r.call(tt.method, tt.path, tt.body, tt.header...)
			if resp.StatusCode != tt.status {
				t.Errorf("status %d, want %d", resp.StatusCode, tt.status)
			}
			if tt.code == "" {
				return
			}
			var p Problem
			if err := json.NewDecoder(resp.Body).Decode(&p); err != nil {
				t.Fatal(err)
			}
			if p.Code != tt.code || p.Status != tt.status || p.Title == "" || p.Type != "about:blank" || p.Detail == "" ||
				resp.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("problem %+v as %s, want %s", p, resp.Header.Get("Content-Type"), tt.code)
			}
		})
	}
}

func TestCreatedSession(t *testing.T) {
	r := newRig(t, untilDone, nil)
	a, b := r.create(), r.create()
	if a.ID == b.ID || a.Token == b.Token || len(a.Token) != 43 || !strings.HasPrefix(a.ID, "s_") {
		t.Errorf("sessions %+v and %+v, want fresh names and 256-bit tokens", a, b)
	}
	if a.URL != "/v1/sessions/"+a.ID+"/ws" || time.Until(a.ExpiresAt) > 2*time.Minute || time.Until(a.ExpiresAt) < time.Minute {
		t.Errorf("session %+v", a)
	}
	if s := r.status(a.ID); s.State != StateCreated || s.Verdict != nil {
		t.Errorf("status %+v", s)
	}
	r.callAs("DELETE", "/v1/sessions/"+a.ID, nil)
	if s := r.status(a.ID); s.State != StateDone || s.Verdict.Reasons[0] != pipeline.SessionCancelled {
		t.Errorf("status after delete %+v", s)
	}
	if resp := r.callAs("DELETE", "/v1/sessions/"+a.ID, nil); resp.StatusCode != 204 {
		t.Errorf("second delete: %s", resp.Status)
	}
}

func TestFullBeforeAPersonStarts(t *testing.T) {
	r := newRig(t, untilDone, func(o *Options) { o.Limits.Sessions = 2 })
	first := r.create()
	r.create()
	resp := r.callAs("POST", "/v1/sessions", nil)
	if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
		t.Errorf("third session: %s, Retry-After %q", resp.Status, resp.Header.Get("Retry-After"))
	}
	if resp := r.call("GET", "/readyz", ""); resp.StatusCode != 503 {
		t.Errorf("readyz when full: %s", resp.Status)
	}
	r.callAs("DELETE", "/v1/sessions/"+first.ID, nil)
	r.create()
}

func TestNotReady(t *testing.T) {
	r := newRig(t, untilDone, func(o *Options) { o.Ready = func() error { return errors.New("models at /secret/path") } })
	resp := r.call("GET", "/readyz", "")
	body, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != 500 || strings.Contains(string(body), "secret") {
		t.Errorf("readyz: %s %s", resp.Status, body)
	}
}

func TestDrainLetsTheRunningFinish(t *testing.T) {
	finish := make(chan struct{})
	r := newRig(t, func(_ context.Context, _ media.Source, report func(pipeline.Event)) (pipeline.Verdict, error) {
		report(pipeline.StateChanged{State: pipeline.Framing})
		<-finish
		return pipeline.Verdict{Outcome: pipeline.Live}, nil
	}, func(o *Options) { o.Timing.Drain = patience })
	waiting := r.create()
	c, _, peer := r.join()
	peer.picture()
	expect[StateChange](c)
	r.stop()
	r.awaitOver(waiting.ID) // by then the server drains
	if resp := r.callAs("POST", "/v1/sessions", nil); resp.StatusCode != 503 {
		t.Errorf("create while draining: %s", resp.Status)
	}
	if resp := r.call("GET", "/readyz", ""); resp.StatusCode != 503 {
		t.Errorf("readyz while draining: %s", resp.Status)
	}
	close(finish)
	if v := expect[Verdict](c); v.Outcome != "live" {
		t.Errorf("verdict %+v, want live", v)
	}
}

func TestVisitorsAreLimitedWhenOpen(t *testing.T) {
	r := newRig(t, untilDone, func(o *Options) { o.Open, o.Limits.CreatePerIP, o.Limits.Sessions = true, 2, 10 })
	for range 2 {
		if resp := r.call("POST", "/v1/sessions", ""); resp.StatusCode != 201 {
			t.Fatalf("create: %s", resp.Status)
		}
	}
	if resp := r.call("POST", "/v1/sessions", ""); resp.StatusCode != 429 || resp.Header.Get("Retry-After") == "" {
		t.Errorf("third: %s", resp.Status)
	}
	r.create() // integrators are not
}

func TestNetworkOfAVisitor(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.7:1234":            "192.0.2.7/32",
		"[::ffff:192.0.2.7]:1":      "192.0.2.7/32",
		"[2001:db8:1:2:3:4:5:6]:80": "2001:db8:1:2::/64",
		"[fe80::1%eth0]:80":         "fe80::/64",
		"not an address":            "invalid Prefix",
	} {
		if got := network(remote).String(); got != want {
			t.Errorf("network(%q) = %s, want %s", remote, got, want)
		}
	}
}

func TestHeadersOnEverything(t *testing.T) {
	r := newRig(t, untilDone, func(o *Options) {
		o.Pages = fstest.MapFS{"index.html": {Data: []byte("<!doctype html>")}}
		o.FrameAncestors = []string{"https://shop.example"}
	})
	for _, path := range []string{"/", "/nothing", "/v1/sessions", "/healthz"} {
		h := r.call("GET", path, "").Header
		csp := h.Get("Content-Security-Policy")
		if !strings.HasPrefix(csp, "default-src 'self';") || !strings.HasSuffix(csp, "frame-ancestors https://shop.example") ||
			h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" ||
			!strings.Contains(h.Get("Permissions-Policy"), "camera=(self), microphone=(),") {
			t.Errorf("%s: headers %v", path, h)
		}
	}
}

// TestMicrophoneIsOffered: only where the server listens does a page hear of a microphone,
// and may it ask for one.
func TestMicrophoneIsOffered(t *testing.T) {
	for _, listens := range []bool{false, true} {
		r := newRig(t, untilDone, func(o *Options) { o.Microphone = listens })
		resp := r.call("GET", "/v1/page", "")
		var got PageOptions
		if err := json.NewDecoder(resp.Body).Decode(&got); err != nil || resp.StatusCode != http.StatusOK || got.Microphone != listens {
			t.Errorf("listens %v: %d, %+v, %v", listens, resp.StatusCode, got, err)
		}
		if may := strings.Contains(resp.Header.Get("Permissions-Policy"), "microphone=(self)"); may != listens {
			t.Errorf("listens %v: policy %q", listens, resp.Header.Get("Permissions-Policy"))
		}
	}
}

func TestPages(t *testing.T) {
	script := strings.Repeat("export const a = 1;\n", 50)
	r := newRig(t, untilDone, func(o *Options) {
		o.Pages = fstest.MapFS{
			"index.html": {Data: []byte("<!doctype html><title>t</title>")}, "js/a.js": {Data: []byte(script)},
		}
	})
	r.client.Transport.(*http.Transport).DisableCompression = true
	for _, tt := range []struct {
		path, accept, kind, encoding string
		size                         int // 0: any
	}{
		{"/", "", "text/html; charset=utf-8", "", 31},
		{"/js/a.js", "", "text/javascript; charset=utf-8", "", len(script)},
		{"/js/a.js", "gzip", "text/javascript; charset=utf-8", "gzip", 0},
	} {
		resp := r.call("GET", tt.path, "", "Accept-Encoding", tt.accept)
		body, _ := io.ReadAll(resp.Body)
		h := resp.Header
		if resp.StatusCode != 200 || h.Get("Content-Type") != tt.kind || h.Get("Content-Encoding") != tt.encoding ||
			tt.size != 0 && len(body) != tt.size || tt.encoding != "" && len(body) > 200 {
			t.Errorf("%s %s: %s %v, %d bytes", tt.path, tt.accept, resp.Status, h, len(body))
		}
		again := r.call("GET", tt.path, "", "Accept-Encoding", tt.accept, "If-None-Match", h.Get("ETag"))
		if again.StatusCode != http.StatusNotModified {
			t.Errorf("%s again: %s, want 304", tt.path, again.Status)
		}
	}
}

func TestEventStreamContinues(t *testing.T) {
	next := make(chan struct{})
	r := newRig(t, func(_ context.Context, _ media.Source, report func(pipeline.Event)) (pipeline.Verdict, error) {
		report(pipeline.StateChanged{State: pipeline.Framing})
		<-next
		return pipeline.Verdict{}, nil
	}, func(o *Options) { o.Limits.Listeners = 2 })
	c, made, peer := r.join()
	peer.picture()
	expect[StateChange](c)

	early := r.listen(made.ID)
	early.until(StateFraming)
	late := r.listen(made.ID, "Last-Event-ID", early.last)
	if resp := r.callAs("GET", "/v1/sessions/"+made.ID+"/events", nil); resp.StatusCode != 429 {
		t.Errorf("third listener: %s, want 429", resp.Status)
	}
	if resp := r.call("GET", "/v1/sessions/"+made.ID+"/events", "", "Authorization", "Bearer "+testKey, "Last-Event-ID", "x"); resp.StatusCode != 400 {
		t.Errorf("Last-Event-ID x: %s, want 400", resp.Status)
	}
	close(next)
	a, b := early.rest(), late.rest()
	if len(a) != 2 || len(b) != 2 || b[0].Type() != "verdict" || b[1] != (StateChange{StateDone}) {
		t.Errorf("early got %v, late %v; want verdict and done", a, b)
	}
	if resp := r.callAs("GET", "/v1/sessions/"+made.ID+"/events", nil); resp.StatusCode != 200 {
		t.Errorf("replay after the end: %s", resp.Status)
	}
	resp := r.call("GET", "/v1/sessions/"+made.ID+"/events", "", "Authorization", "Bearer "+testKey, "Last-Event-ID", late.last)
	if resp.StatusCode != http.StatusNoContent {
		t.Errorf("nothing can follow: %s, want 204", resp.Status)
	}
}

func TestMetrics(t *testing.T) {
	registry := prometheus.NewRegistry()
	m := NewMetrics(registry)
	r := newRig(t, func(_ context.Context, src media.Source, report func(pipeline.Event)) (pipeline.Verdict, error) {
		report(pipeline.StateChanged{State: pipeline.Framing})
		report(pipeline.HintChanged{Hint: pipeline.Hint{Code: "too_dark"}})
		return pipeline.Verdict{Outcome: pipeline.Spoof}, nil
	}, func(o *Options) { o.Metrics, o.Gather = m, registry })
	m.StageDuration("motion", time.Millisecond)
	m.FaceFound(true)
	m.PromptShown(true, 80*time.Millisecond)
	r.create()
	c, made, peer := r.join()
	c.write("garbage")
	expect[Error](c)
	peer.picture()
	c.rest()
	r.awaitOver(made.ID)
	body, err := io.ReadAll(r.call("GET", "/metrics", "").Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`vivavoce_sessions{state="created"} 1`,
		`vivavoce_sessions{state="connecting"} 0`,
		`vivavoce_sessions_over_total{state="done"} 1`,
		`vivavoce_verdicts_total{outcome="spoof"} 1`,
		`vivavoce_hints_total{code="too_dark"} 1`,
		`vivavoce_errors_total{code="malformed"} 1`,
		`vivavoce_frames_dropped_total{reason="late"} 3`,
		`vivavoce_frames_seen_total{face="true"} 1`,
		`vivavoce_prompts_total{acked="true"} 1`,
		`vivavoce_stage_duration_seconds_count{stage="motion"} 1`,
		`vivavoce_prompt_ack_seconds_count 1`,
		`vivavoce_time_to_verdict_seconds_count 1`,
		`vivavoce_frame_latency_seconds_count 0`,
	} {
		if !strings.Contains(string(body), want+"\n") {
			t.Errorf("/metrics lacks %s", want)
		}
	}
	if strings.Contains(string(body), made.ID) {
		t.Error("/metrics names a session")
	}
}

func TestOptionsAreChecked(t *testing.T) {
	good := Options{
		NewAttempt: func(pipeline.Challenge, string) (Attempt, error) { return nil, nil },
		NewPeer:    func(PeerOptions) (Peer, error) { return nil, nil },
		Plan:       pipeline.DefaultPlan(), Auth: testAuth(t), Store: testStore(t),
	}
	for _, tt := range []struct {
		name   string
		change func(*Options)
	}{
		{"no media", func(o *Options) { o.NewPeer = nil }},
		{"no judge", func(o *Options) { o.NewAttempt = nil }},
		{"nobody knows who calls", func(o *Options) { o.Auth = nil }},
		{"nothing is remembered", func(o *Options) { o.Store = nil }},
		{"negative limit", func(o *Options) { o.Limits.Sessions = -1 }},
		{"negative time", func(o *Options) { o.Timing.Hello = -1 }},
		{"plan that asks nothing", func(o *Options) { o.Plan = pipeline.Plan{} }},
		{"bad origin", func(o *Options) { o.AllowedOrigins = []string{"shop.example"} }},
	} {
		o := good
		tt.change(&o)
		if _, err := NewServer(o); err == nil {
			t.Errorf("%s: no error", tt.name)
		}
	}
	if _, err := NewServer(good); err != nil {
		t.Errorf("good options: %v", err)
	}
}
