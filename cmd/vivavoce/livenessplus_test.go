package main

import (
	"bytes"
	"crypto/ecdh"
	"crypto/hpke"
	"crypto/x509"
	"encoding/json"
	"image"
	"image/jpeg"
	"io"
	"math"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/image/draw"

	"vivavoce/pipeline"
	"vivavoce/signaling/packet"
)

// plusRig is a whole server, and packets of somebody out of a photograph.
type plusRig struct {
	t      *testing.T
	url    string
	token  string
	whole  image.Image
	keyID  string
	sealer hpke.PublicKey
	noise  *rand.Rand

	newFinder func() (pipeline.Finder, error)
}

func newPlusRig(t *testing.T) *plusRig {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "models", "node_modules", "@vladmandic", "face-api", "demo", "sample6.jpg"))
	if err != nil {
		t.Skipf("no sample photograph: %v", err)
	}
	r := &plusRig{t: t, noise: rand.New(rand.NewPCG(1, 2))}
	if r.whole, err = jpeg.Decode(bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	running := serveForTest(t, nil)
	r.url, r.newFinder = running.url(), running.newFinder
	var given struct{ Token string }
	r.get("POST", "/api/v3/auth/token", testKey, &given)
	r.token = given.Token
	var k packet.PublicKey
	r.get("GET", "/api/v3/capture/key", "", &k)
	r.keyID = k.ID
	parsed, err := x509.ParsePKIXPublicKey(k.DER)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := parsed.(interface {
		ECDH() (*ecdh.PublicKey, error)
	}).ECDH()
	if err != nil {
		t.Fatal(err)
	}
	if r.sealer, err = hpke.NewDHKEMPublicKey(raw); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *plusRig) get(method, path, key string, into any) {
	r.t.Helper()
	req, err := http.NewRequest(method, r.url+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil || resp.StatusCode != 200 {
		r.t.Fatalf("%s: %s %v", path, resp.Status, err)
	}
}

// picture is a part of the photograph, with a sensor's noise, as RGB.
func (r *plusRig) picture(part image.Rectangle, width, height int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.ApproxBiLinear.Scale(m, m.Bounds(), r.whole, part, draw.Src, nil)
	for i := range m.Pix {
		if i%4 != 3 {
			m.Pix[i] = byte(min(max(int(m.Pix[i])+int(r.noise.Uint32()%7)-3, 0), 255))
		}
	}
	return m
}

func (r *plusRig) jpeg(m image.Image, quality int) []byte {
	r.t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
		r.t.Fatal(err)
	}
	return b.Bytes()
}

// Parts of the photograph, 4:3: one face, two, none.
func somebody() image.Rectangle { return image.Rect(1325, 185, 1865, 590) }
func twoFaces() image.Rectangle { return image.Rect(980, 100, 1880, 775) }
func nobody() image.Rectangle   { return image.Rect(60, 20, 300, 200) }

// capture is a packet of a part of the photograph that sways.
func (r *plusRig) capture(part image.Rectangle, phase float64) packet.Packet {
	p := packet.Packet{Meta: packet.Meta{
		MadeAt: time.Now().UnixMilli(), Client: "test/1", Mode: "auto",
		Camera: packet.Camera{Label: "Integrated Camera", Width: 640, Height: 480, FrameRate: 30}, Photo: packet.Picture{Of: 4, Width: 640, Height: 480},
	}}
	at := 1000.0
	for i := range 8 {
		sway := image.Pt(int(14*math.Sin(phase+0.15*float64(i))), int(5*math.Cos(phase+0.1*float64(i))))
		m := r.picture(part.Add(sway), 640, 480)
		if i == 4 {
			p.Photo = r.jpeg(m, 92)
		}
		small := image.NewRGBA(image.Rect(0, 0, 320, 240))
		draw.ApproxBiLinear.Scale(small, small.Bounds(), m, m.Bounds(), draw.Src, nil)
		p.Burst = append(p.Burst, r.jpeg(small, 90))
		at += 130 + 8*r.noise.Float64()
		p.Meta.Burst = append(p.Meta.Burst, packet.Shot{Picture: packet.Picture{Width: 320, Height: 240}, At: at, Media: 133 * float64(i), Frame: 4*i + 1})
	}
	return p
}

// seal gives the packet a nonce that is as old as its burst took.
func (r *plusRig) seal(p packet.Packet) []byte {
	r.t.Helper()
	data, err := packet.Seal(r.keyID, r.sealer, p)
	if err != nil {
		r.t.Fatal(err)
	}
	return data
}

func (r *plusRig) nonce() string {
	r.t.Helper()
	var n packet.Nonce
	r.get("GET", "/api/v3/capture/nonce", "", &n)
	return n.Nonce
}

func (r *plusRig) send(call string, data, selfie []byte) (code int, text string) {
	r.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	fields := map[string][]byte{"encrypted_file": data, "details": []byte("true")}
	if selfie != nil {
		fields["selfie"], fields["citizen_id"] = selfie, []byte("7-708-214")
	}
	for name, value := range fields {
		part, err := form.CreateFormFile(name, name)
		if err == nil {
			_, err = part.Write(value)
		}
		if err != nil {
			r.t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		r.t.Fatal(err)
	}
	req, err := http.NewRequest("POST", r.url+"/api/v3/biometrics/"+call+"/", &body)
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+r.token)
	req.Header.Set("Content-Type", form.FormDataContentType())
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	var read struct {
		Valid bool
		Code  int `json:"error_code"`
	}
	if err := json.Unmarshal(answer, &read); err != nil || resp.StatusCode != 200 || read.Valid != (read.Code == 0) {
		r.t.Fatalf("%s %s %v", resp.Status, answer, err)
	}
	return read.Code, string(answer)
}

// bomb is a PNG of 30000×30000 pixels by its head.
const bomb = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x75\x30\x00\x00\x75\x30\x08\x02\x00\x00\x00\xae\x1e\x4f\x5c"

// TestPacketsOnAWholeServer sends captures, good and made by hand, through the models. A packet without a nonce is as good
// as one with it but that its time is not bounded by ours.
func TestPacketsOnAWholeServer(t *testing.T) {
	r := newPlusRig(t)
	first := r.capture(somebody(), 0.3)
	if code, text := r.send("liveness", r.seal(first), nil); code != 0 {
		t.Fatalf("a swaying photograph: %s", text) // nothing here knows it from a person: api.md says so
	}
	for i, tt := range []struct {
		name   string
		part   image.Rectangle
		change func(p *packet.Packet)
		code   int
		says   string
	}{
		{"one more, a little elsewhere", somebody(), func(*packet.Packet) {}, 0, `"probability":1.0`},
		{"without a face", nobody(), func(*packet.Packet) {}, 704, ""},
		{"two faces", twoFaces(), func(*packet.Packet) {}, 705, ""},
		{"no burst", somebody(), func(p *packet.Packet) { p.Burst, p.Meta.Burst, p.Meta.Photo.Of = p.Burst[:1], p.Meta.Burst[:1], 0 }, 715, `"score":0.1`},
		{"identical pictures", somebody(), func(p *packet.Packet) {
			for i := range p.Burst {
				p.Burst[i] = p.Burst[p.Meta.Photo.Of]
			}
		}, 715, ""},
		{"to and fro", somebody(), func(p *packet.Packet) { p.Burst[7], p.Burst[6] = p.Burst[1], p.Burst[2] }, 715, ""},
		{"the burst of the photo's neighbour", somebody(), func(p *packet.Packet) { p.Photo = r.jpeg(r.picture(twoFaces(), 640, 480), 92) }, 715, `"capture_liveness"`},
		{"another face in the photo", somebody(), func(p *packet.Packet) { p.Photo = r.swapped(p.Photo) }, 715, `"capture_liveness"`},
		{"a burst longer than the nonce is old", somebody(), func(p *packet.Packet) { p.Nonce = r.nonce() }, 715, ""},
		{"impossible times", somebody(), func(p *packet.Packet) { p.Meta.Burst[5].At = p.Meta.Burst[4].At }, 715, ""},
		{"three hints", somebody(), func(p *packet.Packet) {
			p.Camera.Label, p.Signs.Driven, p.Signs.Hidden = "OBS Virtual Camera", true, true
		}, 715, `"score":0.421875`},
		{"two hints", somebody(), func(p *packet.Packet) { p.Camera.Label, p.Signs.Driven = "OBS Virtual Camera", true }, 0, `"score":0.5625`},
		{"the first one, encoded anew", somebody(), func(p *packet.Packet) { *p = r.again(first) }, 715, ""},
		{"a photo that is none", somebody(), func(p *packet.Packet) { p.Photo = []byte("photo") }, 708, ""},
		{"a photo cut short", somebody(), func(p *packet.Packet) { p.Photo = p.Photo[:len(p.Photo)/2] }, 708, ""},
		{"an image bomb", somebody(), func(p *packet.Packet) { p.Photo = []byte(bomb) }, 708, ""},
		{"an image bomb in the burst", somebody(), func(p *packet.Packet) { p.Burst[2] = []byte(bomb) }, 708, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r.t = t
			p := r.capture(tt.part, 1+float64(i))
			tt.change(&p)
			if code, text := r.send("liveness", r.seal(p), nil); code != tt.code || !strings.Contains(text, tt.says) {
				t.Errorf("%s, want %d with %s", text, tt.code, tt.says)
			}
		})
	}
	for i, tt := range []struct {
		name   string
		selfie func(p packet.Packet) []byte
		code   int
	}{
		{"the photo", func(p packet.Packet) []byte { return p.Photo }, 0},
		{"the photo, encoded anew", func(p packet.Packet) []byte { return r.again(p).Photo }, 0},
		{"another photo", func(packet.Packet) []byte { return r.jpeg(r.picture(twoFaces(), 640, 480), 92) }, 715},
		{"no photo", func(packet.Packet) []byte { return []byte("selfie") }, 708},
	} {
		t.Run("selfie: "+tt.name, func(t *testing.T) {
			r.t = t
			p := r.capture(somebody(), 40+float64(i))
			if code, text := r.send("nationals", r.seal(p), tt.selfie(p)); code != tt.code {
				t.Errorf("%s, want %d", text, tt.code)
			}
		})
	}
}

// swapped puts another face where the photo has one.
func (r *plusRig) swapped(photo []byte) []byte {
	r.t.Helper()
	m, err := jpeg.Decode(bytes.NewReader(photo))
	if err != nil {
		r.t.Fatal(err)
	}
	to := image.NewRGBA(m.Bounds())
	draw.Draw(to, to.Bounds(), m, image.Point{}, draw.Src)
	other := image.Rect(1100, 230, 1220, 380)
	draw.BiLinear.Scale(to, image.Rect(200, 100, 400, 350), r.whole, other, draw.Src, nil)
	return r.jpeg(to, 92)
}

// again is the packet with its pictures encoded anew.
func (r *plusRig) again(p packet.Packet) packet.Packet {
	r.t.Helper()
	anew := func(data []byte) []byte {
		m, err := jpeg.Decode(bytes.NewReader(data))
		if err != nil {
			r.t.Fatal(err)
		}
		return r.jpeg(m, 75)
	}
	p.Photo = anew(p.Photo)
	burst := make([][]byte, len(p.Burst))
	for i := range burst {
		burst[i] = anew(p.Burst[i])
	}
	p.Burst = burst
	return p
}
