package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"sync"
	"time"

	"vivavoce/signaling/store"
)

// Secrets are the server's own, the same at every node that shares a store: what session
// tokens are made with and what verdicts are signed with.
type Secrets struct {
	records *store.Bucket[kept]
	now     func() time.Time

	mu     sync.Mutex
	tokens []byte
	keys   verdictKeys
}

// kept are the secrets as the store has them. Whoever reads the store can make verdicts up
// in it anyway, so they are not locked up further.
type kept struct {
	Tokens []byte      `json:"tokens"`
	Keys   verdictKeys `json:"verdict_keys"`
}

// secretsRecord is the name of the one record.
const secretsRecord = "1"

// OpenSecrets reads the secrets; the first node makes them.
func OpenSecrets(ctx context.Context, s *store.Store) (*Secrets, error) {
	return openSecrets(ctx, s, time.Now)
}

func openSecrets(ctx context.Context, s *store.Store, now func() time.Time) (*Secrets, error) {
	b, err := store.OpenBucket[kept](ctx, s, "secrets", store.BucketOptions{MaxBytes: 1 << 20})
	if err != nil {
		return nil, fmt.Errorf("open secrets: %w", err)
	}
	secrets := &Secrets{records: b, now: now}
	if err := secrets.change(ctx, func(k *kept) bool { return k.Keys.turn(now()) }); err != nil {
		return nil, fmt.Errorf("open secrets: %w", err)
	}
	return secrets, nil
}

// change reads the secrets and, where do says that it changed them, writes them: of several nodes
// that do so at once each sees what the one before wrote.
func (s *Secrets) change(ctx context.Context, do func(*kept) bool) error {
	found, _, err := s.records.Get(ctx, secretsRecord)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if fill(&found) || do(&found) {
		err = s.records.Change(ctx, secretsRecord, func(k *kept) {
			fill(k)
			do(k)
			found = *k
		})
		if err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens, s.keys = found.Tokens, found.Keys
	return nil
}

// fill makes what must always be there; it says whether it was not.
func fill(k *kept) bool {
	if len(k.Tokens) > 0 {
		return false
	}
	k.Tokens = make([]byte, 32)
	rand.Read(k.Tokens) // never fails: crypto/rand ends the process instead
	return true
}

// SessionToken is what the page of a session shows: 256 bits that follow from the session's
// name, so that it need not be kept to be said again (Idempotency-Key).
func (s *Secrets) SessionToken(session string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := hmac.New(sha256.New, s.tokens)
	m.Write([]byte("session token\x00" + session))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}
