package bws

import (
	"bytes"
	"context"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/emptypb"

	"vivavoce/pipeline"
	"vivavoce/signaling/bws/pb"
)

func dial(t testing.TB, r *rig) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(strings.TrimPrefix(r.url, "http://"), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func authorized(ctx context.Context, r *rig) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+r.token(), "reference-number", "ref 4711")
}

// TestGRPC calls by BioID's published names.
func TestGRPC(t *testing.T) {
	r := newRig(t, nil)
	conn := dial(t, r)
	ctx := authorized(t.Context(), r)
	front, left := photograph(t, pipeline.Pose{}), photograph(t, pipeline.Pose{Yaw: 16})
	var head metadata.MD
	var out pb.LivenessDetectionResponse
	in := &pb.LivenessDetectionRequest{LiveImages: []*pb.ImageData{{Image: front}, {Image: left, Tags: []string{"left"}}}}
	if err := conn.Invoke(ctx, "/bioid.services.v1.BioIDWebService/LivenessDetection", in, &out, grpc.Header(&head)); err != nil {
		t.Fatal(err)
	}
	if out.Status != pb.JobStatus_SUCCEEDED || !out.Live || len(out.Errors) != 0 || len(out.ImageProperties) != 2 || !(out.LivenessScore > 0) ||
		!(out.ImageProperties[1].Faces[0].MotionLivenessScore > 0) || !(out.ImageProperties[1].Faces[0].MovementDirection > 250) {
		t.Errorf("%v", &out)
	}
	for name, want := range map[string]string{"jobid": `^[0-9a-f-]{36}$`, "bws-version": `^3\.`, "reference-number": "^ref 4711$", "date": " GMT$"} {
		if got := head.Get(name); len(got) != 1 || !regexp.MustCompile(want).MatchString(got[0]) {
			t.Errorf("%s is %q", name, got)
		}
	}
	// The two wires say the same.
	rest := read(t, r.post(detection, images(front)))
	in = &pb.LivenessDetectionRequest{LiveImages: []*pb.ImageData{{Image: front}}}
	got, err := pb.NewBioIDWebServiceClient(conn).LivenessDetection(ctx, in)
	if err != nil || got.LivenessScore != rest["livenessScore"] || got.ImageProperties[0].Faces[0].LeftEye.X != faceAt(rest, 0)["leftEye"].(M)["x"] {
		t.Errorf("gRPC %v (%v), JSON %v", got, err, rest)
	}
	r.judge(func(j Job) ([]byte, error) { return JudgeVideo(j, frames(seen(0.9), seen(0.9), seen(0.9))) })
	video, err := pb.NewBioIDWebServiceClient(conn).VideoLivenessDetection(ctx, &pb.VideoLivenessDetectionRequest{Video: []byte("video")})
	if err != nil || !video.Live || video.ImageProperties[2].FrameNumber != 20 {
		t.Errorf("video: %v, %v", video, err)
	}
	quality, err := pb.NewFaceImageQualityServiceClient(conn).FaceImageQuality(ctx, &pb.FaceImageQualityRequest{Image: front})
	if err != nil || len(quality.QualityMeasurements) < 15 {
		t.Errorf("quality: %v, %v", quality, err)
	}
}

func TestGRPCErrors(t *testing.T) {
	r := newRig(t, nil)
	conn := dial(t, r)
	client := pb.NewBioIDWebServiceClient(conn)
	none := &pb.LivenessDetectionRequest{}
	large := &pb.LivenessDetectionRequest{LiveImages: []*pb.ImageData{{Image: make([]byte, 5<<20)}}}
	late, stop := context.WithTimeout(authorized(t.Context(), r), time.Nanosecond)
	defer stop()
	for _, tt := range []struct {
		name string
		call func() error
		code codes.Code
	}{
		{"no token", func() error { _, err := client.LivenessDetection(t.Context(), none); return err }, codes.Unauthenticated},
		{"wrong token", func() error {
			_, err := client.LivenessDetection(metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer x.y.z"), none)
			return err
		}, codes.Unauthenticated},
		{"no token for quality", func() error {
			_, err := pb.NewFaceImageQualityServiceClient(conn).FaceImageQuality(t.Context(), &pb.FaceImageQualityRequest{})
			return err
		}, codes.Unauthenticated},
		{"no images", func() error { _, err := client.LivenessDetection(authorized(t.Context(), r), none); return err }, codes.InvalidArgument},
		{"too large", func() error { _, err := client.LivenessDetection(authorized(t.Context(), r), large); return err }, codes.ResourceExhausted},
		{"too late", func() error { _, err := client.LivenessDetection(late, none); return err }, codes.DeadlineExceeded},
		{"photo verify", func() error {
			_, err := client.PhotoVerify(authorized(t.Context(), r), &pb.PhotoVerifyRequest{})
			return err
		}, codes.Unimplemented},
		{"unknown call", func() error {
			return conn.Invoke(authorized(t.Context(), r), "/bioid.services.v1.BioIDWebService/Enroll", none, &emptypb.Empty{})
		}, codes.Unimplemented},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.call(); status.Code(err) != tt.code || status.Convert(err).Message() == "" {
				t.Errorf("err = %v, want %v", err, tt.code)
			}
		})
	}
	hold, err := r.server.admit(4 << 20) // and so on, until there is no room
	for i := 0; i < 3 && err == nil; i++ {
		defer hold()
		hold, err = r.server.admit(4 << 20)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.LivenessDetection(authorized(t.Context(), r), &pb.LivenessDetectionRequest{LiveImages: []*pb.ImageData{{}}}); status.Code(err) != codes.Unavailable {
		t.Errorf("no memory left: %v", err)
	}
	hold()
	if _, err := client.LivenessDetection(authorized(t.Context(), r), none); status.Code(err) != codes.InvalidArgument {
		t.Errorf("memory left: %v", err)
	}
	if r.answered["grpc livenessdetection Unauthenticated"] != 2 || r.answered["grpc livenessdetection InvalidArgument"] != 2 || r.answered["grpc photoverify Unimplemented"] != 1 {
		t.Errorf("counted %v", r.answered)
	}
}

// TestNothingFalls holds that one call's panic ends that call only.
func TestNothingFalls(t *testing.T) {
	var log bytes.Buffer
	s := &Server{o: Options{Looking: time.Second, Answered: func(_, _, _ string) {}, Logger: slog.New(slog.NewTextHandler(&log, nil))}}
	_, err := s.intercept(t.Context(), nil, &grpc.UnaryServerInfo{FullMethod: "/x/Y"}, func(context.Context, any) (any, error) { panic("secret") })
	if status.Code(err) != codes.Internal || strings.Contains(err.Error(), "secret") || !strings.Contains(log.String(), "secret") {
		t.Errorf("err = %v, log %q", err, log.String())
	}
	if _, err := tenantOf(t.Context()); status.Code(err) != codes.Unauthenticated {
		t.Errorf("without a guard: %v", err)
	}
}

func TestHealthAndReflection(t *testing.T) {
	r := newRig(t, nil)
	conn := dial(t, r)
	h, err := grpc_health_v1.NewHealthClient(conn).Check(t.Context(), &grpc_health_v1.HealthCheckRequest{})
	if err != nil || h.Status != grpc_health_v1.HealthCheckResponse_SERVING {
		t.Errorf("health: %v, %v", h, err)
	}
	stream, err := grpc_reflection_v1.NewServerReflectionClient(conn).ServerReflectionInfo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ask := &grpc_reflection_v1.ServerReflectionRequest{MessageRequest: &grpc_reflection_v1.ServerReflectionRequest_ListServices{}}
	if err := stream.Send(ask); err != nil {
		t.Fatal(err)
	}
	answer, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range answer.GetListServicesResponse().GetService() {
		names = append(names, s.Name)
	}
	if err := stream.CloseSend(); err != nil {
		t.Error(err)
	}
	slices.Sort(names)
	if !slices.Equal(names, slices.Sorted(slices.Values(services()))) {
		t.Errorf("reflection knows %q, want %q", names, services())
	}
}

// TestFieldNumbers holds the numbers that BioID publishes.
func TestFieldNumbers(t *testing.T) {
	for _, tt := range []struct {
		m    proto.Message
		want map[protoreflect.Name]protoreflect.FieldNumber
	}{
		{&pb.LivenessDetectionRequest{}, fields{"live_images": 1}},
		{&pb.VideoLivenessDetectionRequest{}, fields{"video": 1}},
		{&pb.LivenessDetectionResponse{}, fields{"status": 1, "errors": 2, "image_properties": 3, "live": 4, "liveness_score": 5}},
		{&pb.PhotoVerifyRequest{}, fields{"live_images": 1, "photo": 2, "disable_liveness_detection": 3}},
		{&pb.PhotoVerifyResponse{}, fields{"status": 1, "errors": 2, "image_properties": 3, "photo_properties": 4, "verification_level": 5, "verification_score": 6, "live": 7, "liveness_score": 8}},
		{&pb.ImageData{}, fields{"image": 1, "tags": 2}},
		{&pb.ImageProperties{}, fields{"rotated": 1, "faces": 2, "quality_score": 3, "quality_assessments": 4, "frame_number": 5}},
		{&pb.Face{}, fields{"left_eye": 2, "right_eye": 3, "texture_liveness_score": 11, "motion_liveness_score": 12, "movement_direction": 13}},
		{&pb.PointD{}, fields{"x": 1, "y": 2}},
		{&pb.RectangleD{}, fields{"x": 1, "y": 2, "width": 3, "height": 4}},
		{&pb.QualityAssessment{}, fields{"check": 1, "score": 2, "message": 3}},
		{&pb.JobError{}, fields{"error_code": 1, "message": 2}},
		{&pb.FaceImageQualityRequest{}, fields{"image": 1}},
		{&pb.FaceImageQualityResponse{}, fields{"status": 1, "errors": 2, "quality_measurements": 3}},
		{&pb.QualityMeasurement{}, fields{"measure": 1, "raw_value": 2, "scalar_score": 3}},
	} {
		d := tt.m.ProtoReflect().Descriptor()
		if d.Fields().Len() != len(tt.want) {
			t.Errorf("%s has %d fields, want %d", d.FullName(), d.Fields().Len(), len(tt.want))
		}
		for name, number := range tt.want {
			if f := d.Fields().ByName(name); f == nil || f.Number() != number {
				t.Errorf("%s.%s is not %d", d.FullName(), name, number)
			}
		}
	}
	if pb.JobStatus_FAULTED != 1 || pb.JobStatus_CANCELLED != 2 || pb.PhotoVerifyResponse_LEVEL_5 != 5 {
		t.Error("an enum's number is another")
	}
}

type fields = map[protoreflect.Name]protoreflect.FieldNumber
