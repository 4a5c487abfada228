// Package bws answers the calls of BioID's web service BWS 3, as JSON and as gRPC: liveness of one or two photographs or of a
// video, and the quality of a photograph. It has no opinion of its own: pipeline/stills looks, a policy of
// pipeline has the thresholds, and this package puts both into BWS's words. api.md says what the public page leaves
// open and what we chose.
package bws

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"vivavoce/pipeline"
	"vivavoce/pipeline/stills"
	"vivavoce/signaling/auth"
	"vivavoce/signaling/bws/pb"
	"vivavoce/signaling/store"
)

// Options say what to serve with. All but the numbers are needed.
type Options struct {
	Auth   *auth.Auth
	Studio *stills.Studio
	Videos *store.Videos
	Logger *slog.Logger
	// Answered is told of every call by somebody: its wire (rest, grpc), its name in small letters, and gRPC's code.
	Answered func(wire, call, code string)

	MaxBytes int64         // of a request; 0 is 50 MiB
	Memory   int64         // that requests may take together, at four times their size; 0 is 1 GiB
	Upload   time.Duration // for a request to come; 0 is 1 min
	Looking  time.Duration // for its pictures to be looked at, waiting included; 0 is 90 s
}

// Audience is what tokens are for, whatever its case.
const Audience = "BWS"

// Version is that of the calls, in the header bws-version.
const Version = "3.0.0"

// Server answers the calls.
type Server struct {
	o      Options
	memory *semaphore.Weighted
	rates  auth.Rates
	grpc   http.Handler
}

// New refuses what cannot serve anybody.
func New(o Options) (*Server, error) {
	if o.Auth == nil || o.Studio == nil || o.Videos == nil || o.Logger == nil || o.Answered == nil {
		return nil, errors.New("new bws: something is missing")
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 50 << 20
	}
	if o.Memory == 0 {
		o.Memory = 1 << 30
	}
	if o.Upload == 0 {
		o.Upload = time.Minute
	}
	if o.Looking == 0 {
		o.Looking = 90 * time.Second
	}
	if o.Memory < perByte*o.MaxBytes {
		return nil, fmt.Errorf("new bws: memory of %d bytes is not enough for one request of %d", o.Memory, o.MaxBytes)
	}
	s := &Server{o: o, memory: semaphore.NewWeighted(o.Memory)}
	s.grpc = s.newGRPC()
	return s, nil
}

// perByte is how often a request is in memory while it is read: as it came, without JSON's escapes, without base64,
// and what the buffers around them have too much.
const perByte = 4

// Routes are the calls, by pattern.
func (s *Server) Routes() map[string]http.Handler {
	routes := map[string]http.Handler{
		"/api/v1/":   http.HandlerFunc(s.nothing),
		"/api/ofiq/": http.HandlerFunc(s.nothing),
	}
	for path, h := range map[string]http.Handler{
		"/api/v1/livenessdetection":      rest(s, s.liveness),
		"/api/v1/videolivenessdetection": rest(s, s.video),
		"/api/v1/photoverify":            rest(s, s.photoVerify),
		"/api/ofiq/v1/faceimagequality":  rest(s, s.faceImageQuality),
	} {
		routes["POST "+path] = h
		routes[path] = http.HandlerFunc(s.otherMethod)
	}
	for _, service := range services() {
		routes["/"+service+"/"] = s.grpc
	}
	return routes
}

// admit counts a request of so many bytes in, until done; less than nothing is not known.
func (s *Server) admit(size int64) (done func(), err error) {
	if size > s.o.MaxBytes {
		return nil, errTooLarge(s.o.MaxBytes)
	}
	if size < 0 {
		size = s.o.MaxBytes
	}
	if !s.memory.TryAcquire(perByte * size) {
		return nil, status.Error(codes.Unavailable, "too many requests at once: try again")
	}
	return func() { s.memory.Release(perByte * size) }, nil
}

func errTooLarge(most int64) error {
	return status.Errorf(codes.InvalidArgument, "the request is larger than %d bytes", most)
}

// caller finds who sent the Authorization header.
func (s *Server) caller(header string) (auth.Tenant, error) {
	c, err := s.o.Auth.Bearer(header, Audience, auth.BWS)
	if err != nil {
		return auth.Tenant{}, status.Error(codes.Unauthenticated, "the request does not have valid authentication credentials for the operation")
	}
	if !s.rates.Allow(c.Tenant.Name, c.Tenant.PerMinute) {
		return c.Tenant, status.Error(codes.ResourceExhausted, "more calls in a minute than the tenant may make")
	}
	return c.Tenant, nil
}

// liveness is LivenessDetection.
func (s *Server) liveness(ctx context.Context, t auth.Tenant, in *pb.LivenessDetectionRequest) (*pb.LivenessDetectionResponse, error) {
	if n := len(in.LiveImages); n != 1 && n != 2 {
		return nil, status.Errorf(codes.InvalidArgument, "liveImages has %d images, want one or two", n)
	}
	policy, err := thresholdsOf(t.Policy)
	if err != nil {
		return nil, s.fault("choose thresholds", err)
	}
	var tags []pipeline.Direction
	var images [][]byte
	for i, image := range in.LiveImages {
		images = append(images, image.GetImage())
		if i == 1 {
			if tags, err = directions(image.GetTags()); err != nil {
				return nil, err
			}
		}
	}
	looks, err := s.look(ctx, images)
	if err != nil {
		return nil, err
	}
	return judgePictures(looks, tags, policy), nil
}

// directions reads tags, whatever their case. One that is not known would be a challenge that nobody checks.
func directions(tags []string) (all []pipeline.Direction, err error) {
	for _, tag := range tags {
		switch d := pipeline.Direction(strings.ToLower(strings.TrimSpace(tag))); d {
		case pipeline.Up, pipeline.Down, pipeline.Left, pipeline.Right:
			all = append(all, d)
		default:
			return nil, status.Error(codes.InvalidArgument, "a tag of the second image is none of up, down, left, right")
		}
	}
	return all, nil
}

// look looks at photographs.
func (s *Server) look(ctx context.Context, images [][]byte) ([]stills.Look, error) {
	visit, err := s.o.Studio.Enter(ctx)
	if err != nil {
		return nil, s.failed("enter the studio", err)
	}
	defer visit.Leave()
	looks := make([]stills.Look, len(images))
	for i, data := range images {
		p, err := visit.Decode(ctx, data)
		if err == nil {
			looks[i], err = visit.Look(ctx, p)
		}
		switch {
		case errors.Is(err, stills.ErrFormat), errors.Is(err, stills.ErrCorrupt):
			return nil, status.Errorf(codes.InvalidArgument, "image %d is no JPEG, PNG or WebP that can be read whole", i)
		case errors.Is(err, stills.ErrTooLarge):
			l := s.o.Studio.Limits()
			return nil, status.Errorf(codes.InvalidArgument, "image %d is too large: at most %d bytes and %d pixels, fewer in many scans or of four inks", i, l.Bytes, l.Pixels)
		case err != nil:
			return nil, s.failed("look at a picture", err)
		}
	}
	return looks, nil
}

// faceImageQuality is FaceImageQuality.
func (s *Server) faceImageQuality(ctx context.Context, _ auth.Tenant, in *pb.FaceImageQualityRequest) (*pb.FaceImageQualityResponse, error) {
	looks, err := s.look(ctx, [][]byte{in.Image})
	if err != nil {
		return nil, err
	}
	return measurementsOf(&looks[0]), nil
}

// photoVerify is PhotoVerify: we compare nobody with a photo.
func (s *Server) photoVerify(context.Context, auth.Tenant, *pb.PhotoVerifyRequest) (*pb.PhotoVerifyResponse, error) {
	return nil, status.Error(codes.Unimplemented, "photoverify is not implemented here: this server tells live persons, it recognises nobody")
}

// failed is an error of waiting, or of ours.
func (s *Server) failed(what string, err error) error {
	switch {
	case errors.Is(err, context.Canceled):
		return status.Error(codes.Canceled, "the client cancelled the request")
	case errors.Is(err, context.DeadlineExceeded):
		return status.Error(codes.DeadlineExceeded, "there was no time left for it: try again")
	case errors.Is(err, stills.ErrFull):
		return status.Error(codes.Unavailable, "too many images wait: try again")
	case errors.Is(err, store.ErrFull), errors.Is(err, store.ErrUnavailable):
		s.o.Logger.Error("bws", "during", what, "err", err)
		return status.Error(codes.Unavailable, "the service is unavailable: try again")
	}
	return s.fault(what, err)
}

// fault is an error of ours; the log has its cause.
func (s *Server) fault(what string, err error) error {
	s.o.Logger.Error("bws", "during", what, "err", err)
	return status.Error(codes.Internal, "internal error")
}
