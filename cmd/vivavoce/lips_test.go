package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vivavoce/media"
	"vivavoce/media/file/filetest"
	"vivavoce/pipeline"
	"vivavoce/pipeline/quality"
	"vivavoce/signaling/puppet"
)

func modelFiles(t testing.TB) string {
	t.Helper()
	dir := filepath.Join("..", "..", "models", "files")
	if _, err := os.Stat(filepath.Join(dir, "lips.onnx")); err != nil {
		t.Skip("models/files is not complete: run `make models`")
	}
	return dir
}

// visitor is a spliced person before a camera of 25 frames a second, in no hurry and no delay.
type visitor struct {
	person *puppet.Spliced
	pool   media.Pool
	n      int
}

// Next implements media.Source.
func (v *visitor) Next(context.Context) (*media.Frame, error) {
	if v.n > 25*60 {
		return nil, io.EOF
	}
	f := v.pool.Get(v.person.Size())
	f.Seq, f.PTS = uint64(v.n), time.Duration(v.n)*40*time.Millisecond
	v.n++
	return f, v.person.Paint(f, f.PTS)
}

func (v *visitor) hear(e pipeline.Event) {
	if p, ok := e.(pipeline.Prompted); ok {
		v.person.Hear(p.Prompt.Step, p.Prompt.ShownAt)
	}
}

// session is one challenge of digits; it returns the session's lips score.
func session(t *testing.T, judge *pipeline.Judge, person *puppet.Spliced, digits []int) pipeline.Score {
	t.Helper()
	var c pipeline.Challenge
	for _, d := range digits {
		c.Steps = append(c.Steps, pipeline.Step{Kind: pipeline.StepDigit, Digit: d})
	}
	// The policy requires a turn; nobody makes it.
	c.Steps = append(c.Steps, pipeline.Step{Kind: pipeline.StepTurn, Turn: pipeline.Left})
	attempt, err := judge.NewAttempt(c)
	if err != nil {
		t.Fatal(err)
	}
	v := &visitor{person: person}
	verdict, err := attempt.Run(t.Context(), v, v.hear)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range verdict.Scores {
		if s.Name == pipeline.ScoreLips && s.Step == pipeline.Whole {
			return s
		}
	}
	t.Fatalf("no lips score in %+v", verdict)
	return pipeline.Score{}
}

// TestSplicedPeople prompts real people, spliced, who say the digits or others, to the whole
// pipeline. VIVAVOCE_MEASURE=1 makes it 12 sessions each of five people at three paces, and prints them.
func TestSplicedPeople(t *testing.T) {
	dir, data := modelFiles(t), filetest.Recordings(t)
	people, tries, paces := []string{"s1"}, 2, []time.Duration{900 * time.Millisecond}
	measure := os.Getenv("VIVAVOCE_MEASURE") != ""
	if measure {
		people, tries = []string{"s2", "s3", "s5", "s30", "s31"}, 12
		paces = []time.Duration{700 * time.Millisecond, 900 * time.Millisecond, 1200 * time.Millisecond}
	}
	for _, pace := range paces {
		e, err := openEngine(engineOptions{
			models: modelFlags{Models: dir}, policy: pipeline.DefaultPolicy(), timing: pipeline.Timing{Digit: pace}, quality: quality.Browser(),
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range people {
			manifest := filepath.Join(data, "grid/words.jsonl")
			speaker, err := puppet.LoadSpeaker(manifest, name)
			if err != nil {
				t.Fatal(err)
			}
			said, other := passes(t, e.judge, speaker, name, tries)
			t.Logf("%v a digit, %s: %d of %d pass who say the digits, %d who say others", pace, name, said, tries, other)
			if !measure && (said < tries || other > 0) {
				t.Errorf("%s: of %d, %d pass who say the digits, %d who say others", name, tries, said, other)
			}
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}
}

// passes counts the sessions whose lips are at the default policy's threshold or above, of a
// person who says what is asked and of one who says others.
func passes(t *testing.T, judge *pipeline.Judge, speaker *puppet.Speaker, name string, tries int) (said, other int) {
	t.Helper()
	check, ok := pipeline.DefaultPolicy().Check(pipeline.ScoreLips)
	if !ok {
		t.Fatal("the default policy does not know lips")
	}
	rng := rand.New(rand.NewPCG(3, 4))
	missing := speaker.Missing()
	for _, lies := range []bool{false, true} {
		for try := range tries {
			var says puppet.Answer
			if lies {
				says = puppet.OtherDigits(uint64(try), missing...)
			}
			person := puppet.NewSpliced(speaker, says, uint64(try))
			digits := make([]int, 6)
			for i := range digits {
				digits[i] = rng.IntN(10)
				for slices.Contains(missing, digits[i]) {
					digits[i] = rng.IntN(10)
				}
			}
			s := session(t, judge, person, digits)
			switch {
			case !s.Checked:
				t.Errorf("%s: %v was not checked: %+v", name, digits, s)
			case s.Value >= check.Threshold && !lies:
				said++
			case s.Value >= check.Threshold:
				other++
			}
		}
	}
	return said, other
}

// TestVerifyPhrase reads the one digit of some clips.
func TestVerifyPhrase(t *testing.T) {
	dir, data := modelFiles(t), filetest.Recordings(t)
	right := 0
	clips := map[string]string{"s1/bbaf2n.mp4": "2", "s1/bbaf4p.mp4": "4", "s30/bbac3n.mp4": "3"}
	for clip, digit := range clips {
		for _, phrase := range []string{digit, "1", ""} {
			var out bytes.Buffer
			if exit := run(t.Context(), []string{"verify", filepath.Join(data, "grid", clip), "--models", dir, "--json", "--phrase", phrase}, &out, &out); exit != int(exitUndecided) {
				t.Fatalf("%s: exit %d: %s", clip, exit, out.String())
			}
			var r fileReport
			if err := json.Unmarshal(out.Bytes(), &r); err != nil {
				t.Fatal(err)
			}
			lips := r.Scores[0]
			for _, s := range r.Scores {
				if s.Name == pipeline.ScoreLips {
					lips = s
				}
			}
			if lips.Checked != (phrase != "") || (r.Read != nil) != (phrase != "") {
				t.Errorf("%s, phrase %q: %+v, read %v", clip, phrase, lips, r.Read)
			}
			if phrase == digit && r.Read != nil && r.Read.Nearest == digit {
				right++
			}
			if phrase == "1" && *lips.Value >= 0.5 {
				t.Errorf("%s: 1 was believed: %v", clip, *lips.Value)
			}
		}
	}
	if right < 2 {
		t.Errorf("%d of %d digits read", right, len(clips))
	}
}

// TestRecordingPolicy: a recording passes by its phrase alone, and only under the policy that says so.
func TestRecordingPolicy(t *testing.T) {
	dir, data := modelFiles(t), filetest.Recordings(t)
	clip := filepath.Join(data, "grid/s1/bbaf4p.mp4") // "bin blue at f four please"
	for _, c := range []struct {
		name   string
		args   []string
		exit   exitStatus
		reason pipeline.Reason
	}{
		{"its digit", []string{"--policy", "recording", "--phrase", "4"}, 0, ""},
		{"another", []string{"--policy", "recording", "--phrase", "1"}, exitUndecided, pipeline.LipsWrongDigit},
		{"no phrase", []string{"--policy", "recording"}, exitUndecided, pipeline.LipsNotChecked},
		{"its digit, as if it were a session", []string{"--phrase", "4"}, exitUndecided, pipeline.MotionNotChecked},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			exit := run(t.Context(), append([]string{"verify", clip, "--models", dir, "--json"}, c.args...), &out, &out)
			var r fileReport
			if err := json.Unmarshal(out.Bytes(), &r); err != nil {
				t.Fatalf("exit %d: %s", exit, out.String())
			}
			if exit != int(c.exit) || c.reason != "" && !slices.Contains(r.Reasons, c.reason) {
				t.Errorf("exit %d, reasons %v, want %d and %q", exit, r.Reasons, c.exit, c.reason)
			}
		})
	}
}

// TestEvalSessions plays one session of each kind over WebRTC.
func TestEvalSessions(t *testing.T) {
	dir, data := modelFiles(t), filetest.Recordings(t)
	var out, log bytes.Buffer
	args := []string{"eval", "sessions", filepath.Join(data, "grid/words.jsonl"), "--models", dir, "--speakers", "s1", "--says", "asked,other", "--sessions", "1", "--digits", "3", "--json"}
	if exit := run(t.Context(), args, &out, &log); exit != 0 {
		t.Fatalf("exit %d: %s", exit, log.String())
	}
	var r sessionsReport
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Played) != 2 {
		t.Fatalf("%d sessions, want 2: %s", len(r.Played), out.String())
	}
	for _, p := range r.Played {
		read := p.Lips != nil || p.FPS < 20               // a busy machine shows too little of a mouth
		asked := len(p.Phrase) == 3 || len(p.Phrase) == 6 // another phrase, where the first was doubtful
		if !asked || len(p.Read) != len(p.Phrase) || !read || p.FPS < 5 || p.Outcome == "" {
			t.Errorf("%+v, want a session of three digits, or twice three", p)
		}
		if p.Says == "other" && p.Outcome == pipeline.Live.String() {
			t.Errorf("%+v: passes with other digits", p)
		}
	}
	var page bytes.Buffer
	if err := r.print(&page); err != nil || !strings.Contains(page.String(), "other") {
		t.Errorf("%v, printed:\n%s", err, page.String())
	}
}

// TestEvalSessionsAs: a mouth pasted on another speaker, through the whole server; and a species that there is not.
func TestEvalSessionsAs(t *testing.T) {
	if err := (&evalSessionsCmd{As: "golem"}).play(t.Context(), nil, nil, nil, io.Discard); err == nil {
		t.Error("there is a golem")
	}
	dir, data := modelFiles(t), filetest.Recordings(t)
	var out, log bytes.Buffer
	args := []string{"eval", "sessions", filepath.Join(data, "grid/words.jsonl"), "--models", dir, "--speakers", "s2,s3", "--says", "asked", "--as", "mouth", "--sessions", "1", "--digits", "3", "--json"}
	if exit := run(t.Context(), args, &out, &log); exit != 0 {
		t.Fatalf("exit %d: %s", exit, log.String())
	}
	var r sessionsReport
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Played) != 1 || r.Played[0].As != "mouth" || r.Played[0].FPS < 5 || r.Played[0].Outcome == "" {
		t.Errorf("%+v, want one session as a mouth", r.Played)
	}
}

// TestEval runs both measurements on a few clips, degraded, as from the command line.
func TestEval(t *testing.T) {
	dir, data := modelFiles(t), filetest.Recordings(t)
	page := filepath.Join(t.TempDir(), "report.html")
	for _, args := range []string{
		"digits MANIFEST --models DIR --speakers s30,s31 --per-speaker 2 --fps 15 --json",
		"phrases MANIFEST --models DIR --speakers s30 --per-speaker 5 --length 4 --trials 20 --seed 7 --paced --height 240 --report PAGE",
		"digits MANIFEST --models DIR --speakers s30 --per-speaker 1 --kbps 200 --yaw 10 --model DIR/lips.onnx",
	} {
		fields := strings.Fields(strings.NewReplacer("MANIFEST", filepath.Join(data, "grid/words.jsonl"), "DIR", dir, "PAGE", page).Replace(args))
		var out, log bytes.Buffer
		if exit := run(t.Context(), append([]string{"eval"}, fields...), &out, &log); exit != 0 {
			t.Fatalf("%s: exit %d: %s", args, exit, log.String())
		}
		if strings.Contains(args, "--json") {
			var r struct {
				Digits struct{ Untimed struct{ N int } }
			}
			if err := json.Unmarshal(out.Bytes(), &r); err != nil || r.Digits.Untimed.N != 4 {
				t.Errorf("%s: %v, %+v", args, err, r)
			}
		} else if !strings.Contains(out.String(), "digits right, of ten") {
			t.Errorf("%s printed:\n%s", args, out.String())
		}
	}
	b, err := os.ReadFile(page)
	if err != nil || !bytes.Contains(b, []byte("<svg")) {
		t.Errorf("report: %v, %d bytes", err, len(b))
	}
	var out bytes.Buffer
	for args, says := range map[string]string{
		"eval digits " + filepath.Join(data, "grid/words.jsonl") + " --models " + dir + " --speakers nobody":            "no clip",
		"eval phrases " + filepath.Join(data, "grid/words.jsonl") + " --models " + dir + " --speakers s30 --fps 1e9":    "frames a second",
		fmt.Sprintf("eval digits %s --models %s --model %s", filepath.Join(data, "grid/words.jsonl"), dir, "config.go"): "load model",
	} {
		out.Reset()
		if exit := run(t.Context(), strings.Fields(args), &out, &out); exit != 1 || !strings.Contains(out.String(), says) {
			t.Errorf("%s: exit %d, want 1 and %q:\n%s", args, exit, says, out.String())
		}
	}
}
