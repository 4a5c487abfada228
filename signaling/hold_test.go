package signaling

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"vivavoce/pipeline"
)

// TestBodyThatDoesNotComeHoldsNothing announces a body and sends none.
func TestBodyThatDoesNotComeHoldsNothing(t *testing.T) {
	const call = 100 * time.Millisecond
	for _, tt := range []struct {
		name, line string
		open       bool
	}{
		{"create when closed", "POST /v1/sessions", false},
		{"create when open", "POST /v1/sessions", true},
		{"metrics", "GET /metrics", false},
		{"events without key", "GET /v1/sessions/s_x/events", false},
		{"no such page", "GET /nothing", false},
		{"socket without upgrade", "GET /v1/sessions/s_x/ws", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, untilDone, func(o *Options) {
				o.Open, o.Gather, o.Timing.Call = tt.open, prometheus.NewRegistry(), call
			})
			conn, err := net.Dial("tcp", r.address)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if err := conn.SetReadDeadline(time.Now().Add(patience / 5)); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n", tt.line)
			var timeout net.Error
			if _, err := io.ReadAll(conn); errors.As(err, &timeout) && timeout.Timeout() {
				t.Errorf("the connection is held after %v", patience/5)
			}
		})
	}
}

// TestStreamsOutliveTheTimeOfACall holds that the deadline of calls ends neither an
// event stream, nor a socket, nor a preview.
func TestStreamsOutliveTheTimeOfACall(t *testing.T) {
	const call = 100 * time.Millisecond
	t.Run("server", func(t *testing.T) {
		r := newRig(t, untilDone, func(o *Options) { o.Timing.Call = call })
		c, made, peer := r.join()
		l := r.listen(made.ID)
		l.until(StateConnecting)
		<-time.After(4 * call)
		peer.picture()
		l.until(StateFraming)
		if s := expect[StateChange](c); s.State != StateFraming {
			t.Errorf("state %s, want framing", s.State)
		}
		c.send(Bye{})
		l.until(StateDone)
	})
	t.Run("kiosk", func(t *testing.T) {
		cam := newFakeCamera()
		r := newKioskRig(t, untilDone, cam, func(o *KioskOptions) { o.Timing.Call = call })
		cam.film(t)
		resp := r.call("GET", "/v1/preview", "")
		begin, lines := time.Now(), bufio.NewScanner(resp.Body)
		for time.Since(begin) < 4*call {
			if !lines.Scan() {
				t.Fatalf("the preview ended after %v: %v", time.Since(begin), lines.Err())
			}
		}
	})
}

// TestSessionsThatNobodyComesForTakeNoSlot has a stranger make more sessions than the
// server has slots.
func TestSessionsThatNobodyComesForTakeNoSlot(t *testing.T) {
	r := newRig(t, untilDone, func(o *Options) { o.Open, o.Limits.Sessions, o.Limits.Pending = true, 2, 4 })
	post := func() *http.Response { return r.call("POST", "/v1/sessions", "") }
	var made [4]Created
	for i := range made {
		answered(t, post(), http.StatusCreated, &made[i])
	}
	answered(t, post(), http.StatusServiceUnavailable, nil) // nor are they without bound
	answered(t, r.call("GET", "/readyz", ""), http.StatusOK, nil)

	kept := r.create() // an integrator's takes its slot now
	first := r.dial(made[0].URL)
	first.send(Hello{Token: made[0].Token})
	expect[Welcome](first)
	answered(t, post(), http.StatusServiceUnavailable, nil)
	answered(t, r.call("GET", "/readyz", ""), http.StatusServiceUnavailable, nil)

	late := r.dial(made[1].URL)
	late.send(Hello{Token: made[1].Token})
	if all, code := late.rest(); code != 1013 || len(all) != 1 || all[0].(Error).Code != CodeFull {
		t.Errorf("hello when full: %+v, close %d; want full and 1013", all, code)
	}
	held := r.dial(kept.URL)
	held.send(Hello{Token: kept.Token})
	expect[Welcome](held)

	first.send(Bye{})
	first.rest()
	again := r.dial(made[1].URL) // the refusal did not cost its session
	again.send(Hello{Token: made[1].Token})
	expect[Welcome](again)
}

func answered(t *testing.T, resp *http.Response, status int, into *Created) {
	t.Helper()
	if resp.StatusCode != status {
		t.Fatalf("%s, want %d", resp.Status, status)
	}
	if into != nil {
		if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
			t.Fatal(err)
		}
	}
}

// TestOneSessionHoldsFewGreetings dials sessions that no hello can succeed for.
func TestOneSessionHoldsFewGreetings(t *testing.T) {
	r := newRig(t, untilDone, func(o *Options) { o.Limits.Greeting, o.Timing.Hello = 3, time.Hour })
	over := r.create()
	r.callAs("DELETE", "/v1/sessions/"+over.ID, nil)
	known := r.create()
	for range maxGreeters {
		c := r.dial(known.URL)
		c.send(Offer{SDP: "x"})
		expect[Error](c) // it waits for its hello
	}
	for range 4 {
		for _, url := range []string{known.URL, over.URL} {
			if all, code := r.dial(url).rest(); code != 4409 || all[0].(Error).Code != CodeBusy {
				t.Fatalf("greeting %s: %+v, close %d; want busy", url, all, code)
			}
		}
	}
	r.join() // there is room for others
}

// TestMetricsAreForTheOperator asks from elsewhere.
func TestMetricsAreForTheOperator(t *testing.T) {
	s, err := NewServer(Options{
		NewAttempt: func(pipeline.Challenge, string) (Attempt, error) { return nil, nil },
		NewPeer:    func(PeerOptions) (Peer, error) { return nil, nil },
		Plan:       pipeline.DefaultPlan(), Auth: testAuth(t), Store: testStore(t), Open: true, Gather: prometheus.NewRegistry(),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, remote, key string
		status            int
	}{
		{"stranger", "192.0.2.7:1234", "", http.StatusUnauthorized},
		{"wrong key", "192.0.2.7:1234", "Bearer guess", http.StatusUnauthorized},
		{"operator", "192.0.2.7:1234", "Bearer " + testKey, http.StatusOK},
		{"this machine", "127.0.0.1:1234", "", http.StatusOK},
		{"this machine, IPv6", "[::1]:1234", "", http.StatusOK},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req := httptest.NewRequest("GET", "http://localhost/metrics", nil)
			req.RemoteAddr = tt.remote
			req.Header.Set("Authorization", tt.key)
			w := httptest.NewRecorder()
			s.Handler().ServeHTTP(w, req)
			if w.Code != tt.status {
				t.Errorf("status %d, want %d", w.Code, tt.status)
			}
		})
	}
}
