package signaling

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"vivavoce/pipeline"
	"vivavoce/signaling/auth"
	"vivavoce/signaling/store"
)

// BenchmarkSession is an integrator's whole session but for the person: made, read and ended, with what that writes
// into the store.
func BenchmarkSession(b *testing.B) {
	data, err := store.Open(b.Context(), store.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer data.Close()
	keys, err := auth.New(auth.Options{Keys: []string{testKey}})
	if err != nil {
		b.Fatal(err)
	}
	s, err := NewServer(Options{
		NewAttempt: func(pipeline.Challenge, string) (Attempt, error) { return nil, nil },
		NewPeer:    func(PeerOptions) (Peer, error) { return nil, nil },
		Plan:       pipeline.DefaultPlan(), Auth: keys, Store: data,
	})
	if err != nil {
		b.Fatal(err)
	}
	call := func(method, path string, want int) []byte {
		w, r := httptest.NewRecorder(), httptest.NewRequest(method, path, nil)
		r.Header.Set("Authorization", "Bearer "+testKey)
		if s.Handler().ServeHTTP(w, r); w.Code != want {
			b.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
		return w.Body.Bytes()
	}
	b.ReportAllocs()
	for b.Loop() {
		var made Created
		if err := json.Unmarshal(call("POST", "/v1/sessions", http.StatusCreated), &made); err != nil {
			b.Fatal(err)
		}
		call("GET", "/v1/sessions/"+made.ID, http.StatusOK)
		call("DELETE", "/v1/sessions/"+made.ID, http.StatusNoContent)
	}
	s.roster.saving.Wait()
}
