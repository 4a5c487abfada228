package webrtc

import (
	"context"
	"math"
	"sync"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/media/codec"
)

// TestSoundClock: where sound is placed, by reports and without.
func TestSoundClock(t *testing.T) {
	const ms = time.Millisecond
	start := time.Unix(1_800_000_000, 0)
	ntp := func(d time.Duration) uint64 { return 5<<32 + uint64(d/time.Millisecond)<<32/1000 }
	// Frames begin at arrival 0 with a path of 0; sound has begun 300 ms before them, and
	// takes 40 ms longer for its way than a frame.
	clock := func() *soundClock {
		c := &soundClock{frame: frameAnchor{known: true, ts: 90_000, pts: time.Second, first: start}}
		for i := range 50 {
			c.read(uint32(7000+960*i), start.Add(time.Duration(i)*20*ms-300*ms+60*ms), 20*ms)
		}
		return c
	}
	last := 49 * 20 * ms // on the sound's clock
	for _, c := range []struct {
		name    string
		change  func(*soundClock)
		waited  time.Duration
		want    time.Duration // of the last packet
		ok      bool
		clamped uint64
	}{
		{"no frame", func(c *soundClock) { c.frame = frameAnchor{} }, time.Minute, 0, false, 0},
		{"no report yet", func(*soundClock) {}, time.Second, 0, false, 0},
		{"never a report", func(*soundClock) {}, reportPatience, last - 260*ms, true, 0},
		{"one report only", func(c *soundClock) { c.reports[ofVideo] = tie{true, ntp(0), 90_000} }, time.Second, 0, false, 0},
		{"both", func(c *soundClock) {
			c.reports = [2]tie{{true, ntp(1000 * ms), 90_000}, {true, ntp(700 * ms), 7000 + 48_000}}
		}, 0, last - 300*ms, true, 0},
		{"both, over the wraps", func(c *soundClock) {
			c.frame.ts, c.lastTS = 100, 0
			c.reports = [2]tie{{true, ntp(1000 * ms), 100}, {true, ntp(700 * ms), 7000 + 48_000}}
		}, 0, last - 300*ms, true, 0},
		{"reports that lie", func(c *soundClock) {
			c.reports = [2]tie{{true, ntp(0), 90_000}, {true, ntp(9000 * ms), 7000 + 48_000}}
		}, 0, last - 260*ms, true, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock := clock()
			c.change(clock)
			arrived := start.Add(time.Second)
			got, ok := clock.place(7000+960*49, last, arrived, arrived.Add(c.waited))
			if ok != c.ok || ok && (got-c.want).Abs() > ms || clock.clamped != c.clamped {
				t.Errorf("%v, %v, %d clamped; want %v, %v, %d", got, ok, clock.clamped, c.want, c.ok, c.clamped)
			}
		})
	}
	t.Run("a clock set anew", func(t *testing.T) {
		c := clock()
		at := c.read(7000+960*50+48_000*3600, start.Add(760*ms), 20*ms)
		got, ok := c.place(7000, at, start.Add(760*ms), start.Add(time.Minute))
		if c.clamped != 1 || !ok || (got-740*ms).Abs() > 10*ms {
			t.Errorf("%v, %v, %d clamped; want about the time of arrival", got, ok, c.clamped)
		}
	})
	t.Run("small changes are not followed", func(t *testing.T) {
		c := clock()
		c.reports = [2]tie{{true, ntp(1000 * ms), 90_000}, {true, ntp(700 * ms), 7000 + 48_000}}
		a, _ := c.place(7000, 0, start, start)
		c.reports[ofSound].ntp = ntp(710 * ms)
		b, _ := c.place(7960, 20*ms, start, start)
		c.reports[ofSound].ntp = ntp(740 * ms)
		d, _ := c.place(8920, 40*ms, start, start)
		if b-a != 20*ms || (d-b-60*ms).Abs() > ms {
			t.Errorf("%v, %v, %v: want 20 ms after, then 60", a, b, d)
		}
	})
}

// clicks encodes n packets of silence with a click at the beginning of every fiftieth.
func clicks(t testing.TB, n int) (packets [][]byte) {
	t.Helper()
	v, err := codec.NewVoice()
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	samples := make([]float32, media.SoundRate/50)
	for i := range n {
		clear(samples)
		for k := range samples {
			if i%50 == 0 && k < 160 {
				samples[k] = 0.8 * float32(math.Sin(float64(k)*0.4))
			}
		}
		if err := v.Encode(samples, func(b []byte) error {
			packets = append(packets, b)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	return packets
}

// speak sends packets at their pace until the test ends.
func speak(t testing.TB, pub *Publisher, packets [][]byte) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var ended sync.WaitGroup
	ended.Go(func() {
		began, sent := time.Now(), 0
		tick := time.NewTicker(codec.VoiceTime)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			for ; time.Duration(sent)*codec.VoiceTime < time.Since(began); sent++ {
				if err := pub.WriteSound(packets[sent%len(packets)], codec.VoiceTime); err != nil {
					t.Errorf("write sound: %v", err)
				}
			}
		}
	})
	return func() { cancel(); ended.Wait() }
}

// filming is camera.roll with timestamps that follow the wall clock, as a camera's do, on a
// machine that is busy too.
func filming(t testing.TB, c *camera) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var ended sync.WaitGroup
	ended.Go(func() {
		began, sent := time.Now(), time.Duration(0)
		tick := time.NewTicker(c.pace)
		defer tick.Stop()
		for {
			now := time.Since(began)
			c.pub.Skip(now - sent)
			sent = now
			if c.keys.Swap(false) {
				c.at = 0
			}
			if err := c.pub.Write(c.film[c.at%len(c.film)], 0); err != nil {
				t.Errorf("write frame: %v", err)
			}
			c.at++
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	})
	return func() { cancel(); ended.Wait() }
}

// TestMicrophone: what is said while frames are sent is heard on their clock, by the sender's
// reports. The sender's clocks begin 0.4 s apart.
func TestMicrophone(t *testing.T) {
	leaks(t)
	var cam *camera
	c := newCall(t, newEngine(t, func(o *Options) { o.Microphone = true }), PublisherOptions{
		Audio: true, OnKeyRequest: func() { cam.keys.Store(true) },
	})
	cam = &camera{pub: c.pub, film: film(t, codec.VP8, 160, 120, 30, first), pace: time.Second / 30}
	c.connect()
	began := time.Now()
	defer speak(t, c.pub, clicks(t, 50))()
	for time.Since(began) < 400*time.Millisecond {
		c.pause()
	}
	defer filming(t, cam)()
	var heard []media.Sound
	zero := began.Add(time.Hour) // when PTS 0 was, by the quickest frame
	for len(heard) < 100 {
		f := c.next()
		heard = append(heard, f.Sound...)
		if at := f.Arrived.Add(-f.PTS); at.Before(zero) {
			zero = at
		}
		f.Release()
	}
	found := 0
	for i, s := range heard {
		if i > 0 && (s.PTS-heard[i-1].End()).Abs() > 60*time.Millisecond {
			t.Errorf("block at %v after one that ends at %v", s.PTS, heard[i-1].End())
		}
		for k, v := range s.Samples {
			if v < 0.3 {
				continue
			}
			// Clicks are a second apart from the first packet on, which is sent a tick
			// after began; the encoder adds 6.5 ms.
			at := zero.Add(s.PTS + media.SoundTime(k)).Sub(began.Add(codec.VoiceTime))
			// pion's reports say when a packet was sent, which a busy machine does late.
			if off := at - at.Round(time.Second); off.Abs() > 150*time.Millisecond {
				t.Errorf("a click %v off", off)
			}
			found++
			break
		}
	}
	s := c.peer.Stats()
	if found < 2 || s.Sound.Decoded < 100 || s.Sound.Reports == 0 || s.AudioPackets != s.Sound.Packets {
		t.Errorf("%d clicks; stats %+v", found, s.Sound)
	}
}

// TestNoMicrophone: without the option a sound track is not decoded.
func TestNoMicrophone(t *testing.T) {
	leaks(t)
	var cam *camera
	c := newCall(t, newEngine(t, nil), PublisherOptions{Audio: true, OnKeyRequest: func() { cam.keys.Store(true) }})
	cam = &camera{pub: c.pub, film: film(t, codec.VP8, 160, 120, 30, first), pace: time.Second / 60}
	c.connect()
	defer speak(t, c.pub, clicks(t, 50))()
	defer cam.roll(t)()
	for range 60 {
		f := c.next()
		if f.Sound != nil {
			t.Fatal("sound without a microphone")
		}
		f.Release()
	}
	if s := c.peer.Stats(); s.AudioPackets == 0 || s.Sound != (SoundStats{}) {
		t.Errorf("%d packets, %+v", s.AudioPackets, s.Sound)
	}
}

// rtpOf builds a packet.
func rtpOf(pt uint8, seq uint16, ts uint32, payload []byte) []byte {
	b := []byte{0x80, pt, byte(seq >> 8), byte(seq), byte(ts >> 24), byte(ts >> 16), byte(ts >> 8), byte(ts), 0, 0, 0, 1}
	return append(b, payload...)
}

// TestMicrophoneDrops: what a sender can do to us is bounded, and counted.
func TestMicrophoneDrops(t *testing.T) {
	good := clicks(t, 2)
	start := time.Unix(1_800_000_000, 0)
	for _, c := range []struct {
		name string
		send func(push func(seq uint16, ts uint32, payload []byte, after time.Duration))
		want SoundDrops
		lost uint64
	}{
		{"in order", func(push func(uint16, uint32, []byte, time.Duration)) {
			for i := range 10 {
				push(uint16(i), uint32(960*i), good[1], time.Duration(i)*20*time.Millisecond)
			}
		}, SoundDrops{}, 0},
		{"twice", func(push func(uint16, uint32, []byte, time.Duration)) {
			push(1, 0, good[1], 0)
			push(1, 0, good[1], 0)
		}, SoundDrops{Duplicate: 1}, 0},
		{"one lost", func(push func(uint16, uint32, []byte, time.Duration)) {
			for i := range 40 {
				if i != 3 {
					push(uint16(i), uint32(960*i), good[1], time.Duration(i)*20*time.Millisecond)
				}
			}
		}, SoundDrops{}, 1},
		{"no Opus", func(push func(uint16, uint32, []byte, time.Duration)) {
			push(1, 0, []byte{3, 0}, 0)
			push(2, 960, make([]byte, 1501), 0)
		}, SoundDrops{Corrupt: 2}, 0},
		{"faster than time", func(push func(uint16, uint32, []byte, time.Duration)) {
			for i := range 100 {
				push(uint16(i), uint32(960*i), good[1], 0)
			}
		}, SoundDrops{OverRate: 38}, 0},
		{"never taken", func(push func(uint16, uint32, []byte, time.Duration)) {
			for i := range 500 {
				push(uint16(i), uint32(960*i), good[1], time.Duration(i)*20*time.Millisecond)
			}
		}, SoundDrops{Queue: 100}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMicrophone()
			if ok, err := m.open(111); !ok || err != nil {
				t.Fatalf("open: %v, %v", ok, err)
			}
			defer m.close()
			c.send(func(seq uint16, ts uint32, payload []byte, after time.Duration) {
				m.push(rtpOf(111, seq, ts, payload), start.Add(after))
			})
			m.push(rtpOf(112, 9, 9, good[0]), start.Add(time.Minute))
			c.want.Foreign = 1
			s := m.counts.stats()
			if s.Drops != c.want || s.Lost != c.lost {
				t.Errorf("%+v; want drops %+v, %d lost", s, c.want, c.lost)
			}
		})
	}
}

// FuzzMicrophone: no packet may crash, and what waits is bounded.
func FuzzMicrophone(f *testing.F) {
	good := clicks(f, 2)
	f.Add(rtpOf(111, 1, 960, good[1]))
	f.Add(rtpOf(111, 0, 0xffffffff, []byte{0xff}))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := newMicrophone()
		if _, err := m.open(111); err != nil {
			t.Fatal(err)
		}
		defer m.close()
		now := time.Unix(1_800_000_000, 0)
		m.saw(frameAnchor{known: true, first: now})
		for i, b := range [][]byte{rtpOf(111, 0, 0, good[0]), raw, rtpOf(111, 2, 1920, good[1])} {
			m.push(b, now.Add(time.Duration(i)*20*time.Millisecond))
		}
		for _, s := range m.take(now.Add(time.Minute)) {
			if s.PTS.Abs() > time.Minute || len(s.Samples) > media.SoundRate/8 {
				t.Errorf("%d samples at %v", len(s.Samples), s.PTS)
			}
		}
	})
}
