package auth

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// shop is a file with one tenant who has an API key and two token keys.
func shop(t testing.TB) (path, key string, secrets [2][]byte, f File) {
	t.Helper()
	now := time.Now()
	_, key, err := f.Create(NewKey{Tenant: "shop", Kind: APIKey, Scopes: []Scope{Sessions}}, now)
	if err != nil {
		t.Fatal(err)
	}
	for i := range secrets {
		_, text, err := f.Create(NewKey{Tenant: "shop", Kind: JWTKey, Scopes: []Scope{Sessions}}, now)
		if err != nil {
			t.Fatal(err)
		}
		if secrets[i], err = base64.StdEncoding.DecodeString(text); err != nil {
			t.Fatal(err)
		}
	}
	path = filepath.Join(t.TempDir(), "tenants.json")
	if err := f.Write(path); err != nil {
		t.Fatal(err)
	}
	return path, key, secrets, f
}

func open(t testing.TB, o Options) *Auth {
	t.Helper()
	a, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func claims() jwt.MapClaims {
	now := time.Now()
	return jwt.MapClaims{"sub": "shop", "aud": "vivavoce", "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix()}
}

func with(changes ...any) jwt.MapClaims {
	c := claims()
	for i := 0; i < len(changes); i += 2 {
		if name := changes[i].(string); changes[i+1] == nil {
			delete(c, name)
		} else {
			c[name] = changes[i+1]
		}
	}
	return c
}

func sign(t testing.TB, m jwt.SigningMethod, c jwt.Claims, key any) string {
	t.Helper()
	text, err := jwt.NewWithClaims(m, c).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestTokens(t *testing.T) {
	path, _, secrets, _ := shop(t)
	a := open(t, Options{File: path})
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	hs := func(c jwt.MapClaims) string { return sign(t, jwt.SigningMethodHS512, c, secrets[0]) }
	good := hs(claims())
	parts := strings.Split(good, ".")
	now := time.Now()
	for _, tt := range []struct {
		name, token string
		err         error
	}{
		{"good", good, nil},
		{"by the second key", sign(t, jwt.SigningMethodHS512, claims(), secrets[1]), nil},
		{"several audiences, another case", hs(with("aud", []string{"else", "VivaVoce"})), nil},
		{"an issuer of its own", hs(with("iss", "shop-backend")), nil},
		{"our clock is a little behind", hs(with("nbf", now.Add(10*time.Second).Unix(), "iat", now.Add(10*time.Second).Unix())), nil},
		{"expired", hs(with("exp", now.Add(-time.Minute).Unix())), ErrUnknown},
		{"without an expiry", hs(with("exp", nil)), ErrUnknown},
		{"expiry as text", hs(with("exp", "tomorrow")), ErrUnknown},
		{"not yet", hs(with("nbf", now.Add(time.Hour).Unix())), ErrUnknown},
		{"issued in the future", hs(with("iat", now.Add(time.Hour).Unix())), ErrUnknown},
		{"for another audience", hs(with("aud", "BWS")), ErrUnknown},
		{"for no audience", hs(with("aud", nil)), ErrUnknown},
		{"of another tenant", hs(with("sub", "bank")), ErrUnknown},
		{"of nobody", hs(with("sub", nil)), ErrUnknown},
		{"by another key", sign(t, jwt.SigningMethodHS512, claims(), make([]byte, 64)), ErrUnknown},
		{"by an empty key", sign(t, jwt.SigningMethodHS512, claims(), []byte{}), ErrUnknown},
		{"HS256", sign(t, jwt.SigningMethodHS256, claims(), secrets[0]), ErrUnknown},
		{"none", sign(t, jwt.SigningMethodNone, claims(), jwt.UnsafeAllowNoneSignatureType), ErrUnknown},
		{"none with our signature", strings.Split(sign(t, jwt.SigningMethodNone, claims(), jwt.UnsafeAllowNoneSignatureType), ".")[0] + "." + parts[1] + "." + parts[2], ErrUnknown},
		{"RS512", sign(t, jwt.SigningMethodRS512, claims(), private), ErrUnknown},
		{"other claims under the signature", parts[0] + "." + strings.Split(hs(with("exp", now.Add(time.Hour).Unix())), ".")[1] + "." + parts[2], ErrUnknown},
		{"without its signature", parts[0] + "." + parts[1] + ".", ErrUnknown},
		{"cut", good[:len(good)-2], ErrUnknown},
		{"not base64", "a.b!.c", ErrUnknown},
		{"nothing", "..", ErrUnknown},
		{"very long", good + strings.Repeat("A", maxToken), ErrUnknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := a.Bearer("Bearer "+tt.token, "vivavoce", Sessions)
			if !errors.Is(err, tt.err) || err == nil && c.Tenant.Name != "shop" {
				t.Errorf("%+v, %v; want %v", c, err, tt.err)
			}
		})
	}
	if _, err := a.Token(good, "vivavoce", LipSecure); !errors.Is(err, ErrScope) {
		t.Errorf("for another call: %v, want ErrScope", err)
	}
}

// TestFlags holds what the command line's keys are good for.
func TestFlags(t *testing.T) {
	const dotted = "a-key.with-two.dots-in-it"
	secret := NewSecret()
	a := open(t, Options{Keys: []string{dotted}, Sign: [][]byte{secret}})
	token, err := NewToken(secret, Default, []string{"vivavoce", "BWS"}, time.Minute, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, sent, audience string }{
		{"a key that looks like a token", dotted, "vivavoce"},
		{"a token", token, "vivavoce"},
		{"a token for another API", token, "bws"},
	} {
		for _, s := range Scopes() {
			if c, err := a.Bearer("Bearer "+tt.sent, tt.audience, s); err != nil || c.Tenant.Name != Default {
				t.Errorf("%s, %s: %+v, %v", tt.name, s, c, err)
			}
		}
	}
	if _, err := a.Token(token, "else", Sessions); !errors.Is(err, ErrUnknown) {
		t.Errorf("for another audience: %v, want ErrUnknown", err)
	}
	if _, err := New(Options{Sign: [][]byte{secret[1:]}}); err == nil {
		t.Error("a short token key is taken")
	}
}

func TestIssue(t *testing.T) {
	_, _, secrets, f := shop(t)
	now := time.Now()
	keys := f.Tenants[0].Keys
	text, err := f.Issue(keys[1].ID, []string{"vivavoce"}, time.Minute, now)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := open(t, Options{File: write(t, f)}).Token(text, "vivavoce", Sessions); err != nil || c.Key != keys[1].ID {
		t.Errorf("%+v, %v; want to be let in by the key %s", c, err, keys[1].ID)
	}
	if _, err := jwt.Parse(text, func(*jwt.Token) (any, error) { return secrets[1], nil }); err == nil {
		t.Error("signed with another key")
	}
	if _, err := f.Issue(keys[0].ID, nil, time.Minute, now); err == nil {
		t.Error("an API key signs")
	}
	if err := f.Revoke(keys[1].ID, now); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Issue(keys[1].ID, nil, time.Minute, now); err == nil {
		t.Error("a revoked key signs")
	}
}

func write(t *testing.T, f File) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tenants.json")
	if err := f.Write(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAPIKeys(t *testing.T) {
	path, key, _, _ := shop(t)
	const flag = "key-of-the-command-line"
	a := open(t, Options{File: path, Keys: []string{flag}})
	for _, tt := range []struct {
		name, header string
		scope        Scope
		tenant       string
		err          error
	}{
		{name: "good", header: "Bearer " + key, scope: Sessions, tenant: "shop"},
		{name: "scheme in another case", header: "bearer " + key, scope: Sessions, tenant: "shop"},
		{name: "of the command line", header: "Bearer " + flag, scope: Operator, tenant: "default"},
		{name: "for another call", header: "Bearer " + key, scope: Operator, err: ErrScope},
		{name: "wrong", header: "Bearer " + key + "x", scope: Sessions, err: ErrUnknown},
		{name: "the hash", header: "Bearer " + hashOf(key), scope: Sessions, err: ErrUnknown},
		{name: "cut", header: "Bearer " + key[:len(key)-1], scope: Sessions, err: ErrUnknown},
		{name: "another scheme", header: "Basic " + key, scope: Sessions, err: ErrUnknown},
		{name: "no scheme", header: key, scope: Sessions, err: ErrUnknown},
		{name: "nothing", scope: Sessions, err: ErrUnknown},
		{name: "only a scheme", header: "Bearer ", scope: Sessions, err: ErrUnknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := a.Bearer(tt.header, "vivavoce", tt.scope)
			if !errors.Is(err, tt.err) || c.Tenant.Name != tt.tenant || len(c.Tenant.Keys) != 0 {
				t.Errorf("%+v, %v; want %q, %v", c, err, tt.tenant, tt.err)
			}
		})
	}
	if data, err := os.ReadFile(path); err != nil || strings.Contains(string(data), key) {
		t.Errorf("the file holds the key itself (%v)", err)
	}
}

// TestRotateAndRevoke also holds that a running server reads the file again.
func TestRotateAndRevoke(t *testing.T) {
	path, key, _, f := shop(t)
	a := open(t, Options{File: path})
	again := func() {
		t.Helper()
		if err := f.Write(path); err != nil {
			t.Fatal(err)
		}
		a.mu.Lock()
		a.looked = time.Time{} // a second has passed
		a.mu.Unlock()
	}
	id := f.Tenants[0].Keys[0].ID
	made, next, err := f.Rotate(id, time.Hour, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	again()
	for _, k := range []string{key, next} {
		if _, err := a.Key(k, Sessions); err != nil {
			t.Errorf("while both are good: %v", err)
		}
	}
	if !slices.Equal(made.Scopes, []Scope{Sessions}) || f.Tenants[0].Keys[0].Expires == nil {
		t.Errorf("made %+v of %+v", made, f.Tenants[0].Keys[0])
	}
	if err := f.Revoke(id, time.Now()); err != nil {
		t.Fatal(err)
	}
	again()
	if _, err := a.Key(key, Sessions); !errors.Is(err, ErrUnknown) {
		t.Errorf("revoked: %v, want ErrUnknown", err)
	}
	if _, _, err := f.Rotate(id, 0, time.Now()); err == nil {
		t.Error("a revoked key is rotated")
	}
	if f.Revoke("k_nobody", time.Now()) == nil {
		t.Error("nobody's key is revoked")
	}
	past := time.Now().Add(-time.Second)
	_, old, err := f.Create(NewKey{Tenant: "shop", Kind: APIKey, Scopes: []Scope{Sessions}, Expires: &past}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	again()
	if _, err := a.Key(old, Sessions); !errors.Is(err, ErrUnknown) {
		t.Errorf("expired: %v, want ErrUnknown", err)
	}
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	a.mu.Lock()
	a.looked = time.Time{}
	a.mu.Unlock()
	if _, err := a.Key(next, Sessions); err != nil {
		t.Errorf("a broken file locks everybody out: %v", err)
	}
}

func TestFilesAreChecked(t *testing.T) {
	hash := strings.Repeat("a", 64)
	secret := base64.StdEncoding.EncodeToString(make([]byte, 64))
	for _, tt := range []struct{ name, text, says string }{
		{"not JSON", `{`, "unexpected EOF"},
		{"a typing error", `{"tenants":[{"name":"a","perminute":1}]}`, "perminute"},
		{"a name with a slash", `{"tenants":[{"name":"a/b"}]}`, "a name is"},
		{"no name", `{"tenants":[{}]}`, "a name is"},
		{"twice", `{"tenants":[{"name":"a"},{"name":"a"}]}`, "twice"},
		{"a negative limit", `{"tenants":[{"name":"a","sessions":-1}]}`, "0 or more"},
		{"a key without a hash", `{"tenants":[{"name":"a","keys":[{"id":"k","kind":"api","scopes":["sessions"]}]}]}`, "no hash"},
		{"a short secret", `{"tenants":[{"name":"a","keys":[{"id":"k","kind":"jwt","secret":"AAAA","scopes":["sessions"]}]}]}`, "secret of 3 bytes"},
		{"no scope", `{"tenants":[{"name":"a","keys":[{"id":"k","kind":"api","hash":"` + hash + `"}]}]}`, "no scope"},
		{"another scope", `{"tenants":[{"name":"a","keys":[{"id":"k","kind":"api","hash":"` + hash + `","scopes":["all"]}]}]}`, `scope "all"`},
		{"another kind", `{"tenants":[{"name":"a","keys":[{"id":"k","kind":"oauth","scopes":["sessions"]}]}]}`, "kind"},
		{"no id", `{"tenants":[{"name":"a","keys":[{"kind":"api","hash":"` + hash + `","scopes":["sessions"]}]}]}`, "no id"},
		{"secrets for all to read", `{"tenants":[{"name":"a","keys":[{"id":"k","kind":"jwt","secret":"` + secret + `","scopes":["sessions"]}]}]}`, "chmod 600"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "tenants.json")
			if err := os.WriteFile(path, []byte(tt.text), 0o644); err != nil {
				t.Fatal(err)
			}
			if _, err := New(Options{File: path}); err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("err = %v, want %q", err, tt.says)
			}
		})
	}
	if a := open(t, Options{File: filepath.Join(t.TempDir(), "none.json")}); !a.Empty() {
		t.Error("no file, but keys")
	}
	if _, err := New(Options{Keys: []string{"short"}}); err == nil {
		t.Error("a short key is taken")
	}
}

func FuzzBearer(f *testing.F) {
	path, key, secrets, _ := shop(f)
	a := open(f, Options{File: path})
	good := sign(f, jwt.SigningMethodHS512, claims(), secrets[0])
	for _, seed := range []string{"", "Bearer ", "Bearer " + key, "Bearer " + good, "Bearer a.b.c", "Bearer ..", "Bearer " + strings.Repeat(".", 99),
		"Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJzaG9wIn0."} {
		f.Add(seed)
	}
	// Neither the key nor a good token is committed with the corpus: both are new in every run.
	f.Fuzz(func(t *testing.T, header string) {
		c, err := a.Bearer(header, "vivavoce", Sessions)
		known := strings.Contains(header, key) || strings.Contains(header, good[:len(good)-2]) // the last letter has 2 spare bits
		if err == nil && !known {
			t.Errorf("%q lets %v in", header, c)
		}
		if err != nil && !errors.Is(err, ErrUnknown) && !errors.Is(err, ErrScope) {
			t.Errorf("err = %v", err)
		}
	})
}

func BenchmarkKey(b *testing.B) {
	path, key, _, _ := shop(b)
	a := open(b, Options{File: path})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.Key(key, Sessions); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkToken(b *testing.B) {
	path, _, secrets, _ := shop(b)
	a := open(b, Options{File: path})
	token := sign(b, jwt.SigningMethodHS512, claims(), secrets[1])
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.Token(token, "vivavoce", Sessions); err != nil {
			b.Fatal(err)
		}
	}
}

func ExampleFile_Create() {
	var f File
	k, shown, err := f.Create(NewKey{Tenant: "shop", Kind: APIKey, Scopes: Scopes()}, time.Now())
	fmt.Println(len(k.ID), len(shown), shown[:3], err)
	// Output: 12 29 vv_ <nil>
}
