package web

import (
	"io/fs"
	"path"
	"slices"
	"testing"
)

func TestFilesServesThePageAndNothingElse(t *testing.T) {
	served := []string{".html", ".css", ".js", ".svg"}
	seen := map[string]bool{}
	err := fs.WalkDir(Files(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		seen[name] = true
		if !slices.Contains(served, path.Ext(name)) {
			t.Errorf("%s is served: want only %v", name, served)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"index.html", "kiosk.html", "main.js", "kiosk.js", "style.css", "logo.svg"} {
		if !seen[want] {
			t.Errorf("%s is missing from the page", want)
		}
	}
}

func TestCaptureServesTheElementAndItsPage(t *testing.T) {
	seen := map[string]bool{}
	err := fs.WalkDir(Capture(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		seen[name] = true
		if !slices.Contains([]string{".html", ".css", ".js"}, path.Ext(name)) {
			t.Errorf("%s is served", name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"index.html", "index.js", "element.js", "demo.css"} {
		if !seen[want] {
			t.Errorf("%s is missing", want)
		}
	}
}
