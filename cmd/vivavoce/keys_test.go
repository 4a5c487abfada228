package main

import (
	"bytes"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"vivavoce/signaling/auth"
)

// TestKeys makes, exchanges and revokes keys by the command line, and asks the file who may come in.
func TestKeys(t *testing.T) {
	dir := t.TempDir()
	keys := func(exit int, args ...string) (string, string) {
		t.Helper()
		var out, errOut bytes.Buffer
		args = append(append([]string{"keys"}, args...), "--data", dir)
		if got := run(t.Context(), args, &out, &errOut); got != exit {
			t.Fatalf("%q: exit %d, want %d: %s", args, got, exit, errOut.String())
		}
		return strings.TrimSpace(out.String()), errOut.String()
	}
	id := func(said string) string { return strings.TrimSuffix(strings.Fields(said)[1], ",") }
	good := func(key string) error {
		t.Helper()
		a, err := auth.New(auth.Options{File: filepath.Join(dir, "tenants.json")})
		if err != nil {
			t.Fatal(err)
		}
		_, err = a.Key(key, auth.Sessions)
		return err
	}
	first, said := keys(0, "create", "shop", "--scope", "sessions")
	second, saidNext := keys(0, "rotate", id(said))
	for _, key := range []string{first, second} {
		if err := good(key); err != nil {
			t.Errorf("while both are good: %v", err)
		}
	}
	keys(0, "revoke", id(said))
	if good(first) == nil || good(second) != nil {
		t.Error("the wrong key is revoked")
	}
	secret, signer := keys(0, "create", "shop", "--jwt")
	if len(secret) != 88 {
		t.Errorf("token key %q, want 64 bytes in base64", secret)
	}
	token, _ := keys(0, "token", id(signer))
	a, err := auth.New(auth.Options{File: filepath.Join(dir, "tenants.json")})
	if err != nil {
		t.Fatal(err)
	}
	for _, audience := range auth.Audiences() {
		if c, err := a.Token(token, audience, auth.LipSecure); err != nil || c.Tenant.Name != "shop" {
			t.Errorf("token for %s: %+v, %v", audience, c, err)
		}
	}
	list, _ := keys(0, "list")
	if strings.Contains(list, second) || strings.Count(list, "shop") != 3 || !strings.Contains(list, "revoked") || !strings.Contains(list, id(saidNext)) {
		t.Errorf("list:\n%s", list)
	}
	for _, args := range [][]string{{"revoke", "k_nobody"}, {"rotate", id(said)}, {"create", "a/b"}, {"token", id(said)}} {
		keys(1, args...)
	}
	keys(2, "create", "shop", "--scope", "all")
}

// TestKeysAtOnce holds that no edit is lost.
func TestKeysAtOnce(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if exit := run(t.Context(), []string{"keys", "create", "shop", "--data", dir}, io.Discard, io.Discard); exit != 0 {
				t.Errorf("exit %d", exit)
			}
		})
	}
	all.Wait()
	f, err := auth.ReadFile(filepath.Join(dir, "tenants.json"))
	if err != nil || len(f.Tenants) != 1 || len(f.Tenants[0].Keys) != 8 {
		t.Errorf("%+v, %v; want 8 keys", f, err)
	}
}

func TestNobodyHasAKey(t *testing.T) {
	var out bytes.Buffer
	if exit := run(t.Context(), []string{"serve", "--listen", "127.0.0.1:0", "--data", t.TempDir()}, &out, &out); exit != 1 || !strings.Contains(out.String(), "vivavoce keys create") {
		t.Errorf("exit %d:\n%s", exit, out.String())
	}
}
