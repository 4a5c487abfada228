package livenessplus

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"vivavoce/pipeline"
	"vivavoce/pipeline/burst"
	"vivavoce/pipeline/quality"
	"vivavoce/signaling/auth"
	"vivavoce/signaling/openapitest"
	"vivavoce/signaling/packet"
)

// The public page's bodies, but for the spaces between and the id.
const (
	pageDetails  = `"api_response":{"face_liveness":{"probability":0.9859461},"capture_liveness":{"score":1.1050358,"probability":1.0}}`
	pageAccepted = `{"valid":true}`
	pageAttack   = `{"valid":false,"error_code":715,"message":"Attack detected in the sent image.","error_details":{` +
		`"capture_liveness":"For a positive result you must get 1, value achieved: 0.0.",` +
		`"api_response":{"face_liveness":{"probability":0.9607433},"capture_liveness":{"score":0.1,"probability":0.0}}},"id":N}`
)

var anyID = regexp.MustCompile(`"id":[0-9]+`)

// TestThePagesBodies asserts every body that the public page prints, for every way to ask for it.
func TestThePagesBodies(t *testing.T) {
	r := newRig(t, nil)
	yes, no := []string{"true", "True", "TRUE", "1"}, []string{"false", "False", "0", ""}
	for i := range yes {
		for _, tt := range []struct {
			details, id string
			want        string
		}{
			{yes[i], yes[i], `{"valid":true,` + pageDetails + `,"id":N}`},
			{yes[i], no[i], `{"valid":true,` + pageDetails + `}`},
			{no[i], yes[i], `{"valid":true,"id":N}`},
			{no[i], no[i], pageAccepted},
		} {
			for _, path := range []string{"liveness/", "liveness"} {
				resp, text := r.post(path, "encrypted_file", r.sealed(nil), "details", tt.details, "return_id", tt.id)
				if got := anyID.ReplaceAllString(text, `"id":N`); resp.StatusCode != 200 || got != tt.want {
					t.Errorf("details=%s&return_id=%s: %s %s, want %s", tt.details, tt.id, resp.Status, text, tt.want)
				}
			}
		}
	}
	if _, text := r.post("liveness/", "encrypted_file", r.sealed(nil)); text != pageAccepted {
		t.Errorf("with neither: %s", text)
	}
	attack := person()
	attack.Texture.Value, attack.Capture = 0.9607433, pipeline.Score{Checked: true, Value: 0.1, Reasons: []pipeline.Reason{burst.Frozen}}
	r.sees(attack, nil)
	if _, text := r.post("liveness/", "encrypted_file", r.sealed(nil), "details", "true", "return_id", "true"); anyID.ReplaceAllString(text, `"id":N`) != pageAttack {
		t.Errorf("attack: %s, want %s", text, pageAttack)
	}
	if _, text := r.post("liveness/", "encrypted_file", r.sealed(nil)); text != `{"valid":false,"error_code":715,"message":"Attack detected in the sent image.","error_details":{"capture_liveness":"For a positive result you must get 1, value achieved: 0.0."}}` {
		t.Errorf("attack, nothing asked for: %s", text)
	}
}

func TestIDsGrow(t *testing.T) {
	r := newRig(t, nil)
	second, err := New(t.Context(), r.server.o)
	if err != nil {
		t.Fatal(err)
	}
	last := int64(0)
	for i := range 6 {
		s := r.server
		if i%2 == 1 {
			s = second // another node
		}
		id, err := s.records.keep(t.Context(), record{Tenant: "bank"})
		if err != nil || id <= last {
			t.Errorf("id %d after %d (%v)", id, last, err)
		}
		last = id
	}
	if _, text := r.post("liveness/", "encrypted_file", r.sealed(nil), "return_id", "true"); read(t, text).ID != last+1 {
		t.Errorf("%s, want the id %d", text, last+1)
	}
}

// TestCodes holds what becomes of what was seen, and the page's messages to the letter.
func TestCodes(t *testing.T) {
	with := func(change func(*Seen)) Seen {
		s := person()
		change(&s)
		return s
	}
	hinted := func(codes ...pipeline.HintCode) Seen { return with(func(s *Seen) { s.Hints = codes }) }
	for _, tt := range []struct {
		name    string
		seen    Seen
		opened  error
		code    code
		message string
	}{
		{name: "a person", seen: person()},
		{name: "a person in uneven light, who moves", seen: hinted(quality.LightUneven, quality.Moving, quality.OffCentre)},
		{name: "at the thresholds", seen: with(func(s *Seen) { s.Texture.Value, s.Capture.Value = 0.5, 0.5 })},
		{"close", hinted(quality.TooNear), nil, 700, "Face too close."},
		{"at the edge", with(func(s *Seen) { s.Margin = 0.01 }), nil, 701, "Face too close to the edges."},
		{"cut off", with(func(s *Seen) { s.Margin = -0.1 }), nil, 702, "Incomplete face."},
		{"a mask", hinted(quality.MouthHidden), nil, 703, "Obstructed face."},
		{"dark glasses", hinted(quality.EyesHidden), nil, 703, "Obstructed face."},
		{"nobody", Seen{Capture: person().Capture, Hints: []pipeline.HintCode{quality.NoFace}}, nil, 704, "Face not detected"},
		{"two", with(func(s *Seen) { s.Faces = 2 }), nil, 705, "Too many faces."},
		{"far", hinted(quality.TooFar), nil, 706, "Face very reduced in pixels"},
		{"small", hinted(quality.LowResolution), nil, 706, "Face very reduced in pixels"},
		{"turned", hinted(quality.TurnToCamera), nil, 707, "Incorrect face angle."},
		{"lying", with(func(s *Seen) { s.Rotated = true }), nil, 707, "Incorrect face angle."},
		{"dark", hinted(quality.TooDark), nil, 713, "Image quality for life test not acceptable."},
		{"so dark that nobody is found", Seen{Capture: person().Capture, Hints: []pipeline.HintCode{quality.TooDark}}, nil, 713, "Image quality for life test not acceptable."},
		{"blurred", hinted(quality.Blurred), nil, 713, "Image quality for life test not acceptable."},
		{"texture could not be looked at", with(func(s *Seen) { s.Texture = pipeline.Score{} }), nil, 714, "Minimum image conditions for proof of life not met."},
		{"a screen", with(func(s *Seen) { s.Texture.Value = 0.49 }), nil, 715, "Attack detected in the sent image."},
		{"no number", with(func(s *Seen) { s.Texture.Value = math.NaN() }), nil, 715, "Attack detected in the sent image."},
		{"no burst", with(func(s *Seen) { s.Capture.Value = 0.1 }), nil, 715, "Attack detected in the sent image."},
		{"a capture that is not checked", with(func(s *Seen) { s.Capture = pipeline.Score{} }), nil, 715, "Attack detected in the sent image."},
		{"a capture that is no number", with(func(s *Seen) { s.Capture.Value = math.NaN() }), nil, 715, "Attack detected in the sent image."},
		{"an attack without a face", Seen{Capture: pipeline.Score{Checked: true, Value: 0.1}}, nil, 715, "Attack detected in the sent image."},
		{"another selfie", with(func(s *Seen) { s.Apart = true }), nil, 715, "Attack detected in the sent image."},
		{"replayed", person(), packet.ErrReplayed, 715, "Attack detected in the sent image."},
		{"a made-up nonce", person(), packet.ErrNonce, 715, "Attack detected in the sent image."},
		{"nothing", Seen{}, nil, 715, "Attack detected in the sent image."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := judge(tt.seen, tt.opened)
			r := v.reply(asked{details: true})
			if v.code != tt.code || r.Valid != (tt.code == 0) || r.Message != tt.message {
				t.Errorf("%d %+v, want %d %s", v.code, r, tt.code, tt.message)
			}
			if r.Valid && (r.APIResponse.Capture.Probability != 1 || r.APIResponse.Face.Probability < leastFace) {
				t.Errorf("valid by %+v", r.APIResponse)
			}
		})
	}
}

// altered is s with another letter in its middle.
func altered(s string) string {
	b := []byte(s)
	if i := len(b) / 2; b[i] == 'A' {
		b[i] = 'B'
	} else {
		b[i] = 'A'
	}
	return string(b)
}

// TestPackets sends packets that are none: a caller hears 708 or 715, the operator why.
func TestPackets(t *testing.T) {
	r := newRig(t, nil)
	sent := r.sealed(nil)
	r.post("liveness/", "encrypted_file", sent)
	photo := []byte("the photo")
	r.post("liveness/", "encrypted_file", r.sealed(func(p *packet.Packet) { p.Photo = photo }))
	for _, tt := range []struct {
		name, data string
		code       int
		why        string
	}{
		{"nothing", "", 708, "malformed"},
		{"text", "hello", 708, "malformed"},
		{"a JPEG", "\xff\xd8\xff\xe0\x00\x10JFIF", 708, "malformed"},
		{"altered", altered(sent), 708, "altered"},
		{"cut", sent[:len(sent)/2], 708, "altered"},
		{"for another key", strings.Replace(sent, r.keyID, "0123456789abcdef", 1), 708, "unknown_key"},
		{"stale", r.sealed(func(p *packet.Packet) { p.Nonce, p.MadeAt = "", 0 }), 708, "stale"},
		{"replayed", sent, 715, "replayed"},
		{"sealed again", r.sealed(func(p *packet.Packet) { p.Photo = photo }), 715, "replayed"},
		{"a nonce made up", r.sealed(func(p *packet.Packet) { p.Nonce = "AAAA" }), 715, "nonce"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r.forget()
			resp, text := r.post("liveness/", "encrypted_file", tt.data, "details", "true")
			if a := read(t, text); resp.StatusCode != 200 || a.Code != tt.code || a.Valid {
				t.Errorf("%s %s, want %d", resp.Status, text, tt.code)
			}
			if got, want := r.forget(), fmt.Sprint(tt.code, " ", tt.why); len(got) != 1 || got[0] != want {
				t.Errorf("counted as %q, want %q", got, want)
			}
			if strings.Contains(text, tt.why) {
				t.Errorf("%s says why", text)
			}
		})
	}
}

// TestOnePacketOnce sends a packet many times together: one is valid.
func TestOnePacketOnce(t *testing.T) {
	r := newRig(t, nil)
	data := r.sealed(nil)
	var all sync.WaitGroup
	valid := make(chan bool, 8)
	for range 8 {
		all.Go(func() {
			_, text := r.post("liveness/", "encrypted_file", data)
			valid <- text == pageAccepted
		})
	}
	all.Wait()
	n := 0
	for range 8 {
		if <-valid {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d are valid, want one", n)
	}
}

func TestBadForms(t *testing.T) {
	r := newRig(t, nil)
	bearer := map[string]string{"Authorization": "Bearer " + r.token}
	good := r.sealed(nil)
	national := []string{"encrypted_file", good, "selfie", "x", "citizen_id", "7-708-214"}
	without := func(name string) []string {
		var f []string
		for i := 0; i < len(national); i += 2 {
			if national[i] != name {
				f = append(f, national[i], national[i+1])
			}
		}
		return f
	}
	for _, tt := range []struct {
		name   string
		path   string
		fields []string
		status int
	}{
		{"no file", "liveness/", []string{"details", "true"}, 400},
		{"no fields", "liveness/", nil, 400},
		{"two files", "liveness/", []string{"encrypted_file", good, "encrypted_file", good}, 400},
		{"details maybe", "liveness/", []string{"encrypted_file", good, "details", "maybe"}, 400},
		{"details twice", "liveness/", []string{"encrypted_file", good, "details", "true", "details", "false"}, 400},
		{"a long boolean", "liveness/", []string{"encrypted_file", good, "details", strings.Repeat("1", 2000)}, 413},
		{"a packet too large", "liveness/", []string{"encrypted_file", strings.Repeat("x", packet.MaxBytes+1)}, 413},
		{"a form too large", "liveness/", []string{"other", strings.Repeat("x", maxForm)}, 413},
		{"a selfie too large", "nationals/", append(without("selfie"), "selfie", strings.Repeat("x", maxSelfie+1)), 413},
		{"no selfie", "nationals/", without("selfie"), 400},
		{"no citizen", "nationals/", without("citizen_id"), 400},
		{"a citizen of blanks", "nationals/", append(without("citizen_id"), "citizen_id", "  "), 400},
		{"a long citizen", "nationals/", append(without("citizen_id"), "citizen_id", strings.Repeat("7", 65)), 400},
		{"another device", "nationals/", append(national, "device", "FRIDGE"), 400},
		{"foreigners", "foreigners/", []string{"frontside", "x", "selfie", "x", "document_type", "passport"}, 501},
	} {
		t.Run(tt.name, func(t *testing.T) {
			resp, text := r.post(tt.path, tt.fields...)
			if resp.StatusCode != tt.status || !strings.HasPrefix(text, `{"detail":"`) {
				t.Errorf("%s %s, want %d", resp.Status, text, tt.status)
			}
		})
	}
	for _, tt := range []struct{ name, contentType, body string }{
		{"JSON", "application/json", `{"encrypted_file":"AAAA"}`},
		{"no content type", "", "x"},
		{"a form without boundary", "multipart/form-data", "x"},
		{"a form cut short", "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"encrypted_file\"\r\n\r\nx"},
		{"a form in a form", "multipart/mixed; boundary=b", "--b--"},
		{"urlencoded", "application/x-www-form-urlencoded", "encrypted_file=x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			head := map[string]string{"Authorization": bearer["Authorization"], "Content-Type": tt.contentType}
			if resp, text := r.call("POST", "/api/v3/biometrics/liveness/", head, strings.NewReader(tt.body)); resp.StatusCode != 400 {
				t.Errorf("%s %s, want 400", resp.Status, text)
			}
		})
	}
	// None of them used the packet up.
	if _, text := r.post("liveness/", "encrypted_file", good); text != pageAccepted {
		t.Errorf("the packet of the bad forms: %s", text)
	}
	// A field that is not known is skipped, whatever it holds.
	if _, text := r.post("liveness/", "encrypted_file", r.sealed(nil), "selfie", "x", "citizen_id", "7", "device", "DESKTOP", "more", strings.Repeat("y", 5000)); text != pageAccepted {
		t.Errorf("with further fields: %s", text)
	}
}

// TestFourGigabytesDeclared is answered before they come.
func TestFourGigabytesDeclared(t *testing.T) {
	r := newRig(t, nil)
	req, err := http.NewRequest("POST", r.url+"/api/v3/biometrics/liveness/", io.NopCloser(strings.NewReader("")))
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength = 4 << 30
	req.Header.Set("Authorization", "Bearer "+r.token)
	req.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	req.Header.Set("Expect", "100-continue")
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true, ExpectContinueTimeout: time.Minute}}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 413 {
		t.Errorf("%s, want 413", resp.Status)
	}
}

func TestWhoMayCall(t *testing.T) {
	r := newRig(t, nil)
	expired, err := r.server.access.Token(mustKey(t, r.auth, key), audience, time.Minute, time.Now().Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, method, path, header string
		status                     int
	}{
		{"no token", "POST", "/api/v3/biometrics/liveness/", "", 401},
		{"an expired token", "POST", "/api/v3/biometrics/liveness/", "Bearer " + expired, 401},
		{"an expired token, nationals", "POST", "/api/v3/biometrics/nationals/", "Bearer " + expired, 401},
		{"an expired token, foreigners", "POST", "/api/v3/biometrics/foreigners/", "Bearer " + expired, 401},
		{"an expired token, look", "POST", "/api/v3/capture/look", "Bearer " + expired, 401},
		{"an API key", "POST", "/api/v3/biometrics/liveness/", "Bearer " + key, 401},
		{"another scheme", "POST", "/api/v3/biometrics/liveness/", "Basic " + r.token, 401},
		{"not a token", "POST", "/api/v3/biometrics/liveness/", "Bearer a.b.c", 401},
		{"a good token without a form", "POST", "/api/v3/biometrics/liveness/", "Bearer " + r.token, 400},
		{"a token for no key", "POST", "/api/v3/auth/token", "", 401},
		{"a token for a wrong key", "POST", "/api/v3/auth/token/", "Bearer nobody's", 401},
		{"a token for a token", "POST", "/api/v3/auth/token", "Bearer " + r.token, 401},
		{"a token for a key of another scope", "POST", "/api/v3/auth/token", "Bearer " + r.other, 403},
		{"a token by GET", "GET", "/api/v3/auth/token", "Bearer " + key, 405},
		{"liveness by GET", "GET", "/api/v3/biometrics/liveness/", "Bearer " + r.token, 405},
		{"another call", "POST", "/api/v3/biometrics/else/", "Bearer " + r.token, 404},
		{"below a call", "POST", "/api/v3/biometrics/liveness/7", "Bearer " + r.token, 404},
		{"the key to seal for", "GET", "/api/v3/capture/key", "", 200},
		{"a nonce", "GET", "/api/v3/capture/nonce", "", 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			resp, text := r.call(tt.method, tt.path, map[string]string{"Authorization": tt.header}, nil)
			if resp.StatusCode != tt.status {
				t.Errorf("%s %s, want %d", resp.Status, text, tt.status)
			}
			if challenge := resp.Header.Get("WWW-Authenticate"); (tt.status == 401) != strings.Contains(challenge, "invalid_token") {
				t.Errorf("WWW-Authenticate is %q", challenge)
			}
			if resp.Header.Get("Cache-Control") != "no-store" {
				t.Error("it may be kept")
			}
		})
	}
}

func mustKey(t *testing.T, a *auth.Auth, key string) auth.Caller {
	t.Helper()
	c, err := a.Key(key, auth.LivenessPlus)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestOtherSites: a page of any site may ask and read, as the public page's sample does, but not get a token for a key.
func TestOtherSites(t *testing.T) {
	r := newRig(t, nil)
	for path, may := range map[string]bool{
		"/api/v3/biometrics/liveness/": true, "/api/v3/biometrics/nationals": true, "/api/v3/capture/key": true, "/api/v3/capture/nonce": true,
		"/api/v3/capture/look": true, "/api/v3/auth/token": false,
	} {
		head := map[string]string{"Origin": "https://shop.example", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
		resp, _ := r.call("OPTIONS", path, head, nil)
		allowed := resp.StatusCode == 204 && resp.Header.Get("Access-Control-Allow-Origin") == "*" &&
			strings.Contains(resp.Header.Get("Access-Control-Allow-Headers"), "Authorization") && resp.Header.Get("Access-Control-Allow-Credentials") == ""
		if allowed != may {
			t.Errorf("%s: %s %v", path, resp.Status, resp.Header)
		}
	}
	if resp, _ := r.post("liveness/", "encrypted_file", "x"); resp.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Error("the answer cannot be read")
	}
}

func TestNationals(t *testing.T) {
	r := newRig(t, nil)
	resp, text := r.post("nationals/", "selfie", "the selfie", "encrypted_file", r.sealed(nil), "return_id", "true", "citizen_id", "7-708-214", "device", "DESKTOP", "details", "true")
	if want := `{"valid":true,` + pageDetails + `,"registry":"none","id":N}`; resp.StatusCode != 200 || anyID.ReplaceAllString(text, `"id":N`) != want {
		t.Errorf("%s %s, want %s", resp.Status, text, want)
	}
	if string(r.selfie) != "the selfie" {
		t.Errorf("looked at %q beside the packet", r.selfie)
	}
	kept, _, err := r.server.records.kept.Get(t.Context(), fmt.Sprint(read(t, text).ID))
	if err != nil {
		t.Fatal(err)
	}
	if kept.Citizen == "" || kept.Citizen != r.server.records.pseudonym("default", "7-708-214") || kept.Device != "DESKTOP" || kept.Code != 0 || kept.Tenant != "default" {
		t.Errorf("kept %+v", kept)
	}
	if strings.Contains(kept.Citizen, "708") || kept.Citizen == r.server.records.pseudonym("bank", "7-708-214") {
		t.Errorf("the citizen is kept as %q", kept.Citizen)
	}
}

// TestOurFaults says nothing of their causes.
func TestOurFaults(t *testing.T) {
	r := newRig(t, nil)
	for _, tt := range []struct {
		name   string
		err    error
		status int
		want   string
	}{
		{"too many", ErrBusy, 503, `{"detail":`},
		{"a picture that cannot be read", fmt.Errorf("%w: EOF in secret", ErrPicture), 200, `"error_code":708`},
		{"too slow", context.DeadlineExceeded, 200, `"error_code":709`},
		{"anything", errors.New("secret/path/of/a/model"), 500, `"error_code":711,"message":"Life Test Engine Internal Error"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r.sees(person(), tt.err)
			resp, text := r.post("liveness/", "encrypted_file", r.sealed(nil))
			if resp.StatusCode != tt.status || !strings.Contains(text, tt.want) || strings.Contains(text, "secret") {
				t.Errorf("%s %s, want %d %s", resp.Status, text, tt.status, tt.want)
			}
			if (tt.status == 503) != (resp.Header.Get("Retry-After") != "") {
				t.Errorf("Retry-After is %q", resp.Header.Get("Retry-After"))
			}
		})
	}
}

func TestLimits(t *testing.T) {
	r := newRig(t, func(o *Options) { o.AtOnce = 1 })
	r.wait, r.begun = make(chan struct{}), make(chan struct{})
	var first sync.WaitGroup
	first.Go(func() {
		if _, text := r.post("liveness/", "encrypted_file", r.sealed(nil)); text != pageAccepted {
			t.Errorf("the first: %s", text)
		}
	})
	<-r.begun
	if resp, text := r.post("liveness/", "encrypted_file", r.sealed(nil)); resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
		t.Errorf("the second meanwhile: %s %s", resp.Status, text)
	}
	close(r.wait)
	first.Wait()
	r.mu.Lock()
	r.wait = nil
	r.mu.Unlock()
	r.token = r.tokenOf(r.few)
	for i, want := range []int{200, 200, 429} {
		if resp, text := r.post("liveness/", "encrypted_file", r.sealed(nil)); resp.StatusCode != want {
			t.Errorf("call %d: %s %s, want %d", i+1, resp.Status, text, want)
		}
	}
}

func TestLook(t *testing.T) {
	r := newRig(t, nil)
	hints := func(codes ...pipeline.HintCode) Seen { return Seen{Faces: 1, Hints: codes} }
	for _, tt := range []struct {
		name   string
		glance Glance
		want   string
	}{
		{"a person", Glance{Seen: hints()}, `{"errors":[]}`},
		{"nobody", Glance{Seen: Seen{Hints: []pipeline.HintCode{quality.NoFace}}}, `{"errors":["face_not_found"]}`},
		{"nobody, and no hint", Glance{}, `{"errors":["face_not_found"]}`},
		{"nobody in the dark", Glance{Seen: Seen{Hints: []pipeline.HintCode{quality.TooDark}}}, `{"errors":["dark_image"]}`},
		{"two", Glance{Seen: Seen{Faces: 2, Hints: []pipeline.HintCode{quality.SeveralFaces}}}, `{"errors":["too_many_faces"]}`},
		{"turned and tilted", Glance{Seen: hints(quality.TurnToCamera, quality.Tilted)}, `{"errors":["face_angle"]}`},
		{"eyes shut, mouth open, off the middle", Glance{Seen: hints(quality.OffCentre), EyesShut: true, MouthOpen: true}, `{"errors":["face_not_centered","eyes_closed","mouth_open"]}`},
		{"what a photo need not have", Glance{Seen: hints(quality.LowFrameRate, quality.Moving, quality.LowResolution)}, `{"errors":[]}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r.glimpses(tt.glance, nil)
			if resp, text := r.call("POST", "/api/v3/capture/look", map[string]string{"Authorization": "Bearer " + r.token}, strings.NewReader("x")); resp.StatusCode != 200 || text != tt.want {
				t.Errorf("%s %s, want %s", resp.Status, text, tt.want)
			}
		})
	}
	for status, err := range map[int]error{400: ErrPicture, 503: ErrBusy, 500: errors.New("secret")} {
		r.glimpses(Glance{}, err)
		if resp, text := r.call("POST", "/api/v3/capture/look", map[string]string{"Authorization": "Bearer " + r.token}, strings.NewReader("x")); resp.StatusCode != status || strings.Contains(text, "secret") {
			t.Errorf("%v: %s %s, want %d", err, resp.Status, text, status)
		}
	}
	if resp, _ := r.call("POST", "/api/v3/capture/look", map[string]string{"Authorization": "Bearer " + r.token}, bytes.NewReader(make([]byte, maxGlance+1))); resp.StatusCode != 413 {
		t.Errorf("too large: %s, want 413", resp.Status)
	}
}

func TestTokenAnswer(t *testing.T) {
	r := newRig(t, nil)
	_, text := r.call("POST", "/api/v3/auth/token/", map[string]string{"Authorization": "bearer " + key}, nil)
	if !regexp.MustCompile(`^{"token":"[\w-]+\.[\w-]+\.[\w-]+","token_type":"Bearer","expires_in":900}$`).MatchString(text) {
		t.Errorf("%s", text)
	}
}

func TestDecimals(t *testing.T) {
	for v, want := range map[float64]string{0: "0.0", 1: "1.0", 0.98594612: "0.9859461", -3: "-3.0", 1e-9: "0.0", math.Inf(1): "0.0", 123456.5: "123456.5"} {
		if got, err := decimal(v).MarshalJSON(); err != nil || string(got) != want {
			t.Errorf("%v is written %s (%v), want %s", v, got, err, want)
		}
	}
}

func FuzzForm(f *testing.F) {
	_, body := formOf("encrypted_file", "packet", "details", "true", "return_id", "1")
	boundary, _, _ := strings.Cut(body.String(), "\r\n")
	f.Add(body.Bytes(), strings.TrimPrefix(boundary, "--"))
	for _, text := range []string{"", "--b--", "--b\r\n\r\n", "--b\r\nContent-Disposition: form-data; name=\"details\"\r\n\r\ntrue\r\n--b--"} {
		f.Add([]byte(text), "b")
	}
	f.Fuzz(func(t *testing.T, data []byte, boundary string) {
		read, err := readForm(multipart.NewReader(bytes.NewReader(data), boundary))
		var bad errForm
		if err != nil && !errors.As(err, &bad) {
			t.Errorf("err = %v", err)
		}
		total := 0
		for _, v := range read {
			total += len(v)
		}
		if total > len(data) {
			t.Errorf("%d bytes out of %d", total, len(data))
		}
		if _, err := read.asked(); err != nil && !errors.As(err, &bad) {
			t.Errorf("err = %v", err)
		}
	})
}

// TestCallsAreDocumented holds the routes and every kind of answer against openapi.yaml.
func TestCallsAreDocumented(t *testing.T) {
	document := openapitest.Read(t, "../openapi.yaml")
	documented := document.Calls()
	for pattern := range (&Server{}).Routes() {
		method, path, ok := strings.Cut(pattern, " ")
		if !ok {
			method, path = "POST", pattern
		}
		path = strings.TrimSuffix(strings.TrimSuffix(path, "{$}"), "/")
		if call := method + " " + path; path != "/api/v3" && !documented[call] && !documented[call+"/"] { // the one or the other is Liveness Plus's own
			t.Errorf("%s is not documented", pattern)
		}
	}
	r := newRig(t, nil)
	answered := func(schema, path string, fields ...string) {
		t.Helper()
		_, text := r.post(path, fields...)
		document.Check(schema, []byte(text))
	}
	for _, flag := range []string{"true", "false"} {
		answered("LivenessPlusAnswer", "liveness/", "encrypted_file", r.sealed(nil), "details", flag, "return_id", flag)
		answered("LivenessPlusAnswer", "liveness/", "encrypted_file", "none", "details", flag, "return_id", flag)
		answered("LivenessPlusNationals", "nationals", "encrypted_file", r.sealed(nil), "selfie", "x", "citizen_id", "7", "details", flag, "return_id", flag)
	}
	answered("LivenessPlusFailure", "liveness/")
	answered("LivenessPlusFailure", "foreigners/")
	for c := tooClose; c <= attack; c++ {
		v := verdict{code: c, face: person().Texture, capture: person().Capture}
		text, err := json.Marshal(v.reply(asked{details: true}))
		if err != nil {
			t.Fatal(err)
		}
		if c != 710 && c != 712 { // never given
			document.Check("LivenessPlusAnswer", text)
		}
	}
	for path, schema := range map[string]string{"key": "CaptureKey", "nonce": "CaptureNonce"} {
		_, text := r.call("GET", "/api/v3/capture/"+path, nil, nil)
		document.Check(schema, []byte(text))
	}
	_, answer := r.call("POST", "/api/v3/auth/token", map[string]string{"Authorization": "Bearer " + key}, nil)
	document.Check("LivenessPlusToken", []byte(answer))
	_, answer = r.call("POST", "/api/v3/capture/look", map[string]string{"Authorization": "Bearer " + r.token}, strings.NewReader("x"))
	document.Check("CaptureLook", []byte(answer))
}
