package eval

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"vivavoce/pipeline/lips"
)

// dial reads films of [tape]: value 9 of a step says the digit.
type dial struct{}

func (dial) Read(_ context.Context, points, logp []float32) error {
	for t := range len(points) / lips.Width {
		class := int(math.Round(float64(points[t*lips.Width+9]) * 10))
		for k := range lips.Classes {
			logp[t*lips.Classes+k] = float32(math.Log(0.01))
		}
		if class >= 0 && class < lips.Classes {
			logp[t*lips.Classes+class] = float32(math.Log(0.9))
		}
	}
	return nil
}

func (dial) Calibration() lips.Calibration { return lips.Calibration{Slope: 1} }

// tape is a film of 3 s in which one speaker says a digit from 1 s to 1.4 s and nods through the
// rest; the mouth looks like shown.
func tape(speaker string, digit, shown int) Film {
	f := Film{Clip: Clip{Path: speaker, Speaker: speaker, Words: []Word{
		{Text: "bin", Digit: -1, Start: 800 * time.Millisecond, End: time.Second, Timed: true},
		{Text: digitWords()[digit], Digit: digit, Start: time.Second, End: 1400 * time.Millisecond, Timed: true},
	}}}
	f.Mouth.Points = make([]float32, 75*lips.Width)
	height := 0.1 * float32(shown+1)
	for s := range 75 {
		row := f.Mouth.Points[s*lips.Width:]
		row[0] = float32(math.Sin(float64(s)))
		switch {
		case s >= 25-margin && s < 35+margin:
			row[9] = height
		case s >= 16 && s < 23:
			row[9] = -2 * height // the mean over the film is 0, so that splicing shifts nothing
		}
	}
	return f
}

func tapes(speaker string, wrong ...int) (films []Film) {
	for d := range 10 {
		shown := d
		if slices.Contains(wrong, d) {
			shown = (d + 3) % 10
		}
		films = append(films, tape(speaker, d, shown))
	}
	return films
}

func TestReadDigits(t *testing.T) {
	films := append(tapes("s2"), tapes("s10", 4, 7)...)
	films[0].Words[1].Timed = false
	got, err := ReadDigits(t.Context(), dial{}, films)
	if err != nil {
		t.Fatal(err)
	}
	if got.Untimed.Value != 0.9 || got.Untimed.N != 20 || got.Timed.N != 19 {
		t.Errorf("untimed %v, timed %v: want 18 of 20, 17 of 19", got.Untimed, got.Timed)
	}
	if len(got.Speakers) != 2 || got.Speakers[0].Speaker != "s2" || got.Speakers[0].Untimed.Value != 1 || got.Speakers[1].Timed.Value != 0.8 {
		t.Errorf("speakers %+v", got.Speakers)
	}
	for said, row := range got.Confusion {
		for read, n := range row {
			want := 0
			switch misread := said == 4 || said == 7; {
			case said == read && misread, misread && read == (said+3)%10:
				want = 1
			case said == read:
				want = 2
			}
			if n != want {
				t.Errorf("%d read as %d %d times, want %d", said, read, n, want)
			}
		}
	}
}

func TestTryPhrases(t *testing.T) {
	o := PhraseOptions{Length: 4, Trials: 60, Seed: 5}
	for _, paced := range []bool{false, true} {
		o.Paced = paced
		films := append(tapes("s2"), tapes("s10")...)
		got, err := TryPhrases(t.Context(), dial{}, films, o)
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Trials) != 60 || len(got.Kinds) != 3 || len(got.Speakers) != 2 {
			t.Fatalf("%d trials, %d kinds, %d speakers", len(got.Trials), len(got.Kinds), len(got.Speakers))
		}
		for _, k := range got.Kinds {
			if k.EER.Value > 0.06 || k.AUC.Value < 0.99 {
				t.Errorf("paced %v, %s: EER %v, AUC %v of mouths that are read nearly without fail", paced, k.Kind, k.EER, k.AUC)
			}
		}
		again, err := TryPhrases(t.Context(), dial{}, films, o)
		if err != nil || !reflect.DeepEqual(got, again) {
			t.Errorf("the same seed gives other figures (%v)", err)
		}
	}
	// A speaker of whom most digits are misread stands out.
	got, err := TryPhrases(t.Context(), dial{}, append(tapes("s2"), tapes("s10", 0, 1, 2, 3, 4, 5)...), o)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := got.Speakers[0].EER[Changed].Value, got.Speakers[1].EER[Changed].Value; a > 0.02 || b < 0.2 {
		t.Errorf("EER %v of who is read, %v of who is not", a, b)
	}
}

func TestTryPhrasesRefuses(t *testing.T) {
	untimed := tape("s1", 3, 3)
	for i := range untimed.Words {
		untimed.Words[i].Timed = false
	}
	for name, films := range map[string][]Film{"no films": nil, "no times": {untimed}, "one digit": {tape("s1", 3, 3), tape("s1", 3, 3)}} {
		if _, err := TryPhrases(t.Context(), dial{}, films, PhraseOptions{}); !errors.Is(err, ErrNoVoice) {
			t.Errorf("%s: err = %v, want ErrNoVoice", name, err)
		}
	}
	if _, err := TryPhrases(t.Context(), dial{}, tapes("s1"), PhraseOptions{Length: 1}); err == nil {
		t.Error("a phrase of one digit was taken")
	}
}

func TestOthersAreOthers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		said := []int{r.IntN(3), r.IntN(3), r.IntN(3)}
		others := othersOf(r, said)
		for kind, o := range others {
			differ := 0
			for i := range o {
				if o[i] != said[i] {
					differ++
				}
			}
			if want := map[string][2]int{Random: {1, 3}, Changed: {1, 1}, Swapped: {2, 2}}[kind]; differ < want[0] || differ > want[1] {
				t.Fatalf("%s of %v: %v", kind, said, o)
			}
		}
		if same := said[0] == said[1] && said[1] == said[2]; same == (others[Swapped] != nil) {
			t.Fatalf("swapped of %v: %v", said, others[Swapped])
		}
	}
}

func TestSplice(t *testing.T) {
	v := voicesOf(tapes("s1"))[0]
	r := rand.New(rand.NewPCG(2, 2))
	for range 20 {
		s := v.splice(r, []int{3, 3, 9}, false)
		if len(s.spans) != 3 || len(s.points)%lips.Width != 0 {
			t.Fatalf("%d spans, %d values", len(s.spans), len(s.points))
		}
		last := -1
		for _, p := range s.spans {
			if p.From <= last || p.To <= p.From || p.To > s.steps() {
				t.Fatalf("spans %v of %d steps", s.spans, s.steps())
			}
			last = p.From
		}
		if n := s.steps(); n < 60 || n > 120 {
			t.Fatalf("three digits in %d steps", n)
		}
	}
}

func TestReport(t *testing.T) {
	films := append(tapes("s2"), tapes("s10", 4)...)
	phrases, err := TryPhrases(t.Context(), dial{}, films, PhraseOptions{Length: 3, Trials: 20})
	if err != nil {
		t.Fatal(err)
	}
	digits, err := ReadDigits(t.Context(), dial{}, films)
	if err != nil {
		t.Fatal(err)
	}
	r := Report{About: About{Manifest: "<b>words</b>", Degrade: Degrade{FPS: 15, Kbps: 200, Yaw: -10, Height: 240}}, Digits: digits, Phrases: phrases}
	page, err := r.Page()
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"<svg", "Detection error trade-off", "s10", "15 fps", "&lt;b&gt;"} {
		if !bytes.Contains(page, []byte(part)) {
			t.Errorf("the page lacks %q", part)
		}
	}
	for _, outside := range []string{"http://", "https://", "src=", "ZgotmplZ", "NaN"} {
		if bytes.Contains(page, []byte(outside)) {
			t.Errorf("the page holds %q", outside)
		}
	}
	var text strings.Builder
	if err := r.Print(&text); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"VP8 at 200 kbit/s", "changed", "n=20"} {
		if !strings.Contains(text.String(), part) {
			t.Errorf("the text lacks %q:\n%s", part, text.String())
		}
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
	if _, err := (Report{}).Page(); err != nil {
		t.Error(err)
	}
}
