package file

import (
	"errors"
	"io"
	"math"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/media/file/filetest"
)

// heard plays a file and gives its sound.
func heard(t *testing.T, s *Source, frames int) (all []media.Sound) {
	t.Helper()
	for range frames {
		f, err := s.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, f.Sound...)
		f.Release()
	}
	return all
}

// beep writes a clip with a beep from at on for 0.2 s, in the codec that the container's
// ending has.
func beep(t *testing.T, name string, at time.Duration, rate int) string {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("no ffmpeg to make a file with sound")
	}
	silent := made(t, "silent.mp4", filetest.Clip{Frames: 50})
	path := filepath.Join(t.TempDir(), name)
	sound := "aevalsrc=if(between(t\\," + seconds(at) + "\\," + seconds(at+200*time.Millisecond) + ")\\,0.5*sin(2764*t)\\,0):d=2:s=" + strconv.Itoa(rate)
	out, err := exec.Command("ffmpeg", "-v", "error", "-i", silent, "-f", "lavfi", "-i", sound, "-c:v", "copy", path).CombinedOutput()
	if err != nil && filepath.Ext(name) == ".webm" {
		out, err = exec.Command("ffmpeg", "-v", "error", "-y", "-i", silent, "-f", "lavfi", "-i", sound, path).CombinedOutput()
	}
	if err != nil {
		t.Fatalf("ffmpeg: %v: %s", err, out)
	}
	return path
}

func TestSound(t *testing.T) {
	for _, c := range []struct {
		name string
		rate int
	}{
		{"aac.mp4", 44100}, {"aac.mov", 16000}, {"opus.webm", 48000}, {"mp3.mkv", 48000}, {"vorbis.mkv", 44100}, {"mp2.ts", 48000},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := beep(t, c.name, 800*time.Millisecond, c.rate)
			all := heard(t, open(t, path, Options{}), 60)
			begins, ends, total := -time.Second, time.Duration(0), 0
			for i, s := range all {
				total += len(s.Samples)
				if i > 0 && (s.PTS-all[i-1].End()).Abs() > time.Millisecond {
					t.Errorf("block at %v after one that ends at %v", s.PTS, all[i-1].End())
				}
				for n, v := range s.Samples {
					if at := s.PTS + media.SoundTime(n); math.Abs(float64(v)) > 0.2 {
						if begins < 0 {
							begins = at
						}
						ends = at
					}
				}
			}
			// MP3 and MP2 spread a beginning over a frame.
			if (begins-800*time.Millisecond).Abs() > 12*time.Millisecond || (ends-time.Second).Abs() > 12*time.Millisecond {
				t.Errorf("the beep lasts from %v to %v, want 0.8 to 1 s", begins, ends)
			}
			if got := media.SoundTime(total); got < 1700*time.Millisecond || got > 2100*time.Millisecond {
				t.Errorf("%v of sound in all", got)
			}
		})
	}
}

// TestSoundReplays: the same blocks ride on the same frames.
func TestSoundReplays(t *testing.T) {
	path := beep(t, "a.mp4", 500*time.Millisecond, 48000)
	var first []int
	for run := range 2 {
		s := open(t, path, Options{})
		var blocks []int
		for {
			f, err := s.Next(t.Context())
			if err != nil {
				break
			}
			blocks = append(blocks, len(f.Sound))
			f.Release()
		}
		if run == 0 {
			first = blocks
		} else if !slices.Equal(first, blocks) {
			t.Errorf("blocks on frames %v, were %v", blocks, first)
		}
	}
}

// TestSoundLoops: the second round's sound follows the first's.
func TestSoundLoops(t *testing.T) {
	path := beep(t, "a.mp4", 500*time.Millisecond, 48000)
	all := heard(t, open(t, path, Options{Loop: true}), 99)
	for i := 1; i < len(all); i++ {
		if all[i].PTS < all[i-1].End()-time.Millisecond {
			t.Errorf("block at %v after one that ends at %v", all[i].PTS, all[i-1].End())
		}
	}
	if last := all[len(all)-1].End(); last < 3500*time.Millisecond {
		t.Errorf("the last sound ends at %v, want the end of the second round", last)
	}
}

// TestNoSound: a clip without sound, or with sound that cannot be opened, is a clip.
func TestNoSound(t *testing.T) {
	if all := heard(t, open(t, made(t, "silent.mp4", filetest.Clip{Frames: 5}), Options{}), 9); all != nil {
		t.Errorf("%d blocks of sound of a silent clip", len(all))
	}
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d.Milliseconds())) + "/1000" }
