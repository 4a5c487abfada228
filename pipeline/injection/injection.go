// Package injection looks for evidence that a stream is not a camera looking at a person
// now: a recording or a rendering put in the camera's place, by a virtual camera, a
// changed browser or a client of somebody's own. It gives "injection" for the session, and the parts that
// it is made of, each with a score of its own: repeats, replay, clock, sender, noise, latency, device, network
// and client. A part that had too little to see is not checked, and so is the whole without pictures to compare.
//
// Some findings stand alone, as nothing that a person does explains them: three seconds of movement and more that
// repeat (a loop, a clip played to and fro), five of what another session showed, and a picture that
// stands still. All others are hints: one of them takes a quarter of the whole and changes no
// verdict, three do.
//
// The figures of size, quantizer, bits and noise of a session are told and judge nothing: no attack was at hand that they
// tell from a camera. The noise's pattern in space is not looked at, as little of it is left: of a film with a sensor's noise of two
// steps, sent by Chromium, 64–76 in 100 blocks are the same to the bit as in the frame before, and 0.4 steps are measured (2026-11-22, 9 sessions).
//
// What it does not see: a recording shown once, through Chromium, over a virtual camera. Its clock,
// its encoder and its network are those of a camera. Chromium stamps the frames of a V4L2 camera with
// the time at which it takes them (v4l2_capture_delegate.cc, DoCapture), and those of a file that it
// plays as a fake camera in the same way (file_video_capture_device.cc, OnCaptureTask); its VP8 encoder
// takes noise out of either. Only the challenge, which the recording cannot foresee, stands against it.
package injection

import (
	"context"
	"time"

	"vivavoce/pipeline"
)

// The scores of the parts.
const (
	ScoreRepeats = "injection_repeats" // pictures were not shown before in this session, and do not stand still
	ScoreReplay  = "injection_replay"  // nor in another session
	ScoreClock   = "injection_clock"   // frames come as a camera's do
	ScoreSender  = "injection_sender"  // and from a browser's encoder
	ScoreNoise   = "injection_noise"   // the picture changes as a sensor's does
	ScoreLatency = "injection_latency" // prompts are answered as quickly and as unevenly as people do
	ScoreDevice  = "injection_device"  // what the browser says of its camera, and whether the stream agrees
	ScoreNetwork = "injection_network" // frames arrive as unevenly as what is encoded while it is filmed
	ScoreClient  = "injection_client"  // prompts are acknowledged as a page that paints them does
)

// Values of a score by its findings.
const (
	damning = 0.1  // stands alone
	hint    = 0.75 // for each hint
)

// tellEvery is how often running scores are given.
const tellEvery = time.Second

// Options say what sessions share.
type Options struct {
	// Memory holds what other sessions showed; nil does without, and replay is
	// not checked.
	Memory *Memory
}

// New returns the kind of stage. With a Memory, a session's replay score depends on the
// sessions before it; all other scores on its own observations alone.
func New(o Options) pipeline.Kind {
	return pipeline.Kind{Name: pipeline.ScoreInjection, New: func() (pipeline.Stage, error) {
		return &stage{memory: o.Memory}, nil
	}}
}

// stage is one session's.
type stage struct {
	memory *Memory

	still   still
	repeats repeats
	cuts    cuts
	grain   grain
	frozen  frozen
	noise   noise
	clock   clock
	sender  sender
	latency latency
	device  device
	network network
	client  client
	faces   int

	told time.Duration
	out  []pipeline.Score // reused
}

// Observe implements pipeline.Stage.
func (s *stage) Observe(ctx context.Context, o pipeline.Observation) ([]pipeline.Score, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f := o.Face.Frame
	s.device.see(o.Device, f)
	s.network.see(f)
	s.client.see(o.Prompt)
	s.clock.see(f)
	s.sender.see(f)
	s.latency.see(o)
	if o.Face.Found {
		s.faces++
	}
	c := s.grain.see(f)
	s.noise.see(c, f.Link, o.Face.Found)
	s.clock.repeated(c)
	if s.still.take(o.Face) {
		s.cuts.see(&s.still, f.PTS)
		s.repeats.see(&s.still, f.PTS)
		s.frozen.see(s.repeats.moved, f.PTS, s.still.found)
	}
	if f.PTS-s.told < tellEvery {
		return nil, nil
	}
	s.told = f.PTS
	return s.scores(nil, false), nil
}

// Finish implements pipeline.Stage. A session that showed a face is remembered, whatever
// became of it.
func (s *stage) Finish(ctx context.Context) ([]pipeline.Score, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var replay part
	if s.memory != nil && s.faces > 0 {
		replay = s.memory.judge(s.repeats.film())
	}
	return s.scores(&replay, true), nil
}

// part is what one kind of evidence found. The zero part is not checked.
type part struct {
	checked  bool
	damning  []pipeline.Reason
	hints    []pipeline.Reason
	measures []pipeline.Measure
}

func (p *part) measure(name string, value float64) {
	p.measures = append(p.measures, pipeline.Measure{Name: name, Value: value})
}

// value multiplies what is left after each finding.
func (p part) value() float64 {
	v := 1.0
	if len(p.damning) > 0 {
		v = damning
	}
	for range p.hints {
		v *= hint
	}
	return v
}

// scores gives the whole and its parts. replay is nil before the end.
func (s *stage) scores(replay *part, settled bool) []pipeline.Score {
	type named struct {
		name string
		part part
	}
	parts := []named{
		{ScoreRepeats, s.pictures()},
		{ScoreClock, s.clock.part()},
		{ScoreSender, s.sender.part()},
		{ScoreNoise, s.noise.part()},
		{ScoreLatency, s.latency.part()},
		{ScoreDevice, s.device.part()},
		{ScoreNetwork, s.network.part()},
		{ScoreClient, s.client.part()},
	}
	if replay != nil {
		parts = append(parts, named{ScoreReplay, *replay})
	}
	var all part
	s.out = append(s.out[:0], pipeline.Score{})
	for _, p := range parts {
		s.out = append(s.out, score(p.name, p.part, settled))
		// Without pictures to compare only a finding that stands alone counts: that nothing else was found says too little.
		all.checked = all.checked || p.name == ScoreRepeats && p.part.checked || len(p.part.damning) > 0
		all.damning = append(all.damning, p.part.damning...)
		all.hints = append(all.hints, p.part.hints...)
	}
	s.out[0] = score(pipeline.ScoreInjection, all, settled)
	return s.out
}

func score(name string, p part, settled bool) pipeline.Score {
	s := pipeline.Score{Name: name, Step: pipeline.Whole, Part: name != pipeline.ScoreInjection, Checked: p.checked, Settled: settled}
	if !p.checked {
		s.Reasons = []pipeline.Reason{pipeline.InjectionNotChecked}
		return s
	}
	s.Value, s.Measures = p.value(), p.measures
	s.Reasons = append(append([]pipeline.Reason(nil), p.damning...), p.hints...)
	return s
}

// pictures is what the session's own pictures say of one another.
func (s *stage) pictures() part {
	p := s.repeats.part()
	if s.faces == 0 {
		return part{}
	}
	p.measure("frozen_s", s.frozen.longest.Seconds())
	if s.frozen.longest >= frozenFor {
		p.checked = true
		p.damning = append(p.damning, pipeline.InjectionFrozen)
	}
	if s.cuts.found {
		p.checked = true
		p.hints = append(p.hints, pipeline.InjectionCut)
	}
	return p
}
