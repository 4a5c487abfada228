// Package livenessplus answers the calls of Apptenticate's Liveness Plus: is there a live person in the packet that the
// capture element made? It has no opinion of its own: what the packet is, signaling/packet says, what is to
// be seen in it, Options.Look; this package puts both into Liveness Plus's words. api.md says
// what the public page leaves open and what we chose.
package livenessplus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"vivavoce/signaling/auth"
	"vivavoce/signaling/packet"
	"vivavoce/signaling/store"
)

// Options say what to serve with. All but the numbers are needed.
type Options struct {
	Auth   *auth.Auth
	Store  *store.Store
	Look   Looker
	Glance Glancer
	Logger *slog.Logger
	// Judged is told of every packet that was judged: "valid", or the code, and why in our own words.
	Judged func(outcome, why string)

	Life   time.Duration // of a token; 0 is 15 min
	Upload time.Duration // for a form to come; 0 is 30 s
	AtOnce int           // forms at once, 6 MiB each at most; 0 is 32
}

// audience is what tokens are for.
const audience = "LivenessPlus"

// Server answers the calls.
type Server struct {
	o       Options
	access  *auth.Access
	keys    *packet.Keys
	opener  *packet.Opener
	records *records
	rates   auth.Rates
	slots   chan struct{}
}

// New opens what the calls stand on.
func New(ctx context.Context, o Options) (*Server, error) {
	if o.Life == 0 {
		o.Life = 15 * time.Minute
	}
	if o.Upload == 0 {
		o.Upload = 30 * time.Second
	}
	if o.AtOnce == 0 {
		o.AtOnce = 32
	}
	s := &Server{o: o, slots: make(chan struct{}, o.AtOnce)}
	var err error
	if s.access, err = auth.OpenAccess(ctx, o.Store, o.Auth); err != nil {
		return nil, fmt.Errorf("open livenessplus: %w", err)
	}
	if s.keys, err = packet.OpenKeys(ctx, o.Store); err != nil {
		return nil, fmt.Errorf("open livenessplus: %w", err)
	}
	if s.opener, err = packet.NewOpener(ctx, o.Store, s.keys); err != nil {
		return nil, fmt.Errorf("open livenessplus: %w", err)
	}
	if s.records, err = openRecords(ctx, o.Store); err != nil {
		return nil, fmt.Errorf("open livenessplus: %w", err)
	}
	return s, nil
}

// Routes are the calls, by pattern. Liveness Plus ends its paths with a slash; both ways are answered.
func (s *Server) Routes() map[string]http.Handler {
	routes := map[string]http.Handler{
		"GET /api/v3/capture/key":   anySite(s.publicKey),
		"GET /api/v3/capture/nonce": anySite(s.nonce),
		"/api/v3/":                  anySite(s.nothing),
	}
	for path, h := range map[string]http.Handler{
		"/api/v3/auth/token":            posted(s.token),
		"/api/v3/capture/look":          anySite(posted(s.allowed(s.look))),
		"/api/v3/biometrics/liveness":   anySite(posted(s.allowed(s.liveness))),
		"/api/v3/biometrics/nationals":  anySite(posted(s.allowed(s.nationals))),
		"/api/v3/biometrics/foreigners": anySite(posted(s.allowed(s.foreigners))),
	} {
		routes[path] = h
		routes[path+"/{$}"] = h
	}
	return routes
}

// AnySite are the paths that pages of any site may post to: they send a token, and no cookie
// lets anybody in.
func AnySite() []string { return []string{"/api/v3/biometrics/", "/api/v3/capture/"} }

// anySite lets pages of other sites read the answer, and answers when a browser asks whether it may.
func anySite(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		head := w.Header()
		head.Set("Access-Control-Allow-Origin", "*")
		head.Set("Access-Control-Expose-Headers", "Retry-After, WWW-Authenticate")
		if r.Method != http.MethodOptions {
			h(w, r)
			return
		}
		head.Set("Access-Control-Allow-Methods", "GET, POST")
		head.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
		head.Set("Access-Control-Max-Age", "600")
		w.WriteHeader(http.StatusNoContent)
	}
}

// posted lets POST through.
func posted(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", "POST, OPTIONS")
			fail(w, http.StatusMethodNotAllowed, "POST a form")
			return
		}
		h(w, r)
	}
}

// allowed lets through who sends a good token.
func (s *Server) allowed(h func(http.ResponseWriter, *http.Request, auth.Caller)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		text, ok := bearer(r)
		if !ok {
			unauthorized(w, "Authorization: Bearer JWT is needed")
			return
		}
		c, err := s.access.Caller(text, audience, auth.LivenessPlus)
		switch {
		case errors.Is(err, auth.ErrScope):
			fail(w, http.StatusForbidden, "the key behind the token is not for these calls")
		case err != nil:
			unauthorized(w, "the token is wrong or expired: POST /api/v3/auth/token for another")
		default:
			h(w, r, c)
		}
	}
}

// bearer gives what an Authorization header bears.
func bearer(r *http.Request) (string, bool) {
	scheme, text, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	text = strings.TrimSpace(text)
	return text, ok && strings.EqualFold(scheme, "Bearer") && text != ""
}

func (s *Server) nothing(w http.ResponseWriter, _ *http.Request) {
	fail(w, http.StatusNotFound, "no such call")
}

// token gives a token for an API key: ours, as the public page does not say where its own comes from.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	key, ok := bearer(r)
	if !ok {
		unauthorized(w, "Authorization: Bearer API-KEY is needed")
		return
	}
	c, err := s.o.Auth.Key(key, auth.LivenessPlus)
	switch {
	case errors.Is(err, auth.ErrScope):
		fail(w, http.StatusForbidden, "the key is not for these calls")
		return
	case err != nil:
		unauthorized(w, "no such key")
		return
	}
	text, err := s.access.Token(c, audience, s.o.Life, time.Now())
	if err != nil {
		s.fault(w, "sign a token", err)
		return
	}
	write(w, http.StatusOK, struct {
		Token   string `json:"token"`
		Type    string `json:"token_type"`
		Seconds int    `json:"expires_in"`
	}{text, "Bearer", int(s.o.Life.Seconds())})
}

// publicKey is what elements seal packets for.
func (s *Server) publicKey(w http.ResponseWriter, r *http.Request) {
	k, err := s.keys.Public(r.Context(), time.Now())
	if err != nil {
		s.fault(w, "read the key", err)
		return
	}
	write(w, http.StatusOK, k)
}

// nonce is for one packet.
func (s *Server) nonce(w http.ResponseWriter, r *http.Request) {
	n, err := s.keys.Nonce(r.Context(), time.Now())
	if err != nil {
		s.fault(w, "make a nonce", err)
		return
	}
	write(w, http.StatusOK, n)
}

// fault is an error of ours; the log has its cause.
func (s *Server) fault(w http.ResponseWriter, what string, err error) {
	s.o.Logger.Error("livenessplus", "during", what, "err", err)
	if errors.Is(err, store.ErrFull) || errors.Is(err, store.ErrUnavailable) {
		busy(w, http.StatusServiceUnavailable, "try again")
		return
	}
	write(w, http.StatusInternalServerError, rejection(engineError))
}

func unauthorized(w http.ResponseWriter, detail string) {
	w.Header().Set("WWW-Authenticate", `Bearer realm="vivavoce", error="invalid_token"`)
	fail(w, http.StatusUnauthorized, detail)
}

// retryAfter is in seconds: a look takes less than one.
const retryAfter = 2

func busy(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	fail(w, status, detail)
}
