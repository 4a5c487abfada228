package livenessplus

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/hpke"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"vivavoce/pipeline"
	"vivavoce/signaling/auth"
	"vivavoce/signaling/packet"
	"vivavoce/signaling/store"
)

const key = "the-api-key-of-the-tests"

// rig is a server that sees what the test wants.
type rig struct {
	t      *testing.T
	url    string
	client *http.Client
	store  *store.Store
	server *Server
	auth   *auth.Auth
	token  string
	sealer hpke.PublicKey
	keyID  string
	other  string // a key of the scope sessions alone
	few    string // a key of a tenant with two calls a minute

	mu     sync.Mutex
	seen   Seen
	glance Glance
	err    error
	selfie []byte
	wait   chan struct{} // a look waits for it; nil: it does not
	begun  chan struct{}
	judged []string
}

// person is what is seen of one; the figures are the public page's.
func person() Seen {
	return Seen{
		Faces: 1, Margin: 0.4,
		Texture: pipeline.Score{Name: "texture", Checked: true, Value: 0.9859461},
		Capture: pipeline.Score{Name: "capture", Checked: true, Value: 1.1050358},
	}
}

func newRig(t *testing.T, change func(*Options)) *rig {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	r := &rig{t: t, store: s, client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true, ExpectContinueTimeout: time.Minute}}, seen: person()}
	var f auth.File
	for tenant, shown := range map[string]*string{"bank": &r.other, "few": &r.few} {
		scope := auth.Sessions
		if tenant == "few" {
			scope = auth.LivenessPlus
		}
		if _, *shown, err = f.Create(auth.NewKey{Tenant: tenant, Kind: auth.APIKey, Scopes: []auth.Scope{scope}}, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	for i := range f.Tenants {
		if f.Tenants[i].Name == "few" {
			f.Tenants[i].PerMinute = 2
		}
	}
	tenants := filepath.Join(t.TempDir(), "tenants.json")
	if err := f.Write(tenants); err != nil {
		t.Fatal(err)
	}
	if r.auth, err = auth.New(auth.Options{File: tenants, Keys: []string{key}}); err != nil {
		t.Fatal(err)
	}
	o := Options{Auth: r.auth, Store: s, Look: r.look, Glance: r.glimpse, Logger: slog.New(slog.DiscardHandler), Judged: r.count}
	if change != nil {
		change(&o)
	}
	if r.server, err = New(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	for pattern, h := range r.server.Routes() {
		mux.Handle(pattern, h)
	}
	web := httptest.NewServer(mux)
	t.Cleanup(web.Close)
	r.url = web.URL
	r.token = r.tokenOf(key)
	r.readKey()
	return r
}

func (r *rig) look(ctx context.Context, _ packet.Opened, selfie []byte) (Seen, error) {
	r.mu.Lock()
	r.selfie = selfie
	seen, err, wait, begun := r.seen, r.err, r.wait, r.begun
	r.mu.Unlock()
	if wait != nil {
		close(begun)
		select {
		case <-wait:
		case <-ctx.Done():
			return Seen{}, ctx.Err()
		}
	}
	return seen, err
}

func (r *rig) glimpse(context.Context, []byte) (Glance, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.glance, r.err
}

func (r *rig) count(outcome, why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.judged = append(r.judged, outcome+" "+why)
}

// forget gives what was counted since the last time.
func (r *rig) forget() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	judged := r.judged
	r.judged = nil
	return judged
}

func (r *rig) glimpses(g Glance, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.glance, r.err = g, err
}

func (r *rig) sees(s Seen, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen, r.err = s, err
}

// call makes one and reads the answer.
func (r *rig) call(method, path string, head map[string]string, body io.Reader) (*http.Response, string) {
	r.t.Helper()
	req, err := http.NewRequest(method, r.url+path, body)
	if err != nil {
		r.t.Fatal(err)
	}
	// A body that is refused unread is not sent: the answer could be lost when the connection ends in the middle of it.
	req.Header.Set("Expect", "100-continue")
	for name, value := range head {
		req.Header.Set(name, value)
	}
	resp, err := r.client.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	if len(text) > 0 && (resp.Header.Get("Content-Type") != "application/json" || !json.Valid(text)) {
		r.t.Errorf("%s %s: %s as %s, want JSON", method, path, text, resp.Header.Get("Content-Type"))
	}
	return resp, string(bytes.TrimSpace(text))
}

func (r *rig) tokenOf(key string) string {
	r.t.Helper()
	resp, text := r.call("POST", "/api/v3/auth/token", map[string]string{"Authorization": "Bearer " + key}, nil)
	var given struct{ Token string }
	if err := json.Unmarshal([]byte(text), &given); err != nil || resp.StatusCode != 200 {
		r.t.Fatalf("token: %s %s %v", resp.Status, text, err)
	}
	return given.Token
}

// readKey takes the key to seal for as an element does.
func (r *rig) readKey() {
	r.t.Helper()
	_, text := r.call("GET", "/api/v3/capture/key", nil, nil)
	var k packet.PublicKey
	if err := json.Unmarshal([]byte(text), &k); err != nil {
		r.t.Fatal(err)
	}
	parsed, err := x509.ParsePKIXPublicKey(k.DER)
	if err != nil {
		r.t.Fatal(err)
	}
	raw, err := parsed.(interface {
		ECDH() (*ecdh.PublicKey, error)
	}).ECDH()
	if err != nil {
		r.t.Fatal(err)
	}
	if r.sealer, err = hpke.NewDHKEMPublicKey(raw); err != nil {
		r.t.Fatal(err)
	}
	r.keyID = k.ID
}

// sealed is a packet of somebody else each time.
func (r *rig) sealed(change func(*packet.Packet)) string {
	r.t.Helper()
	_, text := r.call("GET", "/api/v3/capture/nonce", nil, nil)
	var n packet.Nonce
	if err := json.Unmarshal([]byte(text), &n); err != nil {
		r.t.Fatal(err)
	}
	p := packet.Packet{
		Meta: packet.Meta{
			Nonce: n.Nonce, MadeAt: time.Now().UnixMilli(), Client: "test/1", Mode: "auto",
			Photo: packet.Picture{Width: 640, Height: 480}, Burst: []packet.Shot{{Picture: packet.Picture{Width: 320, Height: 240}}},
		},
		Photo: []byte(rand.Text()), Burst: [][]byte{[]byte("picture")},
	}
	if change != nil {
		change(&p)
	}
	data, err := packet.Seal(r.keyID, r.sealer, p)
	if err != nil {
		r.t.Fatal(err)
	}
	return string(data)
}

// formOf is a multipart body of fields, as name, value, …
func formOf(fields ...string) (contentType string, body *bytes.Buffer) {
	body = &bytes.Buffer{}
	w := multipart.NewWriter(body)
	for i := 0; i < len(fields); i += 2 {
		var part io.Writer
		var err error
		if fields[i] == "encrypted_file" || fields[i] == "selfie" {
			part, err = w.CreateFormFile(fields[i], "../../etc/bl\u202eob")
		} else {
			part, err = w.CreateFormField(fields[i])
		}
		if err == nil {
			_, err = io.WriteString(part, fields[i+1])
		}
		if err != nil {
			panic(err) // a buffer takes everything
		}
	}
	_ = w.Close() // a buffer takes everything
	return w.FormDataContentType(), body
}

// post sends a form with the token.
func (r *rig) post(path string, fields ...string) (*http.Response, string) {
	r.t.Helper()
	contentType, body := formOf(fields...)
	return r.call("POST", "/api/v3/biometrics/"+path, map[string]string{"Authorization": "Bearer " + r.token, "Content-Type": contentType}, body)
}

// answer is the reply as a client reads it.
type answer struct {
	Valid   bool
	Code    int `json:"error_code"`
	Message string
	ID      int64
}

func read(t *testing.T, text string) (a answer) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return a
}

func ExampleAnySite() {
	fmt.Println(AnySite())
	// Output: [/api/v3/biometrics/ /api/v3/capture/]
}
