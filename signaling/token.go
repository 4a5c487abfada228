package signaling

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strings"
)

// secret is the SHA-256 of a token: what is kept instead of it. It has
// 256 bits of chance, so a plain hash does; comparing hashes in constant
// time tells nothing of the secret.
type secret [sha256.Size]byte

func hash(text string) secret { return sha256.Sum256([]byte(text)) }

// is says whether text is the secret.
func (s secret) is(text string) bool {
	h := hash(text)
	return subtle.ConstantTimeCompare(s[:], h[:]) == 1
}

// newID gives a session's name: 128 random bits, so that nobody guesses one.
func newID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	return "s_" + base64.RawURLEncoding.EncodeToString(b[:])
}

// isID says whether text could be a session's name: only those are looked up.
func isID(text string) bool {
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(text, "s_"))
	return err == nil && len(b) == 16 && strings.HasPrefix(text, "s_")
}
