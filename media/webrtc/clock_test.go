package webrtc

import (
	"math/rand/v2"
	"testing"
	"time"
)

// play gives a clock the frames that a sender made at made(i) by its own clock and
// that came at came(i), and checks what holds for every sender.
func play(t *testing.T, c *senderClock, n int, made, came func(int) time.Duration, each func(i int, pts, elapsed time.Duration)) {
	t.Helper()
	start, last := time.Now(), time.Duration(-1)
	var elapsed time.Duration
	for i := range n {
		elapsed = max(elapsed, came(i)-came(0))
		pts := c.pts(uint32(1<<32-5000+int64(made(i))*9/100_000), start.Add(came(i)))
		if pts <= last {
			t.Fatalf("frame %d: PTS %v after %v", i, pts, last)
		}
		if each != nil {
			each(i, pts, elapsed)
		}
		last = pts
	}
}

// TestSenderClockHonest: what real senders and networks do is left alone.
func TestSenderClockHonest(t *testing.T) {
	const frame = time.Second / 30
	for _, test := range []struct {
		name   string
		drift  int64         // of the sender's clock, ppm
		jitter time.Duration // 0 to this late
		loss   float64       // of frames
		pause  time.Duration // of the sender, after 5 s
		queued int           // frames that leave together with the first
	}{
		{name: "steady"},
		{name: "10 minutes, 100 ppm fast", drift: 100, jitter: 20 * time.Millisecond},
		{name: "10 minutes, 100 ppm slow", drift: -100, jitter: 20 * time.Millisecond},
		{name: "200 ms of jitter, one in twenty lost", jitter: 200 * time.Millisecond, loss: 0.05},
		{name: "a pause of 3 s", pause: 3 * time.Second, jitter: 50 * time.Millisecond},
		{name: "a second queued before the first", queued: 30, jitter: 20 * time.Millisecond},
	} {
		t.Run(test.name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, 2))
			var real, came []time.Duration
			for i := range 18_000 {
				at := time.Duration(i) * frame
				if i > 150 {
					at += test.pause
				}
				if i > 0 && random.Float64() < test.loss {
					continue
				}
				late := max(0, time.Duration(test.queued-i)*frame)
				real = append(real, at)
				came = append(came, at+late+time.Duration(random.Float64()*float64(test.jitter)))
			}
			var c senderClock
			made := func(i int) time.Duration { return real[i] + real[i]/1000*time.Duration(test.drift)/1000 }
			play(t, &c, len(real), made, func(i int) time.Duration { return came[i] }, func(i int, pts, _ time.Duration) {
				if want := made(i); pts < want-time.Microsecond*50 || pts > want+time.Microsecond*50 {
					t.Fatalf("frame %d: PTS %v, want %v", i, pts, want)
				}
			})
			if c.clamped != 0 {
				t.Errorf("clamped %d times, want none", c.clamped)
			}
		})
	}
}

// TestSenderClockFast: a clock at double speed gets no further ahead than the
// fastest path and its slack, at every frame of a minute.
func TestSenderClockFast(t *testing.T) {
	var c senderClock
	play(t, &c, 1800, func(i int) time.Duration { return time.Duration(i) * time.Second / 15 },
		func(i int) time.Duration { return time.Duration(i) * time.Second / 30 },
		func(i int, pts, elapsed time.Duration) {
			if most := elapsed + clockLag + clockAhead + 15*time.Millisecond; pts > most {
				t.Fatalf("frame %d at %v: PTS %v, want at most %v", i, elapsed, pts, most)
			}
		})
	if c.clamped < 1000 {
		t.Errorf("clamped %d times, want most of 1800", c.clamped)
	}
}

// TestSenderClockBent: a sender that gains time while nothing is asked of it,
// stretches its clock over a prompt and makes up for it by a jump. No 3.8 s pass as
// less than 1.63 s of PTS, no PTS jumps, and all is counted.
func TestSenderClockBent(t *testing.T) {
	const frame = time.Second / 30
	var made []time.Duration
	var at time.Duration
	run := func(n int, step time.Duration) {
		for range n {
			made = append(made, at)
			at += step
		}
	}
	run(90, frame) // settles
	for range 5 {
		run(90, frame+1900*time.Millisecond/90) // gets ahead
		run(114, 285*time.Millisecond/114)      // 3.8 s as 285 ms
		at += 3500 * time.Millisecond
		run(30, frame)
	}
	var c senderClock
	all := make([]time.Duration, 0, len(made))
	play(t, &c, len(made), func(i int) time.Duration { return made[i] },
		func(i int) time.Duration { return time.Duration(i) * frame },
		func(i int, pts, elapsed time.Duration) {
			if d := elapsed - pts; d < -clockAhead-time.Millisecond*20 || d > clockLag {
				t.Fatalf("frame %d: PTS %v at %v", i, pts, elapsed)
			}
			if i > 0 && pts-all[i-1] > frame+clockJump {
				t.Fatalf("frame %d: PTS jumps by %v", i, pts-all[i-1])
			}
			all = append(all, pts)
			if i >= 204 && pts-all[i-114] < 3800*time.Millisecond-clockLag-clockAhead-20*time.Millisecond {
				t.Fatalf("frame %d: 3.8 s passed as %v", i, pts-all[i-114])
			}
		})
	if c.clamped == 0 {
		t.Error("nothing was counted")
	}
}
