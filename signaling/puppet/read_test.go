package puppet_test

import (
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/models"
	"vivavoce/pipeline"
	"vivavoce/pipeline/lips"
	"vivavoce/signaling/puppet"
)

// TestTheHeadsDigitsAreRead lets the real mesh and the digit reader look at the rendered head as it
// says digits: it moves its mouth as people do, or nothing that asks it for digits means anything.
func TestTheHeadsDigitsAreRead(t *testing.T) {
	library, newFinder := stage(t)
	reader, err := lips.Load(library, models.Live)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	tries := 1
	if os.Getenv("VIVAVOCE_FIGURES") != "" {
		tries = 5
	}
	for i := range 2 {
		h, _ := head(t, i)
		right, n := 0, 0
		var confused [10][10]int
		for range tries {
			digits := rng.Perm(10)
			read := say(t, h, newFinder, reader, digits)
			for k, d := range digits {
				confused[d][read[k]]++
				if n++; read[k] == d {
					right++
				}
			}
		}
		t.Logf("head %d: %d of %d digits right", i, right, n)
		for d, row := range confused {
			t.Log(d, row)
		}
		if 10*right < 8*n {
			t.Errorf("head %d: %d of %d digits right, want most", i, right, n)
		}
	}
}

const pace = 900 * time.Millisecond

// say films a head that is asked digits at the default pace and reads each from its time.
func say(t *testing.T, h *puppet.Head, newFinder func() (pipeline.Finder, error), reader lips.Reader, digits []int) []int {
	t.Helper()
	finder, err := newFinder()
	if err != nil {
		t.Fatal(err)
	}
	scene, err := puppet.NewScene(puppet.Person, h, puppet.Camera{Width: 640, Height: 480, Noise: 2}, 3)
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range digits {
		scene.Hear(pipeline.Step{Kind: pipeline.StepDigit, Digit: d}, time.Second+time.Duration(i)*pace)
	}
	end := time.Second + time.Duration(len(digits)+1)*pace
	var pool media.Pool
	var track lips.Track
	for n := 0; time.Duration(n)*40*time.Millisecond < end; n++ {
		f := pool.Get(scene.Size())
		f.Seq, f.PTS = uint64(n), time.Duration(n)*40*time.Millisecond
		if err := scene.Paint(f, f.PTS); err != nil {
			t.Fatal(err)
		}
		found, err := finder.Find(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		track.Add(found)
		f.Release()
	}
	l, err := track.Timeline(t.Context(), reader, 0, end)
	if err != nil {
		t.Fatal(err)
	}
	read := make([]int, len(digits))
	for i := range digits {
		from := time.Second + time.Duration(i)*pace
		a, b := int(from*lips.Rate/time.Second), int((from+pace)*lips.Rate/time.Second)
		best := float32(-100)
		for s := a; s < b; s++ {
			for d := range 10 {
				if v := l.Logp[s*lips.Classes+1+d]; v > best {
					best, read[i] = v, d
				}
			}
		}
	}
	return read
}
