package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"vivavoce/media/webrtc"
	"vivavoce/pipeline"
	"vivavoce/pipeline/injection"
	"vivavoce/pipeline/quality"
	"vivavoce/pipeline/stills"
	"vivavoce/signaling"
	"vivavoce/signaling/bws"
	"vivavoce/signaling/lipsecure"
	"vivavoce/signaling/livenessplus"
	"vivavoce/signaling/store"
	"vivavoce/web"
)

type serveCmd struct {
	Listen  string `help:"Address for HTTP and WebSocket." default:"127.0.0.1:8080"`
	TLSCert string `help:"Certificate (PEM). Browsers give the camera to https and to localhost only." type:"existingfile" and:"tls"`
	TLSKey  string `help:"Its key (PEM)." type:"existingfile" and:"tls"`

	UDPPort  int          `help:"The one UDP port for all media; 0 takes a free one, -1 does without." default:"0"`
	TCPPort  int          `help:"The one TCP port for media where UDP is blocked; 0 and -1 as above." default:"0"`
	PublicIP []netip.Addr `help:"Address that browsers reach this machine at, when it is behind a 1:1 NAT."`
	Loopback bool         `help:"Also offer 127.0.0.1 for media; always when --listen is a loopback address."`

	APIKey        []string      `help:"Key of the tenant \"default\", at least 16 characters. Other tenants: see vivavoce keys."`
	Open          bool          `help:"For development: let anyone make a session, as the demo page does, and make a key when none is given."`
	AllowedOrigin []string      `help:"Further origin whose pages may open the WebSocket: https://host[:port]."`
	FrameAncestor []string      `help:"Site that may frame the page."`
	MaxSessions   int           `help:"Sessions at once; more are answered 503 before they start. 0: 8 for each core." default:"0"`
	Microphone    bool          `help:"Offer the person to be heard, too: whether the sound goes with the lips is shown and never required."`
	ShowScores    bool          `help:"Send exact scores to the page, too: for demonstrations, they help an attacker."`
	Framing       time.Duration `help:"How long a person has to get their face into the picture." default:"60s"`
	FaceMin       float64       `help:"Smallest face, forehead to chin over the picture's shorter side." default:"0.25"`
	FaceMax       float64       `help:"Largest face." default:"0.85"`
	modelFlags
	challengeFlags
	policyFlag
	dataFlags
	Videos int `help:"Uploaded videos that are judged at once; each takes a core." default:"1"`
	rig    rig
	signs  [][]byte // token keys of the tenant "default"
}

// rig is what measurements change of a server.
type rig struct {
	reader string          // another digit reader than the manifest's
	policy pipeline.Policy // the zero one: the flag's
	turn   time.Duration   // how long a turn is waited for; 0: as for people
	watch  func(signaling.Attempt) signaling.Attempt
}

// Run serves until ctx ends, then lets the running sessions finish.
func (c *serveCmd) Run(ctx context.Context, log *slog.Logger, s streams) error {
	if c.Open {
		if err := c.openToAll(s.err); err != nil {
			return err
		}
	}
	running, err := c.open(ctx, log)
	if err != nil {
		return err
	}
	defer running.Close()
	fmt.Fprintf(s.err, "Viva Voce is at %s\n", running.url())
	return running.serve(ctx)
}

// running is a server that listens.
type running struct {
	*engine
	*data
	media     *webrtc.Engine
	server    *signaling.Server
	listener  net.Listener
	secure    bool // over TLS
	videos    *store.Videos
	workers   int            // for videos
	studio    *stills.Studio // for photographs
	screening *stills.Studio // for the workers
}

// open puts everything together and listens, without serving yet.
func (c *serveCmd) open(ctx context.Context, log *slog.Logger) (_ *running, err error) {
	r := &running{secure: c.TLSCert != "", workers: max(1, c.Videos)}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.Close())
		}
	}()
	if r.data, err = c.dataFlags.open(ctx, credentials{c.APIKey, c.signs}, log); err != nil {
		return r, err
	}
	if r.auth.Empty() {
		return r, errors.New("nobody has a key: make one with `vivavoce keys create TENANT`, or give --api-key, or --open for development")
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	metrics := signaling.NewMetrics(registry)
	q := quality.Browser()
	q.Size = quality.Band{Min: c.FaceMin, Max: c.FaceMax}
	if c.FaceMin == 0 && c.FaceMax == 0 {
		q.Size = quality.Browser().Size
	}
	timing := pipeline.Timing{Framing: c.Framing, Digit: c.Pace, Turn: c.rig.turn}
	policy := c.rig.policy
	if policy.Checks == nil {
		if policy, err = pipeline.PolicyNamed(c.Policy); err != nil {
			return r, err
		}
	}
	shown, err := injection.NewMemory(injection.MemoryOptions{})
	if err != nil {
		return r, err
	}
	if r.engine, err = openEngine(engineOptions{
		models: c.modelFlags, policy: policy, timing: timing, quality: q, metrics: metrics, shown: shown, reader: c.rig.reader,
	}); err != nil {
		return r, err
	}
	if err = r.check(c.plan()); err != nil {
		return r, err
	}
	if r.media, err = webrtc.NewEngine(webrtc.Options{
		UDPPort: c.UDPPort, TCPPort: c.TCPPort, PublicIPs: c.PublicIP, Logger: log,
		Loopback: c.Loopback || isLoopback(c.Listen), Microphone: c.Microphone, Count: metrics.Media,
	}); err != nil {
		return r, err
	}
	faces, err := r.openFaces(ctx, faceOptions{metrics, registry, log})
	if err != nil {
		return r, err
	}
	if r.server, err = signaling.NewServer(signaling.Options{
		NewAttempt:     r.newAttempt(c.rig),
		Plan:           c.plan(),
		NewPeer:        signaling.WebRTC(r.media, log),
		Auth:           r.auth,
		Store:          r.store,
		More:           faces,
		AnySite:        livenessplus.AnySite(),
		Open:           c.Open,
		Pages:          web.Files(),
		AllowedOrigins: c.AllowedOrigin,
		FrameAncestors: c.FrameAncestor,
		Microphone:     c.Microphone,
		ExactToPage:    c.ShowScores,
		Limits:         signaling.Limits{Sessions: c.MaxSessions},
		Metrics:        metrics,
		Gather:         registry,
		Logger:         log,
	}); err != nil {
		return r, err
	}
	r.listener, err = c.listen()
	return r, err
}

func (r *running) newAttempt(rig rig) func(pipeline.Challenge, string) (signaling.Attempt, error) {
	return func(c pipeline.Challenge, policy string) (signaling.Attempt, error) {
		a, err := r.engine.newAttempt(c, policy)
		if err != nil || rig.watch == nil {
			return a, err
		}
		return rig.watch(a), nil
	}
}

// isLoopback reports whether only this machine reaches the address.
func isLoopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

func (c *serveCmd) listen() (net.Listener, error) {
	l, err := net.Listen("tcp", c.Listen)
	if err != nil || c.TLSCert == "" {
		return l, err
	}
	pair, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("load certificate: %w", err), l.Close())
	}
	return tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}), nil
}

// Close ends what open began. It is for after serve.
func (r *running) Close() error {
	var errs []error
	if r.listener != nil {
		_ = r.listener.Close() // serve has closed it already
	}
	if r.media != nil {
		errs = append(errs, r.media.Close())
	}
	if r.engine != nil {
		errs = append(errs, r.engine.Close())
	}
	if r.data != nil {
		errs = append(errs, r.data.Close())
	}
	return errors.Join(errs...)
}

func (r *running) url() string {
	scheme := "http"
	if r.secure {
		scheme = "https"
	}
	return scheme + "://" + r.listener.Addr().String()
}

// faceOptions are what the compatible APIs share.
type faceOptions struct {
	metrics  *signaling.Metrics
	registry prometheus.Registerer
	log      *slog.Logger
}

// openFaces opens what the compatible APIs stand on, and gives their calls.
func (r *running) openFaces(ctx context.Context, o faceOptions) (map[string]http.Handler, error) {
	var err error
	if r.videos, err = store.OpenVideos(ctx, r.store, store.VideosOptions{}); err != nil {
		return nil, err
	}
	if r.studio, err = stills.New(r.library, stills.Options{}); err != nil {
		return nil, err
	}
	lips, err := lipsecure.New(ctx, lipsecure.Options{
		Auth: r.auth, Store: r.store, Videos: r.videos, Logger: o.log, Refused: o.metrics.LipSecureRefused,
	})
	if err != nil {
		return nil, err
	}
	calls := lips.Routes()
	plus, err := r.openLivenessPlus(ctx, livenessplus.Options{Auth: r.auth, Store: r.store, Logger: o.log}, o.registry)
	if err != nil {
		return nil, err
	}
	maps.Copy(calls, plus)
	pictures, err := r.openBWS(bws.Options{Auth: r.auth, Logger: o.log}, o.registry)
	if err != nil {
		return nil, err
	}
	maps.Copy(calls, pictures)
	return calls, nil
}

// during serves while do runs, and then ends.
func (r *running) during(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return r.serve(ctx) })
	g.Go(func() error {
		defer cancel()
		return do(ctx)
	})
	return g.Wait()
}

// serve answers until ctx ends; then new sessions are refused, running ones get
// their time, and everything has ended when it returns.
func (r *running) serve(ctx context.Context) error {
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	var g errgroup.Group
	g.Go(func() error { return r.videos.Work(working, r.workers, r.watch) })
	g.Go(func() error {
		defer stop() // videos that came before the end are judged
		return r.server.Serve(ctx, r.listener)
	})
	return g.Wait()
}
