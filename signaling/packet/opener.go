package packet

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"vivavoce/signaling/store"
)

// Bounds of a packet without a nonce: its time is the client's clock.
const (
	clockSlow = 10 * time.Minute // old, as old as a nonce may be
	clockFast = 2 * time.Minute  // in the future
	nodesOff  = 2 * time.Second  // between the clock of the node that gave the nonce and ours
)

// remember is how long a photo is known again: longer than any packet is good for.
const remember = 24 * time.Hour

// Opened is a packet that came for the first time.
type Opened struct {
	Packet
	// Since is the time from the nonce to the packet's coming, by our own clock; 0 without a nonce. A burst that
	// is longer was not taken in it.
	Since time.Duration
}

// used is kept of each nonce and photo that came.
type used struct {
	At time.Time `json:"at"`
}

// Opener opens packets, each once.
type Opener struct {
	keys *Keys
	used *store.Bucket[used]
}

// NewOpener opens what is known of earlier packets.
func NewOpener(ctx context.Context, s *store.Store, k *Keys) (*Opener, error) {
	b, err := store.OpenBucket[used](ctx, s, "capture_used", store.BucketOptions{Life: remember})
	if err != nil {
		return nil, fmt.Errorf("open packets: %w", err)
	}
	return &Opener{keys: k, used: b}, nil
}

// Open opens a packet that came at now. The error is one of this package's, or the store's. With
// [ErrStale], [ErrNonce] and [ErrReplayed] the packet is given, too: what is in it can be looked at.
func (o *Opener) Open(ctx context.Context, data []byte, now time.Time) (Opened, error) {
	p, err := o.decrypt(ctx, data, now)
	if err != nil {
		return Opened{}, err
	}
	opened := Opened{Packet: p}
	if opened.Since, err = o.age(p.Meta, now); err != nil {
		return opened, err
	}
	for _, name := range p.names() {
		err := o.used.Create(ctx, name, used{At: now.UTC()})
		if errors.Is(err, store.ErrExists) {
			return opened, ErrReplayed
		}
		if err != nil {
			return Opened{}, fmt.Errorf("use packet: %w", err)
		}
	}
	return opened, nil
}

func (o *Opener) decrypt(ctx context.Context, data []byte, now time.Time) (Packet, error) {
	id, head, enc, sealed, err := split(data)
	if err != nil {
		return Packet{}, err
	}
	key, err := o.keys.find(ctx, id, now)
	if err != nil {
		return Packet{}, err
	}
	plain, err := open(key, head, enc, sealed)
	if err != nil {
		return Packet{}, err
	}
	return decode(plain)
}

// age checks when the packet was made: by the nonce, which is our own clock, or by the client's.
func (o *Opener) age(m Meta, now time.Time) (time.Duration, error) {
	if m.Nonce == "" {
		made := time.UnixMilli(m.MadeAt)
		if now.Sub(made) > clockSlow || made.Sub(now) > clockFast {
			return 0, ErrStale
		}
		return 0, nil
	}
	given, err := o.keys.given(m.Nonce)
	if err != nil {
		return 0, err
	}
	since := now.Sub(given)
	if since < -nodesOff || since > NonceLife {
		return 0, ErrStale
	}
	return max(since, 1), nil
}

// names are what makes the packet be known again: its nonce, and the photo, whatever the packet around it.
func (p Packet) names() []string {
	photo := sha256.Sum256(p.Photo)
	all := []string{"p." + hex.EncodeToString(photo[:])}
	if p.Nonce != "" {
		all = append(all, "n."+p.Nonce)
	}
	return all
}
