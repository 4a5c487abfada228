package puppet_test

import (
	"context"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"vivavoce/media/webrtc"
	"vivavoce/models"
	"vivavoce/pipeline"
	"vivavoce/pipeline/lips"
	"vivavoce/pipeline/motion"
	"vivavoce/pipeline/quality"
	"vivavoce/signaling"
	"vivavoce/signaling/auth"
	"vivavoce/signaling/puppet"
	"vivavoce/signaling/store"
)

// open starts a real server with real media and models and returns its address.
func open(t testing.TB, newFinder func() (pipeline.Finder, error), timing pipeline.Timing, plan pipeline.Plan) string {
	t.Helper()
	return openWith(t, newFinder, timing, plan, func(a signaling.Attempt) signaling.Attempt { return a })
}

// openWith lets wrap see every attempt, and more stages look.
func openWith(t testing.TB, newFinder func() (pipeline.Finder, error), timing pipeline.Timing, plan pipeline.Plan, wrap func(signaling.Attempt) signaling.Attempt, more ...pipeline.Kind) string {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	engine, err := webrtc.NewEngine(webrtc.Options{Loopback: true, Microphone: true, Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	guide, err := quality.New(quality.Browser())
	if err != nil {
		t.Fatal(err)
	}
	library, _ := stage(t)
	reader, err := lips.Load(library, models.Live)
	if err != nil {
		t.Fatal(err)
	}
	judge, err := pipeline.NewJudge(pipeline.JudgeOptions{
		NewFinder: newFinder, NewGuide: guide, Policy: pipeline.DefaultPolicy(), Timing: timing,
		Stages: append([]pipeline.Kind{motion.New(motion.Options{}), lips.New(lips.Options{Reader: reader})}, more...),
	})
	if err != nil {
		t.Fatal(err)
	}
	nobody, err := auth.New(auth.Options{})
	if err != nil {
		t.Fatal(err)
	}
	kept, err := store.Open(t.Context(), store.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kept.Close)
	server, err := signaling.NewServer(signaling.Options{
		NewAttempt: func(c pipeline.Challenge, _ string) (signaling.Attempt, error) {
			a, err := judge.NewAttempt(c)
			return wrap(a), err
		},
		NewPeer: signaling.WebRTC(engine, log), Plan: plan, Open: true, Auth: nobody, Store: kept, ExactToPage: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, listener) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
		if err := engine.Close(); err != nil {
			t.Errorf("close engine: %v", err)
		}
	})
	return "http://" + listener.Addr().String()
}

func TestOnlyThePersonPasses(t *testing.T) {
	h, newFinder := head(t, 0)
	timing := pipeline.Timing{Framing: 8 * time.Second, Turn: 4 * time.Second}
	server := open(t, newFinder, timing, pipeline.Plan{Digits: 3, Turns: 2})
	for _, kind := range puppet.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			scene, err := puppet.NewScene(kind, h, puppet.Camera{Width: 640, Height: 480, Noise: 2}, 7)
			if err != nil {
				t.Fatal(err)
			}
			verdict, err := puppet.Run(t.Context(), puppet.Options{Server: server, Scene: scene, FPS: 20, Listen: logged(t)})
			if err != nil {
				t.Fatalf("run: %v", err)
			}
			if live := verdict.Outcome == pipeline.Live.String(); live != (kind == puppet.Person) {
				t.Errorf("verdict = %s %v, want live only for a person", verdict.Outcome, verdict.Reasons)
			}
		})
	}
}

// logged writes the server's messages into the test's log.
func logged(t *testing.T) func(signaling.Message) {
	began := time.Now()
	return func(m signaling.Message) {
		data, err := signaling.Encode(m)
		if err != nil {
			t.Errorf("encode %s: %v", m.Type(), err)
		}
		if !strings.Contains("answer candidate progress", m.Type()) {
			t.Logf("%5.2f %s", time.Since(began).Seconds(), data)
		}
	}
}
