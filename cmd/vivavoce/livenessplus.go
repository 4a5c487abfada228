package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"vivavoce/pipeline"
	"vivavoce/pipeline/burst"
	"vivavoce/pipeline/quality"
	"vivavoce/pipeline/stills"
	"vivavoce/signaling"
	"vivavoce/signaling/livenessplus"
	"vivavoce/signaling/packet"
	"vivavoce/web"
)

// openLivenessPlus opens the calls of Liveness Plus and the capture element that goes with them.
func (r *running) openLivenessPlus(ctx context.Context, o livenessplus.Options, metrics prometheus.Registerer) (map[string]http.Handler, error) {
	judged := prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "vivavoce", Name: "livenessplus_packets_total", Help: "Packets judged by Liveness Plus's calls: valid, or the code, and why.",
	}, []string{"outcome", "why"})
	if err := metrics.Register(judged); err != nil {
		return nil, fmt.Errorf("count packets: %w", err)
	}
	o.Judged = func(outcome, why string) { judged.WithLabelValues(outcome, why).Inc() }
	c := &captures{studio: r.studio, judge: burst.New()}
	o.Look, o.Glance = c.look, c.glance
	s, err := livenessplus.New(ctx, o)
	if err != nil {
		return nil, err
	}
	routes := s.Routes()
	element, err := signaling.Pages(web.Capture())
	if err != nil {
		return nil, err
	}
	routes["GET /capture/"] = http.StripPrefix("/capture", forAnySite(element))
	return routes, nil
}

// forAnySite lets pages of other sites load what is public: a module is fetched with CORS.
func forAnySite(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		h.ServeHTTP(w, r)
	})
}

// captures looks at what packets hold.
type captures struct {
	studio *stills.Studio
	judge  *burst.Judge
}

// look is a [livenessplus.Looker].
func (c *captures) look(ctx context.Context, p packet.Opened, selfie []byte) (seen livenessplus.Seen, err error) {
	v, err := c.studio.Enter(ctx)
	if errors.Is(err, stills.ErrFull) {
		return seen, livenessplus.ErrBusy
	}
	if err != nil {
		return seen, err
	}
	defer v.Leave()
	capture, photo, err := decodeCapture(ctx, p)
	if err != nil {
		return seen, err
	}
	if selfie != nil {
		s, err := decodePicture(ctx, selfie, photoPixels)
		if err != nil {
			return seen, err
		}
		seen.Apart = burst.Apart(s.Frame, photo.Frame)
	}
	if seen.Capture, err = c.judge.Judge(capture); err != nil {
		return seen, err
	}
	l, err := v.Look(ctx, photo)
	if err != nil {
		return seen, err
	}
	tell(&seen, l)
	return seen, nil
}

// tell puts down what a photo shows.
func tell(seen *livenessplus.Seen, l stills.Look) {
	seen.Faces, seen.Rotated, seen.Hints = len(l.Faces), l.Rotated != 0, codes(l.Hints)
	if len(l.Faces) > 0 {
		f := &l.Faces[0]
		seen.Hints, seen.Texture, seen.Margin = codes(f.Hints), f.Texture, margin(f)
	}
}

// Limits of an eye that is shut and of a mouth that is open, as [pipeline.Face] measures them: about 0.3 and 0.
const shut, agape = 0.1, 0.2

// glance is a [livenessplus.Glancer].
func (c *captures) glance(ctx context.Context, data []byte) (g livenessplus.Glance, err error) {
	v, err := c.studio.Enter(ctx)
	if errors.Is(err, stills.ErrFull) {
		return g, livenessplus.ErrBusy
	}
	if err != nil {
		return g, err
	}
	defer v.Leave()
	p, err := decodePicture(ctx, data, smallPixels)
	if err != nil {
		return g, err
	}
	l, err := v.Look(ctx, p)
	if err != nil {
		return g, err
	}
	tell(&g.Seen, l)
	if len(l.Faces) > 0 {
		f := &l.Faces[0]
		g.EyesShut, g.MouthOpen = max(f.RightEyeOpen, f.LeftEyeOpen) < shut, f.MouthOpen > agape
	}
	return g, nil
}

func codes(hints []pipeline.Hint) (all []pipeline.HintCode) {
	for _, h := range hints {
		all = append(all, h.Code)
	}
	return all
}

// margin is the room between the face and the picture's nearest edge.
func margin(f *stills.Face) float64 {
	m := math.Inf(1)
	for _, r := range []quality.Reading{f.Quality.LeftwardCrop, f.Quality.RightwardCrop, f.Quality.MarginAbove, f.Quality.MarginBelow} {
		if r.Known {
			m = min(m, r.Value)
		}
	}
	return m
}

// decodeCapture decodes a packet's pictures.
func decodeCapture(ctx context.Context, p packet.Opened) (burst.Capture, *stills.Picture, error) {
	photo, err := decodePicture(ctx, p.Photo, photoPixels)
	if err != nil {
		return burst.Capture{}, nil, err
	}
	c := burst.Capture{
		Photo: photo.Frame, Of: p.Meta.Photo.Of, Since: p.Since,
		Device: pipeline.Device{Label: p.Camera.Label, Width: p.Camera.Width, Height: p.Camera.Height, FrameRate: p.Camera.FrameRate},
		Driven: p.Signs.Driven, Altered: len(p.Signs.Altered) > 0, Hidden: p.Signs.Hidden,
	}
	for i, data := range p.Burst {
		picture, err := decodePicture(ctx, data, smallPixels)
		if err != nil {
			return c, nil, err
		}
		s := p.Meta.Burst[i]
		c.Burst = append(c.Burst, burst.Shot{Frame: picture.Frame, At: duration(s.At), Media: duration(s.Media), Number: s.Frame})
	}
	return c, photo, nil
}

func duration(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

// The element's photo has 0.9 million pixels at most, and its other pictures 0.1.
const photoPixels, smallPixels = 4_000_000, 500_000

// decodePicture tells a bad picture from an end of the time.
func decodePicture(ctx context.Context, data []byte, pixels int) (*stills.Picture, error) {
	p, err := stills.Decode(ctx, data, stills.Limits{Pixels: pixels})
	if err != nil && ctx.Err() == nil {
		return nil, fmt.Errorf("%w: %w", livenessplus.ErrPicture, err)
	}
	return p, err
}
