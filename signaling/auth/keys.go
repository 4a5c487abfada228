package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// secretBytes is the length of a token key: that of the hash it signs with (RFC 7518 §3.2).
const secretBytes = 64

// NewSecret draws a token key.
func NewSecret() []byte {
	secret := make([]byte, secretBytes)
	rand.Read(secret) // never fails: crypto/rand ends the process instead
	return secret
}

// NewKey is what to make a key of.
type NewKey struct {
	Tenant  string
	Kind    Kind
	Scopes  []Scope
	Expires *time.Time // nil: never
}

// Create adds a key, and its tenant when there is none of that name. It returns what the
// integrator needs and what is shown only now: the API key, or the token key in base64.
func (f *File) Create(n NewKey, now time.Time) (Key, string, error) {
	k := Key{ID: "k_" + strings.ToLower(rand.Text()[:10]), Kind: n.Kind, Scopes: n.Scopes, Created: now.UTC().Truncate(time.Second), Expires: n.Expires}
	var shown string
	if n.Kind == JWTKey {
		k.Secret = NewSecret()
		shown = base64.StdEncoding.EncodeToString(k.Secret)
	} else {
		shown = "vv_" + rand.Text()
		k.Hash = hashOf(shown)
	}
	next := File{Tenants: slices.Clone(f.Tenants)}
	i := slices.IndexFunc(next.Tenants, func(t Tenant) bool { return t.Name == n.Tenant })
	if i < 0 {
		i = len(next.Tenants)
		next.Tenants = append(next.Tenants, Tenant{Name: n.Tenant})
	}
	next.Tenants[i].Keys = append(slices.Clone(next.Tenants[i].Keys), k)
	if err := next.check(); err != nil {
		return Key{}, "", fmt.Errorf("create key: %w", err)
	}
	*f = next
	return k, shown, nil
}

// Rotate makes a key like the one of that id, which stays good for grace.
func (f *File) Rotate(id string, grace time.Duration, now time.Time) (Key, string, error) {
	t, k, err := f.find(id)
	if err != nil {
		return Key{}, "", fmt.Errorf("rotate key: %w", err)
	}
	if !k.good(now) {
		return Key{}, "", fmt.Errorf("rotate key: %s is %s", id, k.State(now))
	}
	last := now.Add(grace).UTC().Truncate(time.Second)
	made, shown, err := f.Create(NewKey{Tenant: t.Name, Kind: k.Kind, Scopes: k.Scopes}, now)
	if err != nil {
		return Key{}, "", err
	}
	if _, k, err = f.find(id); err != nil { // Create moved the keys
		return Key{}, "", err
	}
	if k.Expires == nil || last.Before(*k.Expires) {
		k.Expires = &last
	}
	return made, shown, nil
}

// Revoke ends a key now.
func (f *File) Revoke(id string, now time.Time) error {
	_, k, err := f.find(id)
	if err != nil {
		return fmt.Errorf("revoke key: %w", err)
	}
	if k.Revoked == nil {
		at := now.UTC().Truncate(time.Second)
		k.Revoked = &at
	}
	return nil
}

// Issue signs a token as an integrator's back end would: with the token key of that id, for
// audiences, good for life from now on.
func (f *File) Issue(id string, audiences []string, life time.Duration, now time.Time) (string, error) {
	t, k, err := f.find(id)
	switch {
	case err != nil:
		return "", fmt.Errorf("issue token: %w", err)
	case k.Kind != JWTKey || !k.good(now):
		return "", fmt.Errorf("issue token: %s is of the kind %q and %s, want a good token key", id, k.Kind, k.State(now))
	}
	return NewToken(k.Secret, t.Name, audiences, life, now)
}

// NewToken signs a token of a tenant for audiences.
func NewToken(secret []byte, tenant string, audiences []string, life time.Duration, now time.Time) (string, error) {
	text, err := jwt.NewWithClaims(jwt.SigningMethodHS512, jwt.RegisteredClaims{
		Subject: tenant, Issuer: tenant, Audience: audiences,
		IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(life)),
	}).SignedString(secret)
	if err != nil {
		return "", fmt.Errorf("issue token for %s: %w", tenant, err)
	}
	return text, nil
}

func (f *File) find(id string) (*Tenant, *Key, error) {
	for i := range f.Tenants {
		t := &f.Tenants[i]
		for j := range t.Keys {
			if t.Keys[j].ID == id {
				return t, &t.Keys[j], nil
			}
		}
	}
	return nil, nil, fmt.Errorf("no key has the id %q", id)
}

// hashOf is what is kept of an API key.
func hashOf(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}
