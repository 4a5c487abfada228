// Package openapitest holds what is served against our OpenAPI and AsyncAPI documents, in tests.
package openapitest

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// Document is one of the two.
type Document struct {
	t        testing.TB
	paths    map[string]map[string]any
	compiler *jsonschema.Compiler
}

const resource = "mem:///document"

// Read reads the document at path; its calls and schemas are then the test's.
func Read(t testing.TB, path string) *Document {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var calls struct {
		Paths map[string]map[string]any
	}
	var loose any
	for _, into := range []any{&calls, &loose} {
		if err := yaml.Unmarshal(text, into); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
	data, err := json.Marshal(loose)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	tree, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	if err := c.AddResource(resource, tree); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return &Document{t, calls.Paths, c}
}

// Calls are the documented calls, each as "METHOD /path".
func (d *Document) Calls() map[string]bool {
	all := map[string]bool{}
	for path, item := range d.paths {
		for method := range item {
			if method != "parameters" {
				all[strings.ToUpper(method)+" "+path] = true
			}
		}
	}
	return all
}

// Check fails the test where data is not what the schema of that name says.
func (d *Document) Check(schema string, data []byte) {
	d.t.Helper()
	compiled, err := d.compiler.Compile(resource + "#/components/schemas/" + schema)
	if err != nil {
		d.t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err == nil {
		err = compiled.Validate(value)
	}
	if err != nil {
		d.t.Errorf("%.300s is no %s: %v", data, schema, err)
	}
}
