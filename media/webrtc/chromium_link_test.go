package webrtc

import (
	"context"
	"os"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/media/codec"
)

// TestChromiumLink: what pipeline/injection takes for a browser's: RTP time in whole milliseconds,
// one token partition, no key frame of the same size that nobody asked for. VIVAVOCE_CLIP=/abs/clip.y4m
// plays a file as the camera.
func TestChromiumLink(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	for _, test := range []struct {
		query      string
		codec      codec.Name
		partitions int
	}{{"", codec.VP8, 1}, {"prefer=VP9", codec.VP9, 0}} {
		t.Run(test.query, func(t *testing.T) {
			e := newEngine(t, func(o *Options) { o.Connect = time.Minute })
			peer, ended := runPeer(t, e)
			b := newBrowser(t, peer, test.query, os.Getenv("VIVAVOCE_CLIP"))
			var last media.Link
			unasked, width := 0, 0
			deadline := time.After(time.Minute)
			for frames := 0; frames < 150; {
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
					t.Fatalf("%d frames, stats %+v", frames, peer.Stats())
				default:
				}
				ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
				f, err := peer.Next(ctx)
				cancel()
				if err != nil {
					continue
				}
				l := f.Link
				if frames > 0 && ((l.Ticks-last.Ticks)%90 != 0 || l.Arrived < last.Arrived) {
					t.Errorf("frame %d at %d ticks, %v, after %d, %v", frames, l.Ticks, l.Arrived, last.Ticks, last.Arrived)
				}
				if l.Codec != string(test.codec) || l.Partitions != test.partitions || l.Quantizer == 0 || l.Bytes == 0 {
					t.Errorf("frame %d: %+v", frames, l)
				}
				if l.Key && !l.Asked && f.Width == width {
					unasked++
				}
				if os.Getenv("VIVAVOCE_CLIP") != "" {
					t.Logf("%d %dx%d step %d ticks %+v", frames, f.Width, f.Height, l.Ticks-last.Ticks, l)
				}
				last, width = l, f.Width
				frames++
				f.Release()
			}
			if unasked > 0 {
				t.Errorf("%d key frames that nobody asked for", unasked)
			}
			if last.RTT == 0 {
				t.Error("no round trip was measured")
			}
		})
	}
}
