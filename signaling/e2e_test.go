package signaling

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/media/codec"
	"vivavoce/media/webrtc"
	"vivavoce/pipeline"
	"vivavoce/pipeline/motion"
	"vivavoce/pipeline/pipelinetest"
)

// nobody is a finder in an empty room.
type nobody struct{}

func (nobody) Find(_ context.Context, f *media.Frame) (*pipeline.Face, error) {
	return &pipeline.Face{Frame: f}, nil
}

// newMediaRig is a server with real WebRTC and a real judge that sees no face.
func newMediaRig(t *testing.T, framing time.Duration) *rig {
	t.Helper()
	checkLeaks(t)
	engine, err := webrtc.NewEngine(webrtc.Options{Loopback: true, TCPPort: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // after the server's end: clean-ups run last in, first out
		if err := engine.Close(); err != nil {
			t.Errorf("close engine: %v", err)
		}
	})
	judge, err := pipeline.NewJudge(pipeline.JudgeOptions{
		NewFinder: func() (pipeline.Finder, error) { return nobody{}, nil },
		Stages:    []pipeline.Kind{motion.New(motion.Options{})},
		Policy:    pipeline.DefaultPolicy(),
		Timing:    pipeline.Timing{Framing: framing},
	})
	if err != nil {
		t.Fatal(err)
	}
	return newRig(t, nil, func(o *Options) {
		o.NewAttempt = func(c pipeline.Challenge, _ string) (Attempt, error) { return judge.NewAttempt(c) }
		o.NewPeer = WebRTC(engine, slog.New(slog.DiscardHandler))
	})
}

// publish sends an encoded noise pattern until the test's end.
func publish(t *testing.T, p *webrtc.Publisher) {
	t.Helper()
	encoder, err := codec.NewEncoder(codec.EncoderOptions{Codec: codec.VP8, Width: 320, Height: 240})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		defer encoder.Close()
		const period = time.Second / 20
		tick := time.NewTicker(period)
		defer tick.Stop()
		var pool media.Pool
		for i := 0; ; i++ {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			f := pool.Get(320, 240)
			f.PTS = time.Duration(i) * period
			for j := range f.Y {
				f.Y[j] = byte(60 + rand.IntN(100))
			}
			// A connection that is gone is what some of these tests are about.
			err := encoder.Encode(f, i%20 == 0, func(k codec.Packet) error { _ = p.Write(k.Data, period); return nil })
			f.Release()
			if err != nil {
				t.Errorf("encode: %v", err)
				return
			}
		}
	})
	t.Cleanup(func() { cancel(); wg.Wait() })
}

// ring makes a session with real media, up to the offer's answer.
func (r *rig) ring(t *testing.T) (*client, Created) {
	t.Helper()
	made := r.create()
	c := r.dial(made.URL)
	c.send(Hello{Token: made.Token})
	expect[Welcome](c)
	expect[StateChange](c)
	p, err := webrtc.NewPublisher(webrtc.PublisherOptions{Loopback: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	offer, err := p.Offer(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	c.send(Offer{SDP: offer})
	if err := p.Accept(expect[Answer](c).SDP); err != nil {
		t.Fatal(err)
	}
	publish(t, p)
	return c, made
}

// until reads up to the state.
func (c *client) until(s State) {
	c.t.Helper()
	for {
		m, code := c.next()
		if m == nil {
			c.t.Fatalf("closed with %d before %s", code, s)
		}
		if m == (StateChange{s}) {
			return
		}
	}
}

func TestEmptyRoomOverWebRTC(t *testing.T) {
	r := newMediaRig(t, 700*time.Millisecond)
	c, made := r.ring(t)
	c.until(StateFraming)
	checkLastWords(t, c, StateDone, pipeline.SessionNoFace, "", 1000)
	s := r.status(made.ID)
	if s.Verdict == nil || s.Verdict.Outcome != "undecided" || !slices.Equal(s.Verdict.Reasons, []pipeline.Reason{pipeline.SessionNoFace}) {
		t.Errorf("status %+v, want undecided for no face", s)
	}
}

// TestSocketDiesOverWebRTC leaves no goroutine of pion's or the decoder's behind
// (newMediaRig looks).
func TestSocketDiesOverWebRTC(t *testing.T) {
	for _, tt := range []struct {
		name  string
		until func(c *client)
	}{
		{"before a picture", func(*client) {}},
		{"while framing", func(c *client) { c.until(StateFraming) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newMediaRig(t, time.Minute)
			c, made := r.ring(t)
			tt.until(c)
			c.conn.Close()
			if got := r.awaitOver(made.ID); got.State != StateFailed || got.Verdict.Reasons[0] != reasonDisconnected {
				t.Errorf("status %+v", got)
			}
		})
	}
}

func TestOfferThatPionRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, sdp string
		code      Code
	}{
		{"not SDP", "hello", CodeBadSDP},
		{"audio only", "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=rtpmap:111 opus/48000/2\r\n", CodeBadSDP},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newMediaRig(t, time.Minute)
			made := r.create()
			c := r.dial(made.URL)
			c.send(Hello{Token: made.Token})
			expect[Welcome](c)
			expect[StateChange](c)
			c.send(Offer{SDP: tt.sdp})
			checkLastWords(t, c, StateFailed, pipeline.SessionNoMedia, tt.code, 4400)
		})
	}
}

// TestActorAtAKiosk runs a whole session with a real judge and a real stage: an
// actor hears the prompts, turns, and passes; one who turns the other way does not.
func TestActorAtAKiosk(t *testing.T) {
	if testing.Short() {
		t.Skip("takes ten seconds: the actors move as fast as people")
	}
	for _, tt := range []struct {
		name   string
		script pipelinetest.Script
		live   bool
	}{
		{"answers well", pipelinetest.Script{}, true},
		{"wrong way", pipelinetest.Script{WrongWay: true}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			checkLeaks(t)
			actor := pipelinetest.NewActor(tt.script, 3)
			actor.Paced = true
			r := newKioskRig(t, nil, newFakeCamera(), func(o *KioskOptions) { castActor(t, o, actor) })
			c, made := r.sit()
			prompts := 0
			for {
				m, code := c.next()
				if m == nil {
					t.Fatalf("closed with %d", code)
				}
				if p, ok := m.(Prompt); ok {
					prompts++
					c.send(PromptShown{Index: p.Index})
				}
				if v, ok := m.(Verdict); ok {
					if (v.Outcome == "live") != tt.live {
						t.Errorf("verdict %+v, want live %v", v, tt.live)
					}
					break
				}
			}
			c.rest()
			if prompts != 2 {
				t.Errorf("%d prompts, want 2", prompts)
			}
			if got := r.status(made.ID).Verdict; got == nil || len(got.Scores) == 0 {
				t.Errorf("exact verdict %+v, want scores", got)
			}
		})
	}
}

// castActor makes the actor a kiosk's camera and its only person, judged by turns.
func castActor(t *testing.T, o *KioskOptions, actor *pipelinetest.Actor) {
	t.Helper()
	judge, err := pipeline.NewJudge(pipeline.JudgeOptions{
		NewFinder: actor.Finder,
		Stages:    []pipeline.Kind{motion.New(motion.Options{})},
		Policy:    pipeline.Policy{Checks: []pipeline.Check{{Name: "motion", Threshold: 0.5, Required: true}}},
		Timing:    pipeline.Timing{Turn: 3 * time.Second},
	})
	if err != nil {
		t.Fatal(err)
	}
	o.Plan = pipeline.Plan{Turns: 2}
	o.OpenCamera = func(context.Context) (media.Source, func(), error) { return actor, func() {}, nil }
	o.NewAttempt = func(c pipeline.Challenge, _ string) (Attempt, error) {
		a, err := judge.NewAttempt(c)
		return &heard{a, actor}, err
	}
}

// heard is an attempt whose prompts the actor hears.
type heard struct {
	*pipeline.Attempt
	actor *pipelinetest.Actor
}

func (h *heard) Run(ctx context.Context, src media.Source, report func(pipeline.Event)) (pipeline.Verdict, error) {
	return h.Attempt.Run(ctx, src, func(e pipeline.Event) {
		h.actor.Hear(e)
		report(e)
	})
}
