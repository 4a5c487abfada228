package webrtc

import (
	"context"
	"testing"
	"time"

	"vivavoce/media"
)

// TestChromiumSound: a browser's microphone is heard on the frames' clock, by its reports: they
// come early enough, are believed, and leave no holes.
func TestChromiumSound(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	e := newEngine(t, func(o *Options) { o.Connect, o.Microphone = time.Minute, true })
	peer, ended := runPeer(t, e)
	b := newBrowser(t, peer, "audio", "")
	var heard []media.Sound
	var frames int
	var latest time.Duration
	began := time.Time{}
	deadline := time.After(time.Minute)
	for len(heard) < 300 {
		select {
		case err := <-ended:
			t.Fatal(err)
		case why := <-b.fail:
			t.Fatal(why)
		case <-b.offer:
			continue
		case <-b.stats:
			continue
		case <-deadline:
			t.Fatalf("%d frames, %d blocks, stats %+v", frames, len(heard), peer.Stats())
		default:
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		f, err := peer.Next(ctx)
		cancel()
		if err != nil {
			continue
		}
		if frames++; frames == 1 {
			began = time.Now()
		}
		latest = f.PTS
		if len(heard) == 0 && len(f.Sound) > 0 {
			t.Logf("first sound %v after the first frame: %d blocks from %v on, with a frame at %v", time.Since(began).Round(time.Millisecond), len(f.Sound), f.Sound[0].PTS, f.PTS)
		}
		heard = append(heard, f.Sound...)
		f.Release()
	}
	holes := 0
	for i := 1; i < len(heard); i++ {
		if (heard[i].PTS - heard[i-1].End()).Abs() > 25*time.Millisecond {
			holes++
			t.Logf("block at %v after one that ends at %v", heard[i].PTS, heard[i-1].End())
		}
	}
	s := peer.Stats()
	behind := latest - heard[len(heard)-1].End()
	t.Logf("the last sound ends %v before the last frame; %+v", behind, s.Sound)
	if s.Sound.Reports == 0 || s.Sound.Clamps > 0 || holes > 3 || behind.Abs() > 500*time.Millisecond || heard[0].PTS > 2*time.Second {
		t.Errorf("%d holes, first at %v, %+v", holes, heard[0].PTS, s.Sound)
	}
}
