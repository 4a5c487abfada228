package signaling

import (
	_ "embed" // the two documents
	"net/http"
)

// The calls and the messages, for people and generators.
var (
	//go:embed openapi.yaml
	openAPI string
	//go:embed asyncapi.yaml
	asyncAPI string
)

// document serves one of them.
func document(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/yaml")
		w.Header().Set("Cache-Control", "no-cache")
		_, _ = w.Write([]byte(text)) // an error means that the client went away
	}
}
