package auth

import (
	"crypto/ed25519"
	"encoding/base64"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"vivavoce/signaling/store"
)

func openSecrets(t *testing.T, dir string) *Secrets {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	secrets, err := OpenSecrets(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return secrets
}

func TestSecretsSurviveARestart(t *testing.T) {
	dir := t.TempDir()
	a, b, other := openSecrets(t, dir), openSecrets(t, dir), openSecrets(t, t.TempDir())
	token := a.SessionToken("s_1")
	if len(token) != 43 || !b.IsSessionToken("s_1", token) {
		t.Errorf("token %q is not good after a restart", token)
	}
	for name, is := range map[string]bool{
		"of another session":    b.IsSessionToken("s_2", token),
		"of another server":     other.IsSessionToken("s_1", token),
		"cut":                   b.IsSessionToken("s_1", token[:42]),
		"none":                  b.IsSessionToken("s_1", ""),
		"same key, two servers": a.KeySet().Keys[0].ID == other.KeySet().Keys[0].ID,
	} {
		if is {
			t.Errorf("token %s is good", name)
		}
	}
}

// TestSignedVerdict checks a signed verdict as an integrator does, with what the JWKS says.
func TestSignedVerdict(t *testing.T) {
	s := openSecrets(t, t.TempDir())
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
