package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// only says which of our packages may import an outside one, and why.
var only = []struct{ outside, ours, why string }{
	{"github.com/pion/webrtc", "vivavoce/media/webrtc", "one place to bound what peers may do"},
	{"github.com/pion/mediadevices", "vivavoce/media/camera", "its drivers register themselves on import"},
	{"gocv.io/x/gocv", "vivavoce/pipeline/internal/cv", "Mats are C memory: born and buried in one package"},
	{"github.com/yalue/onnxruntime_go", "vivavoce/models", "only checked files reach the runtime"},
	{"github.com/asticode/go-astiav", "vivavoce/media/codec vivavoce/media/file", "decoders are C memory fed by strangers"},
	{"github.com/prometheus/client_golang", "vivavoce/signaling vivavoce/cmd/vivavoce", "stages do not measure themselves"},
	{"github.com/gorilla/websocket", "vivavoce/signaling vivavoce/signaling/puppet", "the wire is signaling's"},
	{"github.com/nats-io", "vivavoce/signaling/store", "one place to bound waits and to tell errors apart"},
	{"github.com/golang-jwt/jwt", "vivavoce/signaling/auth", "one place that pins algorithms"},
	{"google.golang.org/grpc", "vivavoce/signaling/bws", "BioID's calls speak it, nothing else of ours does"},
	{"golang.org/x/image", "vivavoce/pipeline/stills", "one place that bounds pictures of strangers before it decodes them"},
	{"github.com/alecthomas/kong", "vivavoce/cmd/vivavoce", "flags and environment are read in cmd alone"},
}

// layers from the top; a package may import its own layer and those below.
var layers = []string{"vivavoce/cmd", "vivavoce/signaling", "vivavoce/pipeline", "vivavoce/media"}

// leaves import nothing of ours, so that they can be read, and replaced, alone.
var leaves = []string{"vivavoce/models", "vivavoce/web"}

type pkg struct {
	ImportPath string
	Imports    []string
}

func TestImportsPointOneWay(t *testing.T) {
	for _, p := range packages(t) {
		for _, imported := range p.Imports {
			if why := forbidden(p.ImportPath, imported); why != "" {
				t.Errorf("%s imports %s: %s", p.ImportPath, imported, why)
			}
		}
	}
}

func TestForbiddenKnowsABadImport(t *testing.T) {
	for _, c := range []struct {
		from, imported string
		bad            bool
	}{
		{"vivavoce/media/file", "vivavoce/pipeline", true},
		{"vivavoce/pipeline/motion", "vivavoce/media", false},
		{"vivavoce/models/convert", "vivavoce/models", false},
		{"vivavoce/models", "vivavoce/media", true},
		{"vivavoce/signaling", "github.com/pion/webrtc/v4", true},
		{"vivavoce/media/webrtc", "github.com/pion/webrtc/v4", false},
		{"vivavoce/pipeline", "gocv.io/x/gocv", true},
	} {
		if got := forbidden(c.from, c.imported) != ""; got != c.bad {
			t.Errorf("forbidden(%s, %s) = %v, want %v", c.from, c.imported, got, c.bad)
		}
	}
}

// forbidden says why from may not import imported, or "".
func forbidden(from, imported string) string {
	for _, o := range only {
		if under(imported, o.outside) && !slices.ContainsFunc(strings.Fields(o.ours), func(p string) bool { return under(from, p) }) {
			return o.why
		}
	}
	for _, leaf := range leaves {
		if under(from, leaf) && under(imported, "vivavoce") && !under(imported, leaf) {
			return leaf + " imports nothing of ours"
		}
	}
	if i, j := layer(from), layer(imported); i >= 0 && j >= 0 && j < i {
		return "imports point from cmd to media, never up"
	}
	return ""
}

func layer(path string) int {
	return slices.IndexFunc(layers, func(l string) bool { return under(path, l) })
}

func under(path, root string) bool { return path == root || strings.HasPrefix(path, root+"/") }

func packages(t *testing.T) (all []pkg) {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "vivavoce/...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	d := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		all = append(all, p)
	}
	if len(all) < 5 {
		t.Fatalf("go list found %d packages", len(all))
	}
	return all
}
