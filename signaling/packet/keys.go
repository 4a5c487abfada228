package packet

import (
	"context"
	"crypto/ecdh"
	"crypto/hpke"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"slices"
	"sync"
	"time"

	"vivavoce/signaling/store"
)

// How keys are exchanged. An integrator may have put a key into a page by hand: it stays good for
// a while after the next one is published.
const (
	keyLife   = 30 * 24 * time.Hour // published
	keyGrace  = 30 * 24 * time.Hour // opens what was sealed for it
	lookEvery = time.Minute         // at the store, for what another node did
)

// PublicKey is what elements seal for.
type PublicKey struct {
	ID      string    `json:"key_id"`     // follows from the key
	DER     []byte    `json:"public_key"` // SubjectPublicKeyInfo, base64 in JSON
	Expires time.Time `json:"expires_at"` // ask again by then
}

// ring are the keys as the store has them, the newest last. Who reads the store
// could read what packets led to, too, so they are not locked up further.
type ring struct {
	Keys   []ringKey `json:"keys"`
	Nonces []byte    `json:"nonces"` // what nonces are signed with
}

type ringKey struct {
	Private []byte    `json:"private"` // P-256 scalar
	Created time.Time `json:"created"`
}

// Keys are the server's, the same at every node that shares a store. Safe for concurrent use.
type Keys struct {
	bucket *store.Bucket[ring]

	mu     sync.Mutex
	looked time.Time
	ring   ring
	open   []openKey // the newest last
}

type openKey struct {
	id      string
	private hpke.PrivateKey
	der     []byte
	created time.Time
}

const ringName = "ring"

// OpenKeys reads the keys; the first node makes them.
func OpenKeys(ctx context.Context, s *store.Store) (*Keys, error) {
	b, err := store.OpenBucket[ring](ctx, s, "capture_keys", store.BucketOptions{MaxBytes: 1 << 20})
	if err != nil {
		return nil, fmt.Errorf("open capture keys: %w", err)
	}
	k := &Keys{bucket: b}
	if err := k.look(ctx, time.Now()); err != nil {
		return nil, fmt.Errorf("open capture keys: %w", err)
	}
	return k, nil
}

// Public is the key to seal for now.
func (k *Keys) Public(ctx context.Context, now time.Time) (PublicKey, error) {
	if err := k.look(ctx, now); err != nil {
		return PublicKey{}, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	newest := k.open[len(k.open)-1]
	return PublicKey{ID: newest.id, DER: newest.der, Expires: newest.created.Add(keyLife)}, nil
}

// find gives the key of that id.
func (k *Keys) find(ctx context.Context, id string, now time.Time) (hpke.PrivateKey, error) {
	if err := k.look(ctx, now); err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, o := range k.open {
		if o.id == id && now.Before(o.created.Add(keyLife+keyGrace)) {
			return o.private, nil
		}
	}
	return nil, ErrKey
}

// look reads the store now and then, and makes a new key when the newest is old.
func (k *Keys) look(ctx context.Context, now time.Time) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.open) > 0 && now.Sub(k.looked) < lookEvery {
		return nil
	}
	r, _, err := k.bucket.Get(ctx, ringName)
	if err != nil || r.due(now) {
		var made error
		err = k.bucket.Change(ctx, ringName, func(v *ring) {
			made = v.rotate(now)
			r = *v
		})
		if made != nil {
			err = made
		}
	}
	if err != nil {
		if len(k.open) > 0 {
			return nil // the keys that are known are as good as they were
		}
		return err
	}
	open, err := r.parse()
	if err != nil {
		return err
	}
	k.ring, k.open, k.looked = r, open, now
	return nil
}

// due says that the newest key is to be followed by another.
func (r *ring) due(now time.Time) bool {
	return len(r.Keys) == 0 || !now.Before(r.Keys[len(r.Keys)-1].Created.Add(keyLife))
}

// rotate adds a key when one is due, and forgets those that open nothing any more.
func (r *ring) rotate(now time.Time) error {
	if !r.due(now) {
		return nil
	}
	private, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return fmt.Errorf("make capture key: %w", err)
	}
	if len(r.Nonces) == 0 {
		r.Nonces = make([]byte, 32)
		rand.Read(r.Nonces) // never fails: crypto/rand ends the process instead
	}
	r.Keys = slices.DeleteFunc(r.Keys, func(k ringKey) bool { return !now.Before(k.Created.Add(keyLife + keyGrace)) })
	r.Keys = append(r.Keys, ringKey{Private: private.Bytes(), Created: now.UTC()})
	return nil
}

func (r *ring) parse() ([]openKey, error) {
	if len(r.Nonces) < 32 || len(r.Keys) == 0 {
		return nil, fmt.Errorf("capture keys: %w", store.ErrDamaged)
	}
	var all []openKey
	for _, k := range r.Keys {
		private, err := ecdh.P256().NewPrivateKey(k.Private)
		if err != nil {
			return nil, fmt.Errorf("capture keys: %w: %w", store.ErrDamaged, err)
		}
		der, err := x509.MarshalPKIXPublicKey(private.PublicKey())
		if err != nil {
			return nil, fmt.Errorf("capture keys: %w", err)
		}
		sealed, err := hpke.NewDHKEMPrivateKey(private)
		if err != nil {
			return nil, fmt.Errorf("capture keys: %w", err)
		}
		all = append(all, openKey{id: KeyID(der), private: sealed, der: der, created: k.Created})
	}
	return all, nil
}

// KeyID names a key by itself: the first 8 bytes of the SHA-256 of its DER, in hexadecimal.
func KeyID(der []byte) string {
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:8])
}
