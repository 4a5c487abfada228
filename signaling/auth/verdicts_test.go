package auth

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"vivavoce/signaling/store"
)

// TestSignedVerdict checks a signed verdict as an integrator does, with what the JWKS says.
func TestSignedVerdict(t *testing.T) {
	s := secretsIn(t, t.TempDir())
	ended := time.Unix(1_795_000_000, 0)
	text, err := s.Sign(Said{Session: "s_1", Tenant: "shop", Policy: "strict", Outcome: "spoof", Confidence: 4, Reasons: []string{"depth.flat"}, Ended: ended})
	if err != nil {
		t.Fatal(err)
	}
	set := s.KeySet()
	x, err := base64.RawURLEncoding.DecodeString(set.Keys[0].X)
	if err != nil {
		t.Fatal(err)
	}
	var c jwt.MapClaims
	token, err := jwt.ParseWithClaims(text, &c, func(*jwt.Token) (any, error) { return ed25519.PublicKey(x), nil },
		jwt.WithValidMethods([]string{"EdDSA"}), jwt.WithIssuer("vivavoce"), jwt.WithAudience("shop"), jwt.WithSubject("s_1"))
	if err != nil {
		t.Fatal(err)
	}
	if token.Header["kid"] != set.Keys[0].ID || token.Header["typ"] != "verdict+jwt" {
		t.Errorf("header %v", token.Header)
	}
	if c["outcome"] != "spoof" || c["confidence"] != 4.0 || c["policy"] != "strict" || c["iat"] != 1_795_000_000.0 || c["exp"] != nil {
		t.Errorf("claims %v", c)
	}
	if _, err := jwt.Parse(text[:len(text)-4]+"AAAA", func(*jwt.Token) (any, error) { return ed25519.PublicKey(x), nil }); err == nil {
		t.Error("a changed signature is good")
	}
}

// TestThumbprint is the example of RFC 8037, appendix A.3.
func TestThumbprint(t *testing.T) {
	if got := thumbprint("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"); got != "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" {
		t.Errorf("thumbprint %s", got)
	}
}

// checks says whether one of the listed keys has signed text.
func checks(set KeySet, text string) bool {
	_, err := jwt.Parse(text, func(token *jwt.Token) (any, error) {
		for _, k := range set.Keys {
			if k.ID == token.Header["kid"] {
				x, err := base64.RawURLEncoding.DecodeString(k.X)
				return ed25519.PublicKey(x), err
			}
		}
		return nil, errors.New("the key is not listed")
	}, jwt.WithValidMethods([]string{"EdDSA"}))
	return err == nil
}

// nodes are two that share a store and a clock.
func nodes(t *testing.T, clock *time.Time) (a, b *Secrets) {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	for _, at := range []**Secrets{&a, &b} {
		if *at, err = openSecrets(t.Context(), s, func() time.Time { return *clock }); err != nil {
			t.Fatal(err)
		}
	}
	return a, b
}

func signed(t *testing.T, s *Secrets) (text, id string) {
	t.Helper()
	text, err := s.Sign(Said{Session: "s_1", Ended: time.Unix(1_795_000_000, 0)})
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := jwt.NewParser().ParseUnverified(text, jwt.MapClaims{})
	if err != nil {
		t.Fatal(err)
	}
	return text, token.Header["kid"].(string)
}

// TestVerdictKeysFollowEachOther lives through two years and holds that every verdict can be checked by the list of
// every node for a year, also by one that was fetched ten minutes before it was signed.
func TestVerdictKeysFollowEachOther(t *testing.T) {
	clock := time.Unix(1_795_000_000, 0)
	a, b := nodes(t, &clock)
	type verdict struct {
		text string
		at   time.Time
	}
	var verdicts []verdict
	ids := map[string]bool{}
	for day := range 2 * 365 {
		clock = clock.Add(24*time.Hour - verdictKeyLead)
		for _, s := range []*Secrets{b, a} {
			if err := s.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		before := a.KeySet()
		clock = clock.Add(verdictKeyLead)
		text, id := signed(t, []*Secrets{a, b}[day%2])
		ids[id] = true
		if !checks(before, text) {
			t.Fatalf("day %d: a list of ten minutes ago does not check", day)
		}
		verdicts = append(verdicts, verdict{text, clock})
		if day%30 != 0 {
			continue
		}
		for _, v := range verdicts {
			if clock.Sub(v.at) <= verdictKeyKept && !(checks(a.KeySet(), v.text) && checks(b.KeySet(), v.text)) {
				t.Fatalf("day %d: a verdict of %v ago cannot be checked", day, clock.Sub(v.at))
			}
		}
	}
	if want := 2*365/90 + 1; len(ids) != want {
		t.Errorf("%d keys signed, want %d", len(ids), want)
	}
	private := 0
	for _, k := range a.keys {
		if k.Seed != nil {
			private++
		}
	}
	if private != 1 || len(a.keys) > 7 {
		t.Errorf("%d private keys of %d are kept, want 1 of 7 at most", private, len(a.keys))
	}
}

func TestNewVerdictKey(t *testing.T) {
	clock := time.Unix(1_795_000_000, 0)
	a, b := nodes(t, &clock)
	_, first := signed(t, a)
	for range 3 { // that somebody is impatient makes no more of them
		if err := a.NewVerdictKey(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if set := a.KeySet(); len(set.Keys) != 2 || set.Keys[1].ID != first {
		t.Errorf("listed %+v, want the next and %s", set.Keys, first)
	}
	if _, id := signed(t, a); id != first {
		t.Error("the next key signs before its time")
	}
	clock = clock.Add(verdictKeyLead)
	if err := b.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, one := signed(t, a)
	if _, other := signed(t, b); one == first || one != other {
		t.Errorf("later %s and %s sign, want the same and not %s", one, other, first)
	}
}

func TestRevokeVerdictKey(t *testing.T) {
	for _, tt := range []struct {
		name   string
		follow bool // another waits for its time
		which  int  // in the list
		left   int
	}{
		{"the only one", false, 0, 1},
		{"the one that signs while another waits", true, 1, 1},
		{"the one that waits", true, 0, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			clock := time.Unix(1_795_000_000, 0)
			a, b := nodes(t, &clock)
			text, _ := signed(t, a)
			if tt.follow {
				if err := a.NewVerdictKey(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			id := a.KeySet().Keys[tt.which].ID
			if err := a.RevokeVerdictKey(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			if err := b.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			if set := b.KeySet(); len(set.Keys) != tt.left || slices.ContainsFunc(set.Keys, func(k PublicKey) bool { return k.ID == id }) {
				t.Errorf("listed %+v, want %d without %s", set.Keys, tt.left, id)
			}
			if fresh, by := signed(t, b); by == id || !checks(a.KeySet(), fresh) {
				t.Errorf("%s signs", by)
			}
			if checks(b.KeySet(), text) != (tt.follow && tt.which == 0) {
				t.Error("the verdict of before is taken otherwise than its key")
			}
			if err := a.RevokeVerdictKey(t.Context(), id); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("again: %v, want ErrNotFound", err)
			}
		})
	}
}

func BenchmarkSign(b *testing.B) {
	s, err := store.Open(b.Context(), store.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	secrets, err := OpenSecrets(b.Context(), s)
	if err != nil {
		b.Fatal(err)
	}
	v := Said{Session: "s_5gQ0bX2rT7uJ9mWc1kVzNw", Tenant: "shop", Policy: "strict", Outcome: "live", Confidence: 93, Ended: time.Now()}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := secrets.Sign(v); err != nil {
			b.Fatal(fmt.Errorf("sign: %w", err))
		}
	}
}
