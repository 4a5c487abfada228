package conformance_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
	"testing"
	"time"

	"vivavoce/media/file/filetest"
	"vivavoce/signaling/conformance"
)

// detection is BWS's call with one or two images.
const detection = "/api/v1/livenessdetection"

// bws is an answer of BWS in a word: status and gRPC code, or the errors of a job.
func bws(a conformance.Answer, err error) string {
	if err != nil {
		return "cut"
	}
	var body struct {
		Code   int
		Errors []struct{ ErrorCode string }
	}
	if err := json.Unmarshal(a.Body, &body); err != nil {
		return fmt.Sprintf("%d, no JSON", a.Status)
	}
	if a.Status != 200 {
		return fmt.Sprintf("%d, gRPC %d", a.Status, body.Code)
	}
	word := "200"
	for _, e := range body.Errors {
		word += " " + e.ErrorCode
	}
	return word
}

// toBWS posts JSON with the printed token, or with another header.
func toBWS(name, want, path, text string, header ...string) conformance.Bad {
	return conformance.Bad{API: "BWS", Name: name, Want: want, Send: func(s *conformance.Server) string {
		h := header
		if !strings.Contains(strings.Join(h, " "), "Authorization") {
			h = append(conformance.Bearer(s.Token), h...)
		}
		if !strings.Contains(strings.Join(h, " "), "Content-Type") {
			h = append([]string{"Content-Type", "application/json"}, h...)
		}
		return bws(s.Do(conformance.Call{Method: "POST", Path: path, Header: h, Text: text}))
	}}
}

// looked is BWS's request for some images.
func looked(images ...[]byte) string {
	type image struct {
		Image []byte `json:"image"`
	}
	var all []image
	for _, i := range images {
		all = append(all, image{i})
	}
	data, _ := json.Marshal(map[string]any{"liveImages": all}) // of bytes
	return string(data)
}

func badBWS(t *testing.T) []conformance.Bad {
	picture := jpegOf(t, 640, 480)
	claimed := func(name, want string, change func(s *conformance.Server) string) conformance.Bad {
		return conformance.Bad{API: "BWS", Name: name, Want: want, Send: func(s *conformance.Server) string {
			return toBWS("", "", detection, looked(picture), conformance.Bearer(change(s))...).Send(s)
		}}
	}
	shown := func(name, want string, images ...[]byte) conformance.Bad {
		return toBWS(name, want, detection, looked(images...))
	}
	films := func(name, want string, film []byte) conformance.Bad {
		data, _ := json.Marshal(map[string][]byte{"video": film}) // of bytes
		return toBWS("a video: "+name, want, "/api/v1/videolivenessdetection", string(data))
	}
	return []conformance.Bad{
		toBWS("no token", "401, gRPC 16", detection, "{}", "Authorization", ""),
		claimed("the API key for a token", "401, gRPC 16", func(s *conformance.Server) string { return s.Key + ".a.b" }),
		claimed("a token that has expired", "401, gRPC 16", func(s *conformance.Server) string {
			return token(head(), claims(s, "aud", "BWS", "exp", time.Now().Add(-time.Hour).Unix()), sha512.New, secretOf(s))
		}),
		claimed("a token for another API", "401, gRPC 16", func(s *conformance.Server) string { return token(head(), claims(s), sha512.New, secretOf(s)) }),
		claimed("a token with alg none", "401, gRPC 16", func(s *conformance.Server) string {
			return token(head("alg", "none"), claims(s, "aud", "BWS"), nil, nil)
		}),
		claimed("a token with RS256, signed by HMAC", "401, gRPC 16", func(s *conformance.Server) string {
			return token(head("alg", "RS256"), claims(s, "aud", "BWS"), sha256.New, secretOf(s))
		}),
		toBWS("no JSON", "400, gRPC 3", detection, "{{{"),
		toBWS("no images", "400, gRPC 3", detection, "{}"),
		toBWS("three images", "400, gRPC 3", detection, looked(picture, picture, picture)),
		toBWS("a field twice", "400, gRPC 3", detection, `{"liveImages":[],"liveImages":[]}`),
		toBWS("an image that is no base64", "400, gRPC 3", detection, `{"liveImages":[{"image":"!"}]}`),
		toBWS("an image as a data URL", "400, gRPC 3", detection, `{"liveImages":[{"image":"data:image/png;base64,AAAA"}]}`),
		toBWS("1 MiB of brackets", "400, gRPC 3", detection, strings.Repeat("[", 1<<20)),
		toBWS("a form", "400, gRPC 3", detection, "image=x", "Content-Type", "application/x-www-form-urlencoded"),
		toBWS("60 MiB", "400, gRPC 3", detection, looked(make([]byte, 45<<20)), "Expect", "100-continue"),
		toBWS("a reference number of 8 KiB", "200 FaceNotFound", detection, looked(picture), "Reference-Number", strings.Repeat("r", 8<<10)),
		toBWS("another call", "404, gRPC 12", "/api/v1/enroll", "{}"),
		toBWS("photoverify, which is not here", "501, gRPC 12", "/api/v1/photoverify", "{}"),
		shown("an empty image", "400, gRPC 3", nil),
		shown("text as an image", "400, gRPC 3", []byte("hello")),
		shown("a JPEG that is cut", "400, gRPC 3", picture[:len(picture)/2]),
		shown("a JPEG that says 30000x30000", "400, gRPC 3", sized(picture)),
		shown("a JPEG that is turned by its EXIF", "200 FaceNotFound", exif(picture)),
		shown("a JPEG whose EXIF points to itself", "200 FaceNotFound", bytes.Replace(exif(picture), []byte("\x00\x00\x00\x08"), []byte("\x00\x00\x00\x00"), 1)),
		shown("a PNG bomb of 30000x30000, 110 KiB", "400, gRPC 3", bomb(t)),
		shown("a picture of nobody", "200 FaceNotFound", picture),
		shown("two pictures of nobody", "200 FaceNotFound", picture, picture),
		shown("a picture of one dot", "400, gRPC 3", jpegOf(t, 1, 1)),
		films("text", "200 FailureToAcquire", []byte("This is not a video.")),
		films("of nobody", "200 FaceNotFound", clip(t, "nobody.mp4", filetest.Clip{Frames: 50})),
		films("a playlist", "200 FailureToAcquire", []byte("#EXTM3U\n#EXTINF:9,\nfile:///etc/passwd\n")),
	}
}

// plus is an answer of Liveness Plus in a word: the status, and the code of a rejection.
func plus(a conformance.Answer, err error) string {
	if err != nil {
		return "cut"
	}
	var body struct {
		Code   int `json:"error_code"`
		Detail string
		Valid  bool
	}
	if err := json.Unmarshal(a.Body, &body); err != nil {
		return fmt.Sprintf("%d, no JSON", a.Status)
	}
	switch {
	case body.Code != 0:
		return fmt.Sprintf("%d, %d", a.Status, body.Code)
	case body.Detail == "" && !body.Valid:
		return fmt.Sprintf("%d, no detail", a.Status)
	}
	return fmt.Sprint(a.Status)
}

const liveness = "/api/v3/biometrics/liveness/"

func toPlus(name, want, path, kind string, body []byte, header ...string) conformance.Bad {
	return conformance.Bad{API: "Liveness Plus", Name: name, Want: want, Send: func(s *conformance.Server) string {
		h := append(header, "Content-Type", kind)
		if !strings.Contains(strings.Join(h, " "), "Authorization") {
			h = append(conformance.Bearer(s.Token), h...)
		}
		return plus(s.Do(conformance.Call{Method: "POST", Path: path, Header: h, Body: bytes.NewReader(body)}))
	}}
}

func badPlus(t *testing.T) []conformance.Bad {
	field := func(name, value string) []byte { return part(`form-data; name="`+name+`"`, []byte(value)) }
	packet := func(value string) []byte {
		return part(`form-data; name="encrypted_file"; filename="a.bin"`, []byte(value))
	}
	posted := func(name, want string, parts ...[]byte) conformance.Bad {
		return toPlus(name, want, liveness, formKind, form(parts...))
	}
	national := func(name, want string, parts ...[]byte) conformance.Bad {
		return toPlus(name, want, "/api/v3/biometrics/nationals/", formKind, form(parts...))
	}
	claimed := func(name string, change func(s *conformance.Server) string) conformance.Bad {
		return conformance.Bad{API: "Liveness Plus", Name: name, Want: "401", Send: func(s *conformance.Server) string {
			return toPlus("", "", liveness, formKind, form(packet("x")), conformance.Bearer(change(s))...).Send(s)
		}}
	}
	good := func(s *conformance.Server, changes ...any) map[string]any {
		return claims(s, append([]any{"aud", "LivenessPlus"}, changes...)...)
	}
	return []conformance.Bad{
		toPlus("no token", "401", liveness, formKind, form(packet("x")), "Authorization", ""),
		claimed("the API key for a token", func(s *conformance.Server) string { return s.Key }),
		claimed("a token that has expired", func(s *conformance.Server) string {
			return token(head(), good(s, "exp", time.Now().Add(-time.Hour).Unix()), sha512.New, secretOf(s))
		}),
		claimed("a token with alg none", func(s *conformance.Server) string { return token(head("alg", "none"), good(s), nil, nil) }),
		claimed("a token with RS256, signed by HMAC", func(s *conformance.Server) string {
			return token(head("alg", "RS256"), good(s), sha256.New, secretOf(s))
		}),
		claimed("a token for another API", func(s *conformance.Server) string { return token(head(), claims(s), sha512.New, secretOf(s)) }),
		toPlus("a token for a wrong key", "401", "/api/v3/auth/token", "application/json", nil, "Authorization", "Bearer wrong"),
		toPlus("no form", "400", liveness, "application/json", []byte(`{"encrypted_file":"AAAA"}`)),
		toPlus("a form that is cut", "400", liveness, formKind, form(packet("x"))[:60]),
		posted("no file", "400"),
		posted("two files", "400", packet("x"), packet("x")),
		posted("details that may be", "400", packet("x"), field("details", "maybe")),
		posted("details twice", "400", packet("x"), field("details", "true"), field("details", "false")),
		toPlus("8 MiB", "413", liveness, formKind, form(packet(strings.Repeat("x", 8<<20))), "Expect", "100-continue"),
		posted("ten thousand other fields", "200, 708", append(repeated(10000, field("a", "")), packet("x"))...),
		posted("an empty packet", "200, 708", packet("")),
		posted("a JPEG for a packet", "200, 708", packet(string(jpegOf(t, 64, 48)))),
		posted("a zip for a packet", "200, 708", packet("PK\x03\x04"+strings.Repeat("\x00", 99))),
		posted("noise for a packet", "200, 708", packet(string(noisy(make([]byte, 100<<10))))),
		posted("a packet called ../../etc/passwd", "200, 708", part(`form-data; name="encrypted_file"; filename="../../etc/passwd"`, []byte("x"))),
		national("no selfie", "400", packet("x"), field("citizen_id", "7")),
		national("a selfie of 3 MiB", "413", packet("x"), field("citizen_id", "7"), field("selfie", strings.Repeat("x", 3<<20))),
		national("a citizen of 1 KiB", "400", packet("x"), field("citizen_id", strings.Repeat("7", 1<<10)), field("selfie", "x")),
		national("another device", "400", packet("x"), field("citizen_id", "7"), field("selfie", "x"), field("device", "FRIDGE")),
		national("a citizen called '; DROP TABLE", "200, 708", packet("x"), field("citizen_id", "'; DROP TABLE citizens; --"), field("selfie", "x")),
		toPlus("foreigners, which is not here", "501", "/api/v3/biometrics/foreigners/", formKind, form(packet("x"))),
		toPlus("another call", "404", "/api/v3/biometrics/aliens/", formKind, form(packet("x"))),
		{API: "Liveness Plus", Name: "4 GB declared, nothing sent", Want: "HTTP/1.1 413 Request Entity Too Large", Send: func(s *conformance.Server) string {
			return raw(s, "POST "+liveness+" HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+s.Token+"\r\nContent-Type: "+formKind+"\r\nContent-Length: 4294967296\r\n\r\n")
		}},
		{API: "Liveness Plus", Name: "another method", Want: "405", Send: func(s *conformance.Server) string {
			return plus(s.Do(conformance.Call{Method: "PUT", Path: liveness, Header: conformance.Bearer(s.Token), Body: io.LimitReader(zeros{}, 9)}))
		}},
	}
}

// jpegOf is a grey picture.
func jpegOf(t *testing.T, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, width, height)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// bomb is a PNG of 30000 by 30000 dots that takes a thousandth of its room.
func bomb(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	e := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := e.Encode(&b, vast{}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// vast is a black and white picture that takes no memory.
type vast struct{}

func (vast) ColorModel() color.Model { return color.Palette{color.Black, color.White} }
func (vast) Bounds() image.Rectangle { return image.Rect(0, 0, 30000, 30000) }
func (vast) At(int, int) color.Color { return color.Black }

// ColorIndexAt implements image.PalettedImage: one bit for a dot.
func (vast) ColorIndexAt(int, int) uint8 { return 0 }
