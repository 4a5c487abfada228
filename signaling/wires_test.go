package signaling

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"
)

// TestEventsStayOverHTTP2 listens for longer than an answer may take: HTTP/2 ends a stream when its deadline comes, also one
// that nothing is written to.
func TestEventsStayOverHTTP2(t *testing.T) {
	r := newRig(t, untilDone, func(o *Options) { o.Timing.Call = 100 * time.Millisecond })
	made := r.create()
	two := &http.Transport{Protocols: &http.Protocols{}}
	two.Protocols.SetUnencryptedHTTP2(true)
	defer two.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(t.Context(), 600*time.Millisecond)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", "http://"+r.address+"/v1/sessions/"+made.ID+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+testKey)
	resp, err := two.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	if resp.ProtoMajor != 2 || resp.StatusCode != http.StatusOK || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%s %s, and then %v; want the listener's own deadline", resp.Proto, resp.Status, err)
	}
}
