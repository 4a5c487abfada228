package signaling

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
)

// secret is the SHA-256 of a key or token: what is kept instead of it. Both have
// 128 bits of chance or more, so a plain hash does; comparing hashes in constant
// time tells nothing of the secret.
type secret [sha256.Size]byte

func hash(text string) secret { return sha256.Sum256([]byte(text)) }

// is says whether text is the secret.
func (s secret) is(text string) bool {
	h := hash(text)
	return subtle.ConstantTimeCompare(s[:], h[:]) == 1
}

// newToken gives 256 random bits, 43 characters.
func newToken() string { return randomText(32) }

// newID gives a session's name: 128 random bits, so that nobody guesses one.
func newID() string { return "s_" + randomText(16) }

func randomText(bytes int) string {
	b := make([]byte, bytes)
	rand.Read(b) // never fails: crypto/rand ends the process instead
	return base64.RawURLEncoding.EncodeToString(b)
}
