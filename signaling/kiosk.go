package signaling

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"

	"golang.org/x/sync/errgroup"
)

// KioskOptions say what a kiosk sees by and whom it answers.
type KioskOptions struct {
	// Options as for a server, but NewPeer, Open and Limits.Sessions are not used:
	// the camera is local, anyone at it may begin, and there is one session at a time.
	Options
	OpenCamera OpenCamera // needed
	// Remote also answers other machines. Without it a kiosk answers only its own,
	// by a name of its own: no page elsewhere looks through the camera.
	Remote bool
}

// Kiosk serves one person after the other at this machine's camera.
type Kiosk struct {
	server *Server
	camera *camera
	remote bool
}

// NewKiosk refuses options that cannot serve anybody.
func NewKiosk(o KioskOptions) (*Kiosk, error) {
	if o.OpenCamera == nil {
		return nil, errors.New("new kiosk: no camera")
	}
	o.Open, o.Limits.Sessions = true, 1
	if o.Limits.CreatePerIP == 0 {
		o.Limits.CreatePerIP = 600 // all come from here
	}
	k := &Kiosk{remote: o.Remote}
	extra := map[string]http.HandlerFunc{
		"GET /v1/preview": k.watch,
		"GET /{$}": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/kiosk.html", http.StatusFound)
		},
	}
	s, err := newServer(o.Options, extra)
	if err != nil {
		return nil, fmt.Errorf("new kiosk: %w", err)
	}
	k.server, k.camera = s, newCamera(o.OpenCamera, s.o.Logger)
	s.roster.replace = true
	s.open = func(r *run) (Media, Peer, error) {
		r.firstPicture = 0 // a camera may be away for long
		return newLocal(k.camera, r.tellTrouble), nil, nil
	}
	return k, nil
}

// tellTrouble says what is wrong with the camera for now.
func (r *run) tellTrouble(c Code) {
	m := Error{Code: c, Text: "the camera cannot be had; trying again"}
	r.o.Metrics.failed(c)
	r.session.tell(m)
	r.send(m)
}

// Handler answers every call.
func (k *Kiosk) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !k.remote && !(loopback(r.RemoteAddr) && ownName(r.Host)) {
			k.server.refuse(w, CodeForbidden, "a kiosk answers its own machine only")
			return
		}
		k.server.handler.ServeHTTP(w, r)
	})
}

// Serve answers on ln until ctx ends and then ends what is left; a kiosk does not
// drain. When it returns everything that it started has ended.
func (k *Kiosk) Serve(ctx context.Context, ln net.Listener) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return k.server.serve(ctx, ln, k.Handler(), 0) })
	g.Go(func() error { return k.Run(ctx) })
	return g.Wait()
}

// Run works the camera until ctx ends, for who serves Handler otherwise.
func (k *Kiosk) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return k.camera.run(ctx) })
	g.Go(func() error { return k.camera.preview.run(ctx) })
	return g.Wait()
}

// loopback says whether the other end is this machine.
func loopback(remote string) bool {
	a, err := netip.ParseAddrPort(remote)
	return err == nil && a.Addr().Unmap().IsLoopback()
}

// ownName says whether host is a name that only this machine has for itself, so
// that no other name can be made to point here (DNS rebinding).
func ownName(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	switch name {
	case "localhost", "127.0.0.1", "::1", "[::1]":
		return true
	}
	return false
}

// watch is GET /v1/preview: JPEG after JPEG, the newest each time.
func (k *Kiosk) watch(w http.ResponseWriter, r *http.Request) {
	p := k.camera.preview
	if !p.join() {
		k.server.refuse(w, CodeTooMany, "more previews than a kiosk has screens")
		return
	}
	defer p.leave()
	k.camera.look()
	defer k.camera.leave()
	h := w.Header()
	h.Set("Content-Type", "multipart/x-mixed-replace; boundary=picture")
	h.Set("Cache-Control", "no-store")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	c := http.NewResponseController(w)
	if _, err := io.WriteString(w, "--picture\r\n"); err != nil {
		return
	}
	var picture []byte
	var seen <-chan struct{}
	for {
		var err error
		if picture, seen, err = p.next(r.Context(), seen); err != nil {
			return // the page went away, or the kiosk does
		}
		_ = c.SetWriteDeadline(time.Now().Add(k.server.o.Timing.Call)) // net/http's has deadlines, a test's recorder not
		if writePart(w, picture) != nil || c.Flush() != nil {
			return
		}
	}
}

// writePart writes one picture and the boundary after it: browsers show a picture when
// they see its end.
func writePart(w io.Writer, picture []byte) error {
	_, err := fmt.Fprintf(w, "Content-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n--picture\r\n", len(picture), picture)
	return err
}
