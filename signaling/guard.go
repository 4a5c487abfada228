package signaling

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gorilla/websocket"
)

// headers sets what every answer carries. The pages need nothing from elsewhere:
// 'self' covers the WebSocket to the same host, too (CSP 3 §6.7.2.8).
func (s *Server) headers(h http.Handler) http.Handler {
	ancestors := "'none'"
	if len(s.o.FrameAncestors) > 0 {
		ancestors = strings.Join(s.o.FrameAncestors, " ")
	}
	policy := "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors " + ancestors
	microphone := "()"
	if s.o.Microphone {
		microphone = "(self)"
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		head := w.Header()
		head.Set("Content-Security-Policy", policy)
		head.Set("X-Content-Type-Options", "nosniff")
		head.Set("Referrer-Policy", "no-referrer")
		head.Set("Permissions-Policy", "camera=(self), microphone="+microphone+", geolocation=(), payment=(), usb=()")
		head.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.ServeHTTP(w, r)
	})
}

// crossOrigin refuses calls that change something when a browser says that another
// site makes them, so that no page elsewhere spends an open server's slots.
func (s *Server) crossOrigin() (*http.CrossOriginProtection, error) {
	c := http.NewCrossOriginProtection()
	for _, origin := range s.o.AllowedOrigins {
		if err := c.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("allowed origin %q: %w", origin, err)
		}
	}
	for _, path := range s.o.AnySite {
		c.AddInsecureBypassPattern(path)
	}
	c.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s.refuse(w, CodeForbidden, "another site asks")
	}))
	return c, nil
}

func (s *Server) upgrader() *websocket.Upgrader {
	return &websocket.Upgrader{
		HandshakeTimeout: s.o.Timing.Call,
		ReadBufferSize:   4096, // one offer is about 4.6 kB
		WriteBufferSize:  4096,
		CheckOrigin:      s.goodOrigin,
		Error: func(w http.ResponseWriter, _ *http.Request, status int, _ error) {
			if status == http.StatusForbidden {
				s.refuse(w, CodeForbidden, "the page's origin is not allowed")
				return
			}
			s.refuse(w, CodeBadRequest, "not a WebSocket handshake")
		},
	}
}

// goodOrigin lets in who is no browser, pages of this host, and those listed.
func (s *Server) goodOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || slices.Contains(s.o.AllowedOrigins, origin) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}

// socket is GET /v1/sessions/{id}/ws. It blocks until the connection is over.
func (s *Server) socket(w http.ResponseWriter, r *http.Request) {
	if !s.beginSocket() {
		s.refuse(w, CodeDraining, "the server is going down")
		return
	}
	defer s.sockets.Done()
	session, no := s.meet(r.Context(), r.PathValue("id"))
	var p *ProtocolError
	if errors.As(no, &p) && p.Code == CodeFull { // not even a socket for those
		s.refuse(w, p.Code, p.Detail)
		return
	}
	conn, err := s.upgrader().Upgrade(w, r, nil)
	switch {
	case err != nil: // answered by upgrader.Error
		if no == nil {
			s.greeted(session)
		}
	case no != nil: // browsers show a page the close code only
		k := newSocket(conn, &s.o)
		k.run(r.Context(), func(context.Context) { s.turnAway(k, no) })
	default:
		k := newSocket(conn, &s.o)
		k.run(r.Context(), func(ctx context.Context) { s.talk(ctx, k, session) })
	}
}
