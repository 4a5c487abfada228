package signaling

import (
	"errors"
	"math"
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

func testOptions(t testing.TB) *Options {
	t.Helper()
	o := &Options{Open: true, Plan: pipeline.DefaultPlan(), Metrics: NewMetrics(prometheus.NewRegistry())}
	o.Limits = Limits{Sessions: 2}
	if err := errors.Join(o.Limits.fill(), o.Timing.fill()); err != nil {
		t.Fatal(err)
	}
	return o
}

// silence is a store that takes every event.
type silence struct{}

func (silence) Tell(string, string, []byte) error { return nil }

// testSession keeps its slot. Its end goes nowhere.
func testSession(o *Options) *Session {
	now := time.Now()
	s := newSession(newID(), "token", record{Tenant: "t", Created: now, Expires: now.Add(o.Timing.Start)}, silence{}, o.Metrics)
	s.keeps, s.save = true, func(*Session) {}
	return s
}

// testRoster forgets at once who is over.
func testRoster(o *Options) (st *roster, add func(*Session, int) error) {
	st = newRoster(o, nil)
	return st, func(s *Session, most int) error {
		err := st.add(s, most)
		s.save = func(s *Session) {}
		return err
	}
}

func TestRosterExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := testOptions(t)
		st, add := testRoster(o)
		s := testSession(o)
		if err := add(s, 0); err != nil {
			t.Fatal(err)
		}
		time.Sleep(o.Timing.Start)
		st.sweep(time.Now())
		if got := s.now().State; got != StateCreated {
			t.Errorf("state %s at the very deadline, want created", got)
		}
		time.Sleep(time.Second)
		st.sweep(time.Now())
		got := s.now()
		if got.State != StateExpired || got.Verdict.Outcome != "undecided" || got.Verdict.Reasons[0] != pipeline.SessionExpired {
			t.Errorf("record %+v, want expired", got)
		}
		if _, ok := st.find(s.id); !ok {
			t.Error("forgotten before its end is stored")
		}
		st.forget(s)
		if _, ok := st.find(s.id); ok || len(st.order) != 0 {
			t.Error("not forgotten")
		}
	})
}

func TestRosterIsBounded(t *testing.T) {
	o := testOptions(t)
	st, add := testRoster(o)
	refused := func(name string, code Code, err error) {
		t.Helper()
		var p *ProtocolError
		if !errors.As(err, &p) || p.Code != code {
			t.Errorf("%s: %v, want %s", name, err, code)
		}
	}
	if err := add(testSession(o), 1); err != nil {
		t.Fatal(err)
	}
	refused("second of a tenant that may have one", CodeTooMany, add(testSession(o), 1))
	if err := add(testSession(o), 2); err != nil {
		t.Fatal(err)
	}
	refused("third of two", CodeFull, add(testSession(o), 0))
	st.replace = true
	if err := add(testSession(o), 0); err != nil || st.active() != 1 {
		t.Errorf("replacing: %v, %d active; want one", err, st.active())
	}
	st.drain()
	refused("while draining", CodeDraining, add(testSession(o), 0))
}

func TestLockout(t *testing.T) {
	began := time.Now()
	var f failures
	for i := range 7 {
		if wait := f.wait(began); i < lockoutFailures && wait != 0 {
			t.Errorf("after %d failures: %v", i, wait)
		}
		f.add(began.Add(time.Duration(i) * 10 * time.Second))
	}
	// The last five failed at 20 to 60 s.
	for after, want := range map[time.Duration]time.Duration{
		time.Minute:                  30 * time.Minute,
		31*time.Minute - time.Second: time.Second,
		31 * time.Minute:             0,
		time.Hour:                    0,
	} {
		if got := f.wait(began.Add(after)); got != want {
			t.Errorf("at %v: %v, want %v", after, got, want)
		}
	}
	f.add(began.Add(31 * time.Minute)) // free again, and fails once
	if got := f.wait(began.Add(31 * time.Minute)); got != 0 || f.left(began.Add(31*time.Minute)) != lockoutFailures-1 {
		t.Errorf("after the lock: %v, %d left; want to be free with one less", got, f.left(began.Add(31*time.Minute)))
	}
	var slow failures
	for i := range 9 {
		slow.add(began.Add(time.Duration(i) * 46 * time.Second))
	}
	if got := slow.wait(began.Add(8 * 46 * time.Second)); got != 0 {
		t.Errorf("five within 184 s: %v, want none", got)
	}
}

func TestFirstConclusionCounts(t *testing.T) {
	o := testOptions(t)
	s := testSession(o)
	if !s.conclude(StateDone, pipeline.Verdict{Outcome: pipeline.Spoof}) {
		t.Error("the first does not count")
	}
	if s.conclude(StateFailed, pipeline.Verdict{Outcome: pipeline.Live}) || s.enter(StateFraming) {
		t.Error("something counts after the end")
	}
	if got := s.now(); got.State != StateDone || got.Verdict.Outcome != "spoof" {
		t.Errorf("record %+v, want the first verdict", got)
	}
}

// TestReporterCalmsDown holds that running scores and progress come ten times a
// second at most, and what settles or turns always.
func TestReporterCalmsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := testOptions(t)
		s := testSession(o)
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
	o := testOptions(b)
	s := testSession(o)
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
