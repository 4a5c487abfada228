package lipsecure

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"vivavoce/pipeline"
	"vivavoce/pipeline/quality"
	"vivavoce/signaling/auth"
	"vivavoce/signaling/openapitest"
	"vivavoce/signaling/store"
)

const key = "38332b622aea11e8b103a860b60304d5" // the public page's own

// rig is a server whose worker says what the test wants.
type rig struct {
	t      *testing.T
	url    string
	client *http.Client
	server *Server
	bank   string // another tenant's key
	dir    string // where workers put videos

	mu      sync.Mutex
	seen    Seen
	err     error
	phrases []string
	videos  []string
	wait    chan struct{} // the worker waits for it; nil: it does not
}

// good is a video that is read.
func good() Seen { return Seen{Seconds: 4, Read: true, Confidence: 84} }

func newRig(t *testing.T, change func(*Options)) *rig {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	r := &rig{t: t, client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true, ExpectContinueTimeout: time.Minute}}, seen: good(), dir: t.TempDir()}
	videos, err := store.OpenVideos(t.Context(), s, store.VideosOptions{TempDir: r.dir})
	if err != nil {
		t.Fatal(err)
	}
	var f auth.File
	if _, r.bank, err = f.Create(auth.NewKey{Tenant: "bank", Kind: auth.APIKey, Scopes: []auth.Scope{auth.LipSecure}}, time.Now()); err != nil {
		t.Fatal(err)
	}
	tenants := filepath.Join(t.TempDir(), "tenants.json")
	if err := f.Write(tenants); err != nil {
		t.Fatal(err)
	}
	a, err := auth.New(auth.Options{File: tenants, Keys: []string{key}})
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Auth: a, Store: s, Videos: videos, Logger: slog.New(slog.DiscardHandler), Refused: func(int) {}, MaxBytes: 1 << 20}
	if change != nil {
		change(&o)
	}
	server, err := New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	r.server = server
	mux := http.NewServeMux()
	for pattern, h := range server.Routes() {
		mux.Handle(pattern, h)
	}
	web := httptest.NewServer(mux)
	r.url = web.URL + "/LiopaAPI/api"
	ctx, cancel := context.WithCancel(context.Background())
	var working sync.WaitGroup
	working.Go(func() { _ = videos.Work(ctx, 1, r.work) })
	t.Cleanup(func() { web.Close(); cancel(); working.Wait() })
	return r
}

func (r *rig) work(ctx context.Context, what []byte, path string) ([]byte, error) {
	var j Job
	data, err := os.ReadFile(path)
	if err = errors.Join(err, json.Unmarshal(what, &j)); err != nil {
		return nil, err
	}
	r.mu.Lock()
	r.phrases, r.videos = append(r.phrases, j.Phrase), append(r.videos, string(data))
	seen, wait := r.seen, r.wait
	err = r.err
	r.mu.Unlock()
	if wait != nil {
		select {
		case <-wait:
		case <-ctx.Done():
		}
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(seen)
}

// awaitVideos waits until the worker has had n.
func (r *rig) awaitVideos(n int) {
	r.t.Helper()
	end := time.Now().Add(time.Minute)
	for had := 0; had < n; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatalf("the worker had %d videos, want %d", had, n)
		}
		r.mu.Lock()
		had = len(r.videos)
		r.mu.Unlock()
	}
}

func (r *rig) sees(s Seen) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen = s
}

// answer is a reply as a client of LipSecure reads it.
type answer struct {
	TransactionID string `json:"transactionId"`
	Phrase        string `json:"phrase"`
	Confidence    *int   `json:"confidence"`
	Error         *struct {
		Type    *string `json:"type"`
		Code    *int    `json:"code"`
		Message *string `json:"message"`
	} `json:"error"`
}

// do calls and holds what every reply has: JSON and a whole error.
func (r *rig) do(req *http.Request) (int, answer) {
	r.t.Helper()
	resp, err := r.client.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	d := json.NewDecoder(resp.Body)
	d.DisallowUnknownFields()
	var a answer
	if err := d.Decode(&a); err != nil {
		r.t.Fatalf("%s: %v", resp.Status, err)
	}
	if resp.Header.Get("Content-Type") != "application/json" || a.Error == nil || a.Error.Type == nil || a.Error.Code == nil || a.Error.Message == nil || *a.Error.Message == "" {
		r.t.Fatalf("%s as %s: %+v, want JSON with an error of type, code and message", resp.Status, resp.Header.Get("Content-Type"), a)
	}
	if slices.Contains([]string{"", "user"}, *a.Error.Type) != (resp.StatusCode == 200) || resp.StatusCode != 200 && *a.Error.Code != resp.StatusCode {
		r.t.Errorf("%s with error %s %d", resp.Status, *a.Error.Type, *a.Error.Code)
	}
	return resp.StatusCode, a
}

func (r *rig) post(key, path, contentType string, body io.Reader) (int, answer) {
	r.t.Helper()
	req, err := http.NewRequest("POST", r.url+path, body)
	if err != nil {
		r.t.Fatal(err)
	}
	if key != "" {
		req.Header.Set("X-API-KEY", key)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if req.ContentLength > 1<<20 { // is refused unread: sending it could lose the answer
		req.Header.Set("Expect", "100-continue")
	}
	return r.do(req)
}

func (r *rig) challenge() answer {
	r.t.Helper()
	_, a := r.post(key, "/challenge", "", nil)
	return a
}

// form is a multipart body of fields, as name, value, …
func form(fields ...string) (contentType string, body *bytes.Buffer) {
	body = &bytes.Buffer{}
	w := multipart.NewWriter(body)
	for i := 0; i < len(fields); i += 2 {
		part, err := w.CreateFormFile(fields[i], "../../etc/vidéo\u202e.mp4")
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

func (r *rig) verify(id string, fields ...string) (int, answer) {
	r.t.Helper()
	if fields == nil {
		fields = []string{"file", "video"}
	}
	contentType, body := form(fields...)
	return r.post(key, "/verifier/"+id, contentType, body)
}

// TestThePagesExample asserts every field, type and code of the public page's two calls.
func TestThePagesExample(t *testing.T) {
	r := newRig(t, nil)
	status, a := r.post(key, "/challenge", "", nil)
	if status != 200 || !regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`).MatchString(a.TransactionID) ||
		!regexp.MustCompile(`^[0-9]{6}$`).MatchString(a.Phrase) || a.Confidence != nil || *a.Error.Type != "" || *a.Error.Code != 0 || *a.Error.Message != "OK" {
		t.Errorf("challenge: %d %+v", status, a)
	}
	status, b := r.verify(a.TransactionID, "other", "ignored", "file", "the video")
	if status != 200 || b.TransactionID != a.TransactionID || b.Phrase != a.Phrase || b.Confidence == nil || *b.Confidence != 84 ||
		*b.Error.Type != "" || *b.Error.Code != 0 || *b.Error.Message != "OK" {
		t.Errorf("verifier: %d %+v", status, b)
	}
	if r.phrases[0] != a.Phrase || r.videos[0] != "the video" {
		t.Errorf("the worker got %q and %q", r.phrases[0], r.videos[0])
	}
	if left, err := filepath.Glob(filepath.Join(r.dir, "*")); len(left) != 0 || err != nil {
		t.Errorf("%q is left of the video (%v)", left, err)
	}
	if _, c := r.post(key, "/challenge", "", nil); c.TransactionID == a.TransactionID || c.Phrase == a.Phrase {
		t.Error("two transactions are the same")
	}
}

func TestTransactionsAreForOnce(t *testing.T) {
	r := newRig(t, nil)
	a := r.challenge()
	r.sees(Seen{Seconds: 0.5})
	if status, b := r.verify(a.TransactionID); status != 200 || *b.Error.Type != "user" || *b.Error.Code != 601 || b.Phrase != a.Phrase || *b.Confidence != 0 {
		t.Errorf("too short: %d %+v", status, b)
	}
	r.sees(good())
	if status, b := r.verify(a.TransactionID); status != 200 || *b.Error.Code != 0 {
		t.Errorf("again after a user error: %d %+v", status, b)
	}
	if status, b := r.verify(a.TransactionID); status != 400 || b.Phrase != "" || *b.Confidence != 0 {
		t.Errorf("again after a confidence: %d %+v, want 400", status, b)
	}
	a = r.challenge()
	r.sees(Seen{Seconds: 0.5})
	for range maxTries {
		r.verify(a.TransactionID)
	}
	r.sees(good())
	if status, _ := r.verify(a.TransactionID); status != 400 {
		t.Errorf("after %d user errors: %d, want 400", maxTries, status)
	}
}

func TestTransactionsExpire(t *testing.T) {
	r := newRig(t, func(o *Options) { o.Life = time.Nanosecond })
	if status, a := r.verify(r.challenge().TransactionID); status != 400 || *a.Error.Message != "Bad Request: the transaction has expired" {
		t.Errorf("%d %+v, want 400", status, a)
	}
}

// TestOneVideoAtATime sends several videos of one transaction together: one is judged.
func TestOneVideoAtATime(t *testing.T) {
	r := newRig(t, nil)
	r.wait = make(chan struct{})
	a := r.challenge()
	var all sync.WaitGroup
	codes := make(chan int, 8)
	for range 8 {
		all.Go(func() {
			status, _ := r.verify(a.TransactionID)
			codes <- status
		})
	}
	for range 7 {
		if code := <-codes; code != 400 {
			t.Errorf("status %d, want 400", code)
		}
	}
	close(r.wait)
	if all.Wait(); <-codes != 200 {
		t.Error("nobody gets a confidence")
	}
}

// TestLateVideo holds that a call that took longer than its transaction was its own tells no confidence and leaves
// the transaction to the next.
func TestLateVideo(t *testing.T) {
	r := newRig(t, nil)
	r.wait = make(chan struct{})
	a := r.challenge()
	late := make(chan int, 1)
	go func() {
		defer close(late) // however the call ends
		status, b := r.verify(a.TransactionID)
		if *b.Confidence != 0 {
			t.Errorf("the late one is told %d", *b.Confidence)
		}
		late <- status
	}()
	r.awaitVideos(1)
	if err := r.server.transactions.Change(t.Context(), a.TransactionID, func(tx *transaction) { tx.Busy = time.Now() }); err != nil {
		t.Fatal(err)
	}
	close(r.wait)
	if status := <-late; status != 503 {
		t.Errorf("late: %d, want 503", status)
	}
	if status, _ := r.verify(a.TransactionID); status != 200 {
		t.Errorf("the next: %d, want 200", status)
	}
}

func TestUserErrors(t *testing.T) {
	hints := func(codes ...pipeline.HintCode) map[pipeline.HintCode]int {
		m := map[pipeline.HintCode]int{}
		for _, c := range codes {
			m[c]++
		}
		return m
	}
	r := newRig(t, nil)
	for _, tt := range []struct {
		name string
		seen Seen
		kind string
		code int
	}{
		{"read", good(), "", 0},
		{"read badly", Seen{Seconds: 3, Read: true, Confidence: 3, Reasons: []pipeline.Reason{pipeline.LipsWrongDigit}}, "", 0},
		{"read in spite of the light", Seen{Seconds: 3, Read: true, Hints: hints(quality.TooDark)}, "", 0},
		{"short", Seen{Seconds: 1.4, Read: true}, "user", 601},
		{"of no length", Seen{Seconds: math.SmallestNonzeroFloat64}, "user", 601},
		{"long", Seen{Fault: TooLong}, "user", 602},
		{"dark", Seen{Seconds: 3, Hints: hints(quality.TooDark, quality.NoFace)}, "user", 603},
		{"bright", Seen{Seconds: 3, Hints: hints(quality.TooBright)}, "user", 603},
		{"back-lit", Seen{Seconds: 3, Hints: hints(quality.BackLit)}, "user", 603},
		{"no face", Seen{Seconds: 3, Hints: hints(quality.NoFace)}, "user", 604},
		{"nothing said of why", Seen{Seconds: 3}, "user", 604},
		{"mouth hidden", Seen{Seconds: 3, Read: true, Reasons: []pipeline.Reason{pipeline.LipsUnreadable}, Hints: hints(quality.MouthHidden)}, "user", 604},
		{"two faces", Seen{Seconds: 3, Read: true, Hints: hints(quality.SeveralFaces)}, "user", 605},
		{"mumbled", Seen{Seconds: 3, Read: true, Reasons: []pipeline.Reason{pipeline.LipsUnreadable}}, "user", 606},
		{"no video", Seen{Fault: Unreadable}, "client", 400},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r.t = t
			r.sees(tt.seen)
			_, a := r.verify(r.challenge().TransactionID)
			if *a.Error.Type != tt.kind || *a.Error.Code != tt.code || tt.kind != "" && *a.Confidence != 0 || tt.kind == "" && *a.Confidence != tt.seen.Confidence {
				t.Errorf("error %s %d %s, confidence %d; want %s %d", *a.Error.Type, *a.Error.Code, *a.Error.Message, *a.Confidence, tt.kind, tt.code)
			}
		})
	}
}

func TestBadCalls(t *testing.T) {
	r := newRig(t, nil)
	id := r.challenge().TransactionID
	form1, body1 := form("file", "video")
	good := body1.String()
	large := strings.Repeat("x", 2<<20)
	largeType, bodyLarge := form("file", large)
	two, bodyTwo := form("file", "one", "file", "two")
	wrong, bodyWrong := form("video", "one")
	upper, bodyUpper := form("File", "one")
	boundary := strings.TrimPrefix(form1, "multipart/form-data; boundary=")
	for _, tt := range []struct {
		name, key, path, kind, body string
		status                      int
	}{
		{"no key", "", "/challenge", "", "", 401},
		{"wrong key", "0" + key[1:], "/challenge", "", "", 401},
		{"cut key", key[:31], "/challenge", "", "", 401},
		{"key with a space", key + " x", "/challenge", "", "", 401},
		{"no key to verify", "", "/verifier/" + id, form1, good, 401},
		{"another tenant's", r.bank, "/verifier/" + id, form1, good, 400},
		{"unknown transaction", key, "/verifier/ef5a0ae2-884e-4106-b247-b332a0f9dd88", form1, good, 400},
		{"no transaction", key, "/verifier/", form1, good, 400},
		{"upper case", key, "/verifier/" + strings.ToUpper(id), form1, good, 400},
		{"not a UUID", key, "/verifier/1", form1, good, 400},
		{"wildcard", key, "/verifier/*", form1, good, 400},
		{"subject of another record", key, "/verifier/ef5a0ae2.884e.4106.b247.b332a0f9dd88", form1, good, 400},
		{"climbing", key, "/verifier/..%2fchallenge", form1, good, 400},
		{"unicode", key, "/verifier/%F0%9F%92%A9", form1, good, 400},
		{"NUL", key, "/verifier/%00", form1, good, 400},
		{"long path", key, "/verifier/" + strings.Repeat("a", 4000), form1, good, 400},
		{"more path", key, "/verifier/" + id + "/x", form1, good, 400},
		{"another call", key, "/enrol", "", "", 400},
		{"no body", key, "/verifier/" + id, "", "", 400},
		{"no form", key, "/verifier/" + id, "video/mp4", "video", 400},
		{"JSON", key, "/verifier/" + id, "application/json", `{"file":"x"}`, 400},
		{"URL-encoded", key, "/verifier/" + id, "application/x-www-form-urlencoded", "file=x", 400},
		{"no boundary", key, "/verifier/" + id, "multipart/form-data", good, 400},
		{"another boundary", key, "/verifier/" + id, "multipart/form-data; boundary=x", good, 400},
		{"mixed", key, "/verifier/" + id, "multipart/mixed; boundary=" + boundary + "x", good, 400},
		{"empty form", key, "/verifier/" + id, form1, "", 400},
		{"form that ends", key, "/verifier/" + id, form1, "--" + boundary + "--\r\n", 400},
		{"cut in the head", key, "/verifier/" + id, form1, good[:len(boundary)+20], 400},
		{"cut in the video", key, "/verifier/" + id, form1, good[:len(good)-len(boundary)-8], 400},
		{"wrong field", key, "/verifier/" + id, wrong, bodyWrong.String(), 400},
		{"field in another case", key, "/verifier/" + id, upper, bodyUpper.String(), 400},
		{"two files", key, "/verifier/" + id, two, bodyTwo.String(), 400},
		{"too large", key, "/verifier/" + id, largeType, bodyLarge.String(), 413},
		{"head without an end", key, "/verifier/" + id, form1, "--" + boundary + "\r\n" + strings.Repeat("X-A: b\r\n", 20000), 400},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := &rig{t: t, url: r.url, client: r.client}
			status, a := r.post(tt.key, tt.path, tt.kind, strings.NewReader(tt.body))
			if status != tt.status || *a.Error.Type != "client" || a.Phrase != "" && status != 400 && status != 413 {
				t.Errorf("%d %s, want %d client", status, *a.Error.Type, tt.status)
			}
		})
	}
	if status, a := r.verify(id); status != 200 || *a.Error.Code != 0 {
		t.Errorf("after all that: %d %+v, want the confidence", status, a)
	}
	if status, a := r.verify(r.challenge().TransactionID, "file", ""); status != 200 {
		t.Errorf("0 bytes go to the worker: %d %+v", status, a)
	}
	for _, method := range []string{"GET", "PUT", "DELETE", "OPTIONS"} {
		req, err := http.NewRequest(method, r.url+"/challenge", nil)
		if err != nil {
			t.Fatal(err)
		}
		if status, _ := r.do(req); status != 400 {
			t.Errorf("%s: %d, want 400", method, status)
		}
	}
	req, err := http.NewRequest("POST", r.url+"/verifier/"+r.challenge().TransactionID, io.LimitReader(zeros{}, 4<<30))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-API-Key", key)
	req.Header.Set("Content-Type", form1)
	req.Header.Set("Expect", "100-continue")
	req.ContentLength = 4 << 30
	if status, _ := r.do(req); status != 413 {
		t.Errorf("4 GB declared: %d, want 413", status)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestSlowUpload ends one that does not come, and lets the transaction be tried again.
func TestSlowUpload(t *testing.T) {
	r := newRig(t, func(o *Options) { o.Upload = 200 * time.Millisecond })
	a := r.challenge()
	kind, body := form("file", "video")
	stuck, end := io.Pipe()
	go func() { _, _ = end.Write(body.Bytes()[:body.Len()-30]) }()
	defer stuck.Close()
	began := time.Now()
	if status, b := r.post(key, "/verifier/"+a.TransactionID, kind, stuck); status != 400 || *b.Error.Type != "client" {
		t.Errorf("%d %+v, want 400", status, b)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("after %v", took)
	}
	if status, _ := r.verify(a.TransactionID); status != 200 {
		t.Errorf("again: %d", status)
	}
}

func TestWorkersThatFail(t *testing.T) {
	r := newRig(t, nil)
	r.err = errors.New("the decoder fell over")
	a := r.challenge()
	if status, b := r.verify(a.TransactionID); status != 400 || *b.Error.Type != "client" || strings.Contains(*b.Error.Message, "decoder") {
		t.Errorf("%d %+v %s, want 400 without our own words", status, b, *b.Error.Message)
	}
	if len(r.phrases) != 3 {
		t.Errorf("%d workers tried, want 3", len(r.phrases))
	}
	r.err = nil
	if status, _ := r.verify(a.TransactionID); status != 200 {
		t.Errorf("again: %d", status)
	}
}

// TestCodesDoNotMix holds that no user error can be taken for an HTTP status.
func TestCodesDoNotMix(t *testing.T) {
	seen := map[int]bool{}
	for _, e := range []replyError{tooShort(), tooLong(), tooDark(), notPresented(), severalFaces(), noSpeech()} {
		if e.Type != "user" || e.Code < 600 || seen[e.Code] || e.status() != 200 {
			t.Errorf("%+v", e)
		}
		seen[e.Code] = true
	}
}

func FuzzForm(f *testing.F) {
	_, body := form("file", "video")
	boundary, _, _ := strings.Cut(body.String(), "\r\n")
	f.Add(body.Bytes(), strings.TrimPrefix(boundary, "--"))
	for _, text := range []string{"", "--b\r\n\r\n", "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx\r\n--b--", "--b--"} {
		f.Add([]byte(text), "b")
	}
	f.Fuzz(func(t *testing.T, data []byte, boundary string) {
		if len(data) > 1<<16 {
			return
		}
		v, err := openVideo(multipart.NewReader(bytes.NewReader(data), boundary))
		if err == nil {
			var n int64
			if n, err = io.Copy(io.Discard, v); n > int64(len(data)) {
				t.Errorf("%d bytes out of %d", n, len(data))
			}
		}
		if err != nil && !errors.Is(err, errForm) && !errors.Is(err, errNoFile) && !errors.Is(err, errTwoFiles) {
			t.Errorf("err = %v", err)
		}
	})
}

// TestCallsAreDocumented holds the routes and every example of a reply against openapi.yaml.
func TestCallsAreDocumented(t *testing.T) {
	document := openapitest.Read(t, "../openapi.yaml")
	documented := document.Calls()
	for pattern := range (&Server{}).Routes() {
		if strings.Contains(pattern, " ") && !documented[pattern] {
			t.Errorf("%s is not documented", pattern)
		}
	}
	zero := 0
	replies := []reply{{TransactionID: uuid.NewString(), Phrase: "584060", Error: fine()}}
	for _, e := range []replyError{
		fine(), unauthorized(), tooShort(), tooLong(), tooDark(), notPresented(), severalFaces(), noSpeech(),
		clientError(400, "x"), clientError(413, "x"), clientError(429, "x"), serverError(500, "x"), serverError(503, "x"),
	} {
		replies = append(replies, reply{Confidence: &zero, Error: e})
	}
	for i, r := range replies {
		name := "LipSecureVerifier"
		if i == 0 {
			name = "LipSecureChallenge"
		}
		data, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		document.Check(name, data)
	}
}

func ExampleServer() {
	fmt.Println(isUUID("ef5a0ae2-884e-4106-b247-b332a0f9dd88"), isUUID(uuid.NewString()), isUUID("ef5a0ae2-884e-4106-b247-b332a0f9dd8"))
	// Output: true true false
}
