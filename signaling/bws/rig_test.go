package bws

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"image"
	"image/jpeg"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/models"
	"vivavoce/pipeline"
	"vivavoce/pipeline/face"
	"vivavoce/pipeline/stills"
	"vivavoce/signaling/auth"
	"vivavoce/signaling/puppet"
	"vivavoce/signaling/store"
)

const root = "../.."

// library opens the models once for all tests: they live as long as the process.
var library = sync.OnceValues(func() (*models.Library, error) {
	return models.Open(models.Options{Dir: filepath.Join(root, "models/files")})
})

// rig is a server, over both wires, with a client of its own.
type rig struct {
	t        testing.TB
	url      string
	client   *http.Client
	secret   string // of the tenant "client", base64
	other    string // another secret of it
	apiKey   string // of scope bws
	wrongKey string // of another scope
	studio   *stills.Studio
	server   *Server

	mu        sync.Mutex
	judgement func(Job) ([]byte, error) // the worker's
	jobs      []Job
	answered  map[string]int // by wire, call and code
}

func (r *rig) count(wire, call, code string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.answered == nil {
		r.answered = map[string]int{}
	}
	r.answered[wire+" "+call+" "+code]++
}

func newRig(t testing.TB, change func(*Options)) *rig {
	t.Helper()
	if _, err := os.Stat(filepath.Join(root, "models/files")); err != nil {
		t.Skip("no models: run `make models`")
	}
	l, err := library()
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), store.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	r := &rig{t: t, client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true, ExpectContinueTimeout: time.Minute}}}
	videos, err := store.OpenVideos(t.Context(), s, store.VideosOptions{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if r.studio, err = stills.New(l, stills.Options{AtOnce: 1, Waiting: 1}); err != nil {
		t.Fatal(err)
	}
	o := Options{Auth: r.tenants(), Studio: r.studio, Videos: videos, Logger: slog.New(slog.DiscardHandler), Answered: r.count, MaxBytes: 4 << 20, Memory: 64 << 20}
	if change != nil {
		change(&o)
	}
	if r.server, err = New(o); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	for pattern, h := range r.server.Routes() {
		mux.Handle(pattern, h)
	}
	web := httptest.NewUnstartedServer(mux)
	web.Config.Protocols = &http.Protocols{}
	web.Config.Protocols.SetHTTP1(true)
	web.Config.Protocols.SetUnencryptedHTTP2(true)
	web.Start()
	r.url = web.URL
	ctx, cancel := context.WithCancel(context.Background())
	var working sync.WaitGroup
	working.Go(func() { _ = videos.Work(ctx, 1, r.work) })
	t.Cleanup(func() { web.Close(); cancel(); working.Wait() })
	return r
}

func (r *rig) tenants() *auth.Auth {
	r.t.Helper()
	var f auth.File
	create := func(n auth.NewKey) string {
		_, shown, err := f.Create(n, time.Now())
		if err != nil {
			r.t.Fatal(err)
		}
		return shown
	}
	only := []auth.Scope{auth.BWS}
	r.other = create(auth.NewKey{Tenant: "client", Kind: auth.JWTKey, Scopes: only})
	r.secret = create(auth.NewKey{Tenant: "client", Kind: auth.JWTKey, Scopes: only})
	r.apiKey = create(auth.NewKey{Tenant: "client", Kind: auth.APIKey, Scopes: only})
	r.wrongKey = create(auth.NewKey{Tenant: "client", Kind: auth.APIKey, Scopes: []auth.Scope{auth.LipSecure}})
	create(auth.NewKey{Tenant: "bank", Kind: auth.JWTKey, Scopes: only})
	path := filepath.Join(r.t.TempDir(), "tenants.json")
	if err := f.Write(path); err != nil {
		r.t.Fatal(err)
	}
	a, err := auth.New(auth.Options{File: path})
	if err != nil {
		r.t.Fatal(err)
	}
	return a
}

func (r *rig) work(_ context.Context, what []byte, path string) ([]byte, error) {
	var j Job
	if err := json.Unmarshal(what, &j); err != nil {
		return nil, err
	}
	if _, err := os.ReadFile(path); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.jobs = append(r.jobs, j)
	return r.judgement(j)
}

// judge says what the worker does.
func (r *rig) judge(do func(Job) ([]byte, error)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.judgement = do
}

// claims of a token, as BioID's samples make them.
type claims map[string]any

func goodClaims() claims {
	now := time.Now()
	return claims{"sub": "client", "iss": "client", "aud": "BWS", "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(5 * time.Minute).Unix()}
}

// token signs claims by HMAC with SHA-512, whatever the head says.
func token(secret string, head map[string]any, c claims) string {
	part := func(v any) string {
		data, err := json.Marshal(v)
		if err != nil {
			panic(err) // maps of plain values
		}
		return base64.RawURLEncoding.EncodeToString(data)
	}
	key, err := base64.StdEncoding.DecodeString(secret)
	if err != nil {
		key = []byte(secret)
	}
	text := part(head) + "." + part(c)
	m := hmac.New(sha512.New, key)
	m.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

func (r *rig) token() string {
	return token(r.secret, map[string]any{"alg": "HS512", "typ": "JWT"}, goodClaims())
}

// post sends a body as JSON, with the good token.
func (r *rig) post(path string, body any) *http.Response {
	r.t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		r.t.Fatal(err)
	}
	return r.send("POST", path, bytes.NewReader(data), http.Header{
		"Authorization": {"Bearer " + r.token()}, "Content-Type": {"application/json"}, "Reference-Number": {"ref 4711"},
	})
}

func (r *rig) send(method, path string, body io.Reader, head http.Header) *http.Response {
	r.t.Helper()
	req, err := http.NewRequest(method, r.url+path, body)
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header = head
	resp, err := r.client.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

// M is a JSON object.
type M = map[string]any

func read(t testing.TB, resp *http.Response) (m M) {
	t.Helper()
	data, err := io.ReadAll(resp.Body)
	if err == nil {
		err = json.Unmarshal(data, &m)
	}
	if err != nil {
		t.Fatalf("%s: %v in %.200s", resp.Status, err, data)
	}
	return m
}

func images(pictures ...[]byte) M {
	var all []M
	for _, p := range pictures {
		all = append(all, M{"image": p}) // encoding/json writes base64
	}
	return M{"liveImages": all}
}

// theHead and another are rendered ones, of two people, loaded once: they are read-only.
var theHead, another = headOf(0), headOf(1)

func headOf(i int) func() (*puppet.Head, error) {
	return sync.OnceValues(func() (*puppet.Head, error) {
		l, err := library()
		if err != nil {
			return nil, err
		}
		newFinder, err := face.New(l, face.Options{})
		if err != nil {
			return nil, err
		}
		finder, err := newFinder()
		if err != nil {
			return nil, err
		}
		return puppet.LoadHead(context.Background(), l, finder, filepath.Join(root, "models/node_modules"), i)
	})
}

const width, height = 640, 480

// render paints the head so held, in a room.
func render(t testing.TB, p pipeline.Pose) *media.Frame {
	t.Helper()
	return renderOf(t, theHead, p)
}

func renderOf(t testing.TB, head func() (*puppet.Head, error), p pipeline.Pose) *media.Frame {
	t.Helper()
	h, err := head()
	if err != nil {
		t.Fatal(err)
	}
	f := new(media.Pool).Get(width, height)
	puppet.NewRenderer(h, puppet.Camera{Width: width, Height: height}, 1).Render(f, puppet.Look{Pose: p})
	return f
}

func picture(f *media.Frame) *image.YCbCr {
	return &image.YCbCr{
		Y: f.Y, Cb: f.Cb, Cr: f.Cr, YStride: f.YStride, CStride: f.CStride,
		SubsampleRatio: image.YCbCrSubsampleRatio420, Rect: image.Rect(0, 0, f.Width, f.Height),
	}
}

func asJPEG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 92}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func photograph(t testing.TB, p pipeline.Pose) []byte { return asJPEG(t, picture(render(t, p))) }

func mustJSON(t testing.TB, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
