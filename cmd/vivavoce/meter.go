package main

import (
	"context"
	"strconv"
	"sync"

	"vivavoce/media"
	"vivavoce/pipeline"
	"vivavoce/signaling"
)

// meter says how many frames a second a server judged, by the digits that were asked.
type meter struct {
	mu    sync.Mutex
	rates map[string]float64
}

func (m *meter) rate(phrase string) float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.rates[phrase]
}

// watch counts the frames of one attempt.
func (m *meter) watch(a signaling.Attempt) signaling.Attempt {
	return &watchedAttempt{Attempt: a, meter: m}
}

type watchedAttempt struct {
	signaling.Attempt
	meter *meter
}

// Run implements signaling.Attempt.
func (w *watchedAttempt) Run(ctx context.Context, src media.Source, report func(pipeline.Event)) (pipeline.Verdict, error) {
	counted := &counting{src: src}
	phrase := ""
	v, err := w.Attempt.Run(ctx, counted, func(e pipeline.Event) {
		if p, ok := e.(pipeline.Prompted); ok && p.Prompt.Step.Kind == pipeline.StepDigit {
			phrase += strconv.Itoa(p.Prompt.Step.Digit)
		}
		report(e)
	})
	w.meter.mu.Lock()
	defer w.meter.mu.Unlock()
	if w.meter.rates == nil {
		w.meter.rates = map[string]float64{}
	}
	if span := (counted.last - counted.first).Seconds(); span > 0 {
		w.meter.rates[phrase] = float64(counted.frames-1) / span
	}
	return v, err
}
