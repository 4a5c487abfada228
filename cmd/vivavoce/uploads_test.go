package main

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"vivavoce/media"
	"vivavoce/media/file/filetest"
)

// TestLipSecureOnAFreshServer makes the two calls of LipSecure's public page on a whole server, with
// videos of nobody, in the dark, too short, and files that are none.
func TestLipSecureOnAFreshServer(t *testing.T) {
	running := serveForTest(t, nil)
	dir := t.TempDir()
	clip := func(name string, c filetest.Clip) string {
		path := filepath.Join(dir, name)
		if err := filetest.Write(path, c); err != nil {
			t.Fatal(err)
		}
		return path
	}
	black := func(f *media.Frame, _ int) {
		clear(f.Y)
		for i := range f.Cb {
			f.Cb[i], f.Cr[i] = 128, 128
		}
	}
	text := filepath.Join(dir, "text.mp4")
	if err := os.WriteFile(text, bytes.Repeat([]byte("hello "), 100), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, path, kind string
		code             int
	}{
		{"nobody", clip("nobody.mp4", filetest.Clip{Frames: 75}), "user", 604},
		{"in the dark", clip("dark.webm", filetest.Clip{Frames: 75, Draw: black}), "user", 603},
		{"one second", clip("short.mov", filetest.Clip{Frames: 25}), "user", 601},
		{"half a minute and more", clip("long.mkv", filetest.Clip{Frames: 70, FPS: 2}), "user", 602},
		{"text", text, "client", 400},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var a struct {
				TransactionID string
				Error         struct {
					Type string
					Code int
				}
			}
			call := func(path, kind string, body io.Reader) {
				t.Helper()
				req, err := http.NewRequest("POST", running.url()+"/LiopaAPI/api/"+path, body)
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("X-API-Key", testKey)
				req.Header.Set("Content-Type", kind)
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
					t.Fatal(err)
				}
			}
			call("challenge", "", nil)
			var body bytes.Buffer
			form := multipart.NewWriter(&body)
			part, err := form.CreateFormFile("file", filepath.Base(tt.path))
			if err != nil {
				t.Fatal(err)
			}
			video, err := os.ReadFile(tt.path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := part.Write(video); err != nil {
				t.Fatal(err)
			}
			if err := form.Close(); err != nil {
				t.Fatal(err)
			}
			call("verifier/"+a.TransactionID, form.FormDataContentType(), &body)
			if a.Error.Type != tt.kind || a.Error.Code != tt.code {
				t.Errorf("error %+v, want %s %d", a.Error, tt.kind, tt.code)
			}
		})
	}
}
