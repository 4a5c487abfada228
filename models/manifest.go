package models

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Errors that a caller may want to tell apart. Each comes wrapped with the
// file's path and what to do.
var (
	ErrMissing  = errors.New("file is missing")
	ErrMismatch = errors.New("SHA-256 does not match")
	ErrUnlisted = errors.New("not in models/manifest.json")
)

//go:embed manifest.json
var manifestJSON []byte

// manifest is models/manifest.json: every file we take and every file we make.
type manifest struct {
	Sources []source `json:"sources"`
	Files   []file   `json:"files"`
}

// source is a file, or a part of one, in an npm package.
type source struct {
	Name    string `json:"name"`
	Package string `json:"package"` // name@version, as models/package.json pins it
	Path    string `json:"path"`    // in the package
	Asset   string `json:"asset"`   // file name inside packed assets at Path; "" means Path itself
	SHA256  string `json:"sha256"`
	Licence string `json:"licence"`
}

// file is a file that Prepare makes and Open checks.
type file struct {
	Name    string  `json:"name"`
	From    string  `json:"from"` // a source's name; for commit a path below models/
	With    string  `json:"with"` // for faceapi the source that lists what is in From
	Make    string  `json:"make"` // copy, convert or faceapi, or commit: our own, in the repository
	SHA256  string  `json:"sha256"`
	Licence string  `json:"licence"`
	Origin  string  `json:"origin"` // who made it and what it is
	Model   string  `json:"model"`  // the name for Library.Load; "" where it is not a model
	Inputs  []Shape `json:"inputs"`
	Outputs []Shape `json:"outputs"`
	// Constants are inputs that every run gives the same.
	Constants []constant `json:"constants"`
}

// constant is an int64 scalar input.
type constant struct {
	Name  string `json:"name"`
	Value int64  `json:"value"`
}

// Names of the files that are not models.
const (
	runtimeFile  = "libonnxruntime.so.1"
	geometryFile = "face_geometry.binarypb"
)

func embedded() (manifest, error) {
	var m manifest
	d := json.NewDecoder(bytes.NewReader(manifestJSON))
	if err := d.Decode(&m); err != nil {
		return manifest{}, fmt.Errorf("read embedded manifest.json: %w", err)
	}
	return m, nil
}

func (m manifest) source(name string) (source, error) {
	for _, s := range m.Sources {
		if s.Name == name {
			return s, nil
		}
	}
	return source{}, fmt.Errorf("source %q is not in the manifest", name)
}

// named returns the file with a name.
func (m manifest) named(name string) (file, error) {
	for _, f := range m.Files {
		if f.Name == name {
			return f, nil
		}
	}
	return file{}, fmt.Errorf("file %q: %w", name, ErrUnlisted)
}

// sum returns the SHA-256 of b as the manifest writes it.
func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// checked reads a file of the manifest and refuses other bytes than it names.
func (f file) checked(dir string) ([]byte, error) {
	var b bytes.Buffer
	if err := f.check(dir, &b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// check reads a file of the manifest once, into to, and refuses other bytes than
// it names.
func (f file) check(dir string, to io.Writer) error {
	path := filepath.Join(dir, f.Name)
	r, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s: %w: run `make models`", path, ErrMissing)
	}
	if err != nil {
		return fmt.Errorf("open model file: %w", err)
	}
	defer r.Close()
	h := sha256.New()
	if _, err := io.Copy(io.MultiWriter(h, to), r); err != nil {
		return fmt.Errorf("read model file: %w", err)
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != f.SHA256 {
		return fmt.Errorf("%s: %w models/manifest.json (it is %s, want %s): delete it and run `make models`",
			path, ErrMismatch, got, f.SHA256)
	}
	return nil
}
