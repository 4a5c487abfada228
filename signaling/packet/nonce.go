package packet

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"time"
)

// NonceLife is how long after a nonce was given its packet may come: a person fills a form meanwhile.
const NonceLife = 10 * time.Minute

// A nonce is when it was made (8 bytes, Unix ms), 16 random bytes, and the first 16 bytes of an HMAC-SHA-256 over both. We
// know it again without having kept it, so that nobody fills the store by asking; what is kept is that
// it was used.
const (
	nonceRandom = 16
	nonceMAC    = 16
	nonceBytes  = 8 + nonceRandom + nonceMAC
)

// Nonce is what an element asks for before its burst.
type Nonce struct {
	Nonce   string    `json:"nonce"`
	Expires time.Time `json:"expires_at"`
}

// Nonce makes one.
func (k *Keys) Nonce(ctx context.Context, now time.Time) (Nonce, error) {
	if err := k.look(ctx, now); err != nil {
		return Nonce{}, fmt.Errorf("make nonce: %w", err)
	}
	b := binary.BigEndian.AppendUint64(nil, uint64(now.UnixMilli()))
	b = append(b, make([]byte, nonceRandom)...)
	rand.Read(b[8:])
	b = append(b, k.mac(b)...)
	return Nonce{Nonce: base64.RawURLEncoding.EncodeToString(b), Expires: now.Add(NonceLife).UTC()}, nil
}

func (k *Keys) mac(b []byte) []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	m := hmac.New(sha256.New, k.ring.Nonces)
	m.Write(b)
	return m.Sum(nil)[:nonceMAC]
}

// given says when we made the nonce.
func (k *Keys) given(nonce string) (time.Time, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(nonce)
	if err != nil || len(b) != nonceBytes || !hmac.Equal(b[nonceBytes-nonceMAC:], k.mac(b[:nonceBytes-nonceMAC])) {
		return time.Time{}, ErrNonce
	}
	return time.UnixMilli(int64(binary.BigEndian.Uint64(b))), nil
}
