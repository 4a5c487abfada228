package signaling

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

// page is one file as it is served.
type page struct {
	kind string // Content-Type
	etag string
	raw  []byte
	zip  []byte // gzip of raw; nil when that is not smaller
}

// pages serves files that do not change while the process runs: they are read,
// hashed and packed once.
type pages map[string]page

// Pages serves files as the server's own pages are, for More.
func Pages(files fs.FS) (http.Handler, error) { return newPages(files) }

func newPages(files fs.FS) (pages, error) {
	p := pages{}
	if files == nil {
		return p, nil
	}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		p["/"+name], err = newPage(name, raw)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read pages: %w", err)
	}
	return p, nil
}

func newPage(name string, raw []byte) (page, error) {
	sum := sha256.Sum256(raw)
	p := page{raw: raw, kind: contentType(name, raw), etag: `"` + hex.EncodeToString(sum[:16]) + `"`}
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return p, err
	}
	if _, err := z.Write(raw); err != nil {
		return p, err
	}
	if err := z.Close(); err != nil {
		return p, err
	}
	if packed.Len() < len(raw) {
		p.zip = packed.Bytes()
	}
	return p, nil
}

// contentType does not ask the machine for what browsers insist on.
func contentType(name string, raw []byte) string {
	switch ext := path.Ext(name); ext {
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".html":
		return "text/html; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".webmanifest":
		return "application/manifest+json"
	default:
		if t := mime.TypeByExtension(ext); t != "" {
			return t
		}
		return http.DetectContentType(raw)
	}
}

// ServeHTTP implements http.Handler.
func (p pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		refuse(w, CodeMethodNotAllowed, "pages are read only")
		return
	}
	name := r.URL.Path
	if strings.HasSuffix(name, "/") {
		name += "index.html"
	}
	f, ok := p[name]
	if !ok {
		refuse(w, CodeNotFound, "no such page")
		return
	}
	head := w.Header()
	head.Set("Content-Type", f.kind)
	head.Set("ETag", f.etag)
	head.Set("Cache-Control", "no-cache") // kept, but asked for each time: a new binary is seen at once
	body := f.raw
	if f.zip != nil {
		head.Set("Vary", "Accept-Encoding")
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			head.Set("Content-Encoding", "gzip")
			head.Set("ETag", strings.TrimSuffix(f.etag, `"`)+`-z"`)
			body = f.zip
		}
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(body))
}
