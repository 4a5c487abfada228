package packet

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/hpke"
	"crypto/rand"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vivavoce/signaling/store"
)

// rig is a server's side of packets.
type rig struct {
	t      testing.TB
	store  *store.Store
	keys   *Keys
	opener *Opener
	public PublicKey
	seal   hpke.PublicKey
}

func newRig(t testing.TB) *rig {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	r := &rig{t: t, store: s}
	if r.keys, err = OpenKeys(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if r.opener, err = NewOpener(t.Context(), s, r.keys); err != nil {
		t.Fatal(err)
	}
	if r.public, err = r.keys.Public(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	r.seal = publicOf(t, r.public.DER)
	return r
}

func publicOf(t testing.TB, der []byte) hpke.PublicKey {
	t.Helper()
	parsed, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := parsed.(interface {
		ECDH() (*ecdh.PublicKey, error)
	}).ECDH()
	if err != nil {
		t.Fatal(err)
	}
	key, err := hpke.NewDHKEMPublicKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// good is a packet as the element makes it, but for its pictures.
func good() Packet {
	p := Packet{
		Meta: Meta{
			MadeAt: time.Now().UnixMilli(), Client: "test/1", Mode: "auto",
			Camera: Camera{Label: "Integrated Camera", Width: 640, Height: 480, FrameRate: 30},
			Photo:  Picture{Of: 4, Width: 640, Height: 480},
		},
		Photo: []byte("photo " + rand.Text()),
	}
	for i := range 8 {
		p.Burst = append(p.Burst, fmt.Appendf(nil, "picture %d", i))
		p.Meta.Burst = append(p.Meta.Burst, Shot{Picture: Picture{Width: 320, Height: 240}, At: 1000 + 133*float64(i), Media: 133 * float64(i), Frame: 4 * i})
	}
	return p
}

func (r *rig) nonce(at time.Time) string {
	r.t.Helper()
	n, err := r.keys.Nonce(r.t.Context(), at)
	if err != nil {
		r.t.Fatal(err)
	}
	return n.Nonce
}

func (r *rig) sealed(change func(*Packet)) []byte {
	r.t.Helper()
	p := good()
	p.Nonce = r.nonce(time.Now())
	if change != nil {
		change(&p)
	}
	data, err := Seal(r.public.ID, r.seal, p)
	if err != nil {
		r.t.Fatal(err)
	}
	return data
}

// plain seals text that no element would write.
func (r *rig) plain(text []byte) []byte {
	r.t.Helper()
	enc, s, err := hpke.NewSender(r.seal, hpke.HKDFSHA256(), hpke.AES128GCM(), []byte(info))
	if err != nil {
		r.t.Fatal(err)
	}
	head := append(append([]byte(magic), byte(len(r.public.ID))), r.public.ID...)
	sealed, err := s.Seal(head, text)
	if err != nil {
		r.t.Fatal(err)
	}
	return slices.Concat(head, enc, sealed)
}

// withJSON seals one photo byte behind the JSON.
func (r *rig) withJSON(text string) []byte {
	return r.plain(append(append(binary.BigEndian.AppendUint32(nil, uint32(len(text))), text...), 'x'))
}

func TestOpens(t *testing.T) {
	r := newRig(t)
	want := good()
	want.Nonce, want.External = r.nonce(time.Now().Add(-3*time.Second)), `{"case":"7"}`
	data, err := Seal(r.public.ID, r.seal, want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.opener.Open(t.Context(), data, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Photo, want.Photo) || len(got.Burst) != 8 || string(got.Burst[7]) != "picture 7" || got.External != want.External ||
		got.Camera != want.Camera || got.Span() != 931*time.Millisecond || got.Since < 3*time.Second || got.Since > 5*time.Second {
		t.Errorf("got %+v", got.Meta)
	}
	offline := r.sealed(func(p *Packet) { p.Nonce = "" })
	if got, err = r.opener.Open(t.Context(), offline, time.Now()); err != nil || got.Since != 0 {
		t.Errorf("without a nonce: %v, since %v", err, got.Since)
	}
}

// TestAttacks is what somebody may send who has the public key and packets of others.
func TestAttacks(t *testing.T) {
	r := newRig(t)
	now := time.Now()
	other := newRig(t)
	flip := func(data []byte, at int) []byte {
		data = slices.Clone(data)
		if at < 0 {
			at += len(data)
		}
		data[at] ^= 1
		return data
	}
	replayed := r.sealed(nil)
	if _, err := r.opener.Open(t.Context(), replayed, now); err != nil {
		t.Fatal(err)
	}
	photo := good().Photo
	nonce := r.nonce(now)
	for _, p := range [][]byte{r.sealed(func(p *Packet) { p.Photo = photo }), r.sealed(func(p *Packet) { p.Nonce = nonce })} {
		if _, err := r.opener.Open(t.Context(), p, now); err != nil {
			t.Fatal(err)
		}
	}
	fresh := r.sealed(nil)
	head := len(magic) + 1 + len(r.public.ID)
	for _, tt := range []struct {
		name string
		data []byte
		err  error
	}{
		{name: "sent twice", data: replayed, err: ErrReplayed},
		{name: "the photo sealed again with a new nonce", data: r.sealed(func(p *Packet) { p.Photo = photo }), err: ErrReplayed},
		{name: "the photo sealed again without a nonce", data: r.sealed(func(p *Packet) { p.Photo, p.Nonce = photo, "" }), err: ErrReplayed},
		{name: "another photo with a used nonce", data: r.sealed(func(p *Packet) { p.Nonce = nonce }), err: ErrReplayed},
		{name: "a bit of the ciphertext changed", data: flip(fresh, head+encBytes+10), err: ErrAltered},
		{name: "a bit of the tag changed", data: flip(fresh, -1), err: ErrAltered},
		{name: "a bit of the encapsulated key changed", data: flip(fresh, head+20), err: ErrAltered},
		{name: "a bit of the key's id changed", data: flip(fresh, head-1), err: ErrKey},
		{name: "a bit of the magic changed", data: flip(fresh, 0), err: ErrMalformed},
		{name: "cut", data: fresh[:len(fresh)-1], err: ErrAltered},
		{name: "cut to its head", data: fresh[:head+encBytes+tagBytes-1], err: ErrMalformed},
		{name: "more behind it", data: append(slices.Clone(fresh), 0), err: ErrAltered},
		{name: "a packet in a packet", data: r.plain(fresh), err: ErrMalformed},
		{name: "of another server", data: other.sealed(nil), err: ErrKey},
		{name: "of another server under our key's id", data: slices.Concat(fresh[:head], other.sealed(nil)[head:]), err: ErrAltered},
		{name: "a nonce of another server", data: r.sealed(func(p *Packet) { p.Nonce = other.nonce(now) }), err: ErrNonce},
		{name: "a nonce made up", data: r.sealed(func(p *Packet) { p.Nonce = "AAAA" }), err: ErrNonce},
		{name: "a nonce made younger", data: r.sealed(func(p *Packet) { p.Nonce = younger(t, p.Nonce) }), err: ErrNonce},
		{name: "a nonce too old", data: r.sealed(func(p *Packet) { p.Nonce = r.nonce(now.Add(-NonceLife - time.Second)) }), err: ErrStale},
		{name: "a nonce of the future", data: r.sealed(func(p *Packet) { p.Nonce = r.nonce(now.Add(time.Minute)) }), err: ErrStale},
		{name: "without a nonce, old", data: r.sealed(func(p *Packet) { p.Nonce, p.MadeAt = "", now.Add(-11*time.Minute).UnixMilli() }), err: ErrStale},
		{name: "without a nonce, of the future", data: r.sealed(func(p *Packet) { p.Nonce, p.MadeAt = "", now.Add(3*time.Minute).UnixMilli() }), err: ErrStale},
		{name: "nothing", data: nil, err: ErrMalformed},
		{name: "a JPEG", data: []byte("\xff\xd8\xff\xe0 and more than a head of it"), err: ErrMalformed},
		{name: "too large", data: append(slices.Clone(fresh), make([]byte, MaxBytes)...), err: ErrMalformed},
		{name: "no JSON inside", data: r.plain([]byte{0, 0, 0, 9}), err: ErrMalformed},
		{name: "nothing inside", data: r.plain(nil), err: ErrMalformed},
		{name: "JSON of 4 GB declared", data: r.plain([]byte{255, 255, 255, 255, '{', '}'}), err: ErrMalformed},
		{name: "null", data: r.withJSON(`null`), err: ErrMalformed},
		{name: "a list", data: r.withJSON(`[]`), err: ErrMalformed},
		{name: "two objects", data: r.withJSON(`{}{}`), err: ErrMalformed},
		{name: "deep", data: r.withJSON(strings.Repeat("[", 16000)), err: ErrMalformed},
		{name: "not UTF-8", data: r.withJSON("{\"client\":\"\xff\"}"), err: ErrMalformed},
		{name: "a number as text", data: r.withJSON(`{"made_at_ms":"now"}`), err: ErrMalformed},
		{name: "a number too large", data: r.withJSON(`{"made_at_ms":1e400}`), err: ErrMalformed},
		{name: "a photo that is not there", data: r.plain(slices.Concat([]byte{0, 0, 0, 2}, []byte(`{}`))), err: ErrMalformed},
		{name: "a mode of its own", data: r.sealed(func(p *Packet) { p.Mode = "robot" }), err: ErrMalformed},
		{name: "17 pictures", data: r.sealed(func(p *Packet) {
			for range 9 {
				p.Burst, p.Meta.Burst = append(p.Burst, []byte("x")), append(p.Meta.Burst, p.Meta.Burst[0])
			}
		}), err: ErrMalformed},
		{name: "a picture of 0 bytes", data: r.sealed(func(p *Packet) { p.Burst[3] = nil }), err: ErrMalformed},
		{name: "a photo too large", data: r.sealed(func(p *Packet) { p.Photo = make([]byte, MaxPhoto+1) }), err: ErrMalformed},
		{name: "30000 pixels wide", data: r.sealed(func(p *Packet) { p.Meta.Photo.Width = 30000 }), err: ErrMalformed},
		{name: "negative times", data: r.sealed(func(p *Packet) { p.Meta.Burst[0].At = -1 }), err: ErrMalformed},
		{name: "times of years", data: r.sealed(func(p *Packet) { p.Meta.Burst[7].Media = 1e300 }), err: ErrMalformed},
		{name: "a long label", data: r.sealed(func(p *Packet) { p.Camera.Label = strings.Repeat("x", 257) }), err: ErrMalformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := r.opener.Open(t.Context(), tt.data, now); !errors.Is(err, tt.err) {
				t.Errorf("err = %v, want %v", err, tt.err)
			}
		})
	}
	if _, err := r.opener.Open(t.Context(), fresh, now); err != nil {
		t.Errorf("the packet that the others were made of: %v", err)
	}
}

// younger is the nonce with a later time and the same signature.
func younger(t *testing.T, nonce string) string {
	t.Helper()
	last := nonce[:4] + "B" + nonce[5:]
	if last == nonce {
		last = nonce[:4] + "C" + nonce[5:]
	}
	return last
}

func TestMoreInsideIsRefused(t *testing.T) {
	plain, err := good().encode()
	if err != nil {
		t.Fatal(err)
	}
	n := binary.BigEndian.Uint32(plain)
	more := append([]byte(`{"admin":true,`), plain[5:]...)
	if _, err := decode(append(binary.BigEndian.AppendUint32(nil, n+uint32(len(`"admin":true,`))), more...)); !errors.Is(err, ErrMalformed) {
		t.Errorf("a field that no element writes: %v, want ErrMalformed", err)
	}
	for _, n := range []int{1, len("picture 7"), len(plain) / 2} {
		if _, err := decode(plain[:len(plain)-n]); !errors.Is(err, ErrMalformed) {
			t.Errorf("%d bytes missing: %v, want ErrMalformed", n, err)
		}
	}
	if _, err := decode(append(plain, 'x')); !errors.Is(err, ErrMalformed) {
		t.Errorf("a byte more: %v, want ErrMalformed", err)
	}
}

// TestOneOfManyOpens sends one packet many times together: one is opened.
func TestOneOfManyOpens(t *testing.T) {
	r := newRig(t)
	data := r.sealed(nil)
	var all sync.WaitGroup
	errs := make(chan error, 8)
	for range 8 {
		all.Go(func() {
			_, err := r.opener.Open(context.WithoutCancel(t.Context()), data, time.Now())
			errs <- err
		})
	}
	all.Wait()
	opened := 0
	for range 8 {
		if err := <-errs; err == nil {
			opened++
		} else if !errors.Is(err, ErrReplayed) {
			t.Errorf("err = %v, want ErrReplayed", err)
		}
	}
	if opened != 1 {
		t.Errorf("opened %d times, want once", opened)
	}
}

// TestKeysAreExchanged follows a key through its life, and another node that shares the store.
func TestKeysAreExchanged(t *testing.T) {
	r := newRig(t)
	now := time.Now()
	early := r.sealed(func(p *Packet) { p.Nonce = "" })
	second, err := OpenKeys(t.Context(), r.store)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := second.Public(t.Context(), now); err != nil || p.ID != r.public.ID {
		t.Errorf("another node publishes %s (%v), want %s", p.ID, err, r.public.ID)
	}
	later := now.Add(keyLife + time.Minute)
	next, err := r.keys.Public(t.Context(), later)
	if err != nil || next.ID == r.public.ID || next.Expires.Sub(later) < keyLife-time.Hour {
		t.Fatalf("after its life the key is %s until %s (%v)", next.ID, next.Expires, err)
	}
	if p, err := second.Public(t.Context(), later.Add(2*lookEvery)); err != nil || p.ID != next.ID {
		t.Errorf("another node then publishes %s (%v), want %s", p.ID, err, next.ID)
	}
	if _, err := r.keys.find(t.Context(), r.public.ID, later); err != nil {
		t.Errorf("the old key within its grace: %v", err)
	}
	if _, err := r.opener.Open(t.Context(), early, now); err != nil {
		t.Errorf("a packet for the old key: %v", err)
	}
	if _, err := r.keys.find(t.Context(), r.public.ID, now.Add(keyLife+keyGrace)); !errors.Is(err, ErrKey) {
		t.Errorf("the old key after its grace: %v, want ErrKey", err)
	}
}

func TestKeyID(t *testing.T) {
	if id := KeyID(nil); id != "e3b0c44298fc1c14" { // SHA-256 of nothing
		t.Errorf("id %s", id)
	}
}

// TestGolden opens a packet that web/capture sealed (web/test/unit/capture.test.js writes and checks the same file).
func TestGolden(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Private []byte `json:"private"` // P-256 scalar, of this test alone
		DER     []byte `json:"public_key"`
		ID      string `json:"key_id"`
		Packet  []byte `json:"packet"`
		Inside  struct {
			Photo string   `json:"photo"`
			Burst []string `json:"burst"`
			Meta  Meta     `json:"meta"`
		} `json:"inside"`
	}
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	private, err := ecdh.P256().NewPrivateKey(golden.Private)
	if err != nil {
		t.Fatal(err)
	}
	key, err := hpke.NewDHKEMPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	id, head, enc, sealed, err := split(golden.Packet)
	if err != nil || id != golden.ID || id != KeyID(golden.DER) {
		t.Fatalf("id %s (%v), want %s", id, err, golden.ID)
	}
	plain, err := open(key, head, enc, sealed)
	if err != nil {
		t.Fatal(err)
	}
	p, err := decode(plain)
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(p.Meta)
	if err != nil {
		t.Fatal(err)
	}
	want, err := json.Marshal(golden.Inside.Meta)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) || string(p.Photo) != golden.Inside.Photo || len(p.Burst) != len(golden.Inside.Burst) {
		t.Errorf("inside is %s, want %s", got, want)
	}
	for i, text := range golden.Inside.Burst {
		if string(p.Burst[i]) != text {
			t.Errorf("picture %d is %q, want %q", i, p.Burst[i], text)
		}
	}
}

func FuzzOpen(f *testing.F) {
	r := newRig(f)
	f.Add(r.sealed(nil))
	f.Add([]byte(magic))
	f.Add([]byte("VVC1\x01k"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := r.opener.Open(context.Background(), data, time.Now())
		if err == nil && len(data) < 100 {
			t.Errorf("%q opens", data)
		}
		if err != nil && !slices.ContainsFunc([]error{ErrMalformed, ErrKey, ErrAltered, ErrStale, ErrNonce, ErrReplayed}, func(e error) bool { return errors.Is(err, e) }) {
			t.Errorf("err = %v", err)
		}
	})
}

// FuzzInside is for who has the public key: they seal what they like.
func FuzzInside(f *testing.F) {
	plain, err := good().encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(plain)
	f.Add([]byte("\x00\x00\x00\x02{}"))
	f.Fuzz(func(t *testing.T, plain []byte) {
		p, err := decode(plain)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Errorf("err = %v, want ErrMalformed", err)
			}
			return
		}
		total := len(p.Photo)
		for _, picture := range p.Burst {
			total += len(picture)
		}
		if total > len(plain) || p.Span() < -24*time.Hour || p.Span() > 24*time.Hour {
			t.Errorf("%d bytes of pictures in %d, span %v", total, len(plain), p.Span())
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	r := newRig(b)
	p := good()
	p.Photo = make([]byte, 200<<10)
	for i := range p.Burst {
		p.Burst[i] = make([]byte, 20<<10)
	}
	data, err := Seal(r.public.ID, r.seal, p)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := r.opener.decrypt(b.Context(), data, time.Now()); err != nil {
			b.Fatal(err)
		}
	}
}
