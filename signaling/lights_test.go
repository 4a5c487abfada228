package signaling

import (
	"context"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/pipeline"
)

// TestLights: the page is told of the lights first, gets each when it is asked for, and what it answers
// reaches the attempt.
func TestLights(t *testing.T) {
	lit := make(chan struct{})
	r := newRig(t, func(ctx context.Context, _ media.Source, report func(pipeline.Event)) (pipeline.Verdict, error) {
		report(pipeline.Lit{Index: 0, Colour: pipeline.Colour{R: 110, G: 203, B: 130}, Time: 1400 * time.Millisecond})
		select {
		case <-lit:
		case <-ctx.Done():
		}
		return pipeline.Verdict{}, ctx.Err()
	}, func(o *Options) { o.Plan.Lights = true })
	made := r.create()
	c := r.dial(made.URL)
	c.send(Hello{Token: made.Token})
	if w := expect[Welcome](c); !w.Lights {
		t.Error("the welcome does not tell of the lights")
	}
	expect[StateChange](c)
	c.send(Offer{SDP: "offer"})
	expect[Answer](c)
	expect[Candidate](c)
	(<-r.peers).picture()
	if got, want := expect[Light](c), (Light{Index: 0, Colour: "#6ecb82", TimeMS: 1400}); got != want {
		t.Errorf("light %+v, want %+v", got, want)
	}
	c.send(LightShown{Index: 0})
	if got := <-r.lights; got != 0 {
		t.Errorf("light %d was shown, want 0", got)
	}
	c.send(LightShown{Index: 5})
	if e := expect[Error](c); e.Code != CodeOutOfOrder || e.Fatal {
		t.Errorf("a light that was not asked for: %+v, want out_of_order", e)
	}
	c.send(LightsDeclined{})
	if got := <-r.lights; got != -1 {
		t.Errorf("got light %d, want declined", got)
	}
	close(lit)
}
