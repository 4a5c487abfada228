package signaling

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"vivavoce/pipeline"
	"vivavoce/signaling/auth"
	"vivavoce/signaling/store"
)

// ledger is what all nodes know of sessions: their records, their events, and who failed
// lately. Any node answers from it for any session.
type ledger struct {
	records  *store.Bucket[record]
	once     *store.Bucket[onceMade]
	failures *store.Bucket[failures]
	events   *store.Events
	secrets  *auth.Secrets
	owner    string // of the data, if one process has them to itself
}

// record is a session in the store: written when it is made and when it is over.
type record struct {
	Tenant   string            `json:"tenant"`
	Policy   string            `json:"policy,omitempty"`
	Metadata map[string]string `json:"metadata,omitempty"`
	Subject  string            `json:"subject,omitempty"`  // hash of whom the integrator calls it; kept where failures count
	Owner    string            `json:"owner,omitempty"`    // of the data, when it was made
	Prompted bool              `json:"prompted,omitempty"` // the person was asked for something
	Created  time.Time         `json:"created"`
	Expires  time.Time         `json:"expires"` // for hello
	Until    time.Time         `json:"until"`   // it is over by then, or its node has died
	State    State             `json:"state"`   // as last written
	Verdict  *Verdict          `json:"verdict,omitempty"`
	Ended    *time.Time        `json:"ended,omitempty"`
}

// status is what the integrator is told; a verdict is signed as often as it is asked for.
func (l *ledger) status(id string, r record) (Status, error) {
	s := Status{
		ID: id, State: r.State, CreatedAt: r.Created.UTC(), ExpiresAt: r.Expires.UTC(), EndedAt: r.Ended,
		Policy: r.Policy, Metadata: r.Metadata, Verdict: r.Verdict,
	}
	var err error
	if r.Verdict != nil {
		s.Signed, err = l.secrets.Sign(r.said(id))
	}
	return s, err
}

func openLedger(ctx context.Context, s *store.Store, secrets *auth.Secrets, remember time.Duration) (*ledger, error) {
	l := &ledger{secrets: secrets, owner: s.Owner()}
	var err error
	if l.records, err = store.OpenBucket[record](ctx, s, "sessions", store.BucketOptions{Life: remember, MaxBytes: 256 << 20}); err != nil {
		return nil, err
	}
	if l.once, err = store.OpenBucket[onceMade](ctx, s, "idempotency", store.BucketOptions{Life: remember}); err != nil {
		return nil, err
	}
	if l.failures, err = store.OpenBucket[failures](ctx, s, "failures", store.BucketOptions{Life: lockoutWithin + lockoutFor}); err != nil {
		return nil, err
	}
	l.events, err = store.OpenEvents(ctx, s, store.EventsOptions{Life: remember})
	return l, err
}

// find reads the record of a tenant's session. Those of others are as if they were not there.
func (l *ledger) find(ctx context.Context, tenant, id string) (record, error) {
	r, revision, err := l.records.Get(ctx, id)
	if err == nil && r.Tenant != tenant {
		err = store.ErrNotFound
	}
	if err != nil {
		return record{}, err
	}
	if l.dead(r) {
		return l.bury(ctx, id, r, revision)
	}
	return r, nil
}

// dead says that the node of a running session does not run it any more: its time is over, or the
// process that had these data to itself before us did.
func (l *ledger) dead(r record) bool {
	return !r.State.Over() && (time.Now().After(r.Until) || r.Owner != "" && l.owner != "" && r.Owner != l.owner)
}

// bury ends a dead session, so that all who ask later are told the same.
func (l *ledger) bury(ctx context.Context, id string, r record, revision uint64) (record, error) {
	ended := time.Now().UTC()
	if ended.After(r.Until) {
		ended = r.Until.UTC()
	}
	v := exactVerdict(pipeline.Verdict{Reasons: []pipeline.Reason{pipeline.SessionFailed}})
	r.State, r.Ended, r.Verdict = StateFailed, &ended, &v
	if err := l.tellEnd(ctx, id, r); err != nil {
		return r, err
	}
	err := l.records.Update(ctx, id, r, revision)
	if errors.Is(err, store.ErrChanged) { // somebody else did it, or its node lives after all
		r, _, err = l.records.Get(ctx, id)
	}
	return r, err
}

// state is where a session is that another node runs.
func (l *ledger) state(ctx context.Context, id string, r record) State {
	if r.State.Over() {
		return r.State
	}
	e, err := l.events.Last(ctx, id, StateChange{}.Type())
	if err != nil {
		return r.State
	}
	m, err := DecodeServer(e.Data)
	change, ok := m.(StateChange)
	switch {
	case err != nil || !ok:
		return r.State
	case change.State.Over(): // its verdict is on the way
		return StateDeciding
	}
	return change.State
}

// end writes the end of s: its last events, what it says of the person, and its record. It may be
// called again after an error; an event may then be there twice.
func (l *ledger) end(ctx context.Context, s *Session) error {
	r := s.now()
	if err := l.tellEnd(ctx, s.id, r); err != nil {
		return err
	}
	if r.Subject != "" && r.failure() {
		if err := l.failures.Change(ctx, r.Subject, func(f *failures) { f.add(*r.Ended) }); err != nil {
			return err
		}
	}
	return l.records.Put(ctx, s.id, r)
}

func (r record) said(id string) auth.Said {
	v := auth.Said{Session: id, Tenant: r.Tenant, Policy: r.Policy, Outcome: r.Verdict.Outcome, Reasons: []string{}, Ended: *r.Ended}
	if r.Verdict.Confidence != nil {
		v.Confidence = *r.Verdict.Confidence
	}
	for _, reason := range r.Verdict.Reasons {
		v.Reasons = append(v.Reasons, string(reason))
	}
	return v
}

func (l *ledger) tellEnd(ctx context.Context, id string, r record) error {
	for _, m := range []Message{*r.Verdict, StateChange{r.State}} {
		data, err := Encode(m)
		if err != nil {
			return fmt.Errorf("tell the end of %s: %w", id, err)
		}
		if err := l.events.Keep(ctx, id, m.Type(), data); err != nil {
			return err
		}
	}
	return nil
}

// onceMade says which session an Idempotency-Key made.
type onceMade struct {
	Session string    `json:"session"`
	Body    string    `json:"body"` // hash of the request's
	At      time.Time `json:"at"`
}

// making is how long a call that reserved a key may take to make its session: then its process has ended in the middle.
const making = 30 * time.Second

// reserve says that key makes session id, unless it has made one already, whose id it gives.
func (l *ledger) reserve(ctx context.Context, key, id, body string) (made string, err error) {
	mine := onceMade{id, body, time.Now()}
	err = l.once.Create(ctx, key, mine)
	if !errors.Is(err, store.ErrExists) {
		return id, err
	}
	o, revision, err := l.once.Get(ctx, key)
	switch {
	case err != nil:
		return "", err
	case o.Body != body:
		return "", &ProtocolError{CodeConflict, "the Idempotency-Key was used with another body"}
	case time.Since(o.At) < making:
		return o.Session, nil
	}
	if _, _, err = l.records.Get(ctx, o.Session); errors.Is(err, store.ErrNotFound) { // a record outlives its key
		if err = l.once.Update(ctx, key, mine, revision); errors.Is(err, store.ErrChanged) {
			err = &ProtocolError{CodeConflict, "a call with the same Idempotency-Key is not done yet"}
		}
		return id, err
	}
	return o.Session, err
}

// release lets a key be used again whose session could not be made.
func (l *ledger) release(ctx context.Context, key string) error {
	_, revision, err := l.once.Get(ctx, key)
	if err != nil {
		return err
	}
	return l.once.Delete(ctx, key, revision)
}

// failure says that the person was asked and was not live, whatever they did about it: who sees that it
// goes badly may leave. What we did wrong is nobody's failure.
func (r record) failure() bool {
	ours := slices.Contains(r.Verdict.Reasons, pipeline.SessionFailed)
	return r.Prompted && !ours && r.Verdict.Outcome != pipeline.Live.String()
}

// A subject who fails so often within that time is locked out for a while.
const (
	lockoutFailures = 5
	lockoutWithin   = 3 * time.Minute
	lockoutFor      = 30 * time.Minute
)

// failures are when a subject failed last; the oldest first.
type failures []time.Time

func (f *failures) add(at time.Time) {
	*f = append(*f, at)
	if extra := len(*f) - lockoutFailures; extra > 0 {
		*f = (*f)[extra:]
	}
}

// wait is how long the subject is locked out.
func (f failures) wait(now time.Time) time.Duration {
	if len(f) < lockoutFailures || f[len(f)-1].Sub(f[0]) > lockoutWithin {
		return 0
	}
	return max(0, lockoutFor-now.Sub(f[len(f)-1]))
}

// left is how often the subject may fail before it is locked out.
func (f failures) left(now time.Time) int {
	n := lockoutFailures
	for _, at := range f {
		if now.Sub(at) <= lockoutWithin {
			n--
		}
	}
	return max(1, n)
}

// lockedOut is how long a subject has to wait, and how many sessions it may run at once otherwise: not more than
// it may fail.
func (l *ledger) lockedOut(ctx context.Context, subject string) (wait time.Duration, left int, err error) {
	f, _, err := l.failures.Get(ctx, subject)
	if errors.Is(err, store.ErrNotFound) {
		err = nil
	}
	now := time.Now()
	return f.wait(now), f.left(now), err
}

// nameOf makes a key of the store of what callers chose; it does not tell it.
func nameOf(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))
}
