package signaling

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"vivavoce/pipeline"
)

func TestOutbox(t *testing.T) {
	b := newOutbox(2)
	for _, m := range []string{"a", "b"} {
		if err := b.put([]byte(m)); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.put([]byte("c")); !errors.Is(err, errTooSlow) {
		t.Errorf("third of two: %v, want errTooSlow", err)
	}
	b.close(CodeTooSlow, []byte("y"), []byte("z"))
	b.close(CodeInternal, []byte("late"))
	if err := b.put([]byte("d")); err != nil {
		t.Errorf("put after close: %v", err)
	}
	var got []string
	for {
		data, closed, why := b.take()
		if closed {
			if why != CodeTooSlow {
				t.Errorf("closed for %q, want the first reason", why)
			}
			break
		}
		got = append(got, string(data))
	}
	if s := strings.Join(got, ""); s != "abyz" {
		t.Errorf("took %q, want abyz", s)
	}
}

func TestStreamKeepsTheNewest(t *testing.T) {
	s := newStream(3)
	for i := range 5 {
		s.tell("state", fmt.Append(nil, i))
	}
	ids := func(after uint64) (out []uint64) {
		events, _, _ := s.after(after)
		for _, e := range events {
			out = append(out, e.id)
		}
		return out
	}
	for _, tt := range []struct {
		after uint64
		want  []uint64
	}{{0, []uint64{3, 4, 5}}, {4, []uint64{5}}, {5, nil}, {99, nil}} {
		if got := ids(tt.after); !slices.Equal(got, tt.want) {
			t.Errorf("after %d: %v, want %v", tt.after, got, tt.want)
		}
	}
	_, more, _ := s.after(5)
	s.end(1)
	select {
	case <-more:
	default:
		t.Error("the end wakes nobody")
	}
	s.tell("state", nil)
	if got := ids(0); !slices.Equal(got, []uint64{5}) {
		t.Errorf("after the end %v, want the last one only", got)
	}
}

func testOptions() *Options {
	o := &Options{Open: true, Plan: pipeline.DefaultPlan(), NewAttempt: func(pipeline.Challenge) (Attempt, error) { return nil, nil }}
	o.Limits = Limits{Sessions: 2, Remembered: 3}
	if err := o.fill(); err != nil {
		panic(err)
	}
	return o
}

func TestStoreForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := prometheus.NewRegistry()
		o := testOptions()
		o.Metrics = NewMetrics(registry)
		st := newStore(o)
		s, token, err := st.create(time.Now(), true)
		if err != nil || !s.token.is(token) || s.token.is(token[1:]) {
			t.Fatalf("create: %v", err)
		}
		time.Sleep(o.Timing.Start)
		st.sweep(time.Now())
		if got := s.status().State; got != StateCreated {
			t.Errorf("state %s at the very deadline, want created", got)
		}
		time.Sleep(time.Second)
		st.sweep(time.Now())
		got := s.status()
		if got.State != StateExpired || got.Verdict.Outcome != "undecided" || got.Verdict.Reasons[0] != pipeline.SessionExpired {
			t.Errorf("status %+v, want expired", got)
		}
		time.Sleep(o.Timing.Remember)
		st.sweep(time.Now())
		if _, ok := st.find(s.id); !ok {
			t.Error("forgotten too early")
		}
		time.Sleep(time.Second)
		st.sweep(time.Now())
		if _, ok := st.find(s.id); ok {
			t.Error("not forgotten")
		}
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			for _, m := range f.Metric {
				if f.GetName() == "vivavoce_sessions" && m.GetGauge().GetValue() != 0 {
					t.Errorf("%s %v, want 0", f.GetName(), m)
				}
			}
		}
	})
}

func TestStoreIsBounded(t *testing.T) {
	st := newStore(testOptions())
	var first *Session
	for i := range 10 {
		s, _, err := st.create(time.Now(), true)
		if err != nil {
			t.Fatalf("session %d: %v", i, err)
		}
		if first == nil {
			first = s
		}
		s.stop(cancelled())
	}
	st.sweep(time.Now())
	if n := len(st.order); n != 3 || len(st.sessions) != 3 {
		t.Errorf("%d sessions remembered, want 3", n)
	}
	if _, ok := st.find(first.id); ok {
		t.Error("the oldest is remembered, not the newest")
	}
	var p *ProtocolError
	for range 2 {
		if _, _, err := st.create(time.Now(), true); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := st.create(time.Now(), true); !errors.As(err, &p) || p.Code != CodeFull {
		t.Errorf("third session: %v, want full", err)
	}
	st.replace = true
	if _, _, err := st.create(time.Now(), true); err != nil || st.active() != 1 {
		t.Errorf("replacing: %v, %d active; want one", err, st.active())
	}
	st.drain()
	if _, _, err := st.create(time.Now(), true); !errors.As(err, &p) || p.Code != CodeDraining {
		t.Errorf("while draining: %v", err)
	}
}

func TestFirstConclusionCounts(t *testing.T) {
	o := testOptions()
	s := newSession(newToken(), time.Now(), o)
	if !s.conclude(StateDone, pipeline.Verdict{Outcome: pipeline.Spoof}) {
		t.Error("the first does not count")
	}
	if s.conclude(StateFailed, pipeline.Verdict{Outcome: pipeline.Live}) || s.enter(StateFraming) {
		t.Error("something counts after the end")
	}
	if got := s.status(); got.State != StateDone || got.Verdict.Outcome != "spoof" {
		t.Errorf("status %+v, want the first verdict", got)
	}
}

// TestReporterCalmsDown holds that running scores and progress come ten times a
// second at most, and what settles or turns always.
func TestReporterCalmsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := testOptions()
		s := newSession(newToken(), time.Now(), o)
		r := &reporter{
			session: s, page: &socket{out: newOutbox(999)}, metrics: o.Metrics, exact: true,
			lost: func(err error) { t.Error(err) }, scored: map[string]time.Time{}, progress: Progress{Index: -1},
		}
		for i := range 30 { // one second of video
			r.report(pipeline.Scored{Score: pipeline.Score{Name: "motion", Checked: true, Value: 0.3}})
			r.report(pipeline.Scored{Score: pipeline.Score{Name: "depth", Step: pipeline.Whole, Checked: true, Value: math.NaN()}})
			r.report(pipeline.Progressed{Phase: pipeline.PhaseGo, Fraction: float64(i) / 30})
			time.Sleep(time.Second / 30)
		}
		r.report(pipeline.Scored{Score: pipeline.Score{Name: "motion", Checked: true, Value: 0.3, Settled: true}})
		r.report(pipeline.Progressed{Phase: pipeline.PhaseReturn, Fraction: 0.9})
		r.report(pipeline.Progressed{Phase: pipeline.PhaseReturn, Fraction: 0.9})

		count := map[string]int{}
		var last Progress
		for {
			data, _, _ := r.page.out.take()
			if data == nil {
				break
			}
			m, err := DecodeServer(data)
			if err != nil {
				t.Fatal(err)
			}
			key := m.Type()
			switch m := m.(type) {
			case Score:
				key += "." + m.Name
				if m.Name == "depth" && m.Value != nil {
					t.Errorf("NaN went out as %v", *m.Value)
				}
			case Progress:
				last = m
			}
			count[key]++
		}
		if n := count["score.motion"]; n < 8 || n > 11 {
			t.Errorf("%d scores of motion, want about 10 and the settled one", n)
		}
		if n := count["progress"]; n < 8 || n > 11 {
			t.Errorf("%d progress, want about 10 and the turn", n)
		}
		if last.Phase != pipeline.PhaseReturn || last.Band != Weak {
			t.Errorf("last progress %+v, want return, weak as the step's score is", last)
		}
	})
}

func TestEveryCodeHasAStatusAndAClose(t *testing.T) {
	for _, c := range []Code{
		CodeBadRequest, CodeUnauthorized, CodeForbidden, CodeNotFound, CodeMethodNotAllowed, CodeTooLarge, CodeBusy,
		CodeFull, CodeDraining, CodeTooMany, CodeInternal,
	} {
		if c != CodeInternal && c.status() == 500 {
			t.Errorf("%s has no HTTP status", c)
		}
	}
	for _, c := range []Code{
		CodeUnauthorized, CodeNotFound, CodeTooLarge, CodeBusy, CodeDraining, CodeUnsupportedVersion, CodeMalformed,
		CodeTooMany, CodeTooSlow, CodeBadSDP, CodeTimeout, CodeMediaFailed, CodeCameraUnplugged,
	} {
		if c.closeCode() == 1011 {
			t.Errorf("%s has no close code", c)
		}
	}
}

func BenchmarkReport(b *testing.B) {
	o := testOptions()
	s := newSession(newToken(), time.Now(), o)
	out := newOutbox(4)
	r := &reporter{
		session: s, page: &socket{out: out}, metrics: o.Metrics,
		lost: func(err error) { b.Error(err) }, scored: map[string]time.Time{},
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i++
		r.report(pipeline.Progressed{Index: i, Phase: pipeline.PhaseGo, Fraction: 0.5})
		out.take()
	}
}

func BenchmarkDecodePage(b *testing.B) {
	data := []byte(`{"v":1,"type":"prompt_shown","index":3}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodePage(data); err != nil {
			b.Fatal(err)
		}
	}
}
