package bws

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"path"
	"strings"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"vivavoce/signaling/auth"
)

// call is one of the calls, whatever its wire.
type call[In, Out proto.Message] func(ctx context.Context, t auth.Tenant, in In) (Out, error)

// message is a pointer to a T that is a message.
type message[T any] interface {
	*T
	proto.Message
}

// rest answers a call with JSON as protocol buffers have it, every field written.
func rest[T any, In message[T], Out proto.Message](s *Server, do call[In, Out]) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		came := time.Now()
		log := s.begin(w.Header(), r.Header.Get(referenceNumber), came)
		t, err := s.caller(r.Header.Get("Authorization"))
		var out proto.Message
		if err == nil {
			out, err = serve(s, w, r, func(ctx context.Context, in In) (proto.Message, error) { return do(ctx, t, in) })
		}
		log("rest", r.URL.Path, t.Name, err)
		if err != nil {
			refuse(w, err)
			return
		}
		write(w, out)
	})
}

// serve reads the request, holding memory for it until it is done with.
func serve[T any, In message[T]](s *Server, w http.ResponseWriter, r *http.Request, do func(context.Context, In) (proto.Message, error)) (proto.Message, error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, status.Error(codes.InvalidArgument, "the body is not application/json")
	}
	done, err := s.admit(r.ContentLength)
	if err != nil {
		return nil, err
	}
	defer done()
	in := In(new(T))
	if err := s.read(w, r, in); err != nil {
		return nil, err
	}
	ctx, stop := context.WithTimeout(r.Context(), s.o.Looking)
	defer stop()
	return do(ctx, in)
}

const (
	jobID           = "jobid"
	bwsVersion      = "bws-version"
	referenceNumber = "reference-number"
)

// begin gives a call its job and its headers, and returns what writes it down.
func (s *Server) begin(head interface{ Set(name, value string) }, reference string, came time.Time) func(wire, call, tenant string, err error) {
	job := uuid.NewString()
	head.Set(jobID, job)
	head.Set(bwsVersion, Version)
	head.Set("Date", came.UTC().Format(http.TimeFormat))
	if reference != "" {
		head.Set(referenceNumber, reference)
	}
	return func(wire, call, tenant string, err error) {
		s.o.Answered(wire, nameOf(call), status.Code(err).String())
		s.o.Logger.Info("bws", "wire", wire, "call", call, "job", job, "tenant", tenant, "reference", reference, "code", status.Code(err).String(), "took", time.Since(came))
	}
}

// nameOf is a call's, of either wire, and one word for all that are none: callers choose paths.
func nameOf(call string) string {
	switch name := strings.ToLower(path.Base(call)); name {
	case "livenessdetection", "videolivenessdetection", "photoverify", "faceimagequality":
		return name
	default:
		return "other"
	}
}

// read reads a request.
func (s *Server) read(w http.ResponseWriter, r *http.Request, in proto.Message) error {
	s.bound(w)
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.o.MaxBytes))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return errTooLarge(s.o.MaxBytes)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return status.Error(codes.Canceled, "the request did not come in time")
	case r.Context().Err() != nil:
		return status.Error(codes.Canceled, "the client cancelled the request")
	case err != nil:
		return status.Error(codes.InvalidArgument, "the body was cut short")
	}
	// The error quotes what somebody sent; what is wrong is said without.
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(body, in); err != nil {
		return status.Error(codes.InvalidArgument, "the body is not the JSON of this call, with its images in base64")
	}
	return nil
}

// bound gives a request its time to come and to be answered.
func (s *Server) bound(w http.ResponseWriter) {
	c := http.NewResponseController(w)
	_ = c.SetReadDeadline(time.Now().Add(s.o.Upload)) // net/http's has deadlines, a test's recorder not
	_ = c.SetWriteDeadline(time.Now().Add(s.o.Upload + s.o.Looking))
}

// httpStatus is what the public page has for a gRPC code, and where it has none, the usual one.
func httpStatus(c codes.Code) int {
	switch c {
	case codes.InvalidArgument:
		return http.StatusBadRequest
	case codes.Unauthenticated:
		return http.StatusUnauthorized
	case codes.NotFound:
		return http.StatusNotFound
	case codes.Canceled:
		return http.StatusRequestTimeout
	case codes.ResourceExhausted:
		return http.StatusTooManyRequests
	case codes.Unimplemented:
		return http.StatusNotImplemented
	case codes.Unavailable, codes.DeadlineExceeded:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

// refusal is the body of a call that failed: google.rpc.Status in JSON.
type refusal struct {
	Code    codes.Code `json:"code"`
	Message string     `json:"message"`
	Details []struct{} `json:"details"`
}

const retryAfter = "5" // seconds; a video takes some

func refuse(w http.ResponseWriter, err error) {
	s := status.Convert(err)
	code := httpStatus(s.Code())
	switch code {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Bearer realm="vivavoce"`)
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		w.Header().Set("Retry-After", retryAfter)
	}
	refuseAs(w, code, s)
}

func refuseAs(w http.ResponseWriter, code int, s *status.Status) {
	head(w)
	w.WriteHeader(code)
	// An error means that the client went away, which it may.
	_ = json.NewEncoder(w).Encode(refusal{s.Code(), s.Message(), []struct{}{}})
}

func head(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
}

// write answers with every field, also those that are zero.
func write(w http.ResponseWriter, m proto.Message) {
	data, err := protojson.MarshalOptions{EmitUnpopulated: true}.Marshal(m)
	if err != nil {
		refuse(w, status.Error(codes.Internal, "internal error"))
		return
	}
	head(w)
	_, _ = w.Write(data) // as above
}

func (s *Server) nothing(w http.ResponseWriter, _ *http.Request) {
	refuseAs(w, http.StatusNotFound, status.New(codes.Unimplemented, "no such call"))
}

func (s *Server) otherMethod(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Allow", http.MethodPost)
	refuseAs(w, http.StatusMethodNotAllowed, status.New(codes.Unimplemented, "allowed: POST"))
}
