package signaling

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// schemas are those of one of the documents.
type schemas struct {
	t        *testing.T
	document any
	compiler *jsonschema.Compiler
}

func readSchemas(t *testing.T, name, text string) *schemas {
	t.Helper()
	var loose any
	if err := yaml.Unmarshal([]byte(text), &loose); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	data, err := json.Marshal(loose)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	if err := c.AddResource("mem:///"+name, document); err != nil {
		t.Fatal(err)
	}
	return &schemas{t, document, c}
}

// check holds data against a schema of the document.
func (s *schemas) check(document, schema string, data []byte) {
	s.t.Helper()
	compiled, err := s.compiler.Compile("mem:///" + document + "#/components/schemas/" + schema)
	if err != nil {
		s.t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		s.t.Fatal(err)
	}
	if err := compiled.Validate(value); err != nil {
		s.t.Errorf("%s as %s: %v", data, schema, err)
	}
}

// TestGoldenMessagesAreDocumented holds every golden message against asyncapi.yaml and every golden
// answer against openapi.yaml. Both refuse fields that they do not name.
func TestGoldenMessagesAreDocumented(t *testing.T) {
	messages, calls := readSchemas(t, "asyncapi.yaml", asyncAPI), readSchemas(t, "openapi.yaml", openAPI)
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
				calls.check("openapi.yaml", schema, data)
			} else {
				messages.check("asyncapi.yaml", schema, data)
			}
		}
	}
}

// documented lists "METHOD path" of openapi.yaml.
func documented(t *testing.T) map[string]bool {
	t.Helper()
	var d struct {
		Paths map[string]map[string]any `yaml:"paths"`
	}
	if err := yaml.Unmarshal([]byte(openAPI), &d); err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	for path, item := range d.Paths {
		for method := range item {
			if method != "parameters" {
				all[strings.ToUpper(method)+" "+path] = true
			}
		}
	}
	return all
}

// TestServedCallsAreDocumented reads the routes out of our source: what is served and not documented,
// or the other way round, fails.
func TestServedCallsAreDocumented(t *testing.T) {
	source, err := os.ReadFile("api.go")
	if err != nil {
		t.Fatal(err)
	}
	all := documented(t)
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
	for _, c := range []Code{
		CodeBadRequest, CodeUnauthorized, CodeForbidden, CodeNotFound, CodeMethodNotAllowed, CodeTooLarge, CodeBusy, CodeConflict,
		CodeLockedOut, CodeFull, CodeDraining, CodeTooMany, CodeUnavailable, CodeInternal,
	} {
		data, err := json.Marshal(problemOf(c, "detail"))
		if err != nil {
			t.Fatal(err)
		}
		readSchemas(t, "openapi.yaml", openAPI).check("openapi.yaml", "Problem", data)
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
