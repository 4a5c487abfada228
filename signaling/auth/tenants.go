// Package auth knows who calls: integrators by API key or signed token, and the pages of
// sessions by the token that a session was made with. It signs verdicts, too.
//
// Tenants and their keys are in one JSON file, which `vivavoce keys` edits and a running
// server reads again when it changes. An API key is kept as its SHA-256 only: we make keys of
// 130 random bits, which nobody tries out, so that a slow hash would cost every call some
// 50 ms and protect nothing. The secrets of signed tokens (HMAC) have to be kept as they are,
// and the file must then be its owner's alone.
package auth

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"syscall"
	"time"
)

// Scope is what a key may be used for.
type Scope string

// The scopes.
const (
	Sessions  Scope = "sessions"  // make and read sessions
	LipSecure Scope = "lipsecure" // verify videos by the LipSecure calls
	BWS       Scope = "bws"       // judge photographs and videos by BioID's calls
	// LivenessPlus is for the Liveness Plus calls.
	LivenessPlus Scope = "livenessplus"
	Operator     Scope = "operator" // read metrics
)

// Scopes are all there are.
func Scopes() []Scope { return []Scope{Sessions, LipSecure, BWS, LivenessPlus, Operator} }

// Audiences are what tokens are for, by API: a token names those it may be used at, in
// whatever case.
func Audiences() []string { return []string{"vivavoce", "BWS", "LivenessPlus"} }

// Tenant is one integrator. Zero limits mean the server's own.
type Tenant struct {
	Name      string `json:"name"`
	Policy    string `json:"policy,omitempty"`     // of sessions that name none; "" is the server's
	Sessions  int    `json:"sessions,omitempty"`   // at once, at one node
	PerMinute int    `json:"per_minute,omitempty"` // sessions and videos begun in a minute, at one node
	Lockout   bool   `json:"lockout,omitempty"`    // a subject who failed 5 times in 3 minutes waits
	Keys      []Key  `json:"keys"`
}

// Kind says how a key is used.
type Kind string

// The kinds of keys.
const (
	APIKey Kind = "api" // sent with each call
	JWTKey Kind = "jwt" // signs tokens that are sent, by HMAC with SHA-512
)

// Key is one of a tenant's. Several may be good at once, so that they can be exchanged.
type Key struct {
	ID      string     `json:"id"`
	Kind    Kind       `json:"kind"`
	Hash    string     `json:"hash,omitempty"`   // of an API key: SHA-256, hexadecimal
	Secret  []byte     `json:"secret,omitempty"` // of tokens: 64 bytes
	Scopes  []Scope    `json:"scopes"`
	Created time.Time  `json:"created"`
	Expires *time.Time `json:"expires,omitempty"`
	Revoked *time.Time `json:"revoked,omitempty"`
}

// good says whether the key may be used now.
func (k Key) good(now time.Time) bool {
	return k.Revoked == nil && (k.Expires == nil || now.Before(*k.Expires))
}

// State says in a word how the key is: good, expired or revoked.
func (k Key) State(now time.Time) string {
	switch {
	case k.Revoked != nil:
		return "revoked"
	case !k.good(now):
		return "expired"
	}
	return "good"
}

// File is the file of tenants.
type File struct {
	Tenants []Tenant `json:"tenants"`
}

// maxFile bounds the file: thousands of tenants.
const maxFile = 8 << 20

// ReadFile reads and checks a file of tenants. One that is not there is empty.
func ReadFile(path string) (File, error) {
	f, err := readFile(path)
	if err != nil {
		return File{}, fmt.Errorf("read tenants: %w", err)
	}
	return f, nil
}

func readFile(path string) (f File, err error) {
	about, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return f, nil
	case err != nil:
		return f, err
	case about.Size() > maxFile:
		return f, fmt.Errorf("%s is larger than %d bytes", path, maxFile)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return f, err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields() // a typing error in a limit is no limit
	if err := d.Decode(&f); err != nil {
		return f, fmt.Errorf("%s: %w", path, err)
	}
	if err := f.check(); err != nil {
		return f, fmt.Errorf("%s: %w", path, err)
	}
	if f.secret() && about.Mode().Perm()&0o077 != 0 {
		return f, fmt.Errorf("%s holds secrets and others may read it: chmod 600", path)
	}
	return f, nil
}

// secret says whether whoever reads the file can sign tokens.
func (f File) secret() bool {
	return slices.ContainsFunc(f.Tenants, func(t Tenant) bool {
		return slices.ContainsFunc(t.Keys, func(k Key) bool { return k.Kind == JWTKey })
	})
}

// tenantName keeps names fit for logs, subjects of tokens and the store.
var tenantName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

func (f File) check() error {
	names, ids := map[string]bool{}, map[string]bool{}
	for _, t := range f.Tenants {
		switch {
		case !tenantName.MatchString(t.Name):
			return fmt.Errorf("tenant %q: a name is 1 to 64 letters, digits and . _ -", t.Name)
		case names[t.Name]:
			return fmt.Errorf("tenant %q is there twice", t.Name)
		case t.Sessions < 0 || t.PerMinute < 0:
			return fmt.Errorf("tenant %q: limits are 0 or more", t.Name)
		}
		names[t.Name] = true
		for _, k := range t.Keys {
			if err := k.check(); err != nil {
				return fmt.Errorf("tenant %q, key %q: %w", t.Name, k.ID, err)
			}
			if ids[k.ID] {
				return fmt.Errorf("key %q is there twice", k.ID)
			}
			ids[k.ID] = true
		}
	}
	return nil
}

func (k Key) check() error {
	switch {
	case k.ID == "":
		return errors.New("no id")
	case k.Kind == APIKey && len(k.Hash) != 64:
		return errors.New("no hash of SHA-256")
	case k.Kind == JWTKey && len(k.Secret) < secretBytes:
		return fmt.Errorf("a secret of %d bytes, want %d", len(k.Secret), secretBytes)
	case k.Kind != APIKey && k.Kind != JWTKey:
		return fmt.Errorf("kind %q, want api or jwt", k.Kind)
	case len(k.Scopes) == 0:
		return errors.New("no scope: it could do nothing")
	}
	for _, s := range k.Scopes {
		if !slices.Contains(Scopes(), s) {
			return fmt.Errorf("scope %q, want one of %q", s, Scopes())
		}
	}
	return nil
}

// LockFile keeps others from changing the file of tenants until unlock: of two who read it,
// change it and write it, one would undo what the other did, a revocation for instance.
func LockFile(path string) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("lock tenants: %w", err)
	}
	f, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock tenants: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return nil, fmt.Errorf("lock tenants: %w", errors.Join(err, f.Close()))
	}
	return func() { _ = f.Close() }, nil // gives the lock back
}

// Write replaces the file at once, so that a server never reads half of it.
func (f File) Write(path string) error {
	if err := f.write(path); err != nil {
		return fmt.Errorf("write tenants: %w", err)
	}
	return nil
}

func (f File) write(path string) (err error) {
	if err := f.check(); err != nil {
		return err
	}
	data, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	t, err := os.CreateTemp(filepath.Dir(path), ".tenants-*") // its owner's alone
	if err != nil {
		return err
	}
	_, err = t.Write(append(data, '\n'))
	if err = errors.Join(err, t.Sync(), t.Close()); err == nil {
		err = os.Rename(t.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(t.Name()))
	}
	return nil
}
