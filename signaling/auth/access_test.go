package auth

import (
	"errors"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"vivavoce/signaling/store"
)

func TestAccess(t *testing.T) {
	s, err := store.Open(t.Context(), store.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	path, key, secrets, f := shop(t)
	a := open(t, Options{File: path})
	access, err := OpenAccess(t.Context(), s, a)
	if err != nil {
		t.Fatal(err)
	}
	c, err := a.Key(key, Sessions)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	given := func(audience string, life time.Duration, now time.Time) string {
		t.Helper()
		text, err := access.Token(c, audience, life, now)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	good := given("LivenessPlus", time.Minute, now)
	other, err := OpenAccess(t.Context(), s, a)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := other.Caller(good, "LivenessPlus", Sessions); err != nil || got.Tenant.Name != "shop" || got.Key != c.Key {
		t.Errorf("at another node: %+v, %v", got, err)
	}
	plain := func(m jwt.SigningMethod, key any, typ string, c jwt.Claims) string {
		token := jwt.NewWithClaims(m, c)
		token.Header["typ"] = typ
		text, err := token.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	ours := accessClaims{Key: c.Key, RegisteredClaims: jwt.RegisteredClaims{
		Issuer: "vivavoce", Subject: "shop", Audience: jwt.ClaimStrings{"LivenessPlus"}, ExpiresAt: jwt.NewNumericDate(now.Add(time.Minute)),
	}}
	bank, nobody := ours, ours
	bank.Subject, nobody.Key = "bank", "k_nobody"
	for _, tt := range []struct {
		name, token string
		scope       Scope
		err         error
	}{
		{"ours", good, Sessions, nil},
		{"ours, made by hand", plain(jwt.SigningMethodHS512, access.secret, accessType, ours), Sessions, nil},
		{"the integrator's own", hmacToken(t, "LivenessPlus", secrets[0]), Sessions, nil},
		{"the integrator's own, elsewhere", hmacToken(t, "BWS", secrets[0]), Sessions, ErrUnknown},
		{"for a call that the key is not for", good, Operator, ErrScope},
		{"expired", given("LivenessPlus", time.Minute, now.Add(-2*time.Minute)), Sessions, ErrUnknown},
		{"for another audience", given("BWS", time.Minute, now), Sessions, ErrUnknown},
		{"an API key", key, Sessions, ErrUnknown},
		{"of another type", plain(jwt.SigningMethodHS512, access.secret, "JWT", ours), Sessions, ErrUnknown},
		{"by HS256", plain(jwt.SigningMethodHS256, access.secret, accessType, ours), Sessions, ErrUnknown},
		{"alg none", plain(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, accessType, ours), Sessions, ErrUnknown},
		{"by the integrator in our name", plain(jwt.SigningMethodHS512, secrets[0], accessType, bank), Sessions, ErrUnknown},
		{"another tenant with the key", plain(jwt.SigningMethodHS512, access.secret, accessType, bank), Sessions, ErrUnknown},
		{"of a key that is not there", plain(jwt.SigningMethodHS512, access.secret, accessType, nobody), Sessions, ErrUnknown},
		{"cut", good[:len(good)-3], Sessions, ErrUnknown},
		{"nothing", "", Sessions, ErrUnknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := access.Caller(tt.token, "LivenessPlus", tt.scope); !errors.Is(err, tt.err) {
				t.Errorf("err = %v, want %v", err, tt.err)
			}
		})
	}
	if err := f.Revoke(c.Key, now); err != nil {
		t.Fatal(err)
	}
	if err := f.Write(path); err != nil {
		t.Fatal(err)
	}
	a.mu.Lock()
	a.looked = time.Time{} // a second has passed
	a.mu.Unlock()
	if _, err := access.Caller(good, "LivenessPlus", Sessions); !errors.Is(err, ErrUnknown) {
		t.Errorf("its key is revoked: %v, want ErrUnknown", err)
	}
}

func hmacToken(t *testing.T, audience string, secret []byte) string {
	t.Helper()
	text, err := NewToken(secret, "shop", []string{audience}, time.Minute, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return text
}
