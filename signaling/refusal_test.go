package signaling

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"vivavoce/media"
	"vivavoce/pipeline"
)

// TestBadMessages sends what no page should, after hello. close 0 means that the
// session must go on.
func TestBadMessages(t *testing.T) {
	many := func(n int, text string) []string {
		out := make([]string, n)
		for i := range out {
			out[i] = text
		}
		return out
	}
	for _, tt := range []struct {
		name  string
		send  []string
		code  Code // of the last error
		close int
	}{
		{"garbage", []string{"{{{"}, CodeMalformed, 0},
		{"nine of garbage", many(9, "x"), CodeMalformed, 0},
		{"ten of garbage", many(10, "x"), CodeMalformed, 4400},
		{"unknown type", []string{`{"v":1,"type":"dance"}`}, CodeUnknownType, 0},
		{"a server's type", []string{`{"v":1,"type":"verdict","outcome":"live"}`}, CodeUnknownType, 0},
		{"other version", []string{`{"v":2,"type":"bye"}`}, CodeUnsupportedVersion, 4400},
		{"missing field", []string{`{"v":1,"type":"offer"}`}, CodeMalformed, 0},
		{"second hello", []string{`{"v":1,"type":"hello","token":"x"}`}, CodeOutOfOrder, 0},
		{"candidate before offer", []string{`{"v":1,"type":"candidate","candidate":""}`}, CodeOutOfOrder, 0},
		{"restart before offer", []string{`{"v":1,"type":"restart","sdp":"x"}`}, CodeOutOfOrder, 0},
		{"prompt that was not shown", []string{`{"v":1,"type":"prompt_shown","index":3}`}, CodeOutOfOrder, 0},
		{"bad candidate", []string{`{"v":1,"type":"offer","sdp":"x"}`, `{"v":1,"type":"candidate","candidate":"bad"}`}, CodeMalformed, 0},
		{"a megabyte", []string{`{"v":1,"type":"bye","pad":"` + strings.Repeat("x", 1<<20) + `"}`}, CodeTooLarge, 1009},
		{"flood", many(61, `{"v":1,"type":"device"}`), CodeTooMany, 4429},
		{"too many candidates", append([]string{`{"v":1,"type":"offer","sdp":"x"}`}, many(5, `{"v":1,"type":"candidate","candidate":"a"}`)...), CodeTooMany, 4429},
		{"too many offers", many(4, `{"v":1,"type":"offer","sdp":"x"}`), CodeTooMany, 4429},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, untilDone, func(o *Options) { o.Limits.Candidates, o.Limits.Offers = 4, 3 })
			c, made, peer := r.join()
			for _, text := range tt.send {
				c.write(text)
			}
			if tt.close == 0 {
				peer.picture() // the session goes on …
				checkGoesOn(t, c, tt.code, len(tt.send))
				return
			}
			checkLastWords(t, c, StateFailed, reasonRefused, tt.code, tt.close)
			if s := r.status(made.ID); s.State != StateFailed {
				t.Errorf("state %s, want failed", s.State)
			}
		})
	}
}

// checkGoesOn reads until framing and at least one error, all of which must be
// code and not fatal.
func checkGoesOn(t *testing.T, c *client, code Code, most int) {
	t.Helper()
	framing, errs := false, 0
	for !framing || errs == 0 {
		m, closed := c.next()
		switch m := m.(type) {
		case nil:
			t.Fatalf("closed with %d", closed)
		case Error:
			errs++
			if m.Code != code || m.Fatal {
				t.Errorf("error %+v, want %s and not fatal", m, code)
			}
		case StateChange:
			framing = m.State == StateFraming
		}
	}
	if errs > most {
		t.Errorf("%d errors for %d messages", errs, most)
	}
}

func TestBinaryMessageIsMalformed(t *testing.T) {
	r := newRig(t, untilDone, nil)
	c, _, _ := r.join()
	if err := c.conn.WriteMessage(websocket.BinaryMessage, []byte(`{"v":1,"type":"bye"}`)); err != nil {
		t.Fatal(err)
	}
	if e := expect[Error](c); e.Code != CodeMalformed || e.Fatal {
		t.Errorf("error %+v", e)
	}
}

// TestGreeting tries to get in without a good hello.
func TestGreeting(t *testing.T) {
	for _, tt := range []struct {
		name  string
		try   func(t *testing.T, r *rig) *client
		code  Code
		close int
	}{
		{"wrong token", func(_ *testing.T, r *rig) *client {
			c := r.dial(r.create().URL)
			c.send(Hello{Token: "wrong"})
			return c
		}, CodeUnauthorized, 4401},
		{"token of another session", func(_ *testing.T, r *rig) *client {
			c := r.dial(r.create().URL)
			c.send(Hello{Token: r.create().Token})
			return c
		}, CodeUnauthorized, 4401},
		{"no such session", func(_ *testing.T, r *rig) *client {
			return r.dial("/v1/sessions/s_none/ws")
		}, CodeNotFound, 4404},
		{"second connection", func(_ *testing.T, r *rig) *client {
			_, made, _ := r.join()
			c := r.dial(made.URL)
			c.send(Hello{Token: made.Token})
			return c
		}, CodeBusy, 4409},
		{"session that is over", func(t *testing.T, r *rig) *client {
			first, made, _ := r.join()
			first.send(Bye{})
			first.rest()
			c := r.dial(made.URL)
			c.send(Hello{Token: made.Token})
			return c
		}, CodeBusy, 4409},
		{"no hello", func(_ *testing.T, r *rig) *client {
			return r.dial(r.create().URL)
		}, CodeTimeout, 4408},
		{"pings, but no hello", func(t *testing.T, r *rig) *client {
			c := r.dial(r.create().URL)
			for range 5 {
				if err := c.conn.WriteMessage(websocket.PongMessage, nil); err != nil {
					t.Fatal(err)
				}
			}
			return c
		}, CodeTimeout, 4408},
		{"expired token", func(t *testing.T, r *rig) *client {
			made := r.create()
			s, _ := r.server.roster.find(made.ID)
			s.mu.Lock()
			s.record.Expires = time.Now().Add(-time.Second)
			s.mu.Unlock()
			c := r.dial(made.URL)
			c.send(Hello{Token: made.Token})
			return c
		}, CodeUnauthorized, 4401},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, untilDone, func(o *Options) { o.Timing.Hello = 100 * time.Millisecond })
			c := tt.try(t, r)
			e := expect[Error](c)
			if e.Code != tt.code || !e.Fatal {
				t.Errorf("error %+v, want fatal %s", e, tt.code)
			}
			if _, code := c.rest(); code != tt.close {
				t.Errorf("close %d, want %d", code, tt.close)
			}
		})
	}
}

func TestOfferBeforeHelloIsOutOfOrder(t *testing.T) {
	r := newRig(t, untilDone, nil)
	made := r.create()
	c := r.dial(made.URL)
	c.send(Offer{SDP: "x"})
	if e := expect[Error](c); e.Code != CodeOutOfOrder || e.Fatal {
		t.Errorf("error %+v", e)
	}
	c.send(Hello{Token: made.Token})
	expect[Welcome](c)
}

func TestWrongTokenLeavesTheSessionFree(t *testing.T) {
	r := newRig(t, untilDone, nil)
	made := r.create()
	c := r.dial(made.URL)
	c.send(Hello{Token: "guess"})
	c.rest()
	c = r.dial(made.URL)
	c.send(Hello{Token: made.Token})
	expect[Welcome](c)
}

func TestServerThatGoesDownTurnsGreetersAway(t *testing.T) {
	r := newRig(t, untilDone, func(o *Options) { o.Timing.Hello = time.Hour })
	c := r.dial(r.create().URL)
	c.send(Offer{SDP: "x"})
	expect[Error](c) // the server is reading
	r.stop()
	e := expect[Error](c)
	if e.Code != CodeDraining || !e.Fatal {
		t.Errorf("error %+v, want draining", e)
	}
}

func TestTooManyGreeters(t *testing.T) {
	r := newRig(t, untilDone, func(o *Options) { o.Limits.Greeting = 2 })
	for range 2 {
		c := r.dial(r.create().URL)
		c.send(Offer{SDP: "x"})
		expect[Error](c)
	}
	_, resp, err := websocket.DefaultDialer.Dial("ws://"+r.address+r.create().URL, nil)
	if err == nil || resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("third greeter: %v, %v; want 503", resp, err)
	}
}

func TestGreetersMakeRoom(t *testing.T) {
	r := newRig(t, untilDone, func(o *Options) { o.Limits.Greeting = 1 })
	for range 3 {
		r.join() // who said hello is no greeter any more
	}
	for range 3 { // nor who was turned away
		c := r.dial(r.create().URL)
		c.send(Hello{Token: "guess"})
		c.rest()
	}
}

func TestServerWaitsForThePagesClose(t *testing.T) {
	r := newRig(t, untilDone, nil)
	c, _, _ := r.join()
	c.conn.SetCloseHandler(func(int, string) error { return nil }) // does not answer
	c.send(Bye{})
	c.rest()
	began := time.Now()
	if _, err := c.conn.NetConn().Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("after the close: %v, want EOF", err)
	}
	if took := time.Since(began); took < 100*time.Millisecond { // Linger is 200 ms here
		t.Errorf("the connection was cut after %v", took)
	}
}

func TestOrigins(t *testing.T) {
	for _, tt := range []struct {
		origin string // HOST is the server's
		ok     bool
	}{
		{"", true}, {"http://HOST", true}, {"https://shop.example", true},
		{"https://evil.example", false}, {"null", false}, {"https://shop.example.evil.example", false},
	} {
		t.Run(tt.origin, func(t *testing.T) {
			r := newRig(t, untilDone, func(o *Options) { o.AllowedOrigins = []string{"https://shop.example"} })
			h := http.Header{}
			if tt.origin != "" {
				h.Set("Origin", strings.Replace(tt.origin, "HOST", r.address, 1))
			}
			conn, resp, err := websocket.DefaultDialer.Dial("ws://"+r.address+r.create().URL, h)
			if (err == nil) != tt.ok {
				t.Fatalf("dial: %v, want ok %v", err, tt.ok)
			}
			if tt.ok {
				conn.Close()
			} else if resp.StatusCode != http.StatusForbidden {
				t.Errorf("status %d, want 403", resp.StatusCode)
			}
		})
	}
}

func TestPageThatStopsReadingIsCutOff(t *testing.T) {
	story := strings.Repeat("7", 50<<10)
	r := newRig(t, flood(story), func(o *Options) {
		o.Limits.QueuedToPage = 600 // 30 MB, more than the kernel takes in for a connection
		o.Timing.Write = 100 * time.Millisecond
	})
	c, made, peer := r.join()
	peer.picture()
	if got := r.awaitOver(made.ID); got.Verdict.Reasons[0] != reasonDisconnected {
		t.Errorf("reasons %v, want %s", got.Verdict.Reasons, reasonDisconnected)
	}
	c.conn.Close()
}

func TestMessageRateRecovers(t *testing.T) {
	k := messageRate(20)
	now := time.Now()
	for i := range 60 {
		if !k.AllowN(now, 1) {
			t.Fatalf("message %d of a burst refused", i)
		}
	}
	if k.AllowN(now, 1) {
		t.Error("message 61 of a burst allowed")
	}
	if !k.AllowN(now.Add(100*time.Millisecond), 2) {
		t.Error("two messages 100 ms later refused, want 20 a second")
	}
}

// flood prompts with a long phrase until it is stopped.
func flood(phrase string) script {
	return func(ctx context.Context, _ media.Source, report func(pipeline.Event)) (pipeline.Verdict, error) {
		for range 600 {
			report(pipeline.Prompted{Prompt: pipeline.Prompt{Step: pipeline.Step{Kind: pipeline.StepDigit}}, Phrase: phrase})
		}
		<-ctx.Done()
		return pipeline.Verdict{}, ctx.Err()
	}
}
