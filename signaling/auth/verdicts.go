package auth

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"vivavoce/signaling/store"
)

// How verdict keys follow each other. A verdict can be handed on, so that it is checked long
// after its key signed last.
const (
	verdictKeyLife = 90 * 24 * time.Hour  // a key signs for so long
	verdictKeyLead = 10 * time.Minute     // it is listed before it signs, for who keeps a copy of the list
	verdictKeyKept = 366 * 24 * time.Hour // it is listed after it signed last
)

// verdictKey signs verdicts from a time on, until the next one does.
type verdictKey struct {
	ID    string    `json:"id"`
	X     string    `json:"x"`              // the public half: 32 bytes, base64url
	Seed  []byte    `json:"seed,omitempty"` // the private half; it is forgotten when another signs
	From  time.Time `json:"from"`
	Until time.Time `json:"until,omitzero"` // it is listed until then; zero: no other follows yet
}

// verdictKeys are in the order in which they sign.
type verdictKeys []verdictKey

func newVerdictKey(from time.Time) verdictKey {
	seed := make([]byte, ed25519.SeedSize)
	rand.Read(seed) // never fails: crypto/rand ends the process instead
	x := base64.RawURLEncoding.EncodeToString(ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey))
	return verdictKey{ID: thumbprint(x), X: x, Seed: seed, From: from}
}

// signing is the index of the key that signs now, or -1.
func (k verdictKeys) signing(now time.Time) int {
	i := len(k) - 1
	for i >= 0 && k[i].From.After(now) {
		i--
	}
	return i
}

// turn does what time asks for: a key where there is none, the next one when the last is old enough,
// and away with what is not needed any more. It says whether anything changed.
func (k *verdictKeys) turn(now time.Time) bool {
	changed := false
	switch n := len(*k); {
	case n == 0:
		*k, changed = append(*k, newVerdictKey(now)), true
	case !now.Before((*k)[n-1].From.Add(verdictKeyLife)):
		changed = k.follow(now)
	}
	for i := range max(0, k.signing(now)) {
		changed = changed || (*k)[i].Seed != nil
		(*k)[i].Seed = nil
	}
	n := len(*k)
	*k = slices.DeleteFunc(*k, func(key verdictKey) bool { return !key.Until.IsZero() && now.After(key.Until) })
	return changed || len(*k) != n
}

// follow adds the key that will sign next, unless there is one that waits for its time.
func (k *verdictKeys) follow(now time.Time) bool {
	last := &(*k)[len(*k)-1]
	if last.From.After(now) {
		return false
	}
	next := newVerdictKey(now.Add(verdictKeyLead))
	last.Until = next.From.Add(verdictKeyKept)
	*k = append(*k, next)
	return true
}

// revoke takes a key off the list, and lets another sign at once where it did.
func (k *verdictKeys) revoke(id string, now time.Time) bool {
	i := slices.IndexFunc(*k, func(key verdictKey) bool { return key.ID == id })
	if i < 0 {
		return false
	}
	*k = slices.Delete(*k, i, i+1)
	n := len(*k)
	if n == 0 || (*k)[n-1].Seed == nil { // nobody is left to sign
		*k = append(*k, newVerdictKey(now))
		return true
	}
	last := &(*k)[n-1]
	last.Until = time.Time{}
	if s := k.signing(now); s < 0 || (*k)[s].Seed == nil { // it waited for its time
		last.From = now
	}
	return true
}

// Refresh reads what other nodes did with the verdict keys, and lets the next one follow when the
// last is old enough.
func (s *Secrets) Refresh(ctx context.Context) error {
	err := s.change(ctx, func(k *kept) bool { return k.Keys.turn(s.now()) })
	if err != nil {
		return fmt.Errorf("refresh verdict keys: %w", err)
	}
	return nil
}

// NewVerdictKey lets another key sign, ten minutes from now; both are listed. Where one waits for its time
// already it is that one.
func (s *Secrets) NewVerdictKey(ctx context.Context) error {
	err := s.change(ctx, func(k *kept) bool { return k.Keys.follow(s.now()) })
	if err != nil {
		return fmt.Errorf("new verdict key: %w", err)
	}
	return nil
}

// RevokeVerdictKey ends a key that somebody else may have: it is not listed any more, and no verdict that
// it signed is good. It fails with [store.ErrNotFound].
func (s *Secrets) RevokeVerdictKey(ctx context.Context, id string) error {
	found := false
	err := s.change(ctx, func(k *kept) bool {
		found = k.Keys.revoke(id, s.now())
		return found
	})
	if err == nil && !found {
		err = store.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("revoke verdict key: %w", err)
	}
	return nil
}

// Said is what a signed verdict says.
type Said struct {
	Session, Tenant, Policy string
	Outcome                 string
	Confidence              int
	Reasons                 []string
	Ended                   time.Time
}

// Sign gives a verdict as a compact JWS (RFC 7515) by Ed25519 (RFC 8037): small, quick, and
// without a choice of curves, hashes and paddings to get wrong. Unlike the plain verdict it can
// be handed on: who has our public key sees that we said it, of which session, to whom and when. Its
// typ keeps it from being taken for a token that lets somebody in.
func (s *Secrets) Sign(v Said) (string, error) {
	t := jwt.NewWithClaims(jwt.SigningMethodEdDSA, jwt.MapClaims{
		"iss": "vivavoce", "sub": v.Session, "aud": v.Tenant, "iat": v.Ended.Unix(),
		"policy": v.Policy, "outcome": v.Outcome, "confidence": v.Confidence, "reasons": v.Reasons,
	})
	key, err := s.signing()
	if err != nil {
		return "", fmt.Errorf("sign verdict of %s: %w", v.Session, err)
	}
	t.Header["typ"], t.Header["kid"] = "verdict+jwt", key.ID
	text, err := t.SignedString(ed25519.NewKeyFromSeed(key.Seed))
	if err != nil {
		return "", fmt.Errorf("sign verdict of %s: %w", v.Session, err)
	}
	return text, nil
}

// signing is the key that signs now.
func (s *Secrets) signing() (verdictKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.keys.signing(s.now())
	if i < 0 || len(s.keys[i].Seed) != ed25519.SeedSize {
		return verdictKey{}, errors.New("no key is there")
	}
	return s.keys[i], nil
}

// KeySet is a JWKS (RFC 7517 §5).
type KeySet struct {
	Keys []PublicKey `json:"keys"`
}

// PublicKey is an Ed25519 key as JWK (RFC 8037 §2).
type PublicKey struct {
	Type      string `json:"kty"`
	Curve     string `json:"crv"`
	X         string `json:"x"`
	ID        string `json:"kid"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
}

// KeySet is what verdicts are checked with, the newest key first: those that sign, will sign and signed.
func (s *Secrets) KeySet() KeySet {
	s.mu.Lock()
	defer s.mu.Unlock()
	var set KeySet
	for _, k := range slices.Backward(s.keys) {
		set.Keys = append(set.Keys, PublicKey{Type: "OKP", Curve: "Ed25519", X: k.X, ID: k.ID, Use: "sig", Algorithm: "EdDSA"})
	}
	return set
}

// thumbprint names a key by itself: RFC 7638 with the members of RFC 8037.
func thumbprint(x string) string {
	sum := sha256.Sum256([]byte(`{"crv":"Ed25519","kty":"OKP","x":"` + x + `"}`))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
