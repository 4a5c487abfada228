package signaling

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"vivavoce/media"
	"vivavoce/pipeline"
	"vivavoce/signaling/auth"
	"vivavoce/signaling/store"
)

// tenants are two, each with a key; shop's limits are given.
func tenants(t *testing.T, shop auth.Tenant) (a *auth.Auth, shopKey, bankKey string) {
	t.Helper()
	var f auth.File
	keys := map[string]string{}
	for _, name := range []string{"shop", "bank"} {
		_, shown, err := f.Create(auth.NewKey{Tenant: name, Kind: auth.APIKey, Scopes: []auth.Scope{auth.Sessions}}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		keys[name] = shown
	}
	shop.Name, shop.Keys = "shop", f.Tenants[0].Keys
	f.Tenants[0] = shop
	path := filepath.Join(t.TempDir(), "tenants.json")
	if err := f.Write(path); err != nil {
		t.Fatal(err)
	}
	a, err := auth.New(auth.Options{File: path, Keys: []string{testKey}})
	if err != nil {
		t.Fatal(err)
	}
	return a, keys["shop"], keys["bank"]
}

// as calls with a key; the answer is decoded into into unless that is nil.
func (r *rig) as(key, method, path, body string, into any, header ...string) *http.Response {
	r.t.Helper()
	resp := r.call(method, path, body, append(header, "Authorization", "Bearer "+key)...)
	if into != nil {
		if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
			r.t.Fatalf("%s %s: %s: %v", method, path, resp.Status, err)
		}
	}
	return resp
}

func (r *rig) refused(resp *http.Response, code Code) {
	r.t.Helper()
	var p Problem
	if err := json.NewDecoder(resp.Body).Decode(&p); err != nil || p.Code != code || resp.StatusCode != code.status() {
		r.t.Errorf("%s %+v, %v; want %s", resp.Status, p, err, code)
	}
}

func TestTenantsSeeTheirOwn(t *testing.T) {
	a, shop, bank := tenants(t, auth.Tenant{})
	r := newRig(t, untilDone, func(o *Options) { o.Auth = a })
	var made Created
	r.as(shop, "POST", "/v1/sessions", "", &made)
	for _, tt := range []struct{ method, path string }{
		{"GET", ""}, {"GET", "/events"}, {"DELETE", ""},
	} {
		r.refused(r.as(bank, tt.method, "/v1/sessions/"+made.ID+tt.path, "", nil), CodeNotFound)
	}
	var s Status
	if r.as(shop, "GET", "/v1/sessions/"+made.ID, "", &s); s.State != StateCreated {
		t.Errorf("status %+v, want created", s)
	}
	r.as(shop, "DELETE", "/v1/sessions/"+made.ID, "", nil)
	r.server.roster.saving.Wait() // it is only in the store now
	if _, here := r.server.roster.find(made.ID); here {
		t.Error("a session that is over and stored is still here")
	}
	r.refused(r.as(bank, "GET", "/v1/sessions/"+made.ID, "", nil), CodeNotFound)
	r.refused(r.as(bank, "GET", "/v1/sessions/"+made.ID+"/events", "", nil), CodeNotFound)
	if r.as(shop, "GET", "/v1/sessions/"+made.ID, "", &s); s.State != StateDone {
		t.Errorf("status %+v, want done", s)
	}
}

func TestTenantsAreLimited(t *testing.T) {
	a, shop, bank := tenants(t, auth.Tenant{Sessions: 1})
	r := newRig(t, untilDone, func(o *Options) { o.Auth = a })
	r.as(shop, "POST", "/v1/sessions", "", nil)
	r.refused(r.as(shop, "POST", "/v1/sessions", "", nil), CodeTooMany)
	if resp := r.as(bank, "POST", "/v1/sessions", "", nil); resp.StatusCode != 201 {
		t.Errorf("another tenant: %s", resp.Status)
	}
	a, shop, bank = tenants(t, auth.Tenant{PerMinute: 2})
	r = newRig(t, untilDone, func(o *Options) { o.Auth = a })
	for range 2 {
		r.as(shop, "POST", "/v1/sessions", "", nil)
	}
	r.refused(r.as(shop, "POST", "/v1/sessions", "", nil), CodeTooMany)
	if resp := r.as(bank, "POST", "/v1/sessions", "", nil); resp.StatusCode != 201 {
		t.Errorf("another tenant: %s", resp.Status)
	}
}

// TestOptionsOfASession also holds which policy and which challenge reach the judge.
func TestOptionsOfASession(t *testing.T) {
	a, shop, bank := tenants(t, auth.Tenant{Policy: "strict"})
	type told struct {
		policy string
		steps  int
	}
	judged := make(chan told, 9)
	r := newRig(t, untilDone, func(o *Options) {
		o.Auth = a
		play := o.NewAttempt
		o.NewAttempt = func(c pipeline.Challenge, policy string) (Attempt, error) {
			if policy == "unknown" || policy == "strict" && len(c.Steps) < 2 {
				return nil, fmt.Errorf("no policy %q for %d steps", policy, len(c.Steps))
			}
			judged <- told{policy, len(c.Steps)}
			return play(c, policy)
		}
	})
	long := strings.Repeat("x", 257)
	for _, tt := range []struct{ name, key, body string }{
		{"unknown policy", shop, `{"policy":"unknown"}`},
		{"policy that the challenge cannot meet", shop, `{"challenge":{"digits":1,"turns":0}}`},
		{"policy that is no text", shop, `{"policy":1}`},
		{"challenge that asks nothing", bank, `{"challenge":{"digits":0,"turns":0}}`},
		{"negative challenge", bank, `{"challenge":{"digits":-1,"turns":2}}`},
		{"endless challenge", bank, `{"challenge":{"digits":1000000,"turns":2}}`},
		{"challenge that is a list", bank, `{"challenge":[1]}`},
		{"metadata that is no text", bank, `{"metadata":{"a":1}}`},
		{"metadata without a name", bank, `{"metadata":{"":"a"}}`},
		{"long metadata", bank, `{"metadata":{"a":"` + long + `"}}`},
		{"much metadata", bank, `{"metadata":{` + strings.TrimSuffix(strings.Repeat(`"%d":"",`, 17), ",") + `}}`},
		{"long subject", bank, `{"subject":"` + long + `"}`},
		{"short expiry", bank, `{"expires_in_s":4}`},
		{"long expiry", bank, `{"expires_in_s":3601}`},
		{"negative expiry", bank, `{"expires_in_s":-60}`},
		{"expiry that overflows", bank, `{"expires_in_s":9223372036854775807}`},
		{"expiry with a point", bank, `{"expires_in_s":60.5}`},
		{"two objects", bank, `{}{}`},
		{"text", bank, `"session"`},
		{"cut", bank, `{"policy":`},
		{"deep", bank, strings.Repeat(`{"metadata":`, 300)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body := tt.body
			if strings.Contains(body, "%d") {
				var n []any
				for i := range 17 {
					n = append(n, i)
				}
				body = fmt.Sprintf(body, n...)
			}
			r := *r
			r.t = t
			r.refused(r.as(tt.key, "POST", "/v1/sessions", body, nil), CodeBadRequest)
		})
	}
	for len(judged) > 0 {
		<-judged
	}
	var made Created
	body := `{"challenge":{"digits":3,"turns":1,"lights":true},"metadata":{"order":"4711"},"subject":"person","expires_in_s":600,"unknown":1}`
	if resp := r.as(shop, "POST", "/v1/sessions", body, &made); resp.StatusCode != 201 {
		t.Fatalf("create: %s", resp.Status)
	}
	if got := <-judged; got != (told{"strict", 4}) {
		t.Errorf("judged %+v, want the tenant's policy and 4 steps", got)
	}
	if d := time.Until(made.ExpiresAt); d < 9*time.Minute || d > 10*time.Minute {
		t.Errorf("expires in %v, want ten minutes", d)
	}
	var s Status
	if r.as(shop, "GET", "/v1/sessions/"+made.ID, "", &s); s.Policy != "strict" || s.Metadata["order"] != "4711" {
		t.Errorf("status %+v", s)
	}
	c := r.dial(made.URL)
	c.send(Hello{Token: made.Token})
	if w := expect[Welcome](c); w.Digits != 3 || w.Turns != 1 || !w.Lights {
		t.Errorf("welcome %+v, want three digits, a turn and lights", w)
	}
	if got := <-judged; got != (told{"strict", 4}) {
		t.Errorf("judged %+v at hello", got)
	}
}

func TestVisitorsHaveNoOptions(t *testing.T) {
	r := newRig(t, untilDone, func(o *Options) { o.Open = true })
	r.refused(r.call("POST", "/v1/sessions", `{"policy":"relaxed"}`), CodeUnauthorized)
	r.refused(r.call("POST", "/v1/sessions", "", "Idempotency-Key", "a"), CodeBadRequest)
}

func TestIdempotencyKey(t *testing.T) {
	a, shop, bank := tenants(t, auth.Tenant{})
	r := newRig(t, untilDone, func(o *Options) { o.Auth, o.Limits.Sessions = a, 2 })
	post := func(key, once, body string) (Created, *http.Response) {
		var made Created
		resp := r.as(key, "POST", "/v1/sessions", body, &made, "Idempotency-Key", once)
		return made, resp
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	seen := map[Created]int{}
	for range 8 { // together: those that are too early are told so
		all.Go(func() {
			made, resp := post(shop, "one", `{"metadata":{"a":"b"}}`)
			mu.Lock()
			defer mu.Unlock()
			if resp.StatusCode == 201 {
				seen[made]++
			} else if resp.StatusCode != 409 {
				t.Errorf("%s", resp.Status)
			}
		})
	}
	all.Wait()
	again, resp := post(shop, "one", `{"metadata":{"a":"b"}}`)
	if len(seen) != 1 || seen[again] == 0 || resp.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("%d sessions, and %+v (%s)", len(seen), again, resp.Status)
	}
	if _, resp := post(shop, "one", `{}`); resp.StatusCode != 409 {
		t.Errorf("another body: %s, want 409", resp.Status)
	}
	if other, _ := post(bank, "one", `{"metadata":{"a":"b"}}`); other.ID == again.ID {
		t.Error("tenants share a key")
	}
	if _, resp := post(shop, "two", ""); resp.StatusCode != 503 {
		t.Errorf("third of two: %s, want 503", resp.Status)
	}
	r.as(shop, "DELETE", "/v1/sessions/"+again.ID, "", nil)
	two, resp := post(shop, "two", "")
	if resp.StatusCode != 201 {
		t.Errorf("the same key when there is room: %s, want 201", resp.Status)
	}
	r.as(shop, "DELETE", "/v1/sessions/"+two.ID, "", nil)
	left := onceMade{Session: newID(), Body: nameOf(""), At: time.Now()}
	for _, want := range []int{409, 201} { // a call whose process ended before its session was made
		if err := r.server.ledger.once.Put(t.Context(), nameOf("shop", "three"), left); err != nil {
			t.Fatal(err)
		}
		if _, resp := post(shop, "three", ""); resp.StatusCode != want {
			t.Errorf("a key reserved %v ago: %s, want %d", time.Since(left.At).Round(time.Second), resp.Status, want)
		}
		left.At = left.At.Add(-making)
	}
	if _, resp := post(shop, strings.Repeat("k", 256), ""); resp.StatusCode != 400 {
		t.Errorf("a long key: %s, want 400", resp.Status)
	}
}

// TestSubjectsAreLockedOut also holds what is a failure: to be asked and not to be live, also of who leaves before
// it is said; and what is none.
func TestSubjectsAreLockedOut(t *testing.T) {
	a, shop, bank := tenants(t, auth.Tenant{Lockout: true})
	outcome, asked := pipeline.Spoof, true
	r := newRig(t, func(ctx context.Context, _ media.Source, report func(pipeline.Event)) (pipeline.Verdict, error) {
		if asked {
			report(pipeline.StateChanged{State: pipeline.Challenging})
		}
		if outcome == pipeline.Undecided { // it takes longer than the person stays
			<-ctx.Done()
			return pipeline.Verdict{}, ctx.Err()
		}
		return pipeline.Verdict{Outcome: outcome, Reasons: []pipeline.Reason{"depth.flat"}}, nil
	}, func(o *Options) { o.Auth = a })
	begin := func(key string) *client {
		t.Helper()
		var made Created
		if resp := r.as(key, "POST", "/v1/sessions", `{"subject":"mallory"}`, &made); resp.StatusCode != 201 {
			t.Fatalf("begin: %s", resp.Status)
		}
		c := r.dial(made.URL)
		c.send(Hello{Token: made.Token})
		(<-r.peers).picture()
		return c
	}
	try := func(key string) {
		t.Helper()
		begin(key).rest()
		r.server.roster.saving.Wait()
	}
	leave := func() {
		t.Helper()
		c := begin(shop)
		for m := Message(nil); m != (StateChange{StateChallenge}); {
			m, _ = c.next()
		}
		_ = c.conn.Close() // as a browser's page that is left
		r.server.sockets.Wait()
		r.server.roster.saving.Wait()
	}
	outcome = pipeline.Live
	try(shop)
	outcome, asked = pipeline.Spoof, false
	try(shop)
	asked = true
	for range lockoutFailures - 2 {
		try(shop)
		try(bank)
	}
	outcome = pipeline.Undecided
	leave()
	var only Created
	r.as(shop, "POST", "/v1/sessions", `{"subject":"mallory"}`, &only)
	r.refused(r.as(shop, "POST", "/v1/sessions", `{"subject":"mallory"}`, nil), CodeTooMany) // one more at once than may fail
	r.as(shop, "DELETE", "/v1/sessions/"+only.ID, "", nil)
	leave()
	resp := r.as(shop, "POST", "/v1/sessions", `{"subject":"mallory"}`, nil)
	if after, err := strconv.Atoi(resp.Header.Get("Retry-After")); err != nil || after < 1790 || after > 1801 {
		t.Errorf("Retry-After %q, want half an hour", resp.Header.Get("Retry-After"))
	}
	r.refused(resp, CodeLockedOut)
	for name, resp := range map[string]*http.Response{
		"another subject": r.as(shop, "POST", "/v1/sessions", `{"subject":"alice"}`, nil),
		"no subject":      r.as(shop, "POST", "/v1/sessions", "", nil),
		"another tenant":  r.as(bank, "POST", "/v1/sessions", `{"subject":"mallory"}`, nil),
	} {
		if resp.StatusCode != 201 {
			t.Errorf("%s: %s, want 201", name, resp.Status)
		}
	}
}

// TestSignedVerdict checks one as an integrator's partner would, by the published key.
func TestSignedVerdict(t *testing.T) {
	r := newRig(t, untilDone, nil)
	made := r.create()
	if s := r.status(made.ID); s.Signed != "" {
		t.Errorf("signed %q before there is a verdict", s.Signed)
	}
	r.callAs("DELETE", "/v1/sessions/"+made.ID, nil)
	var set auth.KeySet
	if err := json.NewDecoder(r.call("GET", "/.well-known/jwks.json", "").Body).Decode(&set); err != nil || len(set.Keys) != 1 {
		t.Fatalf("key set %+v, %v", set, err)
	}
	var c jwt.MapClaims
	_, err := jwt.ParseWithClaims(r.status(made.ID).Signed, &c, func(token *jwt.Token) (any, error) {
		x, err := base64.RawURLEncoding.DecodeString(set.Keys[0].X)
		return ed25519.PublicKey(x), err
	}, jwt.WithValidMethods([]string{"EdDSA"}), jwt.WithSubject(made.ID), jwt.WithAudience(auth.Default))
	if err != nil || c["outcome"] != "undecided" {
		t.Errorf("claims %v, %v", c, err)
	}
}

// listening is a store that others may share: its folder, and its end, once.
func listening(t *testing.T) (s *store.Store, dir string, closing func()) {
	t.Helper()
	dir = t.TempDir()
	s, err := store.Open(t.Context(), store.Options{Dir: dir, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	closing = sync.OnceFunc(s.Close)
	t.Cleanup(closing)
	return s, dir, closing
}

// TestTwoNodes holds that a node answers for a session that another one runs, and that a verdict
// outlives both.
func TestTwoNodes(t *testing.T) {
	checkLeaks(t)
	first, dir, closing := listening(t)
	finish := make(chan struct{})
	one := oneOfRigs(t, func(ctx context.Context, _ media.Source, report func(pipeline.Event)) (pipeline.Verdict, error) {
		report(pipeline.StateChanged{State: pipeline.Framing})
		select {
		case <-finish:
			return pipeline.Verdict{Outcome: pipeline.Live, Confidence: 88}, nil
		case <-ctx.Done():
			return pipeline.Verdict{}, ctx.Err()
		}
	}, func(o *Options) { o.Store = first })
	two := oneOfRigs(t, untilDone, func(o *Options) { o.Store = sharing(t, first) })

	c, made, peer := one.join()
	if s := two.status(made.ID); s.State != StateConnecting {
		t.Errorf("at the other node %s, want connecting", s.State)
	}
	peer.picture()
	expect[StateChange](c)
	l := two.listen(made.ID)
	l.until(StateFraming)
	if all, code := two.dial(made.URL).rest(); code != 4409 {
		t.Errorf("hello at the other node: %v, close %d; want busy", all, code)
	}
	finish <- struct{}{}
	rest := l.rest()
	if v, ok := rest[0].(Verdict); !ok || v.Outcome != "live" || *v.Confidence != 88 {
		t.Errorf("the other node tells %+v", rest)
	}
	one.awaitOver(made.ID)
	if a, b := one.status(made.ID), two.status(made.ID); b.State != StateDone || a.Signed != b.Signed {
		t.Errorf("one says %+v, two %+v", a, b)
	}

	c, made, peer = one.join() // deleted from the other node
	peer.picture()
	expect[StateChange](c)
	if resp := two.callAs("DELETE", "/v1/sessions/"+made.ID, nil); resp.StatusCode != 204 {
		t.Errorf("delete: %s", resp.Status)
	}
	if s := one.awaitOver(made.ID); s.Verdict.Reasons[0] != pipeline.SessionCancelled {
		t.Errorf("status %+v, want cancelled", s)
	}

	two.stop()
	one.stop()
	for _, r := range []*rig{one, two} {
		if err := <-r.stopped; err != nil {
			t.Error(err)
		}
		r.stopped <- nil
	}
	closing()
	again := oneOfRigs(t, untilDone, func(o *Options) {
		s, err := store.Open(t.Context(), store.Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		o.Store = s
	})
	if s := again.status(made.ID); s.State != StateDone || s.Signed == "" {
		t.Errorf("after a restart %+v", s)
	}
}

// sharing connects another node to the data.
func sharing(t *testing.T, first *store.Store) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{URL: first.Address()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// TestNodeThatDied holds that its sessions are not running for ever, that all who ask are told the same, and that
// who followed one hears its end once and no more.
func TestNodeThatDied(t *testing.T) {
	past := time.Now().Add(-time.Minute)
	for name, about := range map[string]record{
		"its time is over":               {Until: past},
		"another process had these data": {Until: time.Now().Add(time.Hour), Owner: "another"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, untilDone, nil)
			id := newID()
			about.Tenant, about.State, about.Created, about.Expires = auth.Default, StateCreated, past, past
			if err := r.server.ledger.records.Create(t.Context(), id, about); err != nil {
				t.Fatal(err)
			}
			if err := r.server.ledger.events.Keep(t.Context(), id, "state", []byte(`{"v":1,"type":"state","state":"framing"}`)); err != nil {
				t.Fatal(err)
			}
			heard := r.listen(id).rest()
			if len(heard) != 3 || heard[2] != (StateChange{StateFailed}) {
				t.Errorf("heard %+v, want framing, the verdict, failed", heard)
			}
			s := r.status(id)
			if s.State != StateFailed || s.Verdict.Reasons[0] != pipeline.SessionFailed || s.Signed == "" || !s.EndedAt.After(past.Add(-time.Second)) {
				t.Errorf("status %+v, want failed", s)
			}
			if again := r.status(id); again.Signed != s.Signed {
				t.Error("the next who asks is told something else")
			}
			last := r.listen(id)
			last.rest()
			if resp := r.as(testKey, "GET", "/v1/sessions/"+id+"/events", "", nil, "Last-Event-ID", last.last); resp.StatusCode != 204 {
				t.Errorf("events after the last: %s, want 204", resp.Status)
			}
			if resp := r.callAs("DELETE", "/v1/sessions/"+id, nil); resp.StatusCode != 204 {
				t.Errorf("delete: %s, want 204", resp.Status)
			}
		})
	}
}

// TestVerdictKeys holds that an operator changes them, and that verdicts of before are still good.
func TestVerdictKeys(t *testing.T) {
	a, shop, _ := tenants(t, auth.Tenant{})
	r := newRig(t, untilDone, func(o *Options) { o.Auth = a })
	var first, both, left auth.KeySet
	if err := json.NewDecoder(r.call("GET", "/.well-known/jwks.json", "").Body).Decode(&first); err != nil {
		t.Fatal(err)
	}
	r.as(testKey, "POST", "/v1/verdict-keys", "", &both)
	if len(both.Keys) != 2 || both.Keys[1] != first.Keys[0] {
		t.Errorf("listed %+v, want a new one and %+v", both, first)
	}
	r.as(testKey, "DELETE", "/v1/verdict-keys/"+first.Keys[0].ID, "", &left)
	if len(left.Keys) != 1 || left.Keys[0] != both.Keys[0] {
		t.Errorf("listed %+v, want the new one alone", left)
	}
	r.refused(r.as(testKey, "DELETE", "/v1/verdict-keys/"+first.Keys[0].ID, "", nil), CodeNotFound)
	r.refused(r.call("POST", "/v1/verdict-keys", ""), CodeUnauthorized)
	r.refused(r.as(shop, "POST", "/v1/verdict-keys", "", nil), CodeForbidden)
}

// TestLostStore holds that callers are told so, that a person's session goes on, and that its verdict
// is stored when the store is back.
func TestLostStore(t *testing.T) {
	checkLeaks(t)
	first, dir, closing := listening(t)
	address := first.Address()
	finish := make(chan struct{})
	r := oneOfRigs(t, func(context.Context, media.Source, func(pipeline.Event)) (pipeline.Verdict, error) {
		<-finish
		return pipeline.Verdict{Outcome: pipeline.Live}, nil
	}, func(o *Options) {
		s, err := store.Open(t.Context(), store.Options{URL: address, Wait: 300 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		o.Store = s
	})
	c, made, peer := r.join()
	closing()
	r.refused(r.callAs("POST", "/v1/sessions", nil), CodeUnavailable)
	r.refused(r.callAs("GET", "/v1/sessions/"+newID(), nil), CodeUnavailable)
	if resp := r.call("GET", "/readyz", ""); resp.StatusCode != 500 {
		t.Errorf("readyz: %s, want 500", resp.Status)
	}
	peer.picture()
	close(finish)
	if v := expect[Verdict](c); v.Outcome != "live" {
		t.Errorf("verdict %+v, want live", v)
	}
	c.rest()
	if s := r.status(made.ID); s.State != StateDone || s.Verdict.Outcome != "live" {
		t.Errorf("status %+v, want the verdict although it is not stored", s)
	}
	back, err := store.Open(t.Context(), store.Options{Dir: dir, Listen: strings.TrimPrefix(address, "nats://")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(back.Close)
	r.server.roster.saving.Wait()
	if _, here := r.server.roster.find(made.ID); here {
		t.Error("the verdict is not stored")
	}
	if s := r.status(made.ID); s.State != StateDone || s.Verdict.Outcome != "live" {
		t.Errorf("status %+v after the store is back", s)
	}
}
