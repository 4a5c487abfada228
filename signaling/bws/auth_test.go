package bws

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

// with is good claims, changed.
func with(change claims) claims {
	c := goodClaims()
	for name, v := range change {
		if c[name] = v; v == nil {
			delete(c, name)
		}
	}
	return c
}

// signed is a token by some other way than HMAC with SHA-512.
func signed(t *testing.T, alg string, sign func(text []byte) []byte) string {
	t.Helper()
	head, err := json.Marshal(map[string]any{"alg": alg, "typ": "JWT"})
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(goodClaims())
	if err != nil {
		t.Fatal(err)
	}
	text := base64.RawURLEncoding.EncodeToString(head) + "." + base64.RawURLEncoding.EncodeToString(body)
	return text + "." + base64.RawURLEncoding.EncodeToString(sign([]byte(text)))
}

// TestTokens sends what BioID's samples send, and what nobody should get in with.
func TestTokens(t *testing.T) {
	r := newRig(t, nil)
	hs512 := map[string]any{"alg": "HS512", "typ": "JWT"}
	key, err := base64.StdEncoding.DecodeString(r.secret)
	if err != nil {
		t.Fatal(err)
	}
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	good := r.token()
	head, rest, _ := strings.Cut(good, ".")
	body, mac, _ := strings.Cut(rest, ".")
	now := time.Now()
	for _, tt := range []struct {
		name, header string
		good         bool
	}{
		{"as the page says", "Bearer " + good, true},
		{"another key of the client", "Bearer " + token(r.other, hs512, goodClaims()), true},
		{"without typ", "Bearer " + token(r.secret, map[string]any{"alg": "HS512"}, goodClaims()), true},
		{"audience in small letters", "Bearer " + token(r.secret, hs512, with(claims{"aud": "bws"})), true},
		{"one of several audiences", "Bearer " + token(r.secret, hs512, with(claims{"aud": []string{"x", "BWS"}})), true},
		{"without an issuer", "Bearer " + token(r.secret, hs512, with(claims{"iss": nil})), true},
		{"another issuer", "Bearer " + token(r.secret, hs512, with(claims{"iss": "my app"})), true},
		{"without nbf and iat", "Bearer " + token(r.secret, hs512, with(claims{"nbf": nil, "iat": nil})), true},
		{"an API key", "Bearer " + r.apiKey, true},

		{"nothing", "", false},
		{"no token", "Bearer ", false},
		{"no scheme", good, false},
		{"basic", "Basic " + base64.StdEncoding.EncodeToString([]byte("client:"+r.secret)), false},
		{"the secret itself", "Bearer " + r.secret, false},
		{"an API key of another scope", "Bearer " + r.wrongKey, false},
		{"expired", "Bearer " + token(r.secret, hs512, with(claims{"exp": now.Add(-time.Minute).Unix()})), false},
		{"no expiry", "Bearer " + token(r.secret, hs512, with(claims{"exp": nil})), false},
		{"not yet good", "Bearer " + token(r.secret, hs512, with(claims{"nbf": now.Add(10 * time.Minute).Unix()})), false},
		{"from the future", "Bearer " + token(r.secret, hs512, with(claims{"iat": now.Add(10 * time.Minute).Unix()})), false},
		{"wrong audience", "Bearer " + token(r.secret, hs512, with(claims{"aud": "vivavoce"})), false},
		{"no audience", "Bearer " + token(r.secret, hs512, with(claims{"aud": nil})), false},
		{"unknown client", "Bearer " + token(r.secret, hs512, with(claims{"sub": "nobody"})), false},
		{"another client's name", "Bearer " + token(r.secret, hs512, with(claims{"sub": "bank"})), false},
		{"no client", "Bearer " + token(r.secret, hs512, with(claims{"sub": nil})), false},
		{"another key", "Bearer " + token(base64.StdEncoding.EncodeToString(make([]byte, 64)), hs512, goodClaims()), false},
		{"the secret's text as the key", "Bearer " + token(base64.StdEncoding.EncodeToString([]byte(r.secret)), hs512, goodClaims()), false},
		{"alg none", "Bearer " + signed(t, "none", func([]byte) []byte { return nil }), false},
		{"alg none, signed", "Bearer " + token(r.secret, map[string]any{"alg": "none"}, goodClaims()), false},
		{"HS256", "Bearer " + signed(t, "HS256", func(text []byte) []byte {
			m := hmac.New(sha256.New, key)
			m.Write(text)
			return m.Sum(nil)
		}), false},
		{"HS256 in the head only", "Bearer " + token(r.secret, map[string]any{"alg": "HS256"}, goodClaims()), false},
		{"RS256 in the head only", "Bearer " + token(r.secret, map[string]any{"alg": "RS256"}, goodClaims()), false},
		{"RS512 by a key of the caller's", "Bearer " + signed(t, "RS512", func(text []byte) []byte {
			sum := sha512.Sum512(text)
			s, err := rsa.SignPKCS1v15(nil, private, crypto.SHA512, sum[:])
			if err != nil {
				t.Fatal(err)
			}
			return s
		}), false},
		{"altered", "Bearer " + head + "." + body[:len(body)-4] + "AAAA." + mac, false},
		{"without its signature", "Bearer " + head + "." + body + ".", false},
		{"two parts", "Bearer " + head + "." + body, false},
		{"long", "Bearer " + good + strings.Repeat("A", 8000), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			resp := r.send("POST", detection, strings.NewReader("{}"), http.Header{"Authorization": {tt.header}, "Content-Type": {"application/json"}})
			if tt.good {
				refused(t, resp, 400, 3) // there are no images, but it was let in
				return
			}
			refused(t, resp, 401, 16)
		})
	}
}
