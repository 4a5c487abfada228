package pipeline

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"vivavoce/media"
)

func TestAcksKeepOrder(t *testing.T) {
	var a acks
	if err := a.shown(0); !errors.Is(err, ErrNotShown) {
		t.Errorf("before any prompt: err = %v, want ErrNotShown", err)
	}
	a.prompt()
	a.prompt()
	for _, i := range []int{-1, 2} {
		if err := a.shown(i); !errors.Is(err, ErrNotShown) {
			t.Errorf("step %d of 2 prompted: err = %v, want ErrNotShown", i, err)
		}
	}
	if err := a.shown(1); err != nil {
		t.Errorf("step 1 of 2 prompted: %v", err)
	}
	first, _, _ := a.of(1)
	if err := a.shown(1); err != nil {
		t.Errorf("again: %v", err)
	}
	if second, _, _ := a.of(1); !second.Equal(first) {
		t.Errorf("the second acknowledgement moved it from %v to %v", first, second)
	}
	if _, _, ok := a.of(0); ok {
		t.Error("step 0 is acknowledged, but nobody did")
	}
}

// TestAcksAreTimed: from the sending of their own step.
func TestAcksAreTimed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a acks
		a.prompt()
		time.Sleep(time.Second)
		a.prompt()
		time.Sleep(40 * time.Millisecond)
		if err := a.shown(1); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if _, after, ok := a.of(1); !ok || after != 40*time.Millisecond {
			t.Errorf("acknowledged %v after %v, want 40ms", ok, after)
		}
	})
}

func TestMediaClockFollowsTheFastestFrame(t *testing.T) {
	start := time.Unix(1000, 0)
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	var c mediaClock
	// Frames take 80 ms, every third queues for 200 more.
	for i := range 30 {
		way := ms(80)
		if i%3 == 0 {
			way += ms(200)
		}
		c.frame(&media.Frame{PTS: ms(33 * i), Arrived: start.Add(ms(33*i) + way)})
	}
	if got, want := c.at(start.Add(ms(1080))), ms(1000); got != want {
		t.Errorf("at 1080 ms PTS %v is captured, want %v", got, want)
	}
	// The route becomes slower for good: the clock follows within two windows.
	for i := 30; i < 300; i++ {
		c.frame(&media.Frame{PTS: ms(33 * i), Arrived: start.Add(ms(33*i) + ms(300))})
	}
	if got, want := c.at(start.Add(ms(10300))), ms(10000); got != want {
		t.Errorf("on the slow route: PTS %v is captured, want %v", got, want)
	}
	var blind mediaClock
	blind.frame(&media.Frame{PTS: ms(500)})
	if got := blind.at(start); got != ms(500) {
		t.Errorf("without arrival times: PTS %v, want that of the newest frame", got)
	}
}

func TestAcknowledgementIsBounded(t *testing.T) {
	for _, c := range []struct {
		name     string
		kind     StepKind
		at, want time.Duration
	}{
		{"before it was sent", StepDigit, time.Second, 2 * time.Second},
		{"in time", StepDigit, 2200 * time.Millisecond, 2200 * time.Millisecond},
		{"too late to be believed", StepTurn, time.Minute, 3 * time.Second},
		{"so late that half the step would be unseen", StepDigit, time.Minute, 2750 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			timing, err := Timing{}.filled()
			if err != nil {
				t.Fatal(err)
			}
			co := newCourse([]Step{{Kind: c.kind}}, timing)
			co.start(&Face{Frame: &media.Frame{PTS: 2 * time.Second}})
			co.prompt(2*time.Second, nil)
			held := co.shown
			co.acknowledge(c.at, 30*time.Millisecond)
			if p := co.shown; p.ShownAt != c.want || !p.Acked || p.AckedAfter != 30*time.Millisecond {
				t.Errorf("shown at %v, acked %v after %v, want %v, true, 30ms", p.ShownAt, p.Acked, p.AckedAfter, c.want)
			}
			if held.Acked {
				t.Error("a prompt that a stage may hold was changed")
			}
		})
	}
}
