package texture

import (
	"errors"
	"io"
	"path/filepath"
	"slices"
	"testing"

	"vivavoce/media/file"
	"vivavoce/media/file/filetest"
	"vivavoce/models"
	"vivavoce/pipeline"
	"vivavoce/pipeline/face"
	"vivavoce/pipeline/internal/stats"
	"vivavoce/pipeline/pipelinetest/recorded"
)

// TestMeasurePeople prints what whole clips of people give, as they are: the score of a session, and the bands. Those of
// d0, d3, d6, d19, s13 and s1 were trained on; the others were not.
func TestMeasurePeople(t *testing.T) {
	recorded.Measure(t)
	data := filetest.Recordings(t)
	l := recorded.NewStudio(t).Library()
	finders, err := face.New(l, face.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, person := range []string{"s2", "s3", "s5", "s30", "s31", "d9", "d12", "s32", "s1", "d0", "d3", "d6", "d19", "s13"} {
		clips, _ := filepath.Glob(filepath.Join(data, "grid", person, "*.mp4"))
		if head := filepath.Join(data, "head", person+".mp4"); len(clips) == 0 {
			clips = []string{head}
		}
		var values, bands, borders []float64
		for _, clip := range clips[:min(len(clips), 60)] {
			s := &stage{o: Options{Net: certain(BonaFide), Fusion: plainFusion()}, pace: pace{every: defaultEvery}}
			if n, f, err := Load(l, models.Live); err == nil {
				s.o.Net, s.o.Fusion = n, f
			}
			s.examiner = NewExaminer(s.o.Net, s.o.Fusion)
			watch(t, clip, finders, s)
			values, bands, borders = append(values, s.score(true).Value), append(bands, s.flicker.band()), append(borders, stats.Median(s.sum.borders))
		}
		slices.Sort(values)
		slices.Sort(bands)
		slices.Sort(borders)
		low, _ := slices.BinarySearch(values, 0.5)
		t.Logf("%-4s %2d clips: below 0.5 %d; least %.2f median %.2f; bands median %.2f most %.2f; border most %.2f",
			person, len(values), low, values[0], values[len(values)/2], bands[len(bands)/2], bands[len(bands)-1], borders[len(borders)-1])
	}
}

// watch shows a clip to a stage.
func watch(t *testing.T, clip string, finders func() (pipeline.Finder, error), s pipeline.Stage) {
	t.Helper()
	src, err := file.Open(clip, file.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	finder, err := finders()
	if err != nil {
		t.Fatal(err)
	}
	for {
		f, err := src.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", clip, err)
		}
		seen, err := finder.Find(t.Context(), f)
		if err == nil {
			_, err = s.Observe(t.Context(), pipeline.Observation{Face: seen})
		}
		f.Release()
		if err != nil {
			t.Fatalf("%s: %v", clip, err)
		}
	}
}
