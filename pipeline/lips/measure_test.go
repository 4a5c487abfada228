package lips_test

import (
	"bufio"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/media/file/filetest"
	"vivavoce/pipeline"
	"vivavoce/pipeline/lips"
	"vivavoce/pipeline/pipelinetest/recorded"
)

// sentence is a clip of GRID: six words, the fifth a digit.
type sentence struct {
	Clip, Speaker string
	Words         []struct {
		Word       string
		Start, End float64
	}
}

func sentences(t *testing.T, data string) map[string][]sentence {
	t.Helper()
	f, err := os.Open(filepath.Join(data, "grid", "words.jsonl"))
	if err != nil {
		t.Skipf("no words: %v", err)
	}
	defer f.Close()
	out := map[string][]sentence{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var s sentence
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		if len(out[s.Speaker]) < 20 {
			out[s.Speaker] = append(out[s.Speaker], s)
		}
	}
	return out
}

// judged is what a stage says when a digit is asked from shown to until.
func judged(t *testing.T, seen []pipeline.Observation, shown, until time.Duration) (digit, mouth pipeline.Score) {
	t.Helper()
	s, err := lips.New(lips.Options{}).New()
	if err != nil {
		t.Fatal(err)
	}
	p := &pipeline.Prompt{Step: pipeline.Step{Kind: pipeline.StepDigit}, ShownAt: shown}
	for _, o := range seen {
		if pts := o.Face.Frame.PTS; pts >= shown && pts < until {
			o.Prompt = p
		}
		if _, err := s.Observe(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	scores, err := s.Finish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, score := range scores {
		switch {
		case score.Step == 0:
			digit = score
		case score.Name == pipeline.ScoreMouth:
			mouth = score
		}
	}
	return digit, mouth
}

// TestMeasureGrid asks for the digit while it is said (among other words, so it flatters),
// after the sentence, when nothing is, and of a photograph of the speaker that is waved
// about. The thresholds were chosen on s1–s3; s5, s30 and s31 are held out.
func TestMeasureGrid(t *testing.T) {
	recorded.Measure(t)
	data := filetest.Recordings(t)
	all := sentences(t, data)
	studio := recorded.NewStudio(t)
	for _, group := range [][]string{{"s1", "s2", "s3"}, {"s5", "s30", "s31"}} {
		var said, silent, waved []float64
		for _, speaker := range group {
			for i, s := range all[speaker] {
				clip := filepath.Join(data, "grid", s.Clip)
				seen := studio.Watch(t, clip, nil)
				word := s.Words[4]
				// A person answers about 300 ms after the digit is lit.
				shown := seconds(word.Start - 0.3)
				digit, _ := judged(t, seen, shown, shown+900*time.Millisecond)
				said = append(said, digit.Value)
				rest := seconds(s.Words[5].End + 0.15)
				if quiet, _ := judged(t, seen, rest, rest+900*time.Millisecond); quiet.Checked {
					silent = append(silent, quiet.Value)
				}
				if i < 5 {
					digit, _ := judged(t, studio.Watch(t, clip, waving(float64(10+5*i))), time.Second, 1900*time.Millisecond)
					waved = append(waved, digit.Value)
				}
			}
		}
		t.Logf("%v: digit said %s; nothing said %s; photograph waved %s", group, passing(said), passing(silent), passing(waved))
	}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// passing prints how many are at 0.5 or more.
func passing(values []float64) string {
	n, sum := 0, 0.0
	for _, v := range values {
		sum += v
		if v >= 0.5 {
			n++
		}
	}
	b, _ := json.Marshal(map[string]any{"n": len(values), "at 0.5 or more": n, "mean": float64(int(100*sum/float64(max(len(values), 1)))) / 100})
	return string(b)
}

// waving holds the first frame as a photograph and turns it to and fro, by angle
// degrees, 0.7 times a second.
func waving(angle float64) recorded.Alter {
	pool := new(media.Pool)
	var photo, dst *media.Frame
	return func(f *media.Frame) *media.Frame {
		if photo == nil {
			photo, dst = pool.Get(f.Width, f.Height), pool.Get(f.Width, f.Height)
			recorded.Tilt(photo, f, 0, 0)
		}
		photo.Seq, photo.PTS, photo.FullRange = f.Seq, f.PTS, f.FullRange
		recorded.Tilt(dst, photo, angle*wave(f.PTS), 0)
		return dst
	}
}

func wave(t time.Duration) float64 { return math.Sin(2 * math.Pi * 0.7 * t.Seconds()) }
