package auth

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Why a caller is refused. What a caller is told is no more than that.
var (
	ErrUnknown = errors.New("no such key, or it is not good any more")
	ErrScope   = errors.New("the key is not for this call")
)

// Caller is who calls.
type Caller struct {
	Tenant Tenant // without its keys
	Key    string // id, for logs
	scopes []Scope
}

// May says whether the caller's key is for s.
func (c Caller) May(s Scope) bool { return slices.Contains(c.scopes, s) }

// Default is the tenant of keys that the command line gives, and of an open server's visitors.
const Default = "default"

// Options say where tenants come from.
type Options struct {
	File   string       // of tenants; "" is none. One that is not there yet may come.
	Keys   []string     // API keys of the tenant [Default] with every scope, at least 16 characters
	Sign   [][]byte     // token keys of the same tenant with every scope, of 64 bytes
	Logger *slog.Logger // nil discards
}

// Auth knows the tenants. It is safe for concurrent use.
type Auth struct {
	o Options

	mu      sync.Mutex
	looked  time.Time // at the file
	changed time.Time // when it had last changed
	size    int64
	book    book
}

// book finds callers. An API key is found by its hash: how long that takes tells nothing of
// the keys that are there.
type book struct {
	keys    map[string]entry  // by hash
	clients map[string][]Key  // token keys by tenant
	tenants map[string]Tenant // without keys
}

type entry struct {
	key    Key
	tenant string
}

// lookEvery is how long a revoked key may still be good.
const lookEvery = time.Second

// New reads the tenants.
func New(o Options) (*Auth, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	for _, k := range o.Keys {
		if len(k) < 16 {
			return nil, errors.New("an API key of less than 16 characters")
		}
	}
	for _, secret := range o.Sign {
		if len(secret) < secretBytes {
			return nil, fmt.Errorf("a token key of less than %d bytes", secretBytes)
		}
	}
	a := &Auth{o: o}
	if err := a.read(time.Now()); err != nil {
		return nil, err
	}
	return a, nil
}

// Empty says that nobody has a key.
func (a *Auth) Empty() bool {
	b := a.current()
	return len(b.keys)+len(b.clients) == 0
}

// current reads the file again when it has changed. A broken one changes nothing.
func (a *Auth) current() book {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now := time.Now(); now.Sub(a.looked) >= lookEvery {
		if err := a.readLocked(now); err != nil {
			a.o.Logger.Error("tenants stay as they were", "err", err)
		}
	}
	return a.book
}

func (a *Auth) read(now time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.readLocked(now)
}

func (a *Auth) readLocked(now time.Time) error {
	a.looked = now
	var changed time.Time
	var size int64
	if a.o.File != "" {
		about, err := os.Stat(a.o.File)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("read tenants: %w", err)
		}
		if err == nil {
			changed, size = about.ModTime(), about.Size()
		}
	}
	if a.book.keys != nil && changed.Equal(a.changed) && size == a.size {
		return nil
	}
	a.changed, a.size = changed, size // read once, broken or not
	var f File
	if a.o.File != "" {
		var err error
		if f, err = ReadFile(a.o.File); err != nil {
			return err
		}
	}
	a.book = newBook(f, a.o)
	return nil
}

func newBook(f File, o Options) book {
	b := book{keys: map[string]entry{}, clients: map[string][]Key{}, tenants: map[string]Tenant{Default: {Name: Default}}}
	for _, key := range o.Keys {
		b.keys[hashOf(key)] = entry{Key{ID: "flag", Kind: APIKey, Scopes: Scopes()}, Default}
	}
	for _, secret := range o.Sign {
		b.clients[Default] = append(b.clients[Default], Key{ID: "flag", Kind: JWTKey, Secret: secret, Scopes: Scopes()})
	}
	for _, t := range f.Tenants {
		for _, k := range t.Keys {
			if k.Kind == JWTKey {
				b.clients[t.Name] = append(b.clients[t.Name], k)
			} else {
				b.keys[k.Hash] = entry{k, t.Name}
			}
		}
		t.Keys = nil
		b.tenants[t.Name] = t
	}
	return b
}

// Key finds who has the API key and may use it for s.
func (a *Auth) Key(key string, s Scope) (Caller, error) {
	b := a.current()
	e, ok := b.keys[hashOf(key)]
	if !ok || !e.key.good(time.Now()) {
		return Caller{}, ErrUnknown
	}
	return b.caller(e.tenant, e.key, s)
}

func (b book) caller(tenant string, k Key, s Scope) (Caller, error) {
	c := Caller{Tenant: b.tenants[tenant], Key: k.ID, scopes: k.Scopes}
	if !c.May(s) {
		return Caller{}, ErrScope
	}
	return c, nil
}

// Bearer finds who sent the value of an Authorization header and may use it for s: an API
// key, or a token for audience.
func (a *Auth) Bearer(header, audience string, s Scope) (Caller, error) {
	scheme, text, ok := strings.Cut(header, " ")
	text = strings.TrimSpace(text)
	if !ok || !strings.EqualFold(scheme, "Bearer") || text == "" {
		return Caller{}, ErrUnknown
	}
	c, err := a.Key(text, s)
	if errors.Is(err, ErrUnknown) && strings.Count(text, ".") == 2 { // a key may have dots as well
		return a.Token(text, audience, s)
	}
	return c, err
}

// tokenLeeway is how far the clocks of integrators may be off.
const tokenLeeway = 30 * time.Second

// maxToken bounds a token: ours have some 250 bytes.
const maxToken = 4096

// Token finds who signed the token: a compact JWS by HMAC with SHA-512 and nothing else,
// whose subject is the tenant's name, with an expiry and audience (whatever its case). A
// tenant may have several keys; each is tried.
func (a *Auth) Token(text, audience string, s Scope) (Caller, error) {
	if len(text) > maxToken {
		return Caller{}, ErrUnknown
	}
	b := a.current()
	var claims jwt.RegisteredClaims
	// Read for the subject only; nothing of it counts before a key has verified it.
	if _, _, err := jwt.NewParser().ParseUnverified(text, &claims); err != nil {
		return Caller{}, ErrUnknown
	}
	parser := jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodHS512.Alg()}),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(tokenLeeway))
	for _, k := range b.clients[claims.Subject] {
		var checked jwt.RegisteredClaims
		_, err := parser.ParseWithClaims(text, &checked, func(*jwt.Token) (any, error) { return k.Secret, nil })
		if err != nil || !k.good(time.Now()) || checked.Subject != claims.Subject {
			continue
		}
		if !slices.ContainsFunc(checked.Audience, func(to string) bool { return strings.EqualFold(to, audience) }) {
			continue
		}
		return b.caller(claims.Subject, k, s)
	}
	return Caller{}, ErrUnknown
}
