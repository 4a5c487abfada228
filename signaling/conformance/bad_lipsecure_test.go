package conformance_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vivavoce/media/file/filetest"
	"vivavoce/signaling/conformance"
)

// lip is an answer of LipSecure in a word: status, type and code.
func lip(a conformance.Answer, err error) string {
	if err != nil {
		return "cut"
	}
	var body struct {
		Error struct {
			Type string
			Code int
		}
	}
	if err := json.Unmarshal(a.Body, &body); err != nil {
		return fmt.Sprintf("%d, no JSON", a.Status)
	}
	return fmt.Sprintf("%d %s %d", a.Status, body.Error.Type, body.Error.Code)
}

// begun begins a transaction without curl.
func begun(s *conformance.Server) string {
	var tx transaction
	a := s.Must(conformance.Call{Method: "POST", Path: "/LiopaAPI/api/challenge", Header: []string{"X-API-Key", s.Key}})
	_ = json.Unmarshal(a.Body, &tx) // an empty one is answered otherwise than the row wants
	return tx.TransactionID
}

// upload sends a body as it is to a transaction of its own.
func upload(name, want, kind string, body []byte) conformance.Bad {
	return streamed(name, want, kind, func() io.Reader { return bytes.NewReader(body) })
}

func streamed(name, want, kind string, body func() io.Reader) conformance.Bad {
	return conformance.Bad{API: "LipSecure", Name: name, Want: want, Send: func(s *conformance.Server) string {
		return lip(s.Do(conformance.Call{
			Method: "POST", Path: "/LiopaAPI/api/verifier/" + begun(s), Header: []string{"X-API-Key", s.Key, "Content-Type", kind}, Body: body(),
		}))
	}}
}

const (
	boundary = "0123456789abcdef"
	formKind = "multipart/form-data; boundary=" + boundary
)

// part is one field of a form with a head of its own.
func part(disposition string, data []byte) []byte {
	return fmt.Appendf(nil, "--%s\r\nContent-Disposition: %s\r\n\r\n%s\r\n", boundary, disposition, data)
}

func form(parts ...[]byte) []byte {
	return append(bytes.Join(parts, nil), "--"+boundary+"--\r\n"...)
}

const filePart = `form-data; name="file"; filename="clip.mp4"`

// video is a form with one file.
func video(name, want string, data []byte) conformance.Bad {
	return upload("a file: "+name, want, formKind, form(part(filePart, data)))
}

// call is a call of LipSecure without a transaction of its own.
func call(name, want, path string, header ...string) conformance.Bad {
	return conformance.Bad{API: "LipSecure", Name: name, Want: want, Send: func(s *conformance.Server) string {
		return lip(s.Do(conformance.Call{Method: "POST", Path: "/LiopaAPI/api/" + path, Header: append([]string{"X-API-Key", s.Key}, header...)}))
	}}
}

func keyless(name, key string) conformance.Bad {
	return conformance.Bad{API: "LipSecure", Name: name, Want: "401 client 401", Send: func(s *conformance.Server) string {
		return lip(s.Do(conformance.Call{Method: "POST", Path: "/LiopaAPI/api/challenge", Header: []string{"X-API-Key", strings.ReplaceAll(key, "TOKEN", s.Token)}}))
	}}
}

func badForms() []conformance.Bad {
	clip := []byte("video")
	good := form(part(filePart, clip))
	return []conformance.Bad{
		keyless("no key", ""),
		keyless("the key of the public page", pageKey),
		keyless("a token for a key", "TOKEN"),
		keyless("a key of 8 KiB", strings.Repeat("k", 8<<10)),
		call("the public page's own transaction", "400 client 400", "verifier/"+pageID, "Content-Type", formKind),
		call("a transaction called >", "400 client 400", "verifier/%3E", "Content-Type", formKind),
		call("a transaction that climbs", "400 client 400", "verifier/..%2fchallenge", "Content-Type", formKind),
		call("a transaction with NUL", "400 client 400", "verifier/%00", "Content-Type", formKind),
		call("another call", "400 client 400", "enrol"),
		call("a page of another site", "403  0", "challenge", "Sec-Fetch-Site", "cross-site"),
		upload("no form", "400 client 400", "video/mp4", clip),
		upload("JSON", "400 client 400", "application/json", []byte(`{"file":"x"}`)),
		upload("a form without a boundary", "400 client 400", "multipart/form-data", good),
		upload("a boundary of 1 KiB", "400 client 400", "multipart/form-data; boundary="+strings.Repeat("b", 1<<10), good),
		upload("no file", "400 client 400", formKind, form()),
		upload("a field with another name", "400 client 400", formKind, form(part(`form-data; name="video"; filename="a.mp4"`, clip))),
		upload("two files", "400 client 400", formKind, form(part(filePart, clip), part(filePart, clip))),
		upload("ten thousand fields before the file", "400 client 400", formKind, form(append(repeated(10000, part(`form-data; name="a"`, nil)), part(filePart, clip))...)),
		upload("a form in a form", "400 client 400", formKind, form(part(filePart, form(part(filePart, clip))))),
		upload("a form that is cut", "400 client 400", formKind, good[:len(good)-10]),
		upload("a field whose head does not end", "400 client 400", formKind, []byte("--"+boundary+"\r\n"+strings.Repeat("X-A: b\r\n", 20000))),
		upload("an empty file", "400 client 400", formKind, form(part(filePart, nil))),
		upload("a file called ../../etc/passwd", "400 client 400", formKind, form(part(`form-data; name="file"; filename="../../etc/passwd"`, clip))),
		upload("a file called file:///dev/zero", "400 client 400", formKind, form(part(`form-data; name="file"; filename="file:///dev/zero"`, clip))),
		upload("a file called NUL and right to left", "400 client 400", formKind, form(part("form-data; name=\"file\"; filename=\"\x00\u202e4pm.exe\"", clip))),
		upload("a file in base64", "400 client 400", formKind, form([]byte("--"+boundary+"\r\nContent-Disposition: "+filePart+"\r\nContent-Transfer-Encoding: base64\r\n\r\ndmlkZW8=\r\n"))),
		streamed("51 MiB without a length", "413 client 413", formKind, func() io.Reader {
			return io.MultiReader(bytes.NewReader(part(filePart, nil)[:len(part(filePart, nil))-2]), io.LimitReader(zeros{}, 51<<20))
		}),
		{API: "LipSecure", Name: "4 GB declared, nothing sent", Want: "HTTP/1.1 413 Request Entity Too Large", Send: func(s *conformance.Server) string {
			return raw(s, "POST /LiopaAPI/api/verifier/"+begun(s)+" HTTP/1.1\r\nHost: x\r\nX-API-Key: "+s.Key+"\r\nContent-Type: "+formKind+"\r\nContent-Length: 4294967296\r\n\r\n")
		}},
		{API: "LipSecure", Name: "an upload that is cancelled", Want: "cut", Send: func(s *conformance.Server) string {
			ctx, cancel := context.WithCancel(context.Background())
			body, w := io.Pipe()
			go func() {
				_, _ = w.Write(append(part(filePart, nil), make([]byte, 1<<20)...)) // into a call that ends meanwhile
				cancel()
				_ = w.CloseWithError(context.Canceled) // never fails
			}()
			_, err := s.Do(conformance.Call{
				Method: "POST", Path: "/LiopaAPI/api/verifier/" + begun(s), Header: []string{"X-API-Key", s.Key, "Content-Type", formKind}, Body: body, Context: ctx,
			})
			if err == nil {
				return "answered"
			}
			return "cut"
		}},
	}
}

func repeated(n int, part []byte) (all [][]byte) {
	for range n {
		all = append(all, part)
	}
	return all
}

func badVideos(t *testing.T) []conformance.Bad {
	mp4 := clip(t, "clip.mp4", filetest.Clip{Frames: 50})
	y4m := clip(t, "clip.y4m", filetest.Clip{Frames: 1})
	picture := image.NewRGBA(image.Rect(0, 0, 64, 48))
	var jpg, animated, zipped bytes.Buffer
	paletted := image.NewPaletted(picture.Rect, color.Palette{color.Black, color.White})
	archive := zip.NewWriter(&zipped)
	inside, err := archive.Create("bomb.mp4")
	if err == nil {
		_, err = io.CopyN(inside, zeros{}, 64<<20)
	}
	for _, e := range []error{
		err, archive.Close(), jpeg.Encode(&jpg, picture, nil),
		gif.EncodeAll(&animated, &gif.GIF{Image: []*image.Paletted{paletted, paletted}, Delay: []int{10, 10}}),
	} {
		if e != nil {
			t.Fatal(e)
		}
	}
	return []conformance.Bad{
		video("text called video", "400 client 400", bytes.Repeat([]byte("This is not a video.\n"), 400)),
		video("a shell script", "400 client 400", []byte("#!/bin/sh\nrm -rf /\n")),
		video("a zip bomb", "400 client 400", zipped.Bytes()),
		video("a PNG of 30000x30000", "400 client 400", []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x75\x30\x00\x00\x75\x30\x08\x02\x00\x00\x00")),
		video("an animated GIF", "400 client 400", animated.Bytes()),
		video("a JPEG", "400 client 400", jpg.Bytes()),
		video("a JPEG that says 30000x30000", "400 client 400", sized(jpg.Bytes())),
		video("a JPEG that is turned by its EXIF", "400 client 400", exif(jpg.Bytes())),
		video("raw video that says 30000x30000", "400 client 400", bytes.Replace(y4m, []byte("W160 H120"), []byte("W30000 H30000"), 1)),
		video("raw video of a trillion pictures a second", "200 user 601", bytes.Replace(y4m, []byte("F25:1"), []byte("F999999999999:1"), 1)),
		video("an MP4 that is cut in half", "400 client 400", mp4[:len(mp4)/2]),
		video("an MP4 with noise in its index", "400 client 400", noisy(mp4)),
		video("an MP4 within another's free space", "400 client 400", append([]byte("\x7f\xff\xff\xfffree"), mp4...)),
		video("sound alone", "400 client 400", wav()),
		video("a playlist (HLS)", "400 client 400", []byte("#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n")),
		video("a list of files (ffconcat)", "400 client 400", []byte("ffconcat version 1.0\nfile '/etc/passwd'\n")),
		video("a manifest (DASH)", "400 client 400", []byte(`<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><BaseURL>file:///etc/</BaseURL></Period></MPD>`)),
		video("a session description (SDP)", "400 client 400", []byte("v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video 5004 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n")),
		{API: "LipSecure", Name: "a file: a playlist of another server's", Want: "400 client 400, nobody called", Send: func(s *conformance.Server) string {
			other, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err.Error()
			}
			called := make(chan bool, 1)
			go func() {
				c, err := other.Accept()
				if err == nil {
					_ = c.Close() // it was only to be seen
				}
				called <- err == nil
			}()
			said := video("", "", fmt.Appendf(nil, "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://%s/a.ts\n#EXT-X-ENDLIST\n", other.Addr())).Send(s)
			_ = other.Close() // ends Accept
			if <-called {
				return said + ", called"
			}
			return said + ", nobody called"
		}},
	}
}

func clip(t *testing.T, name string, c filetest.Clip) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := filetest.Write(path, c); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// sized is a JPEG whose frame header (ISO 10918-1, B.2.2) says 30000 by 30000.
func sized(jpg []byte) []byte {
	out := bytes.Clone(jpg)
	i := bytes.Index(out, []byte{0xff, 0xc0})
	copy(out[i+5:], []byte{0x75, 0x30, 0x75, 0x30})
	return out
}

// exif is a JPEG with an Exif segment that says: turn it by 90 degrees.
func exif(jpg []byte) []byte {
	tag := "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"
	segment := append([]byte{0xff, 0xe1, 0, byte(len(tag) + 2)}, tag...)
	return append(append(bytes.Clone(jpg[:2]), segment...), jpg[2:]...)
}

// noisy is a video with other bytes in its third quarter.
func noisy(mp4 []byte) []byte {
	out := bytes.Clone(mp4)
	for i := len(out) / 2; i < len(out)*3/4; i++ {
		out[i] = byte(i * i >> 3)
	}
	return out
}

func wav() []byte {
	data := make([]byte, 8000)
	head := []byte("RIFF\x64\x1f\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00data\x40\x1f\x00\x00")
	return append(head, data...)
}
