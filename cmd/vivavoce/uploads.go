package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"vivavoce/media/file"
	"vivavoce/pipeline"
	"vivavoce/pipeline/lips"
	"vivavoce/signaling/bws"
	"vivavoce/signaling/lipsecure"
)

// maxUpload is how long an uploaded video may last: ten digits said slowly, three times over.
const maxUpload = 30 * time.Second

// watch judges an uploaded video as the call wants that it came by. It is a [store.Worker]: what is wrong with the video
// is an answer, an error is our own.
func (r *running) watch(ctx context.Context, what []byte, path string) ([]byte, error) {
	var job struct {
		Kind string `json:"kind"`
	}
	if err := json.Unmarshal(what, &job); err != nil {
		return nil, fmt.Errorf("read job: %w", err)
	}
	if job.Kind == bws.VideoJob {
		return r.watchFaces(ctx, what, path)
	}
	return r.watchUpload(ctx, what, path)
}

// watchUpload judges an uploaded video by the phrase that its maker was told.
func (e *engine) watchUpload(ctx context.Context, what []byte, path string) ([]byte, error) {
	var job lipsecure.Job
	if err := json.Unmarshal(what, &job); err != nil {
		return nil, fmt.Errorf("read job: %w", err)
	}
	seen, err := e.seeUpload(ctx, job.Phrase, path)
	switch {
	case errors.Is(err, file.ErrTooLong):
		seen = lipsecure.Seen{Fault: lipsecure.TooLong}
	case unwatchable(err):
		seen = lipsecure.Seen{Fault: lipsecure.Unreadable}
	case err != nil:
		return nil, err
	}
	return json.Marshal(seen)
}

// unwatchable reports whether an error is the video's fault.
func unwatchable(err error) bool {
	return slices.ContainsFunc([]error{file.ErrTooLong, file.ErrEmpty, file.ErrUnreadable, file.ErrNoVideo, file.ErrTooLarge}, func(kind error) bool {
		return errors.Is(err, kind)
	})
}

func (e *engine) seeUpload(ctx context.Context, phrase, path string) (lipsecure.Seen, error) {
	seen := lipsecure.Seen{Hints: map[pipeline.HintCode]int{}}
	src, err := file.Open(path, file.Options{MaxDuration: maxUpload})
	if err != nil {
		return seen, err
	}
	defer src.Close()
	judge, err := e.judgeOf(phrase)
	if err != nil {
		return seen, err
	}
	attempt, err := judge.NewAttempt(pipeline.Challenge{})
	if err != nil {
		return seen, err
	}
	frames := &counting{src: src}
	v, err := attempt.Run(ctx, frames, func(e pipeline.Event) {
		if h, ok := e.(pipeline.HintChanged); ok && h.Hint.Code != "" {
			seen.Hints[h.Hint.Code]++
		}
	})
	if err != nil {
		return seen, err
	}
	seen.Seconds, seen.Reasons, seen.Confidence = (frames.last - frames.first).Seconds(), v.Reasons, v.Confidence
	for _, s := range v.Scores {
		if s.Name == pipeline.ScoreLips && s.Step == pipeline.Whole {
			seen.Read = s.Checked && !math.IsNaN(s.Value)
		}
	}
	return seen, nil
}

// recordingPolicy is for videos that nobody prompted.
const recordingPolicy = "recording"

// judgeOf judges recordings in which a phrase should be said, by the policy for them.
func (e *engine) judgeOf(phrase string) (*pipeline.Judge, error) {
	policy, err := pipeline.PolicyNamed(recordingPolicy)
	if err != nil {
		return nil, err
	}
	reading := e.reading
	reading.Phrase = phrase
	return pipeline.NewJudge(pipeline.JudgeOptions{
		NewFinder: e.newFinder, NewGuide: e.newGuide, Stages: []pipeline.Kind{lips.New(reading)}, Policy: policy,
		Timing: pipeline.Timing{Whole: maxUpload + time.Minute, Deciding: time.Minute},
	})
}
