package bws

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net/http"
	"strconv"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/reflection/grpc_reflection_v1alpha"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"vivavoce/signaling/auth"
	"vivavoce/signaling/bws/pb"
)

// guarded are the services whose calls need a token and take memory.
func guarded() []string {
	return []string{pb.BioIDWebService_ServiceDesc.ServiceName, pb.FaceImageQualityService_ServiceDesc.ServiceName}
}

// services are all.
func services() []string {
	return append(guarded(), grpc_health_v1.Health_ServiceDesc.ServiceName,
		grpc_reflection_v1.ServerReflection_ServiceDesc.ServiceName, grpc_reflection_v1alpha.ServerReflection_ServiceDesc.ServiceName)
}

// newGRPC makes a gRPC server that is a handler of net/http's HTTP/2: one port, one certificate, and one end for
// both wires.
func (s *Server) newGRPC() http.Handler {
	g := grpc.NewServer(grpc.MaxRecvMsgSize(int(s.o.MaxBytes)), grpc.MaxHeaderListSize(16<<10), grpc.UnaryInterceptor(s.intercept))
	pb.RegisterBioIDWebServiceServer(g, &webService{s: s})
	pb.RegisterFaceImageQualityServiceServer(g, &qualityService{s: s})
	grpc_health_v1.RegisterHealthServer(g, health.NewServer())
	reflection.Register(g)
	mux := http.NewServeMux()
	mux.Handle("/", g)
	for _, service := range guarded() {
		mux.Handle("/"+service+"/", s.guard(g))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			refuseAs(w, http.StatusHTTPVersionNotSupported, status.New(codes.Unimplemented, "gRPC needs HTTP/2"))
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// visitor is the key of the auth.Tenant in a gRPC call's context.
type visitor struct{}

// guard gives a call its headers, its time and its memory before anything of it is read, when it has a token.
func (s *Server) guard(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		came := time.Now()
		log := s.begin(w.Header(), r.Header.Get(referenceNumber), came)
		t, err := s.caller(r.Header.Get("Authorization"))
		done := func() {}
		if err == nil {
			s.bound(w)
			done, err = s.admitMessage(r)
		}
		if err != nil {
			log("grpc", r.URL.Path, t.Name, err)
			refuseGRPC(w, status.Convert(err))
			return
		}
		defer done()
		h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), visitor{}, visit{t, came, log})))
	})
}

// admitMessage counts a call's one message in by its length, which comes first (gRPC over HTTP/2, "Length-Prefixed-Message").
// What is cut short before that is for grpc to refuse.
func (s *Server) admitMessage(r *http.Request) (done func(), err error) {
	var prefix [5]byte // compressed or not, length
	n, err := io.ReadFull(r.Body, prefix[:])
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(prefix[:n]), r.Body), r.Body}
	if err != nil {
		return func() {}, nil
	}
	size := int64(binary.BigEndian.Uint32(prefix[1:]))
	if size > s.o.MaxBytes {
		return nil, status.Errorf(codes.ResourceExhausted, "the message is larger than %d bytes", s.o.MaxBytes)
	}
	return s.admit(size)
}

// visit is what guard found out.
type visit struct {
	tenant auth.Tenant
	came   time.Time
	log    func(wire, call, tenant string, err error)
}

// refuseGRPC answers without a message (gRPC over HTTP/2, "Trailers-Only"). Our texts need no escapes.
func refuseGRPC(w http.ResponseWriter, s *status.Status) {
	w.Header().Set("Content-Type", "application/grpc")
	w.Header().Set("Grpc-Status", strconv.Itoa(int(s.Code())))
	w.Header().Set("Grpc-Message", s.Message())
	w.WriteHeader(http.StatusOK)
}

// intercept bounds the looking and catches what falls: net/http does not, since gRPC calls in goroutines of its own.
func (s *Server) intercept(ctx context.Context, in any, about *grpc.UnaryServerInfo, h grpc.UnaryHandler) (out any, err error) {
	ctx, stop := context.WithTimeout(ctx, s.o.Looking)
	defer stop()
	defer func() {
		if fell := recover(); fell != nil {
			s.o.Logger.Error("bws", "call", about.FullMethod, "panic", fell)
			out, err = nil, status.Error(codes.Internal, "internal error")
		}
		if v, ok := ctx.Value(visitor{}).(visit); ok {
			v.log("grpc", about.FullMethod, v.tenant.Name, err)
		}
	}()
	if v, ok := ctx.Value(visitor{}).(visit); ok {
		// grpc takes net/http's own date away.
		if err := grpc.SetHeader(ctx, metadata.Pairs("date", v.came.UTC().Format(http.TimeFormat))); err != nil {
			return nil, s.fault("set a header", err)
		}
	}
	return h(ctx, in)
}

// tenantOf is who calls; guard has let nobody else through.
func tenantOf(ctx context.Context) (auth.Tenant, error) {
	v, ok := ctx.Value(visitor{}).(visit)
	if !ok {
		return auth.Tenant{}, status.Error(codes.Unauthenticated, "nobody is known")
	}
	return v.tenant, nil
}

type webService struct {
	pb.UnimplementedBioIDWebServiceServer
	s *Server
}

// LivenessDetection implements pb.BioIDWebServiceServer.
func (w *webService) LivenessDetection(ctx context.Context, in *pb.LivenessDetectionRequest) (*pb.LivenessDetectionResponse, error) {
	return answered(ctx, in, w.s.liveness)
}

// VideoLivenessDetection implements pb.BioIDWebServiceServer.
func (w *webService) VideoLivenessDetection(ctx context.Context, in *pb.VideoLivenessDetectionRequest) (*pb.LivenessDetectionResponse, error) {
	return answered(ctx, in, w.s.video)
}

// PhotoVerify implements pb.BioIDWebServiceServer.
func (w *webService) PhotoVerify(ctx context.Context, in *pb.PhotoVerifyRequest) (*pb.PhotoVerifyResponse, error) {
	return answered(ctx, in, w.s.photoVerify)
}

type qualityService struct {
	pb.UnimplementedFaceImageQualityServiceServer
	s *Server
}

// FaceImageQuality implements pb.FaceImageQualityServiceServer.
func (q *qualityService) FaceImageQuality(ctx context.Context, in *pb.FaceImageQualityRequest) (*pb.FaceImageQualityResponse, error) {
	return answered(ctx, in, q.s.faceImageQuality)
}

func answered[In, Out proto.Message](ctx context.Context, in In, do call[In, Out]) (Out, error) {
	t, err := tenantOf(ctx)
	if err != nil {
		var none Out
		return none, err
	}
	return do(ctx, t, in)
}
