package auth

import (
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"vivavoce/signaling/store"
)

// Secrets are the server's own, the same at every node that shares a store: what session
// tokens are made with and what verdicts are signed with.
type Secrets struct {
	tokens []byte
	sign   ed25519.PrivateKey
	id     string // of the public key
}

// kept are the secrets as the store has them. Whoever reads the store can make verdicts up
// in it anyway, so they are not locked up further.
type kept struct {
	Tokens []byte `json:"tokens"`
	Sign   []byte `json:"sign"` // Ed25519 seed
}

// OpenSecrets reads the secrets; the first node makes them.
func OpenSecrets(ctx context.Context, s *store.Store) (*Secrets, error) {
	b, err := store.OpenBucket[kept](ctx, s, "secrets", store.BucketOptions{MaxBytes: 1 << 20})
	if err != nil {
		return nil, fmt.Errorf("open secrets: %w", err)
	}
	made := kept{Tokens: make([]byte, 32), Sign: make([]byte, ed25519.SeedSize)}
	rand.Read(made.Tokens)
	rand.Read(made.Sign)
	if err := b.Create(ctx, "1", made); err != nil && !errors.Is(err, store.ErrExists) {
		return nil, fmt.Errorf("open secrets: %w", err)
	}
	k, _, err := b.Get(ctx, "1") // of several nodes that begin together one wins
	if err != nil {
		return nil, fmt.Errorf("open secrets: %w", err)
	}
	if len(k.Tokens) < 32 || len(k.Sign) != ed25519.SeedSize {
		return nil, fmt.Errorf("open secrets: %w", store.ErrDamaged)
	}
	secrets := &Secrets{tokens: k.Tokens, sign: ed25519.NewKeyFromSeed(k.Sign)}
	secrets.id = thumbprint(secrets.public())
	return secrets, nil
}

// SessionToken is what the page of a session shows: 256 bits that follow from the session's
// name, so that it need not be kept to be said again (Idempotency-Key).
func (s *Secrets) SessionToken(session string) string {
	m := hmac.New(sha256.New, s.tokens)
	m.Write([]byte("session token\x00" + session))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// IsSessionToken compares in constant time.
func (s *Secrets) IsSessionToken(session, token string) bool {
	return hmac.Equal([]byte(token), []byte(s.SessionToken(session)))
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
	t.Header["typ"], t.Header["kid"] = "verdict+jwt", s.id
	text, err := t.SignedString(s.sign)
	if err != nil {
		return "", fmt.Errorf("sign verdict of %s: %w", v.Session, err)
	}
	return text, nil
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

// KeySet is what verdicts are checked with.
func (s *Secrets) KeySet() KeySet {
	return KeySet{Keys: []PublicKey{{
		Type: "OKP", Curve: "Ed25519", X: s.public(), ID: s.id, Use: "sig", Algorithm: "EdDSA",
	}}}
}

func (s *Secrets) public() string {
	return base64.RawURLEncoding.EncodeToString(s.sign.Public().(ed25519.PublicKey))
}

// thumbprint names a key by itself: RFC 7638 with the members of RFC 8037.
func thumbprint(x string) string {
	sum := sha256.Sum256([]byte(`{"crv":"Ed25519","kty":"OKP","x":"` + x + `"}`))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
