package signaling

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"vivavoce/pipeline"
	"vivavoce/signaling/auth"
)

// Bounds of what an integrator may say about a session.
const (
	maxMetadata   = 16 // pairs
	maxText       = 256
	maxExpiry     = time.Hour // for hello
	minExpiry     = 5 * time.Second
	maxIdempotent = 255 // bytes of an Idempotency-Key
)

// create is POST /v1/sessions.
func (s *Server) create(w http.ResponseWriter, r *http.Request) {
	caller, keyed, ok := s.mayCreate(w, r)
	if !ok {
		return
	}
	body, ok := s.readBody(w, r)
	if !ok {
		return
	}
	asked, err := decodeAsked(body)
	if err != nil {
		s.failed(w, "create", err)
		return
	}
	id := newID()
	session, err := s.prepare(r.Context(), id, asked, caller, keyed)
	if err == nil {
		once := r.Header.Get("Idempotency-Key")
		id, err = s.begin(r.Context(), session, caller, once, body)
	}
	if err != nil {
		var locked *lockedOut
		if errors.As(err, &locked) {
			w.Header().Set("Retry-After", strconv.Itoa(int(locked.wait.Seconds())+1))
			err = &ProtocolError{CodeLockedOut, "the subject failed too often"}
		}
		s.failed(w, "create", err)
		return
	}
	about := session.now()
	if id != session.id { // made by an earlier call
		if about, err = s.ledger.find(r.Context(), caller.Tenant.Name, id); err != nil {
			s.failed(w, "create", &ProtocolError{CodeConflict, "a call with the same Idempotency-Key is not done yet, or its session is forgotten"})
			return
		}
		w.Header().Set("Idempotent-Replayed", "true")
	}
	w.Header().Set("Location", "/v1/sessions/"+id)
	writeJSON(w, http.StatusCreated, Created{
		ID: id, Token: s.ledger.secrets.SessionToken(id), ExpiresAt: about.Expires.UTC(),
		URL: "/v1/sessions/" + id + "/ws",
	})
}

// mayCreate answers and says false when the caller may not make a session. Visitors of an
// open server have no key.
func (s *Server) mayCreate(w http.ResponseWriter, r *http.Request) (c auth.Caller, keyed, ok bool) {
	if s.o.Open && r.Header.Get("Authorization") == "" {
		if !s.rates.Allow(network(r.RemoteAddr).String(), s.o.Limits.CreatePerIP) {
			s.refuse(w, CodeTooMany, "more sessions than one address may make")
			return c, false, false
		}
		return auth.Caller{Tenant: auth.Tenant{Name: auth.Default}}, false, true
	}
	if c, ok = s.caller(w, r, auth.Sessions); !ok {
		return c, false, false
	}
	if !s.rates.Allow("tenant "+c.Tenant.Name, c.Tenant.PerMinute) {
		s.refuse(w, CodeTooMany, "more sessions in a minute than the tenant may make")
		return c, true, false
	}
	return c, true, true
}

// readBody answers and says false when the body is too large or does not come.
func (s *Server) readBody(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	most := int64(s.o.Limits.BytesToCreate)
	if r.ContentLength > most { // not one byte of it is waited for
		s.refuse(w, CodeTooLarge, "the body is too large")
		return nil, false
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		s.refuse(w, CodeTooLarge, "the body is too large")
	case err != nil:
		s.refuse(w, CodeBadRequest, "the body did not come")
	default:
		return body, true
	}
	return nil, false
}

// lockedOut is the error for a subject who has to wait.
type lockedOut struct{ wait time.Duration }

// Error implements error.
func (l *lockedOut) Error() string { return "locked out for " + l.wait.String() }

// prepare makes a session as asked, without running it yet.
func (s *Server) prepare(ctx context.Context, id string, asked Asked, caller auth.Caller, keyed bool) (*Session, error) {
	if !keyed && (asked.Policy != "" || asked.Challenge != nil || asked.Metadata != nil || asked.Subject != "" || asked.ExpiresInS != 0) {
		return nil, &ProtocolError{CodeUnauthorized, "options of a session need a key"}
	}
	now := time.Now()
	r := record{
		Tenant: caller.Tenant.Name, Policy: asked.Policy, Metadata: asked.Metadata,
		Created: now, Expires: now.Add(s.o.Timing.Start), State: StateCreated, Owner: s.ledger.owner,
	}
	left := 0
	if asked.ExpiresInS != 0 {
		r.Expires = now.Add(time.Duration(asked.ExpiresInS) * time.Second)
	}
	r.Until = r.Expires.Add(s.o.Timing.Whole + s.o.Timing.Drain)
	if r.Policy == "" {
		r.Policy = caller.Tenant.Policy
	}
	if caller.Tenant.Lockout && asked.Subject != "" {
		r.Subject = nameOf(caller.Tenant.Name, asked.Subject)
		var wait time.Duration
		var err error
		if wait, left, err = s.ledger.lockedOut(ctx, r.Subject); err != nil {
			return nil, err
		}
		if wait > 0 {
			return nil, &lockedOut{wait}
		}
	}
	session := newSession(id, s.ledger.secrets.SessionToken(id), r, s.ledger.events, s.o.Metrics)
	session.keeps, session.plan, session.siblings = keyed, s.o.Plan, left
	if asked.Challenge != nil {
		session.plan.Digits, session.plan.Turns = asked.Challenge.Digits, asked.Challenge.Turns
		if lights := asked.Challenge.Lights; lights != nil {
			session.plan.Lights = *lights
		}
	}
	if r.Policy != "" || asked.Challenge != nil {
		return session, s.answerable(session)
	}
	return session, nil
}

// decodeAsked reads the body of POST /v1/sessions, which may be empty. Its error is a [ProtocolError].
func decodeAsked(body []byte) (a Asked, err error) {
	switch {
	case len(body) == 0:
		return a, nil
	case !utf8.Valid(body): // encoding/json would put other characters in
		return a, &ProtocolError{CodeBadRequest, "the body is not UTF-8"}
	case json.Unmarshal(body, &a) != nil || string(body) == "null":
		return a, &ProtocolError{CodeBadRequest, "the body is not a JSON object with fields as documented"}
	}
	return a, a.check()
}

// check says what is wrong with the request.
func (a Asked) check() error {
	bad := func(detail string) error { return &ProtocolError{CodeBadRequest, detail} }
	text := func(s string) bool { return len(s) <= maxText && utf8.ValidString(s) }
	expiry := time.Duration(a.ExpiresInS) * time.Second
	switch {
	case !text(a.Subject):
		return bad("subject is too long")
	case a.ExpiresInS != 0 && (expiry < minExpiry || expiry > maxExpiry):
		return bad("expires_in_s is not from 5 to 3600")
	case len(a.Metadata) > maxMetadata:
		return bad("metadata has more than 16 pairs")
	}
	for k, v := range a.Metadata {
		if k == "" || !text(k) || !text(v) {
			return bad("a name or value of metadata is empty or too long")
		}
	}
	return nil
}

// answerable refuses a policy that there is not and a challenge that cannot meet it now, not
// when a person sits there.
func (s *Server) answerable(session *Session) error {
	challenge, err := pipeline.NewChallenge(rand.Reader, session.plan)
	if err == nil {
		_, err = s.o.NewAttempt(challenge, session.record.Policy)
	}
	if err != nil {
		s.o.Logger.Info("session refused", "tenant", session.record.Tenant, "err", err)
		return &ProtocolError{CodeBadRequest, "there is no such policy, or the challenge cannot meet it"}
	}
	return nil
}

// begin takes the session in and writes its record. With an Idempotency-Key that has made a
// session before it gives the name of that one.
func (s *Server) begin(ctx context.Context, session *Session, caller auth.Caller, once string, body []byte) (id string, err error) {
	if once != "" {
		if !session.keeps || len(once) > maxIdempotent {
			return "", &ProtocolError{CodeBadRequest, "the Idempotency-Key is too long, or the call has no key"}
		}
		once = nameOf(caller.Tenant.Name, once)
		if id, err = s.ledger.reserve(ctx, once, session.id, nameOf(string(body))); err != nil || id != session.id {
			return id, err
		}
		defer func() {
			if err != nil {
				err = errors.Join(err, s.ledger.release(context.WithoutCancel(ctx), once))
			}
		}()
	}
	// The record first: a session that runs is known to all.
	if err = s.ledger.records.Create(ctx, session.id, session.now()); err != nil {
		return "", err
	}
	if err = s.roster.add(session, caller.Tenant.Sessions); err != nil {
		_, revision, gone := s.ledger.records.Get(ctx, session.id)
		if gone == nil {
			gone = s.ledger.records.Delete(ctx, session.id, revision)
		}
		return "", errors.Join(err, gone)
	}
	return session.id, nil
}
