package puppet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"vivavoce/media"
	"vivavoce/media/file"
	"vivavoce/pipeline"
)

// A rendered recording has recordedFPS pictures a second, each the same to the bit whenever it is shown;
// loopLength of it is what a looped one has.
const (
	recordedFPS = 25
	loopLength  = 5 * time.Second
)

// rehearse answers another challenge, from 3 s on and at the pace of a server that prompts it.
func (a *Actor) rehearse(seed uint64) error {
	var key [32]byte
	for i := range 8 {
		key[i] = byte(seed >> (8 * i))
	}
	c, err := pipeline.NewChallenge(rand.NewChaCha8(key), pipeline.DefaultPlan())
	if err != nil {
		return fmt.Errorf("rehearse: %w", err)
	}
	at := 3 * time.Second
	for _, step := range c.Steps {
		a.Hear(step, at)
		if at += 900 * time.Millisecond; step.Kind == pipeline.StepTurn {
			at += time.Second
		}
	}
	return nil
}

// Style is how a Reel is played.
type Style string

// The styles.
const (
	Once     Style = "once"
	Loop     Style = "loop"
	ToAndFro Style = "to-and-fro"
	Hold     Style = "hold" // stops at the middle
	Joined   Style = "cut"  // leaves the middle third out
)

// Reel performs pictures of a real person as a file does that was put in the camera's place, whatever is
// asked. One that has an end shows a picture at each tick, as Chromium does with its fake camera's file, and
// goes dark then; one that has none shows that of the time, as programs with a virtual camera do.
type Reel struct {
	frames []*media.Frame
	style  Style
	next   int
}

// longestReel bounds how much of a video is kept, in bytes of luma: 20 s at 512×512 and 25 frames a second.
const longestReel = 130 << 20

// OpenReel reads a video from from on, for at most length; 0 is all that fits.
func OpenReel(path string, style Style, from, length time.Duration) (*Reel, error) {
	src, err := file.Open(path, file.Options{})
	if err != nil {
		return nil, err
	}
	defer src.Close()
	r := &Reel{style: style}
	for size := 0; size < longestReel; {
		f, err := src.Next(context.Background())
		if errors.Is(err, io.EOF) || err == nil && length > 0 && f.PTS >= from+length {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("open reel %s: %w", path, err)
		}
		if f.PTS >= from {
			r.frames = append(r.frames, f)
			size += len(f.Y)
		}
	}
	if len(r.frames) < 3 {
		return nil, fmt.Errorf("open reel %s: %d pictures", path, len(r.frames))
	}
	return r, nil
}

// FPS is the rate at which it was filmed.
func (r *Reel) FPS() int {
	n := len(r.frames) - 1
	return int(float64(n)/(r.frames[n].PTS-r.frames[0].PTS).Seconds() + 0.5)
}

// Size implements Performance.
func (r *Reel) Size() (width, height int) { return r.frames[0].Width &^ 1, r.frames[0].Height &^ 1 }

// Hear implements Performance: a recording cannot answer.
func (r *Reel) Hear(pipeline.Step, time.Duration) {}

// Paint implements Performance.
func (r *Reel) Paint(f *media.Frame, now time.Duration) error {
	tick := r.next
	if r.style == Loop || r.style == ToAndFro {
		n := len(r.frames) - 1
		tick = int(now.Seconds()*float64(n)/(r.frames[n].PTS-r.frames[0].PTS).Seconds() + 0.5)
	}
	i, ok := r.style.at(tick, len(r.frames))
	if !ok {
		return ErrDark
	}
	r.next++
	return copyFrame(f, r.frames[i])
}

// at is which of n pictures tick i shows.
func (s Style) at(i, n int) (picture int, ok bool) {
	switch s {
	case Loop:
		return i % n, true
	case ToAndFro:
		if i %= 2*n - 2; i >= n {
			i = 2*n - 2 - i
		}
		return i, true
	case Hold:
		return min(i, n/2), true
	case Joined:
		if i >= n/3 {
			i += n / 3
		}
	}
	return i, i < n
}
