package auth

import (
	"testing"

	"vivavoce/signaling/store"
)

func secretsIn(t *testing.T, dir string) *Secrets {
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
	a, b, other := secretsIn(t, dir), secretsIn(t, dir), secretsIn(t, t.TempDir())
	token := a.SessionToken("s_1")
	if len(token) != 43 || b.SessionToken("s_1") != token {
		t.Errorf("token %q is not good after a restart", token)
	}
	for name, is := range map[string]bool{
		"of another session":    b.SessionToken("s_2") == token,
		"of another server":     other.SessionToken("s_1") == token,
		"same key, two servers": a.KeySet().Keys[0].ID == other.KeySet().Keys[0].ID,
	} {
		if is {
			t.Errorf("token %s is good", name)
		}
	}
}
