package signaling

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"vivavoce/pipeline"
	"vivavoce/signaling/auth"
	"vivavoce/signaling/store"
)

// Options say what a server serves and within which bounds. NewAttempt, Plan,
// NewPeer, Auth and Store are needed.
type Options struct {
	// NewAttempt judges by the policy of that name; "" is the server's own.
	NewAttempt func(c pipeline.Challenge, policy string) (Attempt, error)
	Plan       pipeline.Plan // of every session's challenge
	NewPeer    func(PeerOptions) (Peer, error)

	Auth  *auth.Auth
	Store *store.Store
	// More are further calls, by pattern: the compatible APIs.
	More map[string]http.Handler
	// AnySite are the paths of More, as patterns without a method, that pages of any site may post to: what
	// lets somebody in there is sent with the call, never by the browser alone.
	AnySite []string
	Open    bool // anyone may make sessions, of the tenant [auth.Default]; the other calls still need a key

	Pages          fs.FS    // files served at the root; nil serves none
	AllowedOrigins []string // further origins whose pages may open the WebSocket: "https://host[:port]"
	FrameAncestors []string // sites that may frame the pages, as CSP has them; none: nobody
	ICEServers     []ICEServer
	// Microphone says that peers listen: the page offers the person to be heard, too.
	Microphone  bool
	ExactToPage bool // the page, too, gets exact scores: for demonstrations, never for attackers

	Limits  Limits
	Timing  Timing
	Ready   func() error        // says why the server is not ready, for /readyz; nil is ready
	Metrics *Metrics            // nil counts for nobody
	Gather  prometheus.Gatherer // served at /metrics; nil serves none
	Logger  *slog.Logger        // nil discards
}

// Limits bound what strangers can make a server hold. Zero fields mean the default.
type Limits struct {
	Sessions      int // at once, from hello on, an integrator's from POST on; 8 for each core: design §8 measured 20 on two
	Pending       int // made without a key and not claimed, at once; 1000: one address makes 90 in Timing.Start
	Greeting      int // sockets that have not said hello; Sessions + 256: the 90 of one address hold 180
	Listeners     int // event streams of one session; 4
	CreatePerIP   int // sessions made a minute from one address when open; 30
	Messages      int // a second from one page, with bursts of three seconds' worth; 20
	Candidates    int // from one page; 64
	Offers        int // from one page, restarts included; 16
	QueuedToPage  int // messages that wait for a slow page; 128
	BytesToCreate int // body of POST /v1/sessions; 4096
}

// Timing holds every deadline of a connection. Zero fields mean the default. The
// deadlines of framing and challenge are the attempt's own.
type Timing struct {
	Call         time.Duration // for a whole request to come; 10 s, and as long again for its answer to leave
	Start        time.Duration // from POST /v1/sessions to hello; 2 min
	Hello        time.Duration // from the socket's opening to hello; 10 s
	FirstPicture time.Duration // from hello; 15 s
	Whole        time.Duration // from hello to verdict, whatever happens; 3 min
	Answer       time.Duration // to answer an offer; 5 s
	Ping         time.Duration // between pings; 5 s
	Silence      time.Duration // without pong or message: the page is gone; 15 s
	Write        time.Duration // for one message to leave; 5 s
	Linger       time.Duration // for the page to answer a close; 2 s
	Remember     time.Duration // a session that is over; 24 h
	Drain        time.Duration // for running sessions when the server is told to stop; 110 s, a whole attempt of the default plan
}

func (l *Limits) fill() error {
	for _, f := range []struct {
		name  string
		value *int
		zero  int
	}{
		{"Sessions", &l.Sessions, 8 * runtime.GOMAXPROCS(0)},
		{"Pending", &l.Pending, 1000},
		{"Greeting", &l.Greeting, l.Sessions + 256},
		{"Listeners", &l.Listeners, 4},
		{"CreatePerIP", &l.CreatePerIP, 30},
		{"Messages", &l.Messages, 20},
		{"Candidates", &l.Candidates, 64},
		{"Offers", &l.Offers, 16},
		{"QueuedToPage", &l.QueuedToPage, 128},
		{"BytesToCreate", &l.BytesToCreate, 4096},
	} {
		if *f.value < 0 {
			return fmt.Errorf("limits: %s is %d, want 0 or more", f.name, *f.value)
		}
		if *f.value == 0 {
			*f.value = f.zero
		}
	}
	return nil
}

func (t *Timing) fill() error {
	for _, f := range []struct {
		name  string
		value *time.Duration
		zero  time.Duration
	}{
		{"Call", &t.Call, 10 * time.Second},
		{"Start", &t.Start, 2 * time.Minute},
		{"Hello", &t.Hello, 10 * time.Second},
		{"FirstPicture", &t.FirstPicture, 15 * time.Second},
		{"Whole", &t.Whole, 3 * time.Minute},
		{"Answer", &t.Answer, 5 * time.Second},
		{"Ping", &t.Ping, 5 * time.Second},
		{"Silence", &t.Silence, 15 * time.Second},
		{"Write", &t.Write, 5 * time.Second},
		{"Linger", &t.Linger, 2 * time.Second},
		{"Remember", &t.Remember, 24 * time.Hour},
		{"Drain", &t.Drain, 110 * time.Second},
	} {
		if *f.value < 0 {
			return fmt.Errorf("timing: %s is %v, want 0 or more", f.name, *f.value)
		}
		if *f.value == 0 {
			*f.value = f.zero
		}
	}
	return nil
}

func (o *Options) fill() error {
	if o.NewAttempt == nil {
		return errors.New("nothing to judge with")
	}
	if o.Auth == nil || o.Store == nil {
		return errors.New("nobody knows who calls, or nothing is remembered")
	}
	if _, err := pipeline.NewChallenge(rand.Reader, o.Plan); err != nil {
		return err
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = NewMetrics(prometheus.NewRegistry())
	}
	if o.Ready == nil {
		o.Ready = func() error { return nil }
	}
	if o.ICEServers == nil {
		o.ICEServers = []ICEServer{}
	}
	return errors.Join(o.Limits.fill(), o.Timing.fill())
}
