package signaling

import (
	"context"
	"net/http"
	"time"

	"vivavoce/signaling/auth"
)

// refreshEvery is how long a node may not know what another did with the verdict keys.
const refreshEvery = time.Minute

// keySet is GET /.well-known/jwks.json: what signed verdicts are checked with.
func (s *Server) keySet(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, s.ledger.secrets.KeySet())
}

// verdictKeys lets an operator change the verdict keys and answers with those that are listed then.
func (s *Server) verdictKeys(change func(*http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c, ok := s.caller(w, r, auth.Operator)
		if !ok {
			return
		}
		if err := change(r); err != nil {
			s.failed(w, "verdict keys", err)
			return
		}
		s.o.Logger.Warn("verdict keys changed", "by", c.Key, "call", r.Method)
		s.keySet(w, r)
	}
}

func (s *Server) newVerdictKey(r *http.Request) error {
	return s.ledger.secrets.NewVerdictKey(r.Context())
}

func (s *Server) revokeVerdictKey(r *http.Request) error {
	return s.ledger.secrets.RevokeVerdictKey(r.Context(), r.PathValue("id"))
}

// refreshKeys learns what other nodes did, and lets the next key follow in time. While the store is lost
// the keys stay as they were.
func (s *Server) refreshKeys(ctx context.Context) {
	if err := s.ledger.secrets.Refresh(ctx); err != nil {
		s.o.Metrics.storeFailed("refresh")
		s.o.Logger.Warn("verdict keys not refreshed", "err", err)
	}
}
