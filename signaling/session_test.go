package signaling

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/pipeline"
	"vivavoce/signaling/auth"
)

// wholeStory reports one of everything.
func wholeStory(t *testing.T, shown <-chan int) script {
	return func(ctx context.Context, src media.Source, report func(pipeline.Event)) (pipeline.Verdict, error) {
		f, err := src.Next(ctx)
		if err != nil || f.Width != 4 {
			t.Errorf("first frame %v, %v", f, err)
		}
		report(pipeline.StateChanged{State: pipeline.Framing})
		report(pipeline.HintChanged{Hint: pipeline.Hint{Code: "off_centre", Direction: pipeline.Left, Blocking: true}})
		report(pipeline.HintChanged{})
		report(pipeline.StateChanged{State: pipeline.Challenging})
		report(pipeline.Prompted{Prompt: pipeline.Prompt{Step: pipeline.Step{Kind: pipeline.StepTurn, Turn: pipeline.Up}}, Of: 2, Time: 6 * time.Second})
		<-shown
		report(pipeline.Scored{Score: pipeline.Score{Name: "motion", Checked: true, Value: 0.9}})
		report(pipeline.Progressed{Phase: pipeline.PhaseGo, Fraction: 0.52})
		report(pipeline.Progressed{Phase: pipeline.PhaseDone, Fraction: 1})
		report(pipeline.Prompted{Prompt: pipeline.Prompt{Index: 1, Step: pipeline.Step{Kind: pipeline.StepDigit, Digit: 7}}, Of: 2, Phrase: "70", Time: 900 * time.Millisecond})
		report(pipeline.StateChanged{State: pipeline.Deciding})
		report(pipeline.StateChanged{State: pipeline.Done})
		return pipeline.Verdict{
			Outcome: pipeline.Live, Confidence: 91,
			Scores: []pipeline.Score{
				{Name: "depth", Step: pipeline.Whole, Checked: true, Value: 0.6, Settled: true},
				{Name: "injection_clock", Step: pipeline.Whole, Part: true, Checked: true, Value: 1, Settled: true}, // not for the page
				{Name: "lips", Step: pipeline.Whole, Settled: true, Reasons: []pipeline.Reason{"lips.not_checked"}},
				{Name: "motion", Step: 0, Checked: true, Value: 0.9, Settled: true},
			},
		}, nil
	}
}

func TestSessionFromHelloToVerdict(t *testing.T) {
	shown := make(chan int, 8)
	r := newRig(t, wholeStory(t, shown), nil)
	r.shown = shown
	made := r.create()
	events := r.listen(made.ID)
	c := r.dial(made.URL)
	c.send(Hello{Token: made.Token, Client: &Client{"test", "1"}})
	w := expect[Welcome](c)
	if w.Session != made.ID || w.Media != MediaWebRTC || w.Digits != 6 || w.Turns != 2 || w.ICEServers == nil {
		t.Errorf("welcome %+v", w)
	}
	expect[StateChange](c)
	c.send(Offer{SDP: "offer 1"})
	if a := expect[Answer](c); a.SDP != "answer to offer 1" {
		t.Errorf("answer %q", a.SDP)
	}
	if k := expect[Candidate](c); k.Candidate != "candidate:early" {
		t.Errorf("candidate %+v, want the early one after the answer", k)
	}
	c.send(Candidate{Candidate: "candidate:page"})
	c.send(Device{Label: "camera", Width: 640, Height: 480, FrameRate: 30})
	peer := <-r.peers
	peer.picture()
	if got, want := <-r.told, (pipeline.Device{Label: "camera", Width: 640, Height: 480, FrameRate: 30}); got != want {
		t.Errorf("the attempt was told %+v of the camera, want %+v", got, want)
	}

	up := Prompt{Of: 2, Kind: pipeline.StepTurn, Direction: pipeline.Up, TimeMS: 6000}
	common := []Message{
		StateChange{StateFraming},
		Hint{Code: "off_centre", Direction: pipeline.Left, Blocking: true},
		Hint{Code: "none"},
		StateChange{StateChallenge},
		up,
	}
	for _, want := range common {
		if got, _ := c.next(); !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	}
	c.send(PromptShown{Index: 0})
	scored := []Message{Score{Name: "motion", Step: ptr(0), Checked: true, Value: ptr(0.9), Reasons: []pipeline.Reason{}}}
	after := []Message{
		Progress{Phase: pipeline.PhaseGo, Fraction: 0.5, Band: Good},
		Progress{Phase: pipeline.PhaseDone, Fraction: 1, Band: Good},
		Prompt{Index: 1, Of: 2, Kind: pipeline.StepDigit, Digit: "7", Phrase: "70", Position: ptr(0), TimeMS: 900},
		StateChange{StateDeciding},
	}
	page := append(slices.Clone(after),
		Verdict{Outcome: "live", Reasons: []pipeline.Reason{}, Checks: []Check{{Name: "depth", Checked: true, Band: Fair}, {Name: "lips"}}},
		StateChange{StateDone})
	got, code := c.rest()
	if !reflect.DeepEqual(got, page) || code != 1000 {
		t.Errorf("page got %+v and close %d, want %+v and 1000", got, code, page)
	}

	exact := Verdict{
		Outcome: "live", Confidence: ptr(91), Reasons: []pipeline.Reason{},
		Scores: []Score{
			{Name: "depth", Checked: true, Value: ptr(0.6), Settled: true, Reasons: []pipeline.Reason{}},
			{Name: "injection_clock", Checked: true, Value: ptr(1.0), Settled: true, Reasons: []pipeline.Reason{}},
			{Name: "lips", Settled: true, Reasons: []pipeline.Reason{"lips.not_checked"}},
			{Name: "motion", Step: ptr(0), Checked: true, Value: ptr(0.9), Settled: true, Reasons: []pipeline.Reason{}},
		},
	}
	want := slices.Concat([]Message{StateChange{StateConnecting}}, common, scored, after, []Message{exact, StateChange{StateDone}})
	if got := events.rest(); !reflect.DeepEqual(got, want) {
		t.Errorf("integrator got\n%+v, want\n%+v", got, want)
	}
	if s := r.status(made.ID); s.State != StateDone || !reflect.DeepEqual(s.Verdict, &exact) {
		t.Errorf("status %+v", s)
	}
	if peer.offers[0] != "offer 1" || !slices.Equal(peer.candidates, []Candidate{{Candidate: "candidate:page"}}) {
		t.Errorf("peer got %v and %v", peer.offers, peer.candidates)
	}
}

func TestExactScoresForThePageOnlyWhenAllowed(t *testing.T) {
	r := newRig(t, func(_ context.Context, _ media.Source, report func(pipeline.Event)) (pipeline.Verdict, error) {
		report(pipeline.Scored{Score: pipeline.Score{Name: "depth", Step: pipeline.Whole, Checked: true, Value: 0.25}})
		return pipeline.Verdict{}, nil
	}, func(o *Options) { o.ExactToPage = true })
	c, _, peer := r.join()
	peer.picture()
	if s := expect[Score](c); s.Value == nil || *s.Value != 0.25 || s.Step != nil {
		t.Errorf("score %+v", s)
	}
}

// TestEndings holds that whatever ends a session, both sides are told why and
// nothing is left (newRig checks for goroutines).
func TestEndings(t *testing.T) {
	for _, tt := range []struct {
		name   string
		play   script // nil: until done
		change func(*Options)
		end    func(r *rig, c *client, made Created, p *fakePeer)
		state  State
		reason pipeline.Reason
		code   Code // of the error that the page is told
		close  int  // 0: the page is not there to see
	}{
		{name: "bye", end: func(_ *rig, c *client, _ Created, _ *fakePeer) { c.send(Bye{Reason: "navigated"}) },
			state: StateDone, reason: pipeline.SessionCancelled, close: 1000},
		{name: "bye with a lost camera", end: func(_ *rig, c *client, _ Created, _ *fakePeer) { c.send(Bye{Reason: "camera_lost"}) },
			state: StateDone, reason: pipeline.SessionNoMedia, close: 1000},
		{name: "delete while connecting", end: func(r *rig, _ *client, made Created, _ *fakePeer) {
			r.callAs("DELETE", "/v1/sessions/"+made.ID, nil)
		}, state: StateDone, reason: pipeline.SessionCancelled, close: 1000},
		{name: "delete while framing", end: func(r *rig, c *client, made Created, p *fakePeer) {
			p.picture()
			expect[StateChange](c)
			r.callAs("DELETE", "/v1/sessions/"+made.ID, nil)
		}, state: StateDone, reason: pipeline.SessionCancelled, close: 1000},
		{name: "dropped while connecting", end: func(_ *rig, c *client, _ Created, _ *fakePeer) { c.conn.Close() },
			state: StateFailed, reason: reasonDisconnected},
		{name: "dropped while framing", end: func(_ *rig, c *client, _ Created, p *fakePeer) {
			p.picture()
			expect[StateChange](c)
			c.conn.Close()
		}, state: StateFailed, reason: reasonDisconnected},
		{name: "dropped in the challenge", play: challengeForEver, end: func(_ *rig, c *client, _ Created, p *fakePeer) {
			p.picture()
			expect[Prompt](c)
			c.conn.Close()
		}, state: StateFailed, reason: reasonDisconnected},
		{name: "closed by the page in order", end: func(_ *rig, c *client, _ Created, _ *fakePeer) {
			_ = c.conn.WriteMessage(8, []byte{3, 232}) // close 1000, and no bye
		}, state: StateFailed, reason: reasonDisconnected, close: 1000},
		{name: "silent page", change: func(o *Options) { o.Timing.Silence = 50 * time.Millisecond; o.Timing.Ping = time.Minute },
			end:   func(*rig, *client, Created, *fakePeer) {},
			state: StateFailed, reason: reasonDisconnected, close: 1000},
		{name: "no picture", change: func(o *Options) { o.Timing.FirstPicture = 20 * time.Millisecond },
			end:   func(*rig, *client, Created, *fakePeer) {},
			state: StateExpired, reason: pipeline.SessionNoMedia, code: CodeTimeout, close: 4408},
		{name: "whole time over", change: func(o *Options) { o.Timing.Whole = 20 * time.Millisecond },
			end:   func(_ *rig, _ *client, _ Created, p *fakePeer) { p.picture() },
			state: StateExpired, reason: pipeline.SessionExpired, code: CodeTimeout, close: 4408},
		{name: "media fail before a picture", end: func(_ *rig, _ *client, _ Created, p *fakePeer) {
			p.broken <- errors.New("ICE failed")
		}, state: StateFailed, reason: pipeline.SessionNoMedia, code: CodeMediaFailed, close: 4410},
		{name: "media fail while framing", play: watchToTheEnd, end: func(_ *rig, c *client, _ Created, p *fakePeer) {
			p.picture()
			expect[StateChange](c)
			p.broken <- errors.New("ICE failed")
		}, state: StateFailed, reason: pipeline.SessionNoMedia, code: CodeMediaFailed, close: 4410},
		{name: "offer that cannot be answered", end: func(_ *rig, c *client, _ Created, p *fakePeer) {
			p.refuse = &MediaError{CodeBadSDP, errors.New("no video")}
			c.send(Offer{SDP: "x"})
		}, state: StateFailed, reason: pipeline.SessionNoMedia, code: CodeBadSDP, close: 4400},
		{name: "stage fails", play: func(context.Context, media.Source, func(pipeline.Event)) (pipeline.Verdict, error) {
			return pipeline.Verdict{}, errors.New("mesh: out of memory at 0xdeadbeef")
		}, end: func(_ *rig, _ *client, _ Created, p *fakePeer) { p.picture() },
			state: StateFailed, reason: pipeline.SessionFailed, code: CodeInternal, close: 1011},
		{name: "page that does not read", play: func(ctx context.Context, _ media.Source, report func(pipeline.Event)) (pipeline.Verdict, error) {
			for ctx.Err() == nil {
				report(pipeline.HintChanged{})
			}
			return pipeline.Verdict{}, ctx.Err()
		}, change: func(o *Options) { o.Limits.QueuedToPage = 8 },
			end:   func(_ *rig, _ *client, _ Created, p *fakePeer) { p.picture() },
			state: StateFailed, reason: reasonDisconnected, code: CodeTooSlow, close: 4411},
		{name: "server goes down", end: func(r *rig, _ *client, _ Created, _ *fakePeer) { r.stop() },
			state: StateFailed, reason: pipeline.SessionFailed, code: CodeDraining, close: 1001},
	} {
		t.Run(tt.name, func(t *testing.T) {
			play := tt.play
			if play == nil {
				play = untilDone
			}
			r := newRig(t, play, tt.change)
			c, made, peer := r.join()
			tt.end(r, c, made, peer)
			if tt.close != 0 {
				checkLastWords(t, c, tt.state, tt.reason, tt.code, tt.close)
			}
			s := r.awaitOver(made.ID)
			if s.State != tt.state || s.Verdict == nil || s.Verdict.Outcome != "undecided" ||
				!slices.Equal(s.Verdict.Reasons, []pipeline.Reason{tt.reason}) {
				t.Errorf("status %+v %+v, want %s with %s", s, s.Verdict, tt.state, tt.reason)
			}
		})
	}
}

func challengeForEver(ctx context.Context, _ media.Source, report func(pipeline.Event)) (pipeline.Verdict, error) {
	report(pipeline.Prompted{Prompt: pipeline.Prompt{Step: pipeline.Step{Kind: pipeline.StepTurn, Turn: pipeline.Left}}})
	<-ctx.Done()
	return pipeline.Verdict{}, ctx.Err()
}

// watchToTheEnd reads until the source ends, as attempts do.
func watchToTheEnd(ctx context.Context, src media.Source, report func(pipeline.Event)) (pipeline.Verdict, error) {
	report(pipeline.StateChanged{State: pipeline.Framing})
	for {
		if _, err := src.Next(ctx); err != nil {
			return pipeline.Verdict{Reasons: []pipeline.Reason{pipeline.SessionNoMedia}}, err
		}
	}
}

// checkLastWords reads to the close: error where there is one, verdict, state.
func checkLastWords(t *testing.T, c *client, state State, reason pipeline.Reason, code Code, closed int) {
	t.Helper()
	all, gotClose := c.rest()
	if gotClose != closed {
		t.Errorf("close %d, want %d", gotClose, closed)
	}
	if closed == 1000 && code == "" && len(all) == 0 {
		return // the page closed first: it hears nothing more
	}
	n := len(all)
	if n < 2 || all[n-1] != (StateChange{state}) {
		t.Fatalf("last words %+v, want a verdict and state %s", all, state)
	}
	v, ok := all[n-2].(Verdict)
	if !ok || v.Outcome != "undecided" || !slices.Equal(v.Reasons, []pipeline.Reason{reason}) || v.Confidence != nil || v.Scores != nil {
		t.Errorf("verdict %+v, want undecided for %s", all[n-2], reason)
	}
	if code == "" {
		return
	}
	if e, ok := all[max(0, n-3)].(Error); !ok || e.Code != code || !e.Fatal {
		t.Errorf("error %+v, want fatal %s", all[max(0, n-3)], code)
	}
}

// awaitOver waits until the end of the session is stored.
func (r *rig) awaitOver(id string) Status {
	r.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(patience); ; {
		about, err := r.server.ledger.find(r.t.Context(), auth.Default, id)
		if err != nil {
			r.t.Fatal(err)
		}
		if about.State.Over() {
			s, err := r.server.ledger.status(id, about)
			if err != nil {
				r.t.Fatal(err)
			}
			return s
		}
		select {
		case <-tick.C:
		case <-late:
			r.t.Fatal("the session is not over")
		}
	}
}
