package eval

import (
	"bytes"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vivavoce/media/file/filetest"
	"vivavoce/media/recapture"
	"vivavoce/pipeline"
)

func TestClopperPearson(t *testing.T) {
	tests := []struct {
		k, n   int
		lo, hi float64 // of R's binom.test
	}{
		{0, 150, 0, 0.024293}, {0, 10, 0, 0.308497}, {5, 100, 0.016432, 0.112835},
		{10, 10, 0.691503, 1}, {1, 1, 0.025, 1}, {50, 100, 0.398321, 0.601679}, {0, 0, 0, 1},
	}
	for _, tt := range tests {
		f := ClopperPearson(tt.k, tt.n)
		if math.Abs(f.CI[0]-tt.lo) > 2e-6 || math.Abs(f.CI[1]-tt.hi) > 2e-6 || f.N != tt.n {
			t.Errorf("ClopperPearson(%d, %d) = %v, want %v–%v", tt.k, tt.n, f, tt.lo, tt.hi)
		}
	}
}

func TestRateSaysItsBound(t *testing.T) {
	for _, tt := range []struct {
		k, n int
		want string
	}{
		{0, 150, "≤ 2.4 (0 of 150)"}, {0, 0, "–"}, {10, 10, "≥ 69.2 (10 of 10)"}, {5, 100, "5.0 (1.6–11.3) n=100"},
	} {
		if got := rate(ClopperPearson(tt.k, tt.n)); got != tt.want {
			t.Errorf("rate of %d of %d = %q, want %q", tt.k, tt.n, got, tt.want)
		}
	}
}

func TestParsePresentation(t *testing.T) {
	tests := []struct {
		name, line string
		ok         bool
	}{
		{"bona fide", `{"clip":"a.mp4","label":"bona_fide","subject":"s1"}`, true},
		{"attack", `{"clip":"a.mp4","label":"attack","species":"print","subject":"s1"}`, true},
		{"simulated", `{"clip":"a.mp4","label":"attack","subject":"s1","recapture":{"species":"screen","seed":7}}`, true},
		{"control", `{"clip":"a.mp4","label":"bona_fide","subject":"s1","recapture":{"species":"camera","seed":7}}`, true},
		{"calibration", `{"clip":"a.mp4","label":"bona_fide","subject":"s1","part":"calibration"}`, true},
		{"control as an attack", `{"clip":"a.mp4","label":"attack","subject":"s1","recapture":{"species":"camera","seed":7}}`, false},
		{"attack as bona fide", `{"clip":"a.mp4","label":"bona_fide","subject":"s1","recapture":{"species":"screen","seed":7}}`, false},
		{"no species", `{"clip":"a.mp4","label":"attack","subject":"s1"}`, false},
		{"no subject", `{"clip":"a.mp4","label":"bona_fide"}`, false},
		{"no clip", `{"label":"bona_fide","subject":"s1"}`, false},
		{"label", `{"clip":"a.mp4","label":"real","subject":"s1"}`, false},
		{"part", `{"clip":"a.mp4","label":"bona_fide","subject":"s1","part":"train"}`, false},
		{"misspelt", `{"clip":"a.mp4","label":"bona_fide","subject":"s1","specis":"x"}`, false},
		{"two objects", `{"clip":"a.mp4","label":"bona_fide","subject":"s1"} {}`, false},
		{"no object", `[1]`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			all, err := parsePresentations([]byte("\n"+tt.line+"\n"), "/data")
			if tt.ok && (err != nil || len(all) != 1 || all[0].Clip != "/data/a.mp4") {
				t.Errorf("parsed %+v, %v", all, err)
			}
			if !tt.ok && !errors.Is(err, errManifest) {
				t.Errorf("err = %v, want %v", err, errManifest)
			}
		})
	}
}

func FuzzParsePresentations(f *testing.F) {
	f.Add([]byte(`{"clip":"a.mp4","label":"attack","subject":"s1","recapture":{"species":"screen","seed":7,"donor":"b.mp4"}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		all, err := parsePresentations(b, "/data")
		for _, p := range all {
			if p.Label != BonaFide && p.Label != Attack || p.Clip == "" {
				t.Errorf("took %+v (%v)", p, err)
			}
		}
	})
}

// seenOf makes presentations of a score; NaN is one that was not checked.
func seenOf(label, species, part string, values ...float64) []Presented {
	var out []Presented
	for _, v := range values {
		p := Presented{Presentation: Presentation{Clip: "c", Label: label, Species: species, Subject: "s", Part: part}}
		s := pipeline.Score{Name: "texture", Step: pipeline.Whole, Checked: !math.IsNaN(v), Value: v}
		if math.IsNaN(v) {
			s.Value = 0
		}
		p.Scores = map[string]pipeline.Score{"texture": s}
		out = append(out, p)
	}
	return out
}

func TestFigures(t *testing.T) {
	nan := math.NaN()
	var seen []Presented
	seen = append(seen, seenOf(BonaFide, "", "", 0.9, 0.8, 0.7, 0.4, nan)...)
	seen = append(seen, seenOf(BonaFide, "camera", "", 0.9)...)
	seen = append(seen, seenOf(Attack, "print", "", 0.1, 0.2, 0.3, 0.1)...)
	seen = append(seen, seenOf(Attack, "screen", "", 0.1, 0.6, 0.85, nan)...)
	seen = append(seen, seenOf(Attack, "mask", Calibration, 0.99)...)
	policy := pipeline.Policy{Name: "p", Checks: []pipeline.Check{
		{Name: pipeline.ScoreMotion, Threshold: 0.5, Required: true}, {Name: "texture", Threshold: 0.5, IfChecked: true}, {Name: "shown", Threshold: 0.5},
	}}
	d := Figures(policy, Plain([]string{"texture"}), seen)
	if len(d.Checks) != 1 || d.Checks[0].Name != "texture" {
		t.Fatalf("checks %+v, want the passive one that counts", d.Checks)
	}
	if len(d.Species) != 2 || d.Species[0].Species != "screen" {
		t.Fatalf("species %+v, want screen first and no calibration", d.Species)
	}
	figures := []struct {
		name string
		got  Figure
		k, n int
	}{
		{"APCER of screen", d.Species[0].Wrong, 2, 3}, {"APNRR of screen", d.Species[0].Silent, 1, 4},
		{"APCER of print", d.Species[1].Wrong, 0, 4}, {"print, texture alone", d.Species[1].Alone["texture"], 0, 4},
		{"BPCER", d.BPCER, 1, 5}, {"BPNRR", d.BPNRR, 1, 6},
		{"BPCER at APCER 1 %", d.At[0].BPCER, 3, 5}, // 0.9 and 0.9 are above 0.85
	}
	for _, f := range figures {
		if want := ClopperPearson(f.k, f.n); f.got != want {
			t.Errorf("%s = %v, want %v", f.name, f.got, want)
		}
	}
	if n := len(d.Bins); n == 0 || len(d.Calibrated) != 1 || d.Calibrated[0].N != 1 {
		t.Errorf("reliability %v, of the one for calibration %v", d.Bins, d.Calibrated)
	}
}

// TestWithout: what all other stages let pass is what one adds.
func TestWithout(t *testing.T) {
	both := func(label string, texture, seam float64) Presented {
		p := seenOf(label, map[string]string{Attack: "swap"}[label], "", texture)[0]
		p.Scores["seam"] = pipeline.Score{Name: "seam", Step: pipeline.Whole, Checked: true, Value: seam}
		return p
	}
	seen := []Presented{both(BonaFide, 0.9, 0.9), both(BonaFide, 0.9, 0.1), both(Attack, 0.9, 0.1), both(Attack, 0.9, 0.2), both(Attack, 0.1, 0.9)}
	d := Figures(pipeline.Policy{Checks: []pipeline.Check{{Name: "texture", Threshold: 0.5, IfChecked: true}, {Name: "seam", Threshold: 0.5, IfChecked: true}}},
		Plain([]string{"texture", "seam"}), seen)
	for i, want := range [][2]Figure{{ClopperPearson(1, 2), ClopperPearson(1, 3)}, {ClopperPearson(0, 2), ClopperPearson(2, 3)}} {
		if s := d.Stages[i]; s.Without.BPCER != want[0] || s.Without.APCER != want[1] {
			t.Errorf("without %s %+v, want %v", s.Score, s.Without, want)
		}
	}
}

func TestFitIsCalibrated(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var seen []Presented
	draw := func(n int, mean float64, label, species string) {
		for range n {
			// Over-confident: the log odds are three times what they should be.
			z := 3 * (mean + r.NormFloat64())
			seen = append(seen, seenOf(label, species, "", 1/(1+math.Exp(-z)))...)
		}
	}
	draw(2000, 1, BonaFide, "")
	draw(500, -1, Attack, "print")
	draw(500, -1, Attack, "screen")
	f, err := Fit([]string{"injection", "texture"}, seen)
	if err != nil {
		t.Fatal(err)
	}
	// Two normals a standard deviation either side of 0 have log odds of 2 z.
	if len(f.Terms) != 1 {
		t.Fatalf("terms %+v, want one: injection was never checked", f.Terms)
	}
	if w := f.Terms[0].Weight; math.Abs(w-2.0/3) > 0.12 {
		t.Errorf("weight %v, want 2/3", w)
	}
	for _, b := range reliability(f, seen) {
		if b.N > 100 && math.Abs(b.Said-b.Is) > 0.12 {
			t.Errorf("said %v, is %v (n=%d)", b.Said, b.Is, b.N)
		}
	}
}

func TestFitNeedsBoth(t *testing.T) {
	if _, err := Fit([]string{"texture"}, seenOf(BonaFide, "", "", 0.5, 0.6)); err == nil {
		t.Error("fitted to people alone")
	}
}

func TestPADReport(t *testing.T) {
	seen := append(seenOf(BonaFide, "", "", 0.9, 0.4), seenOf(Attack, "<print>", "", 0.1, 0.95)...)
	policy := pipeline.Policy{Name: "p", Checks: []pipeline.Check{{Name: "texture", Threshold: 0.5, Required: true}}}
	r := PADReport{When: time.Now(), Manifest: "m", PAD: Figures(policy, Plain([]string{"texture"}), seen), Seen: seen}
	var text bytes.Buffer
	if err := r.Print(&text); err != nil || !strings.Contains(text.String(), "50.0 (1.3–98.7) n=2") {
		t.Errorf("text %s, %v", text.String(), err)
	}
	page, err := r.Page()
	if err != nil || !bytes.Contains(page, []byte("&lt;print&gt;")) || bytes.Contains(page, []byte("<print>")) {
		t.Errorf("page: %v, or a species that is not escaped", err)
	}
}

func TestPlan(t *testing.T) {
	data := t.TempDir()
	for _, path := range []string{"grid/s1/a.mp4", "grid/s1/b.mp4", "grid/s2/a.mp4", "head/d1.mp4", "head/d2.mp4"} {
		at := filepath.Join(data, path)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := filetest.Write(at, filetest.Clip{Frames: 7, Width: 32, Height: 32, FPS: 1}); err != nil {
			t.Fatal(err)
		}
	}
	all, err := Plan(data, PlanOptions{PerSpecies: 4, Bona: 2, Subjects: []string{"s1", "d1"}, Calibration: []string{"s2", "d2"}})
	if err != nil {
		t.Fatal(err)
	}
	seeds, species := map[uint64]bool{}, map[string]int{}
	for _, p := range all {
		calibrates := p.Subject == "s2" || p.Subject == "d2"
		if calibrates != (p.Part == Calibration) {
			t.Errorf("%+v is in the wrong part", p)
		}
		if p.Label == Attack && p.Part == "" {
			species[p.Species]++
		}
		r := p.Recapture
		if r == nil {
			continue
		}
		if seeds[r.Seed] {
			t.Errorf("seed %d twice", r.Seed)
		}
		seeds[r.Seed] = true
		if calibrates == (r.Split == recapture.Test) || calibrates && r.Species.Hidden() {
			t.Errorf("%+v: drawn from the wrong ranges", p)
		}
		if r.Species.NeedsDonor() && (r.Donor == "" || filepath.Dir(r.Donor) == filepath.Dir(p.Clip) && strings.Contains(p.Clip, "grid")) {
			t.Errorf("%+v: its donor is the person", p)
		}
	}
	// d1 lasts 7 s: two parts of 3 s, each as recorded and through the control.
	if n := len(slices.DeleteFunc(slices.Clone(all), func(p Presentation) bool { return p.Subject != "d1" || p.Label != BonaFide })); n != 4 {
		t.Errorf("%d bona fide presentations of d1, want 4", n)
	}
	if len(species) != len(recapture.All())-2 || species["screen"] != 4 {
		t.Errorf("attacks %v, want 4 of every species but replay", species)
	}
	if _, err := Plan(data, PlanOptions{Subjects: []string{"s9"}}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("err = %v for a person without video", err)
	}
}

func TestStill(t *testing.T) {
	m := image.NewRGBA(image.Rect(0, 0, 33, 24))
	for i := range 33 * 24 {
		m.Set(i%33, i/33, color.RGBA{255, 0, 0, 255})
	}
	path := filepath.Join(t.TempDir(), "red.PNG")
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	src, free, err := open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer free()
	short := &window{src: src, from: 3 * time.Second, after: time.Second}
	n := 0
	for {
		f, err := short.Next(t.Context())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if f.Width != 32 || f.Height != 24 || !f.FullRange || f.Y[0] != 76 || f.Cr[0] != 255 || f.Cb[0] != 85 {
			t.Fatalf("frame %d: %dx%d of %d %d %d", n, f.Width, f.Height, f.Y[0], f.Cb[0], f.Cr[0])
		}
		if f.Seq != uint64(n) || f.PTS != time.Duration(n)*40*time.Millisecond {
			t.Errorf("frame %d has Seq %d, PTS %v", n, f.Seq, f.PTS)
		}
		n++
	}
	if n != 26 {
		t.Errorf("%d frames in a second, want 26: both ends count", n)
	}
}

func TestKnownAreNotShownAgain(t *testing.T) {
	first := seenOf(Attack, "print", "", 0.25)[0]
	first.Scores["injection"] = kept(pipeline.Score{Name: "injection", Step: pipeline.Whole, Checked: true, Value: math.NaN()})
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(first); err != nil {
		t.Fatal(err)
	}
	known, err := ReadPresented(&b)
	if err != nil {
		t.Fatal(err)
	}
	// A lab without a judge can show nothing.
	seen, err := Lab{Known: known}.Try(t.Context(), []Presentation{first.Presentation})
	if err != nil || len(seen) != 1 || seen[0].Scores["texture"].Value != 0.25 {
		t.Fatalf("seen %+v, %v", seen, err)
	}
	policy := pipeline.Policy{Checks: []pipeline.Check{{Name: "injection", Threshold: 0.5, Required: true}}}
	if o := policy.Decide(seen[0].list()).Outcome; o == pipeline.Live {
		t.Error("what was not a number passes when it was kept and read back")
	}
}

func TestThresholds(t *testing.T) {
	p := pipeline.Policy{Checks: []pipeline.Check{{Name: "texture", Threshold: 0.5}, {Name: pipeline.ScoreLips, Threshold: 0.5}}}
	seen := append(seenOf(BonaFide, "", Calibration, 0.9, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.95), seenOf(Attack, "print", Calibration, 0.01)...)
	for _, tt := range []struct {
		share, want float64
	}{{0, 0.1}, {0.09, 0.1}, {0.1, 0.2}, {0.25, 0.3}, {1, 0.95}} {
		got, err := Thresholds(p, seen, tt.share)
		if err != nil || got.Checks[0].Threshold != tt.want || got.Checks[1].Threshold != 0.5 || p.Checks[0].Threshold != 0.5 {
			t.Errorf("at most %v refused: %+v, %v, want %v", tt.share, got.Checks, err, tt.want)
		}
	}
	p.Checks[0].Name = "injection"
	if _, err := Thresholds(p, seen, 0.1); err == nil {
		t.Error("chosen from nothing")
	}
}

func TestPassive(t *testing.T) {
	for _, p := range pipeline.Policies() {
		passive := Passive(p)
		if _, ok := passive.Check(pipeline.ScoreTexture); !ok {
			t.Errorf("%s: texture is not left", p.Name)
		}
		for _, c := range passive.Checks {
			if c.Required || asked(c.Name) || c.Name == pipeline.ScoreRest {
				t.Errorf("%s: %+v is left, which a recording need not have", p.Name, c)
			}
		}
	}
}
