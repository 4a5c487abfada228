package signaling

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vivavoce/signaling/openapitest"
)

// TestGoldenMessagesAreDocumented holds every golden message against asyncapi.yaml and every golden
// answer against openapi.yaml. Both refuse fields that they do not name.
func TestGoldenMessagesAreDocumented(t *testing.T) {
	messages, calls := openapitest.Read(t, "asyncapi.yaml"), openapitest.Read(t, "openapi.yaml")
	for _, folder := range []string{"page", "server", "http"} {
		found, err := filepath.Glob(filepath.Join("testdata", folder, "*.json"))
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v", folder, err)
		}
		for _, path := range found {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			kind, _, _ := strings.Cut(filepath.Base(path), ".")
			schema := ""
			for word := range strings.SplitSeq(kind, "_") {
				schema += strings.ToUpper(word[:1]) + word[1:]
			}
			if folder == "http" {
				calls.Check(schema, data)
			} else {
				messages.Check(schema, data)
			}
		}
	}
}

// TestServedCallsAreDocumented reads the routes out of our source: what is served and not documented,
// or the other way round, fails.
func TestServedCallsAreDocumented(t *testing.T) {
	source, err := os.ReadFile("api.go")
	if err != nil {
		t.Fatal(err)
	}
	all := openapitest.Read(t, "openapi.yaml").Calls()
	for line := range strings.Lines(string(source)) {
		_, rest, found := strings.Cut(line, `mux.HandleFunc("`)
		pattern, _, _ := strings.Cut(rest, `"`)
		if !found || !strings.Contains(pattern, " ") {
			continue // any method: refused
		}
		if !all[pattern] {
			t.Errorf("%s is served and not documented", pattern)
		}
		delete(all, pattern)
	}
	for call := range all {
		if strings.Contains(call, "/LiopaAPI/") || strings.Contains(call, " /api/") { // their packages' own tests hold those
			continue
		}
		t.Errorf("%s is documented and not served", call)
	}
}

func TestEveryCodeIsDocumented(t *testing.T) {
	document := openapitest.Read(t, "openapi.yaml")
	for _, c := range []Code{
		CodeBadRequest, CodeUnauthorized, CodeForbidden, CodeNotFound, CodeMethodNotAllowed, CodeTooLarge, CodeBusy, CodeConflict,
		CodeLockedOut, CodeFull, CodeDraining, CodeTooMany, CodeUnavailable, CodeInternal,
	} {
		data, err := json.Marshal(problemOf(c, "detail"))
		if err != nil {
			t.Fatal(err)
		}
		document.Check("Problem", data)
	}
}

func TestDocumentsAreServed(t *testing.T) {
	r := newRig(t, untilDone, nil)
	for path, want := range map[string]string{"/openapi.yaml": openAPI, "/asyncapi.yaml": asyncAPI} {
		resp := r.call("GET", path, "")
		body, err := io.ReadAll(resp.Body)
		if err != nil || string(body) != want || resp.Header.Get("Content-Type") != "application/yaml" {
			t.Errorf("%s: %s, %d bytes, %v", path, resp.Status, len(body), err)
		}
	}
}
