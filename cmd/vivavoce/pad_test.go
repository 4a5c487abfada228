package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vivavoce/media/file/filetest"
	"vivavoce/pipeline/eval"
)

// manifestOf writes lines into a manifest.
func manifestOf(t *testing.T, lines []string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "manifest.jsonl")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// A person, the same person through the simulated camera, a screen and a pasted face go through the judge.
func TestEvalPAD(t *testing.T) {
	dir, data := modelFiles(t), filetest.Recordings(t)
	var out, errs bytes.Buffer
	plan := []string{"eval", "attacks", data, "--subjects", "s30,s31", "--calibration", "s2", "--per-species", "1", "--bona-fide", "1"}
	if exit := run(t.Context(), plan, &out, &errs); exit != 0 {
		t.Fatalf("%v: exit %d, %s", plan, exit, errs.String())
	}
	var lines []string
	for _, l := range strings.Split(strings.TrimSpace(out.String()), "\n") {
		var p eval.Presentation
		if err := json.Unmarshal([]byte(l), &p); err != nil {
			t.Fatal(err)
		}
		if p.Part == "" && p.Subject == "s30" && (p.Label == eval.BonaFide || p.Species == "screen" || p.Species == "swap") {
			lines = append(lines, l)
		}
	}
	if len(lines) != 4 {
		t.Fatalf("%d presentations of s30, want itself, the control, a screen and a swap:\n%s", len(lines), out.String())
	}
	manifest, page := manifestOf(t, lines), filepath.Join(t.TempDir(), "page.html")
	kept := filepath.Join(t.TempDir(), "scores.jsonl")
	out.Reset()
	args := []string{"eval", "pad", manifest, "--models", dir, "--length", "1.2s", "--checks", "texture=0.5", "--json", "--report", page, "--scores", kept}
	for range 2 { // the second time nothing is shown again
		out.Reset()
		if exit := run(t.Context(), args, &out, &errs); exit != 0 {
			t.Fatalf("%v: exit %d, %s", args, exit, errs.String())
		}
	}
	var r eval.PADReport
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Seen) != 4 || len(r.PAD.Species) != 2 || len(r.PAD.Control) != 2 {
		t.Errorf("report of %d presentations: species %+v, bona fide %+v", len(r.Seen), r.PAD.Species, r.PAD.Control)
	}
	for _, p := range r.Seen {
		if p.Frames != 31 {
			t.Errorf("%s as %s: %d frames, want 31", p.Subject, p.Species, p.Frames)
		}
		if _, ok := p.Scores["texture"]; !ok {
			t.Errorf("%s as %s: no texture among %v", p.Subject, p.Species, p.Scores)
		}
	}
	if b, err := os.ReadFile(page); err != nil || !bytes.Contains(b, []byte("data:image/jpeg")) {
		t.Errorf("page without pictures (%v)", err)
	}
	if b, err := os.ReadFile(kept); err != nil || bytes.Count(b, []byte("\n")) != 4 {
		t.Errorf("%d presentations kept (%v), want 4", bytes.Count(b, []byte("\n")), err)
	}
}

func TestEvalPADRefuses(t *testing.T) {
	bad := manifestOf(t, []string{`{"clip":"a.mp4","label":"real","subject":"s1"}`})
	var out, errs bytes.Buffer
	if exit := run(t.Context(), []string{"eval", "pad", bad}, &out, &errs); exit != 1 || !strings.Contains(errs.String(), "line 1") {
		t.Errorf("exit %d, %s; want 1 and the line", exit, errs.String())
	}
}
