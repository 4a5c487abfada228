package puppet_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vivavoce/pipeline"
	"vivavoce/signaling"
	"vivavoce/signaling/puppet"
)

// A person whose socket dies in each state, and one who never acknowledges, leave
// no goroutine behind once the server has ended.
func TestNothingIsLeftBehind(t *testing.T) {
	h, newFinder := head(t, 0)
	before := goleak.IgnoreCurrent()
	t.Run("server", func(t *testing.T) {
		server := open(t, newFinder, pipeline.Timing{Framing: 8 * time.Second}, pipeline.Plan{Digits: 2, Turns: 1})
		for _, dies := range []string{"welcome", "answer", "state framing", "state challenge", "prompt", "state deciding"} {
			t.Run("dies at "+dies, func(t *testing.T) { dieAt(t, server, h, dies) })
		}
		t.Run("never acknowledges", func(t *testing.T) {
			verdict, err := puppet.Run(t.Context(), puppet.Options{Server: server, Scene: person(t, h), FPS: 20, NoAck: true})
			if err != nil {
				t.Fatal(err)
			}
			if verdict.Outcome == pipeline.Spoof.String() {
				t.Errorf("verdict = %s %v: a lost acknowledgement is no attack", verdict.Outcome, verdict.Reasons)
			}
		})
	})
	http.DefaultClient.CloseIdleConnections()
	goleak.VerifyNone(t, before)
}

func person(t *testing.T, h *puppet.Head) *puppet.Scene {
	t.Helper()
	scene, err := puppet.NewScene(puppet.Person, h, puppet.Camera{Width: 640, Height: 480, Noise: 2}, 3)
	if err != nil {
		t.Fatal(err)
	}
	return scene
}

// dieAt cuts a session when the message comes.
func dieAt(t *testing.T, server string, h *puppet.Head, message string) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	died := false
	_, err := puppet.Run(ctx, puppet.Options{Server: server, Scene: person(t, h), FPS: 20, Listen: func(m signaling.Message) {
		name := m.Type()
		if s, ok := m.(signaling.StateChange); ok {
			name += " " + string(s.State)
		}
		if name == message {
			died = true
			cancel()
		}
	}})
	if !died {
		t.Errorf("the session ended (%v) before %q", err, message)
	}
}
