package puppet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"vivavoce/media"
	"vivavoce/media/codec"
	"vivavoce/media/file"
)

// Voiced is a Performance that is heard, too.
type Voiced interface {
	Performance
	// Say fills samples, media.SoundRate of them a second, with what is heard from now on. It
	// is called from a goroutine of its own.
	Say(samples []float32, now time.Duration)
}

// Talking is a clip with its sound.
type Talking struct {
	*Clip
	samples []float32
	late    time.Duration
}

// OpenTalking opens a video file whose sound comes late, or early where late is below zero.
// Close it.
func OpenTalking(path string, late time.Duration) (*Talking, error) {
	samples, err := soundOf(path)
	if err != nil {
		return nil, fmt.Errorf("open sound of %s: %w", path, err)
	}
	clip, err := OpenClip(path)
	if err != nil {
		return nil, err
	}
	return &Talking{Clip: clip, samples: samples, late: late}, nil
}

// soundOf is a file's sound from PTS 0 on.
func soundOf(path string) (all []float32, err error) {
	src, err := file.Open(path, file.Options{MaxDuration: time.Minute})
	if err != nil {
		return nil, err
	}
	defer src.Close()
	for {
		f, err := src.Next(context.Background())
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		for _, s := range f.Sound {
			at := max(0, sampleAt(s.PTS))
			if short := at + len(s.Samples) - len(all); short > 0 {
				all = append(all, make([]float32, short)...)
			}
			copy(all[at:], s.Samples)
		}
		f.Release()
	}
}

func sampleAt(t time.Duration) int { return int(math.Round(t.Seconds() * media.SoundRate)) }

// Say implements Voiced.
func (t *Talking) Say(samples []float32, now time.Duration) {
	clear(samples)
	from := sampleAt(now - t.late)
	for i := range samples {
		if at := from + i; at >= 0 && at < len(t.samples) {
			samples[i] = t.samples[at]
		}
	}
}

// talk encodes and sends what is said until ctx ends, each packet when it is over.
func (c *call) talk(ctx context.Context, v Voiced) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-c.publisher.Connected():
	}
	voice, err := codec.NewVoice()
	if err != nil {
		return err
	}
	defer voice.Close()
	samples := make([]float32, codec.VoiceTime*media.SoundRate/time.Second)
	tick := time.NewTicker(codec.VoiceTime)
	defer tick.Stop()
	for at := time.Since(c.began); ; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		for ; at+codec.VoiceTime <= time.Since(c.began); at += codec.VoiceTime {
			v.Say(samples, at)
			err := voice.Encode(samples, func(b []byte) error { return c.publisher.WriteSound(b, codec.VoiceTime) })
			if err != nil {
				return fmt.Errorf("send sound: %w", err)
			}
		}
	}
}
