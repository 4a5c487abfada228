package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"vivavoce/media/file"
	"vivavoce/pipeline/stills"
	"vivavoce/signaling/bws"
)

// openBWS opens BioID's calls.
func (r *running) openBWS(o bws.Options, metrics prometheus.Registerer) (map[string]http.Handler, error) {
	answered := prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "vivavoce", Name: "bws_calls_total", Help: "BioID's calls, by wire, name and gRPC code.",
	}, []string{"wire", "call", "code"})
	if err := metrics.Register(answered); err != nil {
		return nil, fmt.Errorf("count calls: %w", err)
	}
	o.Studio, o.Videos = r.studio, r.videos
	var err error
	// Workers have a studio of their own, where they are few enough to find a place.
	if r.screening, err = stills.New(r.library, stills.Options{AtOnce: r.workers}); err != nil {
		return nil, err
	}
	o.Answered = func(wire, call, code string) { answered.WithLabelValues(wire, call, code).Inc() }
	s, err := bws.New(o)
	if err != nil {
		return nil, err
	}
	return s.Routes(), nil
}

// watchFaces looks at frames of an uploaded video as at photographs.
func (r *running) watchFaces(ctx context.Context, what []byte, path string) ([]byte, error) {
	var job bws.Job
	if err := json.Unmarshal(what, &job); err != nil {
		return nil, fmt.Errorf("read job: %w", err)
	}
	frames, err := r.seeFaces(ctx, path)
	switch {
	case unwatchable(err):
		frames = nil
	case err != nil:
		return nil, err
	}
	return bws.JudgeVideo(job, frames)
}

// seeFaces looks at frames at equal distances. It reads the video twice: how many frames there are is known at its end,
// and decoding one costs less than keeping it.
func (r *running) seeFaces(ctx context.Context, path string) ([]bws.Frame, error) {
	total := 0
	if err := eachFrame(ctx, path, func(int, *stills.Picture) error { total++; return nil }); err != nil {
		return nil, err
	}
	visit, err := r.screening.Enter(ctx)
	if err != nil {
		return nil, err
	}
	defer visit.Leave()
	var out []bws.Frame
	err = eachFrame(ctx, path, func(i int, p *stills.Picture) error {
		if n := min(bws.MostFrames, total); len(out) == n || i < (2*len(out)+1)*total/(2*n) {
			return nil
		}
		l, err := visit.Look(ctx, p)
		out = append(out, bws.Frame{Number: i, Look: l})
		return err
	})
	return out, err
}

// eachFrame calls do for each frame, which is lent.
func eachFrame(ctx context.Context, path string, do func(i int, p *stills.Picture) error) error {
	src, err := file.Open(path, file.Options{MaxDuration: maxUpload})
	if err != nil {
		return err
	}
	defer src.Close()
	for i := 0; ; i++ {
		f, err := src.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		err = do(i, &stills.Picture{Frame: f, Width: f.Width, Height: f.Height})
		f.Release()
		if err != nil {
			return err
		}
	}
}
