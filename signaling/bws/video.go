package bws

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"vivavoce/pipeline/stills"
	"vivavoce/signaling/auth"
	"vivavoce/signaling/bws/pb"
	"vivavoce/signaling/store"
)

// VideoJob is the kind of a [Job], so that a worker knows it from those of other calls.
const VideoJob = "bws.video"

// Job is what a worker is told of a video.
type Job struct {
	Kind   string `json:"kind"`   // VideoJob
	Policy string `json:"policy"` // the tenant's; "" is the default one
}

// Frame is one frame of a video that was looked at.
type Frame struct {
	Number int // in the video, from 0
	Look   stills.Look
}

// MostFrames is how many frames of a video are looked at, at equal distances.
const MostFrames = 8

// leastFrames is how many of them a decision needs, as a session's texture does.
const leastFrames = 3

// JudgeVideo is for the worker: it makes the answer out of what was seen in a video's frames; of a video that
// cannot be watched there are none.
func JudgeVideo(j Job, frames []Frame) ([]byte, error) {
	t, err := thresholdsOf(j.Policy)
	if err != nil {
		return nil, err
	}
	data, err := proto.Marshal(judgeFrames(frames, t))
	if err != nil {
		return nil, fmt.Errorf("write what was seen: %w", err)
	}
	return data, nil
}

// judgeFrames takes frames with one suitable face. A few frames without one, in a blur, say nothing; several
// faces in one are an error. Texture's mean decides: frames err apart from one another.
func judgeFrames(frames []Frame, t thresholds) *pb.LivenessDetectionResponse {
	a := &answer{LivenessDetectionResponse: &pb.LivenessDetectionResponse{}}
	missed := 0
	for i := range frames {
		one := &answer{LivenessDetectionResponse: &pb.LivenessDetectionResponse{}}
		_, w := one.add(&frames[i].Look, frames[i].Number)
		a.ImageProperties = append(a.ImageProperties, one.ImageProperties...)
		switch {
		case w != nil:
			a.scores = append(a.scores, w.TextureLivenessScore)
		case one.Errors[0].ErrorCode == multipleFacesFound:
			a.fail(multipleFacesFound)
		default:
			missed++
		}
	}
	switch {
	case len(frames) > 0 && missed == len(frames):
		a.fail(faceNotFound)
	case len(a.scores) < leastFrames:
		a.fail(failureToAcquire)
	}
	a.done()
	if a.LivenessScore > 0 && !(a.LivenessScore >= t.texture) {
		a.fail(rejectedPassive)
		a.Live = false
	}
	return a.LivenessDetectionResponse
}

// video is VideoLivenessDetection.
func (s *Server) video(ctx context.Context, t auth.Tenant, in *pb.VideoLivenessDetectionRequest) (*pb.LivenessDetectionResponse, error) {
	if len(in.Video) == 0 {
		return nil, status.Error(codes.InvalidArgument, "video is empty")
	}
	what, err := json.Marshal(Job{VideoJob, t.Policy})
	if err != nil {
		return nil, s.fault("write a job", err)
	}
	data, err := s.o.Videos.Judge(ctx, what, bytes.NewReader(in.Video))
	switch {
	case errors.Is(err, store.ErrPoison): // no worker could finish it
		return judgeFrames(nil, thresholds{}), nil
	case err != nil:
		return nil, s.failed("watch a video", err)
	}
	out := &pb.LivenessDetectionResponse{}
	if err := proto.Unmarshal(data, out); err != nil {
		return nil, s.fault("read what was seen", err)
	}
	return out, nil
}
