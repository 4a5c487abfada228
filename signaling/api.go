package signaling

import (
	"errors"
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"vivavoce/signaling/auth"
	"vivavoce/signaling/store"
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
	mux.HandleFunc("GET /v1/sessions/{id}/events", s.integrator(s.follow))
	mux.HandleFunc("GET /v1/sessions/{id}/ws", s.socket)
	mux.HandleFunc("GET /v1/page", s.page)
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.HandleFunc("GET /.well-known/jwks.json", s.keySet)
	mux.HandleFunc("POST /v1/verdict-keys", s.verdictKeys(s.newVerdictKey))
	mux.HandleFunc("DELETE /v1/verdict-keys/{id}", s.verdictKeys(s.revokeVerdictKey))
	mux.HandleFunc("GET /openapi.yaml", document(openAPI))
	mux.HandleFunc("GET /asyncapi.yaml", document(asyncAPI))
	for pattern, allow := range map[string]string{
		"/v1/sessions":             "POST",
		"/v1/sessions/{id}":        "DELETE, GET, HEAD",
		"/v1/sessions/{id}/events": "GET, HEAD",
		"/v1/sessions/{id}/ws":     "GET",
		"/v1/page":                 "GET, HEAD",
		"/v1/verdict-keys":         "POST",
		"/v1/verdict-keys/{id}":    "DELETE",
	} {
		mux.HandleFunc(pattern, s.otherMethod(allow))
	}
	mux.HandleFunc("/v1/", func(w http.ResponseWriter, _ *http.Request) { s.refuse(w, CodeNotFound, "no such call") })
	for pattern, h := range extra {
		mux.HandleFunc(pattern, h)
	}
	for pattern, h := range s.o.More {
		mux.Handle(pattern, h)
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
	case CodeFull, CodeDraining, CodeTooMany, CodeUnavailable:
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

// audience is what tokens of integrators are for.
const audience = "vivavoce"

// integrator lets only those with a key for sessions through.
func (s *Server) integrator(h func(http.ResponseWriter, *http.Request, auth.Caller)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if c, ok := s.caller(w, r, auth.Sessions); ok {
			h(w, r, c)
		}
	}
}

// caller finds who calls, or answers.
func (s *Server) caller(w http.ResponseWriter, r *http.Request, scope auth.Scope) (auth.Caller, bool) {
	c, err := s.o.Auth.Bearer(r.Header.Get("Authorization"), audience, scope)
	switch {
	case err == nil:
		return c, true
	case errors.Is(err, auth.ErrScope):
		s.refuse(w, CodeForbidden, "the key is not for this call")
	default:
		s.refuse(w, CodeUnauthorized, "Authorization: Bearer KEY is needed")
	}
	return c, false
}

// operator lets only this machine and those with a key for it through. A request that came
// by a proxy here names the proxy's host.
func (s *Server) operator(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if loopback(r.RemoteAddr) && ownName(r.Host) {
			h(w, r)
			return
		}
		if _, ok := s.caller(w, r, auth.Operator); ok {
			h(w, r)
		}
	}
}

// failed answers an error of ours: a [ProtocolError] by its code, all else as the store's.
func (s *Server) failed(w http.ResponseWriter, what string, err error) {
	var p *ProtocolError
	switch {
	case errors.As(err, &p):
		s.refuse(w, p.Code, p.Detail)
	case errors.Is(err, store.ErrNotFound):
		s.refuse(w, CodeNotFound, "no such session or key, or it is forgotten")
	default:
		s.o.Metrics.storeFailed(what)
		s.o.Logger.Error("store", "during", what, "err", err)
		s.refuse(w, CodeUnavailable, "the store does not answer, or has no room")
	}
}

// known reads a caller's session, at whatever node it runs.
func (s *Server) known(r *http.Request, c auth.Caller) (id string, about record, err error) {
	id = r.PathValue("id")
	if local, ok := s.roster.find(id); ok {
		if about = local.now(); about.Tenant != c.Tenant.Name {
			return id, record{}, store.ErrNotFound
		}
		return id, about, nil
	}
	if !isID(id) {
		return id, record{}, store.ErrNotFound
	}
	if about, err = s.ledger.find(r.Context(), c.Tenant.Name, id); err == nil {
		about.State = s.ledger.state(r.Context(), id, about)
	}
	return id, about, err
}

func (s *Server) get(w http.ResponseWriter, r *http.Request, c auth.Caller) {
	id, about, err := s.known(r, c)
	var status Status
	if err == nil {
		status, err = s.ledger.status(id, about)
	}
	if err != nil {
		s.failed(w, "read", err)
		return
	}
	writeJSON(w, http.StatusOK, status)
}

// delete ends a session; the node that runs it hears of it when it is another.
func (s *Server) delete(w http.ResponseWriter, r *http.Request, c auth.Caller) {
	id, about, err := s.known(r, c)
	if err == nil && !about.State.Over() {
		if local, ok := s.roster.find(id); ok {
			local.stop(cancelled())
		} else {
			err = s.o.Store.Signal(cancelTopic, id)
		}
	}
	if err != nil {
		s.failed(w, "cancel", err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// cancelTopic is where nodes hear of sessions that were deleted elsewhere.
const cancelTopic = "cancel"

// cancel ends the session if it runs here.
func (s *Server) cancel(id string) {
	if local, ok := s.roster.find(id); ok {
		local.stop(cancelled())
	}
}

func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	switch {
	case s.roster.isDraining():
		s.refuse(w, CodeDraining, "the server is going down")
	case s.roster.full():
		s.refuse(w, CodeFull, "every slot is taken")
	default:
		if err := errors.Join(s.o.Ready(), s.o.Store.Check(r.Context())); err != nil {
			s.o.Logger.Warn("not ready", "err", err)
			s.refuse(w, CodeInternal, "not ready; see the log")
			return
		}
		writeJSON(w, http.StatusOK, map[string]string{"status": "ready"})
	}
}
