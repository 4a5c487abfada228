package models

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

const reinstall = "run `npm ci --ignore-scripts --prefix models` and try again"

// read returns the bytes of a source, checked.
func (s source) read(nodeModules string) ([]byte, error) {
	name, _ := s.cut()
	where := filepath.Join(nodeModules, filepath.FromSlash(name), filepath.FromSlash(s.Path))
	b, err := os.ReadFile(where)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s of %s: %w: %s", where, s.Package, ErrMissing, reinstall)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", s.Package, err)
	}
	if s.Asset != "" {
		if b, err = s.unpack(where, b); err != nil {
			return nil, err
		}
	}
	if got := sum(b); got != s.SHA256 {
		return nil, fmt.Errorf("%s (%s of %s): %w (it is %s, want %s): %s",
			where, s.Name, s.Package, ErrMismatch, got, s.SHA256, reinstall)
	}
	return b, nil
}

// cut splits "name@version"; a scoped name starts with an @ of its own.
func (s source) cut() (name, version string) {
	i := strings.LastIndex(s.Package, "@")
	if i <= 0 {
		return s.Package, ""
	}
	return s.Package[:i], s.Package[i+1:]
}

// unpack cuts the asset out of packed assets. Emscripten's file packager puts
// the offsets into the loader script beside them:
//
//	loadPackage({"files": [{"filename": "/…/x.tflite", "start": 0, "end": 2495952}, …], …});
func (s source) unpack(where string, packed []byte) ([]byte, error) {
	loader := strings.TrimSuffix(where, ".data") + "_loader.js"
	js, err := os.ReadFile(loader)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s of %s: %w: %s", loader, s.Package, ErrMissing, reinstall)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", s.Package, err)
	}
	b, err := cutAsset(js, packed, s.Asset)
	if err != nil {
		return nil, fmt.Errorf("unpack %s with %s: %w: %s", s.Asset, loader, err, reinstall)
	}
	return b, nil
}

// cutAsset finds the named file in packed by the offsets in the loader script.
func cutAsset(js, packed []byte, name string) ([]byte, error) {
	call := regexp.MustCompile(`(?s)loadPackage\((\{.*?\})\);`).FindSubmatch(js)
	if call == nil {
		return nil, errors.New("the script has no loadPackage call")
	}
	var list struct {
		Files []struct {
			Filename   string `json:"filename"`
			Start, End int64
		} `json:"files"`
	}
	if err := json.Unmarshal(call[1], &list); err != nil {
		return nil, fmt.Errorf("read its list of files: %w", err)
	}
	for _, f := range list.Files {
		if path.Base(f.Filename) != name {
			continue
		}
		if f.Start < 0 || f.End < f.Start || f.End > int64(len(packed)) {
			return nil, fmt.Errorf("bytes %d–%d of %d", f.Start, f.End, len(packed))
		}
		return packed[f.Start:f.End], nil
	}
	return nil, fmt.Errorf("the script does not list %s", name)
}
