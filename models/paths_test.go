package models

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// nodeModules returns models/node_modules, which `make models` fills.
func nodeModules(tb testing.TB) string {
	tb.Helper()
	if _, err := os.Stat("node_modules"); err != nil {
		tb.Skip("models/node_modules is absent: run `make models`")
	}
	return "node_modules"
}

// prepared returns a folder with every file of the manifest: models/files,
// completed by Prepare, which is idempotent and leaves good files alone.
func prepared(tb testing.TB) string {
	tb.Helper()
	if err := prepareOnce(tb, nodeModules(tb)); err != nil {
		tb.Fatalf("Prepare: %v", err)
	}
	return "files"
}

var preparing sync.Mutex

func prepareOnce(tb testing.TB, modules string) error {
	preparing.Lock()
	defer preparing.Unlock()
	dir, err := filepath.Abs("files")
	if err != nil {
		return err
	}
	return Prepare(tb.Context(), PrepareOptions{Dir: dir, NodeModules: modules, Log: func(s string) { tb.Log(s) }})
}
