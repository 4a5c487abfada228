// Package packet opens what the capture element sends: the photo, a burst of smaller pictures of the second
// around it, and how they came about, encrypted to the server's key. format.md is the wire format.
//
// What a packet says is the client's claim. Encryption keeps it from being read or changed on
// its way through pages and back ends, and the nonce from being sent twice; neither proves
// that a camera took the pictures. pipeline/burst looks for what a camera would not do.
package packet

import (
	"crypto/hpke"
	"errors"
	"fmt"
	"time"
)

// Bounds of a packet. The element's own are a tenth of these.
const (
	MaxBytes    = 4 << 20   // of a packet
	MaxPhoto    = 2 << 20   // bytes: what nationals/ allows a selfie, too
	maxPicture  = 256 << 10 // bytes of one picture of the burst
	maxMeta     = 16 << 10
	maxBurst    = 16
	maxSide     = 4096 // pixels, as claimed; the decoder looks for itself
	maxExternal = 4096 // bytes of what the page adds
)

// Why a packet is refused. They are for logs and metrics: a caller hears 708 or 715.
var (
	ErrMalformed = errors.New("malformed")   // not a packet, or not one inside
	ErrKey       = errors.New("unknown_key") // sealed for a key that we do not have, or not any more
	ErrAltered   = errors.New("altered")     // does not open
	ErrStale     = errors.New("stale")       // made too long ago, or in the future
	ErrNonce     = errors.New("nonce")       // of another server, or made up
	ErrReplayed  = errors.New("replayed")    // this nonce, or this very photo, came before
)

// Packet is what was in one.
type Packet struct {
	Meta
	Photo []byte   // as the browser encoded it
	Burst [][]byte // in the order of Meta.Burst
}

// Meta is what the client says of the pictures. None of it is proven.
type Meta struct {
	Nonce    string  `json:"nonce,omitempty"` // "" when the server could not be asked
	MadeAt   int64   `json:"made_at_ms"`      // client's clock at the photo, Unix time
	Client   string  `json:"client"`          // name/version
	Mode     string  `json:"mode"`            // auto or manual: who pressed
	External string  `json:"external,omitempty"`
	Camera   Camera  `json:"camera"`
	Signs    Signs   `json:"signs"`
	Photo    Picture `json:"photo"`
	Burst    []Shot  `json:"burst"`
}

// Camera is what the browser says of it.
type Camera struct {
	Label     string  `json:"label"`
	Width     int     `json:"width"`
	Height    int     `json:"height"`
	FrameRate float64 `json:"frame_rate"`
	Facing    string  `json:"facing_mode,omitempty"`
}

// Signs are what the element saw of the browser it runs in.
type Signs struct {
	Driven  bool     `json:"driven"`            // navigator.webdriver
	Altered []string `json:"altered,omitempty"` // functions of the browser that are not its own any more
	Hidden  bool     `json:"hidden"`            // the page was not on the screen during the burst
}

// Picture is one encoded picture.
type Picture struct {
	Of     int `json:"of"`    // the photo: which shot of the burst is the same frame
	Bytes  int `json:"bytes"` // encoded
	Width  int `json:"width"` // pixels
	Height int `json:"height"`
}

// Shot is one picture of the burst and its times.
type Shot struct {
	Picture
	At    float64 `json:"at_ms"`    // since the camera opened, when the frame was shown
	Media float64 `json:"media_ms"` // the stream's own time of the frame
	Frame int     `json:"frame"`    // how many frames were shown by then
}

// Span is the time from the first to the last shot.
func (m Meta) Span() time.Duration {
	if len(m.Burst) == 0 {
		return 0
	}
	return milliseconds(m.Burst[len(m.Burst)-1].At - m.Burst[0].At)
}

func milliseconds(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

// The suite: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM (RFC 9180 §7). P-256 because every browser that
// has a camera has it in WebCrypto; X25519 came to Chromium in 2025 only.
const (
	magic    = "VVC1" // names format and suite
	info     = "vivavoce capture packet 1"
	encBytes = 65 // an uncompressed point
	tagBytes = 16
	maxID    = 32
)

// split takes a packet apart without opening it. head is what the cipher authenticates with.
func split(data []byte) (id string, head, enc, sealed []byte, err error) {
	bad := func(what string) (string, []byte, []byte, []byte, error) {
		return "", nil, nil, nil, fmt.Errorf("%w: %s", ErrMalformed, what)
	}
	if len(data) > MaxBytes {
		return bad("too large")
	}
	if len(data) < len(magic)+1 || string(data[:len(magic)]) != magic {
		return bad("no packet")
	}
	n := int(data[len(magic)])
	at := len(magic) + 1
	if n == 0 || n > maxID || len(data) < at+n+encBytes+tagBytes {
		return bad("cut short")
	}
	head = data[:at+n]
	rest := data[at+n:]
	return string(head[at:]), head, rest[:encBytes], rest[encBytes:], nil
}

// open decrypts what split gave.
func open(key hpke.PrivateKey, head, enc, sealed []byte) ([]byte, error) {
	r, err := hpke.NewRecipient(enc, key, hpke.HKDFSHA256(), hpke.AES128GCM(), []byte(info))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAltered, err)
	}
	plain, err := r.Open(head, sealed)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAltered, err)
	}
	return plain, nil
}

// Seal makes a packet of p for the key of that id, as the element does: for tests, and for a
// client that is no browser.
func Seal(id string, key hpke.PublicKey, p Packet) ([]byte, error) {
	plain, err := p.encode()
	if err != nil {
		return nil, err
	}
	if len(id) == 0 || len(id) > maxID {
		return nil, errors.New("seal packet: a key's id has 1 to 32 bytes")
	}
	enc, s, err := hpke.NewSender(key, hpke.HKDFSHA256(), hpke.AES128GCM(), []byte(info))
	if err != nil {
		return nil, fmt.Errorf("seal packet: %w", err)
	}
	head := append(append([]byte(magic), byte(len(id))), id...)
	sealed, err := s.Seal(head, plain)
	if err != nil {
		return nil, fmt.Errorf("seal packet: %w", err)
	}
	return append(append(head, enc...), sealed...), nil
}
