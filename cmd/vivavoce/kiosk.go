package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"vivavoce/media"
	"vivavoce/media/camera"
	"vivavoce/media/file"
	"vivavoce/pipeline"
	"vivavoce/pipeline/injection"
	"vivavoce/pipeline/quality"
	"vivavoce/signaling"
	"vivavoce/web"
)

type kioskCmd struct {
	Camera string  `help:"Camera to use: /dev/videoN or part of its name. Empty: the first." xor:"source"`
	File   string  `help:"Play this video over and over instead of a camera." type:"existingfile" xor:"source"`
	Width  int     `help:"Width of the picture to ask of the camera." default:"640"`
	Height int     `help:"Its height." default:"480"`
	FPS    float64 `name:"fps" help:"Pictures a second to ask of the camera." default:"30"`

	Listen string   `help:"Address of the full-screen page." default:"127.0.0.1:8090"`
	APIKey []string `help:"Key of whoever reads the verdicts, at least 16 characters. None: one is made and printed."`
	Remote bool     `help:"Also answer other machines: anyone who reaches it can look through the camera."`
	// 40 to 80 cm with common lenses; see quality.Kiosk.
	FaceMin float64 `help:"Smallest face, forehead to chin over the picture's shorter side; 0: for 80 cm." default:"0"`
	FaceMax float64 `help:"Largest face; 0: for 40 cm." default:"0"`
	modelFlags
	challengeFlags
	policyFlag
}

// Run serves the local page until ctx ends.
func (c *kioskCmd) Run(ctx context.Context, log *slog.Logger, s streams) error {
	registry := prometheus.NewRegistry()
	metrics := signaling.NewMetrics(registry)
	policy, err := pipeline.PolicyNamed(c.Policy)
	if err != nil {
		return err
	}
	shown, err := injection.NewMemory(injection.MemoryOptions{})
	if err != nil {
		return err
	}
	e, err := openEngine(engineOptions{
		models: c.modelFlags, policy: policy, timing: pipeline.Timing{Digit: c.Pace}, quality: c.band(), metrics: metrics, shown: shown,
	})
	if err != nil {
		return err
	}
	defer e.Close()
	if err := e.check(c.plan()); err != nil {
		return err
	}
	d, err := dataFlags{}.open(ctx, credentials{keys: integratorKeys(c.APIKey, s.err)}, log)
	if err != nil {
		return err
	}
	defer d.Close()
	kiosk, err := signaling.NewKiosk(signaling.KioskOptions{
		Options: signaling.Options{
			NewAttempt: e.newAttempt,
			Plan:       c.plan(),
			Auth:       d.auth,
			Store:      d.store,
			Pages:      web.Files(),
			Metrics:    metrics,
			Gather:     registry,
			Logger:     log,
		},
		OpenCamera: c.source(),
		Remote:     c.Remote,
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.err, "The kiosk's page is at http://%s\n", listener.Addr())
	return kiosk.Serve(ctx, listener)
}

func (c *kioskCmd) band() quality.Options {
	q := quality.Kiosk()
	if c.FaceMin != 0 {
		q.Size.Min = c.FaceMin
	}
	if c.FaceMax != 0 {
		q.Size.Max = c.FaceMax
	}
	return q
}

// source opens the camera or the file, as often as the kiosk asks.
func (c *kioskCmd) source() signaling.OpenCamera {
	if c.File == "" {
		return c.openCamera
	}
	return func(context.Context) (media.Source, func(), error) {
		src, err := file.Open(c.File, file.Options{Realtime: true, Loop: true, MaxDuration: time.Hour})
		if err != nil {
			return nil, nil, explainFile(c.File, err)
		}
		return src, func() { _ = src.Close() }, nil
	}
}

func (c *kioskCmd) openCamera(context.Context) (media.Source, func(), error) {
	src, err := camera.Open(camera.Options{Device: c.Camera, Width: c.Width, Height: c.Height, FPS: c.FPS})
	if err != nil {
		return nil, nil, cameraError(err)
	}
	return &plugged{src}, func() { _ = src.Close() }, nil
}

// plugged gives a camera's troubles the codes that the page is told.
type plugged struct{ media.Source }

// Next implements media.Source.
func (p *plugged) Next(ctx context.Context) (*media.Frame, error) {
	f, err := p.Source.Next(ctx)
	return f, cameraError(err)
}

func cameraError(err error) error {
	for _, c := range []struct {
		is   error
		code signaling.Code
	}{
		{camera.ErrAbsent, signaling.CodeCameraAbsent},
		{camera.ErrBusy, signaling.CodeCameraBusy},
		{camera.ErrUnplugged, signaling.CodeCameraUnplugged},
	} {
		if errors.Is(err, c.is) {
			return &signaling.MediaError{Code: c.code, Err: err}
		}
	}
	return err
}
