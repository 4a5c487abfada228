package jaw_test

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"vivavoce/media/file/filetest"
	"vivavoce/pipeline/jaw"
	"vivavoce/pipeline/pipelinetest"
	"vivavoce/pipeline/pipelinetest/recorded"
)

// TestMeasureJaw: how far and how much along with the lips the chins of talking people move. Two clips one after another, 6 s.
// What a pasted mouth does, `vivavoce eval live --of mouth` plays.
func TestMeasureJaw(t *testing.T) {
	recorded.Measure(t)
	data, studio := filetest.Recordings(t), recorded.NewStudio(t)
	for _, speaker := range []string{"s1", "s2", "s3", "s5", "s30", "s31"} {
		clips, _ := filepath.Glob(filepath.Join(data, "grid", speaker, "*.mp4"))
		figures := map[string][]float64{}
		below := 0
		for i := 0; i+1 < min(len(clips), 40); i += 2 {
			scores := pipelinetest.Play(t, jaw.New(), studio.WatchAll(t, time.Second, nil, clips[i:i+2]...)) // no window reaches across a second
			s := scores[len(scores)-1]
			if s.Checked && s.Value < 0.3 {
				below++
			}
			for _, m := range s.Measures {
				figures[m.Name] = append(figures[m.Name], m.Value)
			}
		}
		for _, values := range figures {
			slices.Sort(values)
		}
		together, reach := figures["together"], figures["reach"]
		if len(reach) == 0 {
			t.Errorf("%s: nothing was checked", speaker)
			continue
		}
		t.Logf("%s: %d pairs of clips, %d below 0.3; together from %.2f, half below %.2f; reach from %.3f, half below %.3f",
			speaker, len(reach), below, together[0], together[len(together)/2], reach[0], reach[len(reach)/2])
	}
}
