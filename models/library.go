// Package models gives the neural networks that we run, each checked against
// models/manifest.json before it is used. It is the only importer of ONNX Runtime.
//
// Prepare makes the files once, at set-up; Open checks and loads them; Model.Run
// runs one, on a bounded number of workers, from any goroutine.
package models

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	ort "github.com/yalue/onnxruntime_go"
)

// Options says which files to open and how many runs may go at once.
type Options struct {
	Dir     string // the folder that Prepare filled; required
	Workers int    // runs at once, one thread each; 0 means GOMAXPROCS
}

// Library holds the checked files. Its methods are safe for concurrent use.
type Library struct {
	dir      string
	manifest manifest
	pool     *pool

	mu     sync.Mutex
	models map[string]*Model
	closed bool
}

// opening keeps two Opens from starting ONNX Runtime twice: its library and
// environment are one for the process, and stay until the process ends. They
// have no threads of their own here.
var opening sync.Mutex

// Open checks the SHA-256 of every file of the manifest and starts ONNX Runtime.
// The error of a missing or a different file is ErrMissing or ErrMismatch, with
// the file's path and what to do.
func Open(o Options) (*Library, error) {
	m, err := embedded()
	if err != nil {
		return nil, err
	}
	return open(o, m)
}

func open(o Options, m manifest) (*Library, error) {
	if o.Dir == "" || o.Workers < 0 {
		return nil, fmt.Errorf("open models: Dir %q and Workers %d: a folder and 0 or more are needed", o.Dir, o.Workers)
	}
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	for _, f := range m.Files {
		if err := f.check(o.Dir, io.Discard); err != nil {
			return nil, fmt.Errorf("open models: %w", err)
		}
	}
	if err := startRuntime(filepath.Join(o.Dir, runtimeFile)); err != nil {
		return nil, fmt.Errorf("start ONNX Runtime: %w", err)
	}
	return &Library{dir: o.Dir, manifest: m, pool: newPool(o.Workers), models: map[string]*Model{}}, nil
}

func startRuntime(library string) error {
	opening.Lock()
	defer opening.Unlock()
	if ort.IsInitialized() {
		return nil // the same bytes: every Open checks them
	}
	path, err := filepath.Abs(library) // or dlopen would search its own paths
	if err != nil {
		return err
	}
	ort.SetSharedLibraryPath(path)
	return ort.InitializeEnvironment(ort.WithLogLevelError())
}

// Load returns a model by its name in the manifest, such as "face_mesh_attention".
// Everyone who asks gets the same one; it lives until Close.
func (l *Library) Load(name string) (*Model, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, ErrClosed
	}
	if m := l.models[name]; m != nil {
		return m, nil
	}
	for _, f := range l.manifest.Files {
		if f.Model != name || name == "" {
			continue
		}
		b, err := f.checked(l.dir)
		if err != nil {
			return nil, fmt.Errorf("load model %s: %w", name, err)
		}
		m, err := newModel(f, b, l.pool)
		if err != nil {
			return nil, fmt.Errorf("load model %s: %w", name, err)
		}
		l.models[name] = m
		return m, nil
	}
	return nil, fmt.Errorf("load model %q: %w", name, ErrUnlisted)
}

// LoadFile returns a model from any file, whose bytes nothing vouches for: for
// measurements of a network that is being trained. Its inputs and outputs are those of
// shapes. Everyone who asks for the same path gets the same one.
func (l *Library) LoadFile(path string, in, out []Shape) (*Model, error) {
	return l.loadFile(path, "", in, out)
}

// LoadChecked is LoadFile for a file of the operator's whose SHA-256, in hexadecimal, must be sum; the
// error of another is ErrMismatch.
func (l *Library) LoadChecked(path, sum string, in, out []Shape) (*Model, error) {
	if sum == "" {
		return nil, fmt.Errorf("load model %s: no SHA-256 was given: %w", path, ErrMismatch)
	}
	return l.loadFile(path, sum, in, out)
}

func (l *Library) loadFile(path, want string, in, out []Shape) (*Model, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, ErrClosed
	}
	key := path
	if want != "" {
		key = want // the bytes at path may change
	}
	if m := l.models[key]; m != nil {
		return m, nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("load model: %w", err)
	}
	if got := sum(b); want != "" && !strings.EqualFold(got, want) {
		return nil, fmt.Errorf("load model %s: it is %s, want %s: %w", path, got, want, ErrMismatch)
	}
	m, err := newModel(file{Name: path, Model: path, Inputs: in, Outputs: out}, b, l.pool)
	if err != nil {
		return nil, fmt.Errorf("load model %s: %w", path, err)
	}
	l.models[key] = m
	return m, nil
}

// File returns the bytes of a file of the manifest, such as a model's calibration.
func (l *Library) File(name string) ([]byte, error) {
	f, err := l.manifest.named(name)
	if err != nil {
		return nil, err
	}
	return f.checked(l.dir)
}

// Geometry returns the canonical face.
func (l *Library) Geometry() (*Geometry, error) {
	f, err := l.manifest.named(geometryFile)
	if err != nil {
		return nil, err
	}
	b, err := f.checked(l.dir)
	if err != nil {
		return nil, fmt.Errorf("load face geometry: %w", err)
	}
	return parseGeometry(b)
}

// Close ends every model, after the runs that have started. Runs that wait, and
// later ones, get ErrClosed.
func (l *Library) Close() error {
	l.pool.close()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	var err error
	for name, m := range l.models {
		err = errors.Join(err, m.close())
		delete(l.models, name)
	}
	return err
}
