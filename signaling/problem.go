package signaling

import (
	"encoding/json"
	"net/http"
)

func problemOf(c Code, detail string) Problem {
	status := c.status()
	return Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: c, Detail: detail}
}

// refuse answers with problem details. What the client did wrong is its own to
// read; our own faults say no more than the code.
func refuse(w http.ResponseWriter, c Code, detail string) {
	p := problemOf(c, detail)
	w.Header().Set("Content-Type", "application/problem+json")
	writeJSON(w, p.Status, p)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	h := w.Header()
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", "application/json")
	}
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// An error means that the client went away, which it may.
	_ = json.NewEncoder(w).Encode(v)
}
