// Package lipsecure answers the calls of Liopa's LipSecure: a phrase to say, and how surely the
// person in an uploaded video says it. It has no opinion of its own: a worker runs the pipeline on the video
// and this package puts the verdict into LipSecure's words. api.md says what the public page leaves
// open and what we chose.
package lipsecure

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"

	"vivavoce/pipeline"
	"vivavoce/signaling/auth"
	"vivavoce/signaling/store"
)

// Options say what to serve with. All but the numbers are needed.
type Options struct {
	Auth   *auth.Auth
	Store  *store.Store
	Videos *store.Videos
	Logger *slog.Logger
	// Refused is told of every reply with an error, by its code.
	Refused func(code int)

	Digits   int           // of a phrase; 0 is 6
	Life     time.Duration // of a transaction; 0 is 10 min
	MaxBytes int64         // of a video; 0 is 50 MiB
	Upload   time.Duration // for a video to come; 0 is 1 min
}

// maxTries is how many videos of one transaction may end in a user error.
const maxTries = 5

// Server answers the calls.
type Server struct {
	o            Options
	transactions *store.Bucket[transaction]
	rates        auth.Rates
}

// transaction is a phrase that somebody was told to say. It is good for one confidence.
type transaction struct {
	Tenant  string    `json:"tenant"`
	Phrase  string    `json:"phrase"`
	Expires time.Time `json:"expires"`
	Busy    time.Time `json:"busy"` // a video is being judged until then, at the latest
	Tries   int       `json:"tries"`
	Used    bool      `json:"used"`
}

// New opens the transactions.
func New(ctx context.Context, o Options) (*Server, error) {
	if o.Digits == 0 {
		o.Digits = 6
	}
	if o.Life == 0 {
		o.Life = 10 * time.Minute
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 50 << 20
	}
	if o.Upload == 0 {
		o.Upload = time.Minute
	}
	b, err := store.OpenBucket[transaction](ctx, o.Store, "lipsecure", store.BucketOptions{Life: o.Life + time.Hour})
	if err != nil {
		return nil, fmt.Errorf("open lipsecure: %w", err)
	}
	return &Server{o: o, transactions: b}, nil
}

// Routes are the calls, by pattern.
func (s *Server) Routes() map[string]http.Handler {
	return map[string]http.Handler{
		"POST /LiopaAPI/api/challenge":     s.keyed(s.challenge),
		"POST /LiopaAPI/api/verifier/{id}": s.keyed(s.verify),
		"/LiopaAPI/":                       http.HandlerFunc(s.nothing),
	}
}

// keyed lets only those with a key through.
func (s *Server) keyed(h func(http.ResponseWriter, *http.Request, auth.Tenant) reply) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := s.o.Auth.Key(r.Header.Get("X-API-Key"), auth.LipSecure)
		if err != nil {
			s.write(w, reply{Error: unauthorized()})
			return
		}
		s.write(w, h(w, r, c.Tenant))
	})
}

func (s *Server) nothing(w http.ResponseWriter, _ *http.Request) {
	s.write(w, reply{Error: clientError(http.StatusBadRequest, "no such call: POST challenge, or POST verifier/{transactionId}")})
}

func (s *Server) write(w http.ResponseWriter, r reply) {
	if r.Error.Code != 0 {
		s.o.Refused(r.Error.Code)
	}
	head := w.Header()
	head.Set("Content-Type", "application/json")
	head.Set("Cache-Control", "no-store")
	switch r.Error.status() {
	case http.StatusUnauthorized:
		head.Set("WWW-Authenticate", `ApiKey realm="vivavoce"`)
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		head.Set("Retry-After", strconv.Itoa(retryAfter))
	}
	w.WriteHeader(r.Error.status())
	// An error means that the client went away, which it may.
	_ = json.NewEncoder(w).Encode(r)
}

// retryAfter is in seconds: a video takes some.
const retryAfter = 5

// challenge begins a transaction.
func (s *Server) challenge(_ http.ResponseWriter, r *http.Request, t auth.Tenant) reply {
	if !s.rates.Allow(t.Name, t.PerMinute) {
		return reply{Error: clientError(http.StatusTooManyRequests, "more transactions in a minute than the tenant may begin")}
	}
	c, err := pipeline.NewChallenge(rand.Reader, pipeline.Plan{Digits: s.o.Digits, MaxRun: s.o.Digits})
	if err != nil {
		return s.fault("draw a phrase", err)
	}
	made := transaction{Tenant: t.Name, Expires: time.Now().Add(s.o.Life)}
	for _, step := range c.Steps {
		made.Phrase += strconv.Itoa(step.Digit)
	}
	id := uuid.NewString()
	if err := s.transactions.Create(r.Context(), id, made); err != nil {
		return s.fault("keep the transaction", err)
	}
	return reply{TransactionID: id, Phrase: made.Phrase, Error: fine()}
}

// fault is an error of ours; the log has its cause.
func (s *Server) fault(what string, err error) reply {
	s.o.Logger.Error("lipsecure", "during", what, "err", err)
	if errors.Is(err, store.ErrFull) || errors.Is(err, store.ErrUnavailable) || errors.Is(err, errLate) {
		return reply{Error: serverError(http.StatusServiceUnavailable, "Service Unavailable: try again")}
	}
	return reply{Error: serverError(http.StatusInternalServerError, "Internal Server Error")}
}

// isUUID says whether text could be the name of a transaction: only those are looked up.
func isUUID(text string) bool {
	id, err := uuid.Parse(text)
	return err == nil && id.String() == text // not in braces or capitals
}
