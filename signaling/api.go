package signaling

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// routes puts every call of protocol.md §1 in its place.
func (s *Server) routes(extra map[string]http.HandlerFunc) (http.Handler, error) {
	guard, err := s.crossOrigin()
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/sessions", s.create)
	mux.HandleFunc("GET /v1/sessions/{id}", s.integrator(s.get))
	mux.HandleFunc("DELETE /v1/sessions/{id}", s.integrator(s.delete))
	mux.HandleFunc("GET /v1/sessions/{id}/events", s.integrator(s.events))
	mux.HandleFunc("GET /v1/sessions/{id}/ws", s.socket)
	mux.HandleFunc("GET /v1/page", s.page)
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.HandleFunc("GET /readyz", s.readyz)
	for pattern, allow := range map[string]string{
		"/v1/sessions":             "POST",
		"/v1/sessions/{id}":        "DELETE, GET, HEAD",
		"/v1/sessions/{id}/events": "GET, HEAD",
		"/v1/sessions/{id}/ws":     "GET",
		"/v1/page":                 "GET, HEAD",
	} {
		mux.HandleFunc(pattern, s.otherMethod(allow))
	}
	mux.HandleFunc("/v1/", func(w http.ResponseWriter, _ *http.Request) { s.refuse(w, CodeNotFound, "no such call") })
	for pattern, h := range extra {
		mux.HandleFunc(pattern, h)
	}
	if s.o.Gather != nil {
		metrics := promhttp.HandlerFor(s.o.Gather, promhttp.HandlerOpts{})
		mux.HandleFunc("GET /metrics", s.operator(metrics.ServeHTTP))
	}
	pages, err := newPages(s.o.Pages)
	if err != nil {
		return nil, err
	}
	mux.Handle("/", pages)
	return s.headers(guard.Handler(mux)), nil
}

// page says what a page may offer the person before there is a session.
func (s *Server) page(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, PageOptions{Microphone: s.o.Microphone})
}

// refuse answers with problem details and counts.
func (s *Server) refuse(w http.ResponseWriter, c Code, detail string) {
	s.o.Metrics.failed(c)
	switch c {
	case CodeUnauthorized:
		w.Header().Set("WWW-Authenticate", `Bearer realm="vivavoce"`)
	case CodeFull, CodeDraining, CodeTooMany:
		w.Header().Set("Retry-After", retryAfter)
	}
	refuse(w, c, detail)
}

func (s *Server) otherMethod(allow string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Allow", allow)
		s.refuse(w, CodeMethodNotAllowed, "allowed: "+allow)
	}
}

// integrator lets only those with a key through.
func (s *Server) integrator(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !s.authorized(r) {
			s.refuse(w, CodeUnauthorized, "Authorization: Bearer KEY is needed")
			return
		}
		h(w, r)
	}
}

// operator lets only this machine and those with a key through. A request that came
// by a proxy here names the proxy's host.
func (s *Server) operator(h http.HandlerFunc) http.HandlerFunc {
	keyed := s.integrator(h)
	return func(w http.ResponseWriter, r *http.Request) {
		if loopback(r.RemoteAddr) && ownName(r.Host) {
			h(w, r)
			return
		}
		keyed(w, r)
	}
}

// authorized says whether r carries one of the keys. Every key is compared, in
// constant time.
func (s *Server) authorized(r *http.Request) bool {
	scheme, key, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return false
	}
	found := false
	for _, k := range s.keys {
		if k.is(strings.TrimSpace(key)) {
			found = true
		}
	}
	return found
}

func (s *Server) create(w http.ResponseWriter, r *http.Request) {
	if !s.mayCreate(w, r) || !s.goodBody(w, r) {
		return
	}
	session, token, err := s.store.create(time.Now(), s.authorized(r))
	var p *ProtocolError
	if errors.As(err, &p) {
		s.refuse(w, p.Code, p.Detail)
		return
	}
	w.Header().Set("Location", "/v1/sessions/"+session.id)
	writeJSON(w, http.StatusCreated, Created{
		ID: session.id, Token: token, ExpiresAt: session.expires.UTC(),
		URL: "/v1/sessions/" + session.id + "/ws",
	})
}

// mayCreate answers and says false when the caller may not make a session.
func (s *Server) mayCreate(w http.ResponseWriter, r *http.Request) bool {
	if s.authorized(r) {
		return true
	}
	if !s.o.Open || r.Header.Get("Authorization") != "" {
		s.refuse(w, CodeUnauthorized, "Authorization: Bearer KEY is needed")
		return false
	}
	if !s.visitors.allow(r) {
		s.refuse(w, CodeTooMany, "more sessions than one address may make")
		return false
	}
	return true
}

// goodBody answers and says false unless the body is empty or a JSON object.
func (s *Server) goodBody(w http.ResponseWriter, r *http.Request) bool {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(s.o.Limits.BytesToCreate)))
	var tooLarge *http.MaxBytesError
	var fields map[string]json.RawMessage
	switch {
	case errors.As(err, &tooLarge):
		s.refuse(w, CodeTooLarge, "the body is too large")
	case err != nil:
		s.refuse(w, CodeBadRequest, "the body did not come")
	case len(body) > 0 && (json.Unmarshal(body, &fields) != nil || fields == nil):
		s.refuse(w, CodeBadRequest, "the body is not a JSON object")
	default:
		return true
	}
	return false
}

// named finds the session of the path, or answers.
func (s *Server) named(w http.ResponseWriter, r *http.Request) (*Session, bool) {
	session, ok := s.store.find(r.PathValue("id"))
	if !ok {
		s.refuse(w, CodeNotFound, "no such session, or it is forgotten")
	}
	return session, ok
}

func (s *Server) get(w http.ResponseWriter, r *http.Request) {
	if session, ok := s.named(w, r); ok {
		writeJSON(w, http.StatusOK, session.status())
	}
}

func (s *Server) delete(w http.ResponseWriter, r *http.Request) {
	if session, ok := s.named(w, r); ok {
		session.stop(cancelled())
		w.WriteHeader(http.StatusNoContent)
	}
}

func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

func (s *Server) readyz(w http.ResponseWriter, _ *http.Request) {
	switch {
	case s.store.isDraining():
		s.refuse(w, CodeDraining, "the server is going down")
	case s.store.full():
		s.refuse(w, CodeFull, "every slot is taken")
	default:
		if err := s.o.Ready(); err != nil {
			s.o.Logger.Warn("not ready", "err", err)
			s.refuse(w, CodeInternal, "not ready; see the log")
			return
		}
		writeJSON(w, http.StatusOK, map[string]string{"status": "ready"})
	}
}
