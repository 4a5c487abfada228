package puppet

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sync/errgroup"

	"vivavoce/media/codec"
	"vivavoce/signaling"
)

// Options say whom to call and who is in front of the camera.
type Options struct {
	Server string        // base address of the server: http://127.0.0.1:8080
	Scene  Performance   // one that is Voiced is heard
	FPS    int           // 0 means 30
	Codec  codec.Name    // "" means VP8
	Kbps   int           // 0 means 1,000
	NoAck  bool          // never say prompt_shown
	AckLag time.Duration // say prompt_shown so late, as over a slow line
	// Loss and Swap are the shares of packets lost and swapped on the way, 0–1.
	Loss, Swap float64
	// Listen is given every message of the server, in order; nil is fine.
	Listen func(signaling.Message)
}

// Deadlines of one call.
const (
	callTimeout  = 10 * time.Second
	writeTimeout = 5 * time.Second
	sessionLimit = 3 * time.Minute
)

// ErrNoVerdict means that the server ended the session without a verdict.
var ErrNoVerdict = errors.New("session ended without a verdict")

// Run makes a session, answers its prompts and returns the page's verdict. It ends
// everything it started before it returns.
func Run(ctx context.Context, o Options) (*signaling.Verdict, error) {
	ctx, cancel := context.WithTimeout(ctx, sessionLimit)
	defer cancel()
	made, err := create(ctx, o.Server)
	if err != nil {
		return nil, err
	}
	conn, err := dial(ctx, o.Server, made.URL)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	c, err := newCall(ctx, o, conn)
	if err != nil {
		return nil, err
	}
	defer c.close()
	if err := c.send(signaling.Hello{Token: made.Token, Client: &signaling.Client{Name: "puppet", Version: "1"}}); err != nil {
		return nil, err
	}
	return c.run(ctx)
}

// create asks an open server for a session.
func create(ctx context.Context, server string) (*signaling.Created, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, server+"/v1/sessions", bytes.NewReader([]byte("{}")))
	if err != nil {
		return nil, fmt.Errorf("create session at %s: %w", server, err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("create session: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusCreated {
		var p signaling.Problem
		_ = json.NewDecoder(res.Body).Decode(&p)
		return nil, fmt.Errorf("create session: %s %s", res.Status, p.Code)
	}
	var made signaling.Created
	if err := json.NewDecoder(res.Body).Decode(&made); err != nil {
		return nil, fmt.Errorf("create session: %w", err)
	}
	return &made, nil
}

func dial(ctx context.Context, server, path string) (*websocket.Conn, error) {
	u, err := url.Parse(server)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", server, err)
	}
	u.Scheme = map[string]string{"https": "wss"}[u.Scheme]
	if u.Scheme == "" {
		u.Scheme = "ws"
	}
	u = u.JoinPath(path)
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	conn, _, err := websocket.DefaultDialer.DialContext(ctx, u.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", u, err)
	}
	return conn, nil
}

// run reads the server and sends pictures until there is a verdict.
func (c *call) run(ctx context.Context) (*signaling.Verdict, error) {
	g, ctx := errgroup.WithContext(ctx)
	var verdict *signaling.Verdict
	g.Go(func() error {
		err := c.read(ctx, &verdict)
		if err == nil {
			err = errOver
		}
		return err
	})
	g.Go(func() error { return c.film(ctx) })
	g.Go(func() error { return c.acknowledge(ctx) })
	if v, ok := c.o.Scene.(Voiced); ok {
		g.Go(func() error { return c.talk(ctx, v) })
	}
	g.Go(func() error { // a blocked read ends with the context
		<-ctx.Done()
		return c.conn.Close()
	})
	if err := g.Wait(); !errors.Is(err, errOver) {
		return nil, err
	}
	if verdict == nil {
		return nil, ErrNoVerdict
	}
	return verdict, nil
}

// errOver ends the group when the server closed as it should.
var errOver = errors.New("over")
