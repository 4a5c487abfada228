package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"vivavoce/signaling/store"
)

// Access gives and knows tokens of our own: who has an API key and must send a token gets one for a while, to
// hand on to a page. They are the same at every node that shares a store.
type Access struct {
	auth   *Auth
	secret []byte
}

// accessSecret is what the store has of it.
type accessSecret struct {
	Secret []byte `json:"secret"`
}

// accessClaims names the key that a token was given for: it ends when the key does.
type accessClaims struct {
	jwt.RegisteredClaims
	Key string `json:"key"`
}

const accessType = "at+jwt" // RFC 9068

// OpenAccess reads the secret; the first node makes it.
func OpenAccess(ctx context.Context, s *store.Store, a *Auth) (*Access, error) {
	b, err := store.OpenBucket[accessSecret](ctx, s, "access", store.BucketOptions{MaxBytes: 1 << 20})
	if err != nil {
		return nil, fmt.Errorf("open access tokens: %w", err)
	}
	if err := b.Create(ctx, "1", accessSecret{NewSecret()}); err != nil && !errors.Is(err, store.ErrExists) {
		return nil, fmt.Errorf("open access tokens: %w", err)
	}
	k, _, err := b.Get(ctx, "1") // of several nodes that begin together one wins
	if err != nil {
		return nil, fmt.Errorf("open access tokens: %w", err)
	}
	if len(k.Secret) < secretBytes {
		return nil, fmt.Errorf("open access tokens: %w", store.ErrDamaged)
	}
	return &Access{auth: a, secret: k.Secret}, nil
}

// Token makes a token for whom [Auth.Key] found.
func (a *Access) Token(c Caller, audience string, life time.Duration, now time.Time) (string, error) {
	t := jwt.NewWithClaims(jwt.SigningMethodHS512, accessClaims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: "vivavoce", Subject: c.Tenant.Name, Audience: jwt.ClaimStrings{audience},
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(life)),
		},
		Key: c.Key,
	})
	t.Header["typ"] = accessType
	text, err := t.SignedString(a.secret)
	if err != nil {
		return "", fmt.Errorf("sign access token of %s: %w", c.Tenant.Name, err)
	}
	return text, nil
}

// Caller finds who sent the token, ours or the integrator's own ([Auth.Token]), and may use it for s. An API key is
// none: it does not belong in a page.
func (a *Access) Caller(text, audience string, s Scope) (Caller, error) {
	if len(text) > maxToken {
		return Caller{}, ErrUnknown
	}
	var claims accessClaims
	parser := jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodHS512.Alg()}),
		jwt.WithExpirationRequired(), jwt.WithIssuer("vivavoce"), jwt.WithAudience(audience))
	t, err := parser.ParseWithClaims(text, &claims, func(*jwt.Token) (any, error) { return a.secret, nil })
	if err != nil || t.Header["typ"] != accessType {
		return a.auth.Token(text, audience, s)
	}
	for _, e := range a.auth.current().keys {
		if e.key.ID == claims.Key && e.tenant == claims.Subject && e.key.good(time.Now()) {
			return a.auth.current().caller(e.tenant, e.key, s)
		}
	}
	return Caller{}, ErrUnknown
}
