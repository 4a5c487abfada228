package signaling

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"vivavoce/media"
	"vivavoce/pipeline"
	"vivavoce/signaling/auth"
	"vivavoce/signaling/store"
)

const testKey = "integrator-key-0123456789"

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

// fakePeer is media that a test drives.
type fakePeer struct {
	*media.Latest
	options PeerOptions
	refuse  error      // from Answer
	broken  chan error // what Run returns

	mu         sync.Mutex
	offers     []string
	candidates []Candidate
}

func newFakePeer(o PeerOptions) *fakePeer {
	return &fakePeer{Latest: media.NewLatest(), options: o, broken: make(chan error, 1)}
}

func (p *fakePeer) Answer(_ context.Context, offer string) (string, error) {
	p.mu.Lock()
	p.offers = append(p.offers, offer)
	p.mu.Unlock()
	p.options.OnCandidate(Candidate{Candidate: "candidate:early"})
	return "answer to " + offer, p.refuse
}

func (p *fakePeer) AddCandidate(c Candidate) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.candidates = append(p.candidates, c)
	if c.Candidate == "bad" {
		return &MediaError{CodeMalformed, errors.New("unreadable")}
	}
	return nil
}

// Run ends its frames a little before it says why, as real media may.
func (p *fakePeer) Run(ctx context.Context) error {
	defer p.Close(io.EOF)
	select {
	case <-ctx.Done():
		return nil
	case err := <-p.broken:
		p.Close(io.EOF)
		<-time.After(20 * time.Millisecond)
		return err
	}
}

func (p *fakePeer) Drops() map[string]uint64 { return map[string]uint64{"late": 3} }

// picture sends one frame.
func (p *fakePeer) picture() { p.Put(&media.Frame{Width: 4, Height: 4, Arrived: time.Now()}) }

// fakeAttempt runs a script in place of a judge.
type fakeAttempt struct {
	script func(ctx context.Context, src media.Source, report func(pipeline.Event)) (pipeline.Verdict, error)
	shown  chan int
	told   chan pipeline.Device
	lights chan int // the lights that were shown; -1: declined
}

func (a *fakeAttempt) Run(ctx context.Context, src media.Source, report func(pipeline.Event)) (pipeline.Verdict, error) {
	return a.script(ctx, src, report)
}

func (a *fakeAttempt) Describe(d pipeline.Device) {
	select {
	case a.told <- d:
	default: // a page may flood
	}
}

func (a *fakeAttempt) LightShown(index int) error {
	if index > 0 {
		return pipeline.ErrNoLight
	}
	a.lights <- index
	return nil
}

func (a *fakeAttempt) DeclineLights() { a.lights <- -1 }

func (a *fakeAttempt) Shown(index int) error {
	if index > 0 {
		return pipeline.ErrNotShown
	}
	a.shown <- index
	return nil
}

// untilDone is an attempt that frames for as long as it may.
func untilDone(ctx context.Context, _ media.Source, report func(pipeline.Event)) (pipeline.Verdict, error) {
	report(pipeline.StateChanged{State: pipeline.Framing})
	<-ctx.Done()
	return pipeline.Verdict{}, ctx.Err()
}

// rig is a server on a port of its own, with fakes behind it.
type rig struct {
	t       *testing.T
	server  *Server
	address string
	peers   chan *fakePeer
	shown   chan int
	told    chan pipeline.Device
	lights  chan int
	stop    context.CancelFunc
	stopped chan error
	client  *http.Client
}

type script = func(ctx context.Context, src media.Source, report func(pipeline.Event)) (pipeline.Verdict, error)

func newRig(t *testing.T, play script, change func(*Options)) *rig {
	t.Helper()
	checkLeaks(t)
	return oneOfRigs(t, play, change)
}

// oneOfRigs is for tests with several: leaks can be told only when all are gone.
func oneOfRigs(t *testing.T, play script, change func(*Options)) *rig {
	t.Helper()
	r := &rig{t: t, peers: make(chan *fakePeer, 8), shown: make(chan int, 8), told: make(chan pipeline.Device, 100), lights: make(chan int, 8), stopped: make(chan error, 1)}
	o := Options{
		NewAttempt: func(pipeline.Challenge, string) (Attempt, error) {
			return &fakeAttempt{script: play, shown: r.shown, told: r.told, lights: r.lights}, nil
		},
		Plan: pipeline.DefaultPlan(),
		NewPeer: func(o PeerOptions) (Peer, error) {
			p := newFakePeer(o)
			r.peers <- p
			return p, nil
		},
		Auth:   testAuth(t),
		Store:  testStore(t),
		Timing: Timing{Drain: time.Millisecond, Linger: 200 * time.Millisecond},
	}
	if change != nil {
		change(&o)
	}
	s, err := NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	r.server = s
	r.serve(s.Serve)
	return r
}

// testAuth knows two keys.
func testAuth(t *testing.T) *auth.Auth {
	t.Helper()
	a, err := auth.New(auth.Options{Keys: []string{testKey, "another-key-0123456789"}})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// testStore is gone after the test.
func testStore(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// serve runs a server until the test's end.
func (r *rig) serve(serve func(context.Context, net.Listener) error) {
	r.t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.t.Fatal(err)
	}
	r.address = ln.Addr().String()
	r.client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	ctx, cancel := context.WithCancel(context.Background())
	r.stop = cancel
	go func() { r.stopped <- serve(ctx, ln) }()
	r.t.Cleanup(func() {
		cancel()
		select {
		case err := <-r.stopped:
			if err != nil {
				r.t.Errorf("serve: %v", err)
			}
		case <-time.After(patience):
			r.t.Error("the server does not end")
		}
	})
}

// checkLeaks fails the test when goroutines are left after all other clean-ups.
func checkLeaks(t *testing.T) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() {
		goleak.VerifyNone(t, before, goleak.IgnoreAnyFunction("github.com/nats-io/nats-server/v2/server.init.0.func1")) // its clock
	})
}

// call makes an HTTP call; header is name, value, …
func (r *rig) call(method, path, body string, header ...string) *http.Response {
	r.t.Helper()
	req, err := http.NewRequest(method, "http://"+r.address+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := r.client.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { resp.Body.Close() })
	return resp
}

func (r *rig) callAs(method, path string, into any) *http.Response {
	r.t.Helper()
	resp := r.call(method, path, "", "Authorization", "Bearer "+testKey)
	if into != nil {
		if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
			r.t.Fatalf("%s %s: %v", method, path, err)
		}
	}
	return resp
}

func (r *rig) create() Created {
	r.t.Helper()
	var c Created
	if resp := r.callAs("POST", "/v1/sessions", &c); resp.StatusCode != http.StatusCreated {
		r.t.Fatalf("create: %s", resp.Status)
	}
	return c
}

func (r *rig) status(id string) Status {
	r.t.Helper()
	var s Status
	r.callAs("GET", "/v1/sessions/"+id, &s)
	return s
}

// client is a page's end of the WebSocket.
type client struct {
	t    *testing.T
	conn *websocket.Conn
}

func (r *rig) dial(url string) *client {
	r.t.Helper()
	conn, resp, err := websocket.DefaultDialer.Dial("ws://"+r.address+url, nil)
	if err != nil {
		r.t.Fatalf("dial: %v", err)
	}
	resp.Body.Close()
	r.t.Cleanup(func() { conn.Close() })
	return &client{r.t, conn}
}

// join dials a new session and says hello; it reads up to state connecting.
func (r *rig) join() (*client, Created, *fakePeer) {
	r.t.Helper()
	made := r.create()
	c := r.dial(made.URL)
	c.send(Hello{Token: made.Token})
	expect[Welcome](c)
	if s := expect[StateChange](c); s.State != StateConnecting {
		r.t.Fatalf("state %s, want connecting", s.State)
	}
	select {
	case p := <-r.peers:
		return c, made, p
	case <-time.After(patience):
		r.t.Fatal("no peer")
		return nil, made, nil
	}
}

func (c *client) send(m Message) {
	c.t.Helper()
	data, err := Encode(m)
	if err != nil {
		c.t.Fatal(err)
	}
	c.write(string(data))
}

func (c *client) write(text string) {
	c.t.Helper()
	// A server that has closed already may refuse it; what it said tells.
	_ = c.conn.WriteMessage(websocket.TextMessage, []byte(text))
}

// next reads one message; nil and the close code when the server closed.
func (c *client) next() (Message, int) {
	c.t.Helper()
	if err := c.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		c.t.Fatal(err)
	}
	_, data, err := c.conn.ReadMessage()
	var closed *websocket.CloseError
	if errors.As(err, &closed) {
		return nil, closed.Code
	}
	if err != nil {
		c.t.Fatalf("read: %v", err)
	}
	m, err := DecodeServer(data)
	if err != nil {
		c.t.Fatalf("server sent %s: %v", data, err)
	}
	return m, 0
}

// expect reads the next message, which must be an M.
func expect[M Message](c *client) M {
	c.t.Helper()
	m, code := c.next()
	got, ok := m.(M)
	if !ok {
		c.t.Fatalf("got %T %+v (close %d), want %T", m, m, code, got)
	}
	return got
}

// rest reads to the close and returns everything and the close code.
func (c *client) rest() ([]Message, int) {
	c.t.Helper()
	var all []Message
	for {
		m, code := c.next()
		if m == nil {
			return all, code
		}
		all = append(all, m)
	}
}

// listener reads an event stream.
type listener struct {
	t    *testing.T
	resp *http.Response
	scan *bufio.Scanner
	last string // id of the newest event
}

func (r *rig) listen(id string, header ...string) *listener {
	r.t.Helper()
	resp := r.call("GET", "/v1/sessions/"+id+"/events", "", append(header, "Authorization", "Bearer "+testKey)...)
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
		r.t.Fatalf("events: %s %s", resp.Status, resp.Header.Get("Content-Type"))
	}
	return &listener{t: r.t, resp: resp, scan: bufio.NewScanner(resp.Body)}
}

// next reads one event; nil at the end of the stream.
func (l *listener) next() Message {
	l.t.Helper()
	kind := ""
	for l.scan.Scan() {
		name, value, _ := strings.Cut(l.scan.Text(), ": ")
		switch name {
		case "id":
			l.last = value
		case "event":
			kind = value
		case "data":
			m, err := DecodeServer([]byte(value))
			if err != nil || m.Type() != kind {
				l.t.Fatalf("event %s %s: %v", kind, value, err)
			}
			return m
		}
	}
	return nil
}

func (l *listener) rest() []Message {
	l.t.Helper()
	var all []Message
	for m := l.next(); m != nil; m = l.next() {
		all = append(all, m)
	}
	return all
}

// until reads up to the state.
func (l *listener) until(s State) {
	l.t.Helper()
	for m := l.next(); m != nil; m = l.next() {
		if m == (StateChange{s}) {
			return
		}
	}
	l.t.Fatalf("the stream ended before %s", s)
}
